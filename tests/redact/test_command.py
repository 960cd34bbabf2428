# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import hashlib
import json

import pytest

from sunporch.cli.main import main
from sunporch.redact.command import command
from sunporch.town.clips import read_frame_number
from tests.client.test_server import failing
from tests.redact.conftest import decoded


def test_a_resident_covers_a_file_of_their_own(street, tmp_path, capsys):
    source, out = tmp_path / "in.mp4", tmp_path / "out.mp4"
    source.write_bytes(street.data)
    arguments = ["render", str(source), "--from", "1", "--to", "2", "--box", "400,200,50,50", "--out", str(out)]
    assert command(arguments) == 0
    assert [read_frame_number(frame) for frame in decoded(out.read_bytes())] == list(range(15, 30))
    printed = capsys.readouterr().out
    assert "15 pictures of 640 x 360, 1.0 seconds" in printed
    assert "covered: manual 1, on 15 pictures" in printed


def test_boxes_of_a_track_file_are_covered_while_they_stand(street, tmp_path, capsys):
    source, out, tracks = tmp_path / "in.mp4", tmp_path / "out.mp4", tmp_path / "tracks.json"
    source.write_bytes(street.data)
    assert command(["plan", "--box", "400,200,50,50", "--to", "0.4", "--out", str(tracks)]) == 0
    capsys.readouterr()
    files = [str(source), "--tracks", str(tracks), "--out", str(out)]
    assert command(["render", *files, "--to", "1", "--box", "10,300,20,20", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(track["track"], track["frames"]) for track in said["covered"]] == [(1, 6), (2, 15)]
    assert said["output_sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()


@pytest.mark.parametrize("text", [None, "{}", "nonsense"])
def test_a_track_file_that_cannot_be_read_is_named_and_nothing_is_left(street, tmp_path, text):
    source, out, tracks = tmp_path / "in.mp4", tmp_path / "out.mp4", tmp_path / "tracks.json"
    source.write_bytes(street.data)
    if text is not None:
        tracks.write_text(text, encoding="utf-8")
    with failing("redact.tracks-malformed"):
        command(["render", str(source), "--to", "1", "--tracks", str(tracks), "--out", str(out)])
    assert not out.exists()


def test_a_missing_file_is_named_and_nothing_is_left(tmp_path, capsys):
    out = tmp_path / "out.mp4"
    assert main(["redact", "render", str(tmp_path / "absent.mp4"), "--to", "2", "--out", str(out)]) == 1
    assert "redact.source-unreadable" in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_that_cannot_be_written_is_named(street, tmp_path):
    source = tmp_path / "in.mp4"
    source.write_bytes(street.data)
    with failing("redact.output-unwritable"):
        command(["render", str(source), "--to", "1", "--out", str(tmp_path / "absent" / "out.mp4")])
