# SPDX-License-Identifier: AGPL-3.0-or-later
"""CPU and memory of recording N cameras: ours (sealed, chained, indexed, fsynced) beside `ffmpeg -c copy -f segment`.

Both read the same RTSP streams from another project's server in a process of its own, one after the other in every
round. CPU is user + system time of the recording processes; memory is their PSS (shared pages counted once).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

STREAMS = 8
SECONDS = 15.0
SETTLE_SECONDS = 5.0
CLIP_SECONDS = 12
LOADS = {"720p15": (1280, 720, 15, 2_000_000), "1080p25": (1920, 1080, 25, 4_000_000)}
ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")

OURS = """
import sys, time
from pathlib import Path
from sunporch.base.clock import SystemClock
from sunporch.recorder import CameraSource, Recorder
from sunporch.vault import Vault
clock = SystemClock()
vault = Vault.create(Path(sys.argv[1]), clock)
recorder = Recorder(vault, clock)
for address in sys.argv[2:]:
    recorder.start(CameraSource(vault.add_camera("camera"), address))
sys.stdin.read()
recorder.stop()
pictures = [status.pictures for status in recorder.status().values()]
print(min(pictures), flush=True)
"""


def make_clip(path: Path, width: int, height: int, rate: int, bits: int) -> None:
    """Write a clip that needs its bit rate: moving blocks of noise, GOPs of one second."""
    random = np.random.default_rng(1)
    field = random.integers(0, 255, (height // 8 + 64, width // 8 + 64, 3), np.uint8)
    with av.open(str(path), "w") as container:
        kilobits = bits // 1000
        limits = f"vbv-maxrate={kilobits}:vbv-bufsize={kilobits}:nal-hrd=cbr:filler=1"
        options = {"preset": "ultrafast", "x264-params": f"keyint={rate}:scenecut=0:bframes=0:{limits}"}
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate = bits
        stream.codec_context.time_base = Fraction(1, rate)
        for number in range(CLIP_SECONDS * rate):
            x, y = number % 64, number // 3 % 64
            window = field[y : y + height // 8, x : x + width // 8]
            picture = window.repeat(8, axis=0).repeat(8, axis=1)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@contextlib.contextmanager
def served(clip: Path) -> Iterator[str]:
    """Serve the clip by the virtual camera and give its address."""
    command = [sys.executable, "-m", "sunporch.town.camera", "--file", clip, "--parent-pipe"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def cpu_seconds(pids: list[int]) -> float:
    """Return user + system seconds of the processes."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def pss_mib(pids: list[int]) -> float:
    """Return the processes' proportional set size in MiB."""
    found = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                found += int(line.split()[1])
    return found / 1024


def measure(pids: list[int]) -> tuple[float, float]:
    """Return CPU seconds per second of recording, and PSS at its end."""
    time.sleep(SETTLE_SECONDS)
    before, began = cpu_seconds(pids), time.monotonic()
    time.sleep(SECONDS)
    return (cpu_seconds(pids) - before) / (time.monotonic() - began), pss_mib(pids)


def ours(address: str, folder: Path) -> tuple[float, float]:
    """Record with one process of ours."""
    command = [sys.executable, "-c", OURS, folder / "vault", *[address] * STREAMS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        result = measure([process.pid])
        told, _ = process.communicate("")
    if int(told) < SECONDS * 10:
        raise RuntimeError(f"a camera gave only {told.strip()} pictures")
    return result


def peer(address: str, folder: Path) -> tuple[float, float]:
    """Record with one ffmpeg for each stream, as its users do."""
    processes = []
    for number in range(STREAMS):
        out = folder / f"{number}"
        out.mkdir()
        command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", address, "-c", "copy"]
        command += ["-f", "segment", "-segment_time", "10", "-reset_timestamps", "1", str(out / "%d.mp4")]
        processes.append(subprocess.Popen(command))
    try:
        return measure([process.pid for process in processes])
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def rounds(n: int) -> dict:
    """Measure n alternated rounds of each load."""
    if shutil.which("ffmpeg") is None:
        raise SystemExit("the peer is missing: apt-get install ffmpeg")
    version = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True).stdout.split()[2]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, load in LOADS.items():
            make_clip(place / f"{name}.mp4", *load)
        for number in range(n):
            row: dict[str, float] = {}
            for name in LOADS:
                with served(place / f"{name}.mp4") as address:
                    results = {}
                    # Who goes first alternates, so that neither always meets the warmer machine.
                    for who in ("ours", "peer") if number % 2 == 0 else ("peer", "ours"):
                        out = place / f"{name}-{number}-{who}"
                        out.mkdir()
                        results[who] = (ours if who == "ours" else peer)(address, out)
                        shutil.rmtree(out)
                row[f"ours_{name}"], row[f"peer_{name}"] = results["ours"][0], results["peer"][0]
                row[f"ratio_{name}"] = results["ours"][0] / results["peer"][0]
                row[f"memory_{name}"] = results["ours"][1] / results["peer"][1]
            found.append(row | {"ours": row["ours_720p15"], "peer": row["peer_720p15"]})
    return {
        "peer": f"{STREAMS} x ffmpeg {version} -c copy -f segment -segment_time 10 (mp4, plaintext, no fsync)",
        "rounds": [{name: round(value, 5) for name, value in row.items()} for row in found],
        "goals": [
            {"name": f"CPU, {STREAMS} streams 720p15 2 Mbit/s", "goal": 1.1, "unit": "x", "better": "lower",
             "of": "ratio"},
            {"name": f"CPU, {STREAMS} streams 1080p25 4 Mbit/s", "goal": 1.1, "unit": "x", "better": "lower",
             "of": "ratio_1080p25"},
            {"name": "memory (PSS), 720p15", "goal": 0.7, "unit": "x", "better": "lower", "of": "memory_720p15"},
            {"name": "memory (PSS), 1080p25", "goal": 0.7, "unit": "x", "better": "lower", "of": "memory_1080p25"},
        ],
    }  # fmt: skip


if __name__ == "__main__":
    print(rounds(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
