# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition

from sunporch.base.errors import Error
from sunporch.redact import decode, engine
from sunporch.redact.engine import FILL, render
from sunporch.redact.plan import TICKS, Box, Kind, Plan, Track
from sunporch.town.clips import read_frame_number
from tests.redact.conftest import EPOCH, Clip, decoded, make, turned_clockwise

WHOLE = 1 << 40
ENCRYPTED = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "76" * 16, "encryption_kid": "a7" * 16}


def manual(*boxes: tuple[int, int, int, int], start=0, end=WHOLE) -> tuple[Track, ...]:
    return (Track(1, Kind.MANUAL, 1, tuple(Box(*box, start, end) for box in boxes)),)


def rendered(source: Clip, start: float, end: float, tracks=(), sound=False):
    target = io.BytesIO()
    plan = Plan(EPOCH + round(start * TICKS), EPOCH + round(end * TICKS), tracks, sound)
    return render([source], plan, target), target.getvalue()


def is_filled(frame: av.VideoFrame, box: tuple[int, int, int, int], tolerance: int = 10) -> bool:
    x, y, width, height = box
    planes = frame.reformat(format="yuv444p").to_ndarray()
    inside = planes[:, y + 2 : y + height - 2, x + 2 : x + width - 2].astype(int)
    return all(abs(inside[plane] - FILL[plane]).max() <= tolerance for plane in range(3))


def nal_types(media: bytes) -> set[int]:
    found = set()
    with av.open(io.BytesIO(media)) as container:
        for packet in container.demux(video=0):
            data, at = bytes(packet), 0
            while at + 4 < len(data):
                size = int.from_bytes(data[at : at + 4], "big")
                found.add(data[at + 4] & 31)
                at += 4 + size
    return found


def coded(media: bytes) -> set[bytes]:
    """The pictures as they are coded, each without its first bytes (a container may spell its length otherwise)."""
    with av.open(io.BytesIO(media)) as container:
        return {bytes(packet)[8:] for packet in container.demux(video=0) if packet.size > 8}


def user_data(media: bytes) -> bytes:
    at = media.find(b"udta")
    return media[at : at - 4 + int.from_bytes(media[at - 4 : at], "big")]


