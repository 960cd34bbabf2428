# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sunporch's whole job, played by its cast on real processes: what each person was promised is looked for outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sunporch.base.digests import to_base64
from sunporch.docket import wire
from sunporch.docket.entries import Disclosure, UnknownEntry
from sunporch.redact.detect import YuNet
from sunporch.tlog.notes import Note
from sunporch.tlog.tiles import ENTRIES, Tile, decode_bundle
from sunporch.town import keys
from sunporch.town.clips import make_clip
from sunporch.town.story import sha256_of
from tests.story.plays import frames, numbers, play

pytestmark = [pytest.mark.story, pytest.mark.timeout(420)]

WINDOW = 48  # bytes; long enough that no other file holds the same by chance
STRANGERS = ("portal", "custodian", "witness-1", "witness-2", "witness-3", "witness-4", "hub-omar")


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def entries_of(played) -> list[tuple[int, object]]:
    size = played.report["log"]["size"]
    tile = Tile(ENTRIES, 0, size)
    data = (Path(played.report["dirs"]["log"]) / tile.path).read_bytes()
    texts = [Note.parse(wire.split_leaf(leaf)[1]).text for leaf in decode_bundle(data, tile)]
    return [(index, wire.decode(text)[1]) for index, text in enumerate(texts)]


def test_the_story_ends_well_and_says_so_in_numbered_steps(played):
    assert [step["number"] for step in played.report["steps"]] == list(range(1, 15))
    assert "All 14 steps went as promised" in played.text
    for step in played.report["steps"]:
        assert f"{step['number']:>2}  {step['title']}" in played.text
        for name, index in step["indices"].items():
            assert f"{name} #{index}" in played.text


def test_every_part_was_a_process_of_its_own_with_a_folder_of_its_own(played):
    pids = played.report["pids"]
    parts = {"portal", "custodian", "hub", "hub-omar", "camera", *(f"witness-{n}" for n in range(1, 5))}
    assert parts <= set(pids)
    everyone = [pid for family in pids.values() for pid in family]
    assert len(everyone) == len(set(everyone))
    for part in parts - {"camera"}:
        assert (played.folder / part).stat().st_mode & 0o077 == 0, part


def test_no_process_outlives_the_story(played):
    for family in played.report["pids"].values():
        for pid in family:
            assert not Path(f"/proc/{pid}").exists() or "sunporch" not in Path(f"/proc/{pid}/cmdline").read_text()


@pytest.mark.promise(11)
@pytest.mark.requirement("R20", "S5")
def test_diaz_sees_byte_for_byte_what_ana_released(played):
    report = played.report
    assert sha256_of(Path(report["clip"])) == report["released_clip_sha256"]
    assert sha256_of(Path(report["opened_clip"])) == report["opened_clip_sha256"] == report["released_clip_sha256"]


def test_the_frames_that_diaz_sees_are_those_of_the_source_at_the_seconds_that_ana_chose(played):
    assert numbers(played.report["opened_clip"]) == list(range(2 * 15, 6 * 15))


@pytest.mark.promise(10)
@pytest.mark.requirement("R21")
def test_the_box_that_ana_drew_is_solid_in_every_frame(played):
    box = played.report["box"]
    for frame in frames(played.report["opened_clip"]):
        inside = frame.to_ndarray(format="gray")[
            box["y"] : box["y"] + box["height"], box["x"] : box["x"] + box["width"]
        ]
        assert np.ptp(inside[2:-2, 2:-2]) <= 2, frame.pts


@pytest.mark.promise(10)
@pytest.mark.requirement("R21")
def test_nobody_whom_the_camera_saw_has_a_face_in_what_diaz_sees(played):
    yunet = YuNet()
    [source] = (played.folder / "camera").glob("*.mp4")
    filmed = [len(yunet.detect(frame)) for frame in frames(source)[2 * 15 : 6 * 15]]
    assert played.report["people_covered"] == 2 and set(filmed) <= {1, 2} and sum(filmed) > 100
    assert [frame.pts for frame in frames(played.report["opened_clip"]) if yunet.detect(frame)] == []


