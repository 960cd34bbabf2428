# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looking for people, from the recording to the covered clip, with the real detector."""

from __future__ import annotations

import io
import json

import pytest

from sunporch.base.errors import Error
from sunporch.redact import analyse as analysing
from sunporch.redact.analyse import analyse
from sunporch.redact.command import command
from sunporch.redact.detect import Found, YuNet
from sunporch.redact.engine import render
from sunporch.redact.plan import TICKS, Kind, Plan, load
from sunporch.town.faces import Face
from tests.client.test_server import failing
from tests.faces import Walker, clip
from tests.redact.conftest import EPOCH, Clip, decoded, make, turned_clockwise
from tests.redact.test_engine import is_filled

ONE = Walker(Face.of(1), lambda n: (60 + 6 * n, 120), 48)
OTHER = Walker(Face.of(4), lambda n: (560 - 4 * n, 220) if n >= 20 else None, 70)


@pytest.fixture(scope="module")
def yunet() -> YuNet:
    return YuNet()


@pytest.fixture(scope="module")
def promenade() -> Clip:
    return Clip(clip(75, [ONE, OTHER]))


def found_in(source: Clip, detector, seconds: float = 5, start: float = 0):
    return analyse([source], EPOCH + round(start * TICKS), EPOCH + round(seconds * TICKS), detector)


@pytest.mark.promise(10)
@pytest.mark.requirement("R21")
def test_people_who_walk_by_are_found_and_no_frame_of_the_clip_shows_a_face(promenade, yunet):
    found = found_in(promenade, yunet)
    assert (len(found.tracks), found.frames, found.width, found.height) == (2, 75, 640, 360)
    target = io.BytesIO()
    render([promenade], Plan(EPOCH, EPOCH + 5 * TICKS, found.tracks), target)
    frames = decoded(target.getvalue())
    assert len(frames) == 75
    for number, frame in enumerate(frames):
        assert yunet.detect(frame) == [], f"frame {number} shows a face"
        for walker in (ONE, OTHER):
            box = walker.box(number)
            if box is not None and box[0] >= 0 and box[0] + box[2] <= 640:
                assert is_filled(frame, tuple(round(side) for side in box)), f"frame {number}"


def test_a_person_left_visible_by_choice_is_seen_and_the_other_is_not(promenade, yunet):
    from dataclasses import replace  # noqa: PLC0415 - used here alone

    tracks = found_in(promenade, yunet).tracks
    chosen = (replace(tracks[0], covered=0), tracks[1])
    target = io.BytesIO()
    report = render([promenade], Plan(EPOCH, EPOCH + 5 * TICKS, chosen), target)
    seen = [len(yunet.detect(frame)) for frame in decoded(target.getvalue())[25:60]]
    assert report.visible == 1 and set(seen) == {1}


@pytest.mark.parametrize("fps", [8, 15, 30])
def test_a_face_that_appears_between_two_looks_is_covered_from_its_first_frame(yunet, fps):
    comer = Walker(Face.of(2), lambda n: (300, 150) if 11 <= n < 33 else None, 60)
    options = {"preset": "ultrafast", "x264-params": "keyint=300:scenecut=0"}
    source = Clip(clip(45, [comer], fps=fps, options=options))
    [track] = found_in(source, yunet, 45 / fps).tracks
    assert track.boxes[0].from_90k <= 11 * TICKS // fps
    assert track.boxes[-1].to_90k >= 33 * TICKS // fps


def test_nobody_is_covered_across_a_change_of_scene(yunet):
    before = Walker(Face.of(2), lambda n: (200, 150) if n < 22 else None, 60)
    after = Walker(Face.of(5), lambda n: (240, 160) if n >= 22 else None, 60)
    source = Clip(clip(45, [before, after], ground=lambda n: (200, 205, 210) if n < 22 else (40, 60, 50)))
    first, second = found_in(source, yunet, 3).tracks
    assert first.boxes[-1].to_90k == second.boxes[0].from_90k == 22 * TICKS // 15


def test_what_does_not_move_is_looked_at_once_and_stays_covered():
    class Counting:
        name, kind, looks = "counting", Kind.FACE, 0

        def detect(self, _frame):
            self.looks += 1
            return [Found(10, 10, 30, 30, 0.9)]

    still = Walker(Face.of(2), lambda _: (200, 150), 60)
    options = {"preset": "ultrafast", "x264-params": "keyint=300:scenecut=0"}
    detector = Counting()
    [track] = found_in(Clip(clip(60, [still], options=options)), detector, 4).tracks
    assert detector.looks <= 2
    assert (track.boxes[0].from_90k, track.boxes[-1].to_90k) == (0, 4 * TICKS)


