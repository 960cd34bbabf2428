# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from sunporch.redact.command import command
from sunporch.town.clips import read_frame_number
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


def test_a_missing_file_is_named_and_nothing_is_left(tmp_path, capsys):
    out = tmp_path / "out.mp4"
    assert command(["render", str(tmp_path / "absent.mp4"), "--to", "2", "--out", str(out)]) == 1
    assert "redact.source-unreadable" in capsys.readouterr().err
    assert not out.exists()