@pytest.mark.parametrize(("start", "end"), [(0, 4), (0.4, 1.2), (2, 3), (1 / 15, 2 / 15), (3.9, 4)])
def test_the_clip_holds_exactly_the_frames_of_the_seconds_chosen(street, start, end):
    report, media = rendered(street, start, end)
    first, last = -(-round(start * TICKS) // 6000), -(-round(end * TICKS) // 6000)
    assert [read_frame_number(frame) for frame in decoded(media)] == list(range(first, last))
    assert report.frames == last - first


@pytest.mark.promise(10)
@pytest.mark.requirement("R21")
def test_what_the_plan_covers_is_one_flat_colour_in_every_frame(street):
    box = (321, 151, 97, 63)
    report, media = rendered(street, 0.5, 3.5, manual(box))
    frames = decoded(media)
    assert len(frames) == report.covered[0].frames == 45
    assert all(is_filled(frame, box) for frame in frames)
    assert [read_frame_number(frame) for frame in frames] == list(range(8, 53))


@pytest.mark.promise(10)
def test_no_byte_outside_the_picture_carries_what_was_covered():
    canary = b"CANARY-face-of-a-child"
    source = make(options={"x264-params": "keyint=10"}) + b"\0\0\0\x2afree" + canary + bytes(12)
    report, media = rendered(Clip(source), 0, 2, manual((0, 0, 160, 240)))
    assert canary not in media
    assert nal_types(media) <= {1, 5}  # slices only: no SEI, no parameter sets of the source
    for box in (b"edts", b"free", b"uuid", b"Lavf", b"x264"):
        assert box not in media
    # The muxer's own user data is the same for every source: it carries nothing of any.
    _, other = rendered(Clip(make(codec="mpeg4", container="avi")), 0, 1)
    assert user_data(media) == user_data(other)
    assert all(is_filled(frame, (0, 0, 160, 240)) for frame in decoded(media))
    assert media.endswith(media[-4:]) and report.output_bytes == len(media)


def test_a_court_that_asks_hears_that_no_picture_is_the_cameras_own_also_where_nothing_was_covered():
    source = make(options={"x264-params": "keyint=10"})
    report, media = rendered(Clip(source), 0, 2)
    assert coded(source) and coded(media) and not coded(source) & coded(media)
    assert report.reencoded == 1
    assert "every picture encoded anew" in report.as_text()


def test_a_box_covers_only_while_it_stands(street):
    box = (400, 200, 80, 80)
    _, media = rendered(street, 0, 3, manual(box, start=TICKS, end=2 * TICKS))
    covered = [is_filled(frame, box) for frame in decoded(media)]
    assert covered == [False] * 15 + [True] * 15 + [False] * 15


def test_a_box_over_the_edge_covers_what_is_in_the_picture(street):
    _, media = rendered(street, 0, 0.4, manual((600, 330, 500, 500)))
    assert all(is_filled(frame, (600, 330, 40, 30)) for frame in decoded(media))


def test_sound_is_off_unless_chosen_and_then_encoded_anew():
    source = Clip(make(sound=True))
    _, silent = rendered(source, 0, 1.5)
    report, loud = rendered(source, 0, 1.5, sound=True)
    with av.open(io.BytesIO(silent)) as container:
        assert not container.streams.audio
    with av.open(io.BytesIO(loud)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
        assert 1.3 * 48_000 <= samples <= 1.7 * 48_000
    assert report.sound == 1
    assert "mp4a" in report.media_type


@pytest.mark.parametrize(
    "form",
    [
        {"pixels": "yuvj420p"},
        {"pixels": "yuv420p10le", "codec": "libx264"},
        {"pixels": "yuv444p"},
        {"size": (322, 242)},
        {"codec": "mpeg4", "container": "avi"},
        {"codec": "libx264", "container": "matroska"},
        {"codec": "libx265"},
    ],
    ids=lambda form: "-".join(str(value) for value in form.values()),
)
def test_cameras_of_every_kind_give_a_clip_that_browsers_play(form):
    report, media = rendered(Clip(make(**form)), 0, 2, manual((0, 0, 60, 60)))
    frames = decoded(media)
    assert len(frames) == 30
    assert {frame.format.name for frame in frames} == {"yuv420p"}
    assert all(is_filled(frame, (0, 0, 60, 60)) for frame in frames)
    assert report.media_type.startswith('video/mp4; codecs="avc1.')


@pytest.mark.promise(10)
def test_a_rotated_picture_is_covered_where_the_resident_sees_it():
    # Its left half is yellow; held upright, that half is seen on top.
    box = (0, 0, 240, 100)
    _, media = rendered(Clip(turned_clockwise(make())), 0, 1)
    _, covered = rendered(Clip(turned_clockwise(make())), 0, 1, manual(box))
    seen = decoded(media)[0]
    assert (seen.width, seen.height, seen.rotation) == (240, 320, 0)
    assert np.abs(seen.to_ndarray(format="rgb24")[20:140, 20:220].astype(int) - YELLOW).max() < 20
    assert seen.to_ndarray(format="rgb24")[180:, :].max() < 60
    assert all(is_filled(frame, box) for frame in decoded(covered))


YELLOW = (250, 240, 10)


@pytest.mark.parametrize("pixels", ["yuv420p", "yuvj420p", "yuv444p", "yuvj444p"])
def test_colours_are_those_that_the_camera_saw(pixels):
    _, media = rendered(Clip(make(pixels=pixels)), 0, 1)
    picture = decoded(media)[0].to_ndarray(format="rgb24").astype(int)
    assert np.abs(picture[20:220, 20:140] - YELLOW).max() < 8
    assert np.abs(picture[20:220, 180:300] - 30).max() < 8


@pytest.mark.parametrize("turn", [False, True])
def test_pixels_that_are_not_square_keep_their_shape(turn):
    source = make(aspect=Fraction(4, 3))
    _, media = rendered(Clip(turned_clockwise(source) if turn else source), 0, 1)
    with av.open(io.BytesIO(media)) as container:
        assert Fraction(container.streams.video[0].sample_aspect_ratio) == (
            Fraction(3, 4) if turn else Fraction(4, 3)
        )


def cover_first(media: bytes) -> bytes:
    """Return the MP4 with its cover (in `udta`) before its tracks, as some programs write it."""
    moov = media.index(b"moov") - 4
    end, at, boxes = moov + int.from_bytes(media[moov : moov + 4], "big"), moov + 8, []
    while at < end:
        size = int.from_bytes(media[at : at + 4], "big")
        boxes.append(media[at : at + size])
        at += size
    boxes.sort(key=lambda box: (b"mvhd", b"udta").index(box[4:8]) if box[4:8] in (b"mvhd", b"udta") else 2)
    return media[: moov + 8] + b"".join(boxes) + media[end:]


def test_a_cover_picture_is_not_taken_for_the_recording():
    buffer = io.BytesIO()
    with av.open(io.BytesIO(make())) as source, av.open(buffer, "w", format="mp4") as output:
        cover = output.add_stream("png", rate=15)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "rgb24"
        cover.disposition = Disposition.attached_pic
        stream = output.add_stream_from_template(source.streams.video[0])
        output.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        for packet in source.demux(video=0):
            packet.stream = stream
            if packet.dts is not None:
                output.mux(packet)
    media = cover_first(buffer.getvalue())
    with av.open(io.BytesIO(media)) as container:
        assert container.streams.video[0].width == 64
    report, _ = rendered(Clip(media), 0, 2)
    assert (report.width, report.height, report.frames) == (320, 240, 30)


@pytest.mark.parametrize(
    "options", [{}, {"x264-params": "keyint=15:bframes=3:open-gop=1:b-pyramid=2"}], ids=["plain", "open"]
)
@pytest.mark.parametrize("held", [4_096, 7])
def test_a_late_cut_of_a_long_recording_has_exactly_its_frames(monkeypatch, options, held):
    monkeypatch.setattr(decode, "MAX_HELD", held)
    source = Clip(make(150, options=options | {"preset": "ultrafast"}))
    for first in (0, 44, 45, 46, 75, 149):
        _, media = rendered(source, first / 15, (first + 1) / 15)
        _, whole = rendered(source, 0, 10)
        [one] = decoded(media)
        same = decoded(whole)[first].to_ndarray(format="rgb24").astype(int)
        assert np.abs(one.to_ndarray(format="rgb24").astype(int) - same).max() < 12


def test_a_picture_of_odd_size_is_made_even():
    frame = av.VideoFrame.from_ndarray(np.zeros((121, 161, 3), np.uint8), format="rgb24")
    even = decode.upright(frame)
    assert (even.width, even.height) == (160, 120)


def loudness(media: bytes) -> np.ndarray:
    """Return the loudest sample of each tenth of a second."""
    with av.open(io.BytesIO(media)) as container:
        start = container.streams.audio[0].start_time
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert start == 0
    tenths = heard[: len(heard) // 4_800 * 4_800].reshape(-1, 4_800)
    return np.abs(tenths).max(axis=1)


def test_sound_stays_with_its_picture_behind_a_gap():
    source = make(sound=True)
    target = io.BytesIO()
    plan = Plan(EPOCH, EPOCH + 6 * TICKS, sound=True)
    render([Clip(source), Clip(source, EPOCH + 4 * TICKS)], plan, target)
    loud = loudness(target.getvalue())
    assert loud[1:18].min() > 0.2
    assert loud[22:39].max() < 0.01
    assert loud[42:58].min() > 0.2


def test_not_a_tenth_of_a_second_of_sound_outside_the_cut_is_released():
    # Three seconds: a whistle only in the middle one, and exactly the two quiet ones around it are asked for in turn.
    source = Clip(make(45, sound=True, whistle=(1, 2)))
    for start, end in ((0, 1), (2, 3)):
        _, media = rendered(source, start, end, sound=True)
        assert loudness(media).max() < 0.05
    _, media = rendered(source, 1, 2, sound=True)
    assert loudness(media)[1:9].min() > 0.2


def test_a_recording_without_sound_has_none_to_keep():
    report, media = rendered(Clip(make()), 0, 1, sound=True)
    assert report.sound == 0
    assert "mp4a" not in report.media_type
    with av.open(io.BytesIO(media)) as container:
        assert not container.streams.audio


def test_the_same_recording_and_plan_give_the_same_bytes(street):
    assert rendered(street, 0, 1, manual((9, 9, 30, 30)))[1] == rendered(street, 0, 1, manual((9, 9, 30, 30)))[1]


def test_two_stretches_with_a_gap_keep_the_gap(street):
    later = Clip(street.data, EPOCH + 10 * TICKS)
    target = io.BytesIO()
    render([street, later], Plan(EPOCH + 3 * TICKS, EPOCH + 11 * TICKS), target)
    frames = decoded(target.getvalue())
    times = [round(float(frame.pts * frame.time_base), 3) for frame in frames]
    assert [read_frame_number(frame) for frame in frames] == [*range(45, 60), *range(15)]
    assert times[15] - times[14] > 6


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 5_000, b"not a video" * 300, make()[:700], make(muxer=ENCRYPTED)],
    ids=["zero-byte", "zeros", "garbage", "cut short", "encrypted"],
)
def test_a_broken_recording_is_named_and_nothing_is_written(data):
    target = io.BytesIO()
    with pytest.raises(Error) as caught:
        render([Clip(data)], Plan(EPOCH, EPOCH + TICKS), target)
    assert caught.value.id == "redact.source-unreadable"
    assert target.getvalue() == b""


def test_sound_alone_is_no_recording_of_pictures():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        voice = output.add_stream("aac", rate=48_000)
        piece = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        piece.rate = 48_000
        output.mux(voice.encode(piece))
        output.mux(voice.encode(None))
    with pytest.raises(Error) as caught:
        rendered(Clip(buffer.getvalue()), 0, 1)
    assert caught.value.id == "redact.source-unreadable"


def test_seconds_in_which_nothing_was_recorded_are_named(street):
    with pytest.raises(Error) as caught:
        rendered(street, 50, 60)
    assert caught.value.id == "redact.frames-missing"


def test_a_box_that_covers_nothing_of_the_picture_is_refused_not_ignored(street):
    target = io.BytesIO()
    with pytest.raises(Error) as caught:
        render([street], Plan(EPOCH, EPOCH + TICKS, manual((640, 0, 10, 10))), target)
    assert caught.value.id == "redact.plan-refused"
    assert target.getvalue() == b""


def test_a_picture_too_large_to_render_is_named(monkeypatch):
    monkeypatch.setattr(decode, "MAX_PIXELS", 100)
    with pytest.raises(Error) as caught:
        rendered(Clip(make()), 0, 1)
    assert caught.value.id == "redact.picture-oversize"


def test_an_encoder_that_fails_is_named_and_nothing_is_written(monkeypatch):
    monkeypatch.setattr(engine, "_ENCODER", {"preset": "no-such-preset"})
    target = io.BytesIO()
    with pytest.raises(Error) as caught:
        render([Clip(make())], Plan(EPOCH, EPOCH + TICKS), target)
    assert caught.value.id == "redact.encoder-failed"
    assert target.getvalue() == b""