@pytest.mark.promise(2)
@pytest.mark.requirement("R23")
def test_after_its_end_kim_got_a_named_refusal_and_the_portal_no_longer_has_the_file(played):
    assert played.report["after_end"]["id"] == "desk.clip-ended"
    opened = {path.name for path in (played.folder / "opened").iterdir()}
    assert opened == {Path(played.report["opened_clip"]).name}
    sealed = Path(played.report["sealed_clip"]).read_bytes()
    for path in files_of(Path(played.report["dirs"]["portal"])):
        assert sealed[:4096] not in path.read_bytes(), path


@pytest.mark.promise(3)
@pytest.mark.requirement("R19", "R28", "R45")
def test_no_stranger_holds_a_byte_of_the_footage_or_a_key_that_opens_it(played):
    folder, clip = played.folder, Path(played.report["clip"]).read_bytes()
    source = next((folder / "camera").glob("*.mp4")).read_bytes()
    canaries = [data[at : at + WINDOW] for data in (clip, source) for at in range(2_048, len(data) - WINDOW, 4_099)]
    for who in ("diaz", "kim"):
        pair = keys.read(folder / "people", who)
        for secret in (pair.signer.seed, pair.x25519_private):
            canaries += [secret, secret.hex().encode(), to_base64(secret).encode()]
    looked = 0
    for part in STRANGERS:
        for path in files_of(folder / part):
            if part == "hub-omar" and "vault" in path.parts:
                continue  # Omar's own camera sees the same street, sealed by his own keys
            data = path.read_bytes()
            looked += len(data)
            assert not any(canary in data for canary in canaries), path
    assert looked > 100_000
    assert any(canary in clip for canary in canaries), "the canaries are of the clip"


@pytest.mark.promise(3)
def test_anas_own_hub_keeps_no_plaintext_either(played):
    clip = Path(played.report["clip"]).read_bytes()
    canaries = [clip[at : at + WINDOW] for at in range(2_048, len(clip) - WINDOW, 4_099)]
    for path in files_of(Path(played.report["dirs"]["hub"])):
        data = path.read_bytes()
        assert not any(canary in data for canary in canaries), path


@pytest.mark.promise(5)
@pytest.mark.requirement("R14", "R18")
def test_nothing_public_says_which_appeal_a_clip_answers(played):
    found = entries_of(played)
    shared = [(index, entry) for index, entry in found if isinstance(entry, Disclosure)]
    assert len(shared) == 2
    assert not any(isinstance(entry, UnknownEntry) for _, entry in found)
    indices = {name: index for step in played.report["steps"] for name, index in step["indices"].items()}
    for _, entry in shared:
        numbers_inside = {value for value in vars_of(entry) if isinstance(value, int)}
        assert indices["appeal"] not in numbers_inside
        assert indices["second appeal"] not in numbers_inside
    for path in files_of(Path(played.report["dirs"]["log"]) / "blob"):
        text = path.read_text()
        assert not any(entry.c in text for _, entry in shared), path


def vars_of(entry) -> list[object]:
    return [
        getattr(entry, name)
        for name in type(entry).__dataclass_fields__
        if name not in ("visible", "sound", "redacted")
    ]


def test_ruth_verifies_the_kept_record_long_after_the_town_is_gone(played):
    command = [sys.executable, "-m", "sunporch.cli.main", "verify", str(played.report["dirs"]["log"])]
    command += ["--pin", str(played.folder / "pin.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.requirement("S1")
def test_a_foreign_video_without_any_network_plays_the_same_story(tmp_path):
    foreign = make_clip(tmp_path / "elsewhere.mp4", 12, fps=25, size="854x480", seed=7)
    around = (sys.executable, str(Path(__file__).with_name("offline.py")))
    done = play(tmp_path, "--camera", str(foreign), "--seconds", "1.4:4", around=around)
    assert done.code == 0, done.text
    assert numbers(done.report["opened_clip"]) == list(range(35, 100))
    assert done.report["opened_clip_sha256"] == done.report["released_clip_sha256"]
