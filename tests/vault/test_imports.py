# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files from elsewhere are sealed as they came, or refused with a reason and nothing left behind."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import av
import pytest

from sunporch.base.errors import Error
from sunporch.town.clips import cached_clip, read_frame_number
from sunporch.vault import TICKS, Vault, check_proof
from tests.vault.conftest import NOW, read, sealed_files


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cached_clip(tmp_path_factory.mktemp("clips"), 4)


def remuxed(clip: Path, path: Path, **options: str) -> Path:
    """Return the clip in another container; an AVI as old recorders write it, in MPEG-4 part 2."""
    with av.open(str(clip)) as source, av.open(str(path), "w", options=options) as target:
        if path.suffix == ".avi":
            encoder = target.add_stream("mpeg4", rate=15, options={"q": "2"})
            encoder.width, encoder.height, encoder.pix_fmt = 640, 360, "yuv420p"
            encoder.bit_rate = 4_000_000
            for frame in source.decode(video=0):
                target.mux(encoder.encode(frame.reformat(format="yuv420p")))
            target.mux(encoder.encode(None))
            return path
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".mov", ".ts"])
def test_a_file_is_sealed_byte_for_byte_with_its_time(vault: Vault, clip: Path, tmp_path: Path, suffix: str):
    path = remuxed(clip, tmp_path / f"garden{suffix}")
    camera = vault.add_camera("garden")
    imported = vault.import_file(camera, path, NOW - 1000)
    original = path.read_bytes()
    assert read(vault, camera, NOW - 1000, NOW - 996) == original
    assert imported.sha256 == hashlib.sha256(original).hexdigest()
    assert abs(imported.end_90k - imported.start_90k - 4 * TICKS) < TICKS // 10
    footage = vault.footage(camera, NOW - 998, NOW - 997)
    assert footage.sha256 == imported.sha256
    assert check_proof(footage.proof, vault.public_key, footage.original_chunks()) == NOW
    (part,) = footage.parts
    assert part.suffix == suffix
    with part.open() as file, av.open(file) as container:
        shown = [read_frame_number(frame) for frame in container.decode(video=0)]
    assert shown == list(range(60))


def test_a_file_without_a_date_ends_now(vault: Vault, clip: Path):
    camera = vault.add_camera("garden")
    assert vault.import_file(camera, clip).end_90k == NOW * TICKS


def test_a_folder_is_laid_end_to_end_in_the_order_of_names(vault: Vault, clip: Path, tmp_path: Path):
    folder = tmp_path / "sd card"
    folder.mkdir()
    for name in ("b.mkv", "a.mp4", "c.avi"):
        remuxed(clip, folder / name)
    (folder / "notes.txt").write_text("not a video")
    camera = vault.add_camera("garden")
    imported = vault.import_folder(camera, folder, NOW - 1000)
    assert [item.name for item in imported] == ["a.mp4", "b.mkv", "c.avi"]
    timeline = vault.timeline(camera, NOW - 1000, NOW - 980)
    assert len(timeline.spans) == 3
    assert abs(timeline.recorded_90k - 12 * TICKS) < TICKS // 2


def spoiled(clip: Path, folder: Path) -> dict[str, tuple[Path, str]]:
    """Return bad files with the error that each must give."""
    good = clip.read_bytes()
    cases = {
        "zero.mp4": (b"", "vault.import-empty"),
        "encrypted.mp4": (os.urandom(50_000), "vault.import-unreadable"),
        "no index.mp4": (good[: len(good) // 2], "vault.import-unreadable"),
        "letter.pdf": (b"%PDF", "vault.import-refused"),
    }
    for name, (data, _) in cases.items():
        (folder / name).write_bytes(data)
    found = {name: (folder / name, error) for name, (_, error) in cases.items()}
    remuxed(clip, folder / "whole.mkv")
    mkv = (folder / "whole.mkv").read_bytes()
    (folder / "cut.mkv").write_bytes(mkv[: len(mkv) * 2 // 5])
    found["cut.mkv"] = (folder / "cut.mkv", "vault.import-truncated")
    front = remuxed(clip, folder / "front.mp4", movflags="faststart").read_bytes()
    (folder / "cut.mp4").write_bytes(front[: len(front) * 2 // 5])
    found["cut.mp4"] = (folder / "cut.mp4", "vault.import-truncated")
    scrambled = bytearray(good)
    at = good.index(b"mdat") + 4
    end = good.index(b"moov", at) - 4 if b"moov" in good[at:] else len(good)
    scrambled[at:end] = os.urandom(end - at)
    (folder / "scrambled.mp4").write_bytes(scrambled)
    found["scrambled.mp4"] = (folder / "scrambled.mp4", "vault.import-unreadable")
    return found


@pytest.mark.parametrize(
    "name",
    ["zero.mp4", "encrypted.mp4", "no index.mp4", "letter.pdf", "cut.mkv", "cut.mp4", "scrambled.mp4"],
)
def test_a_bad_file_is_refused_with_its_reason_and_leaves_nothing(
    vault: Vault, clip: Path, tmp_path: Path, name: str
):
    path, error = spoiled(clip, tmp_path)[name]
    camera = vault.add_camera("garden")
    with pytest.raises(Error) as caught:
        vault.import_file(camera, path, NOW - 1000)
    assert caught.value.id == error
    assert str(path) in str(caught.value)
    assert sealed_files(vault) == []
    assert vault.storage().segments == 0


def test_one_bad_file_stops_a_folder_before_anything_is_taken_in(vault: Vault, clip: Path, tmp_path: Path):
    folder = tmp_path / "sd card"
    folder.mkdir()
    remuxed(clip, folder / "a.mp4")
    (folder / "b.mp4").write_bytes(b"")
    camera = vault.add_camera("garden")
    with pytest.raises(Error, match=r"vault\.import-empty"):
        vault.import_folder(camera, folder, NOW - 1000)
    assert sealed_files(vault) == []


def test_sound_alone_or_no_file_at_all_is_refused(vault: Vault, tmp_path: Path):
    camera = vault.add_camera("garden")
    (tmp_path / "empty folder").mkdir()
    with pytest.raises(Error, match=r"vault\.import-refused"):
        vault.import_folder(camera, tmp_path / "empty folder", NOW - 1000)
    with pytest.raises(Error, match=r"vault\.import-refused"):
        vault.import_file(camera, tmp_path / "absent.mp4", NOW - 1000)
    with av.open(str(tmp_path / "sound.mp4"), "w") as target:
        stream = target.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate, frame.pts = 8000, 0
        frame.planes[0].update(bytes(4096))
        target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    with pytest.raises(Error, match=r"vault\.import-unreadable"):
        vault.import_file(camera, tmp_path / "sound.mp4", NOW - 1000)
