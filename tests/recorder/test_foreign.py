# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera that nobody of this project wrote: GStreamer's RTSP server."""

from __future__ import annotations

import contextlib
import functools
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import pytest

from sunporch.base.clock import SystemClock
from sunporch.base.errors import Error
from sunporch.recorder import CameraSource, Recorder, State, look
from sunporch.recorder.units import Codec
from sunporch.vault import TICKS, Vault, tiles_exactly
from tests.recorder.faultcam import FaultCamera, Session
from tests.recorder.test_recorder import wait_for

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("gstcam.py")
NEEDED = (
    "gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly "
    "gstreamer1.0-plugins-bad python3-gi"
)
RATE = 15
MOVING = f"videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=180,framerate={RATE}/1"
# Three pictures in four are moved, and parameter sets come again and again before one picture.
H264 = (
    f"{MOVING} ! x264enc bframes=3 b-adapt=false rc-lookahead=5 key-int-max={RATE} ! video/x-h264,profile=main "
    "! rtph264pay name=pay0 pt=96 config-interval=1"
)
HEVC = f"{MOVING} ! x265enc tune=zerolatency key-int-max={RATE} ! rtph265pay name=pay0 pt=96 config-interval=1"
SOUND = "audiotestsrc is-live=true ! audio/x-raw,rate=16000,channels=1 ! voaacenc ! rtpmp4gpay"


@functools.cache
def has_gstreamer() -> bool:
    """Say whether the system's Python finds GStreamer's RTSP server."""
    asked = "import gi; gi.require_version('GstRtspServer', '1.0')"
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run([PYTHON, "-c", asked], capture_output=True, check=False).returncode == 0
    return False


foreign = pytest.mark.skipif(not has_gstreamer(), reason=f"apt-get install {NEEDED}")


@contextlib.contextmanager
def gstreamer(pipeline: str, *options: str) -> Iterator[str]:
    """Start GStreamer's server as a camera and give its address."""
    with subprocess.Popen(
        [PYTHON, SCRIPT, pipeline, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@foreign
@pytest.mark.requirement("S1")
@pytest.mark.parametrize("method", ["basic", "digest"])
def test_a_foreign_camera_with_a_password_sound_and_moved_pictures_is_recorded_without_a_hole(
    vault: Vault, method: str
):
    camera, began = vault.add_camera("porch"), SystemClock().now()
    recorder = Recorder(vault, SystemClock())
    with gstreamer(f"{H264} {SOUND} name=pay1 pt=97", "--auth", method, "--login", "ana:p:w/ 1") as address:
        recorder.start(CameraSource(camera, address, "ana", "p:w/ 1"))
        wait_for(lambda: recorder.status()[camera].pictures >= 3 * RATE)
        recorder.stop()
    timeline = vault.timeline(camera, began, SystemClock().now() + 1)
    assert tiles_exactly(timeline)
    assert len(timeline.spans) == 1
    (part,) = vault.footage(camera, began, SystemClock().now() + 1).parts
    with part.open() as file, av.open(file) as container:
        times = [frame.pts for frame in container.decode(video=0)]
    assert len(times) >= 3 * RATE
    # Where the stream was cut, pictures to be shown earlier had not come yet.
    assert {after - before for before, after in pairwise(times[:-4])} == {TICKS // RATE}


@foreign
@pytest.mark.parametrize(
    ("microphone", "kept"),
    [
        (f"{SOUND} name=pay1 pt=97", "aac"),
        ("audiotestsrc is-live=true ! audio/x-raw,rate=8000 ! alawenc ! rtppcmapay name=pay1 pt=8", "flac"),
    ],
)
def test_a_foreign_cameras_sound_is_recorded_where_it_is_wanted(vault: Vault, microphone: str, kept: str):
    camera, began = vault.add_camera("porch"), SystemClock().now()
    recorder = Recorder(vault, SystemClock())
    pictures = f"{MOVING} ! x264enc tune=zerolatency key-int-max={RATE} ! rtph264pay name=pay0 pt=96"
    with gstreamer(f"{pictures} {microphone}") as address:
        recorder.start(CameraSource(camera, address, sound=True))
        wait_for(lambda: recorder.status()[camera].pictures >= 3 * RATE)
        recorder.stop()
    part = vault.footage(camera, began, SystemClock().now() + 1).parts[-1]
    with part.open() as file, av.open(file) as container:
        assert container.streams.audio[0].codec_context.name == kept
        heard = [frame.samples / frame.rate for frame in container.decode(audio=0)]
    with part.open() as file, av.open(file) as container:
        seen = sum(1 for _ in container.decode(video=0))
    assert abs(sum(heard) - seen / RATE) < 0.5


@foreign
def test_a_foreign_camera_with_h265_is_recorded_as_it_comes(vault: Vault):
    camera, began = vault.add_camera("porch"), SystemClock().now()
    recorder = Recorder(vault, SystemClock())
    with gstreamer(HEVC) as address:
        assert look(CameraSource("", address)).codec is Codec.HEVC
        recorder.start(CameraSource(camera, address))
        wait_for(lambda: recorder.status()[camera].pictures >= 2 * RATE)
        recorder.stop()
    (part,) = vault.footage(camera, began, SystemClock().now() + 1).parts
    with part.open() as file, av.open(file) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"
        assert sum(1 for _ in container.decode(video=0)) >= 2 * RATE


@foreign
@pytest.mark.parametrize(
    ("pipeline", "error"),
    [
        # Its microphone is not asked for, and nothing else is left to play.
        (f"{SOUND} name=pay0 pt=97", "recorder.camera-stream-refused"),
        (f"{MOVING} ! jpegenc ! rtpjpegpay name=pay0 pt=26", "recorder.stream-unreadable"),
    ],
)
def test_a_camera_without_pictures_that_can_be_kept_is_named(vault: Vault, pipeline: str, error: str):
    camera = vault.add_camera("porch")
    recorder = Recorder(vault, SystemClock())
    with gstreamer(pipeline) as address:
        recorder.start(CameraSource(camera, address))
        wait_for(lambda: recorder.status()[camera].error is not None)
        status = recorder.status()[camera]
        recorder.stop()
    assert status.state is State.WAITING
    assert status.error is not None
    assert status.error.id == error


async def plain(session: Session) -> None:
    """Send pictures until nobody listens."""
    await session.units(0, len(session.camera.pictures))


def test_who_looks_at_a_camera_is_told_its_size_or_what_is_wrong_but_never_the_password(pictures: list[bytes]):
    with FaultCamera(pictures, plain, login=("ana", "right")) as fault:
        seen = look(CameraSource("", fault.address.replace("//", "//ana:right@")))
        assert (seen.width, seen.height, seen.codec) == (320, 180, Codec.H264)
        with pytest.raises(Error) as caught:
            look(CameraSource("", fault.address.replace("//", "//ana:wrong@")))
    assert caught.value.id == "recorder.camera-password-refused"
    with pytest.raises(Error) as gone:
        look(CameraSource("", fault.address.replace("//", "//ana:wrong@")))
    assert gone.value.id == "recorder.camera-unreachable"
    assert "wrong" not in str(caught.value) + str(gone.value)