def test_every_keyframe_and_every_fifth_frame_is_looked_at():
    class Listening:
        name, kind = "listening", Kind.FACE

        def __init__(self) -> None:
            self.frames: list[int] = []

        def detect(self, frame):
            self.frames.append(round(frame.pts * frame.time_base * 30))
            return []

    runner = Walker(Face.of(2), lambda n: (20 + 9 * n, 150), 60)
    options = {"preset": "ultrafast", "x264-params": "keyint=12:min-keyint=12:scenecut=0"}
    detector = Listening()
    analyse([Clip(clip(60, [runner], fps=30, options=options))], EPOCH, EPOCH + 2 * TICKS, detector)
    assert {0, 12, 24, 36, 48} <= set(detector.frames)
    assert max(b - a for a, b in zip(detector.frames, detector.frames[1:], strict=False)) <= 5


def test_a_picture_held_upright_is_looked_at_as_it_is_seen(yunet):
    sideways = clip(6, [])
    found = found_in(Clip(turned_clockwise(sideways)), yunet, 0.4)
    assert (found.width, found.height) == (360, 640)


def test_times_count_from_the_start_of_the_cut(promenade, yunet):
    whole, late = found_in(promenade, yunet), found_in(promenade, yunet, start=3)
    assert late.tracks[0].boxes[0].from_90k == 0
    assert late.frames == 30 and whole.frames == 75


def test_how_far_it_came_is_told_and_whoever_hears_it_can_end_it(promenade, yunet):
    class Enough(Exception):
        pass

    heard = []

    def told(done: int, total: int) -> None:
        heard.append((done, total))
        if done >= TICKS:
            raise Enough

    with pytest.raises(Enough):
        analyse([promenade], EPOCH, EPOCH + 5 * TICKS, yunet, told)
    assert heard == [(number * 6000, 5 * TICKS) for number in range(16)]


@pytest.mark.parametrize("limit", ["MOST_SEEN", "MOST_TRACKS"])
def test_more_people_than_can_be_covered_one_by_one_are_not_left_out_in_silence(promenade, yunet, monkeypatch, limit):
    monkeypatch.setattr(analysing, limit, 1)
    with pytest.raises(Error) as caught:
        found_in(promenade, yunet)
    assert caught.value.id == "redact.people-many"


def test_seconds_without_a_picture_are_named(yunet):
    with pytest.raises(Error) as caught:
        found_in(Clip(make(15)), yunet, 9, start=5)
    assert caught.value.id == "redact.frames-missing"


@pytest.mark.parametrize(
    "form", [{"pixels": "yuv420p10le"}, {"pixels": "yuvj444p"}, {"codec": "mpeg4", "container": "avi"}]
)
def test_cameras_of_every_kind_are_looked_at(yunet, form):
    assert found_in(Clip(make(**form)), yunet, 2).frames == 30


def test_a_resident_finds_looks_over_and_covers_the_people_of_a_file(promenade, tmp_path, capsys):
    source, tracks, out = tmp_path / "in.mp4", tmp_path / "tracks.json", tmp_path / "out.mp4"
    source.write_bytes(promenade.data)
    assert command(["analyse", str(source), "--to", "5", "--out", str(tracks)]) == 0
    assert "2 found in 75 pictures of 640 x 360" in capsys.readouterr().out
    saved = json.loads(tracks.read_text())
    saved["tracks"][1]["covered"] = 0
    tracks.write_text(json.dumps(saved))
    assert [track.covered for track in load(tracks.read_bytes())] == [1, 0]
    assert command(["render", str(source), "--to", "5", "--tracks", str(tracks), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "covered: face 1" in said and "left visible by choice: 1" in said
    assert command(["analyse", str(source), "--to", "5", "--out", str(tracks), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["found"] == 2
    with failing("redact.plan-refused"):
        command(["analyse", str(source), "--from", "5", "--to", "5", "--out", str(tracks)])


def test_anyone_can_list_whose_weights_find_people_and_under_which_licence(capsys):
    assert command(["models"]) == 0
    said = capsys.readouterr().out
    assert "yunet-2023mar" in said and "MIT" in said and "WIDER FACE" in said
    assert command(["models", "--json"]) == 0
    [model] = json.loads(capsys.readouterr().out)["models"]
    assert model["licence"] == "MIT" and len(model["sha256"]) == 64
