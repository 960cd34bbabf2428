# SPDX-License-Identifier: AGPL-3.0-or-later
"""One flipped bit anywhere is seen; what a crash left is kept up to the last whole group."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sunporch.base.clock import ManualClock
from sunporch.base.errors import Error
from sunporch.vault import TICKS, Cause, Mode, Vault, check_proof, tiles_exactly
from tests.vault.conftest import NOW, PASSPHRASE, RUN, gop, read, record, sealed_files

DAMAGED = {"vault.segment-damaged", "vault.segment-truncated"}


@pytest.mark.promise(11)
def test_one_flipped_bit_anywhere_in_a_segment_is_seen(vault: Vault, soak: bool):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 5)
    (path,) = sealed_files(vault)
    good = path.read_bytes()
    bits = range(len(good) * 8) if soak else random.Random(11).sample(range(len(good) * 8), 400)
    head = range(0, 8 * 700, 3)  # every part of the header, too
    for bit in [*bits, *head]:
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        with pytest.raises(Error) as caught:
            vault.check(camera, NOW - 100, NOW - 95)
        assert caught.value.id in DAMAGED, bit
    path.write_bytes(good)
    assert vault.check(camera, NOW - 100, NOW - 95) == 1


@pytest.mark.promise(11)
def test_footage_with_a_flipped_bit_is_never_given_out(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 5)
    (path,) = sealed_files(vault)
    bad = bytearray(path.read_bytes())
    bad[len(bad) // 2] ^= 1
    path.write_bytes(bad)
    with pytest.raises(Error) as caught:
        read(vault, camera, NOW - 100, NOW - 95)
    assert caught.value.id == "vault.segment-damaged"


def test_a_missing_end_is_seen_wherever_it_is_cut(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 5)
    (path,) = sealed_files(vault)
    good = path.read_bytes()
    for size in [*range(0, len(good), 97), len(good) - 1]:
        path.write_bytes(good[:size])
        with pytest.raises(Error) as caught:
            vault.check(camera, NOW - 100, NOW - 95)
        assert caught.value.id in DAMAGED, size


def test_a_whole_chunk_cut_from_the_end_is_seen_as_truncation(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 5)
    (path,) = sealed_files(vault)
    end = 21 + 8 + 32 * 7 + 20  # the end chunk: frame, clock, digests, tag and check sum
    path.write_bytes(path.read_bytes()[:-end])
    with pytest.raises(Error) as caught:
        vault.footage(camera, NOW - 100, NOW - 95)
    assert caught.value.id == "vault.segment-truncated"


def test_segments_that_were_swapped_are_seen(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 10)
    first, second = sealed_files(vault)
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    with pytest.raises(Error) as caught:
        vault.footage(camera, NOW - 100, NOW - 90)
    assert caught.value.id == "vault.segment-damaged"


@pytest.mark.promise(11)
def test_the_chain_proves_that_a_stretch_existed_unaltered(either: Vault, clock: ManualClock):
    camera = either.add_camera("porch")
    record(either, camera, NOW - 100, 12)
    footage = either.footage(camera, NOW - 98, NOW - 91)
    assert check_proof(footage.proof, either.public_key, footage.original_chunks()) == NOW


@pytest.mark.promise(11)
def test_a_proof_fails_for_anything_but_what_was_recorded(vault: Vault, tmp_path: Path, clock: ManualClock):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 12, each=12)
    footage = vault.footage(camera, NOW - 98, NOW - 91)
    chunks = footage.original_chunks()
    proof = footage.proof
    segment, *others = proof["segments"]
    point = proof["checkpoints"][0]
    with Vault.create(tmp_path / "other", clock) as other:
        stranger = other.public_key
    lies = [
        (proof, stranger, chunks),
        (proof, vault.public_key, chunks[:-1]),
        (proof, vault.public_key, [[b"x", *chunks[0][1:]], *chunks[1:]]),
        (proof, vault.public_key, [[chunks[0][0], b"staged", *chunks[0][2:]], *chunks[1:]]),
        (proof | {"version": "v0"}, vault.public_key, chunks),
        (proof | {"segments": 7}, vault.public_key, chunks),
        (proof | {"checkpoints": []}, vault.public_key, chunks),
        (proof | {"segments": [segment | {"sealed_sha256": "0" * 64}, *others]}, vault.public_key, chunks),
        (proof | {"segments": [segment | {"chunks": ["?"]}, *others]}, vault.public_key, chunks),
        (
            proof | {"checkpoints": [{**point, "signature": "A" * 86 + "=="}]},
            vault.public_key,
            chunks,
        ),
        (
            proof | {"checkpoints": [{**point, "text": point["text"] + "0" * 64 + "\n"}]},
            vault.public_key,
            chunks,
        ),
    ]  # fmt: skip
    for untrusted, key, data in lies:
        with pytest.raises(Error) as caught:
            check_proof(untrusted, key, data)
        assert caught.value.id == "vault.proof-refused"


def test_the_chain_is_signed_every_five_minutes_by_itself(vault: Vault, clock: ManualClock):
    camera = vault.add_camera("porch")
    journal = vault.folder / "journal"
    record(vault, camera, NOW - 100, 10)
    assert journal.read_bytes().count(b'"kind":"checkpoint"') == 1
    clock.advance(301)
    record(vault, camera, NOW, 10)
    assert journal.read_bytes().count(b'"kind":"checkpoint"') == 2


@pytest.mark.parametrize("unlocked", [True, False])
def test_a_crash_keeps_every_whole_group_and_says_what_was_lost(tmp_path: Path, clock: ManualClock, unlocked: bool):
    vault = Vault.create(tmp_path / "vault", clock, Mode.SEALED, PASSPHRASE)
    camera = vault.add_camera("porch")
    writer = vault.begin_segment(camera, "main", RUN, (NOW - 100) * TICKS, b"init")
    for number in range(5):
        writer.append_gop(gop(number), number * TICKS, TICKS)
    copy = tmp_path / "after the power cut"
    subprocess.run(["cp", "-a", vault.folder, copy], check=True)
    (path,) = copy.rglob("*.sealed")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1000)  # the last group reached the disk in part
    with Vault.open(copy, clock, PASSPHRASE if unlocked else None) as again:
        if not unlocked:
            again.unlock(PASSPHRASE)
        assert read(again, camera, NOW - 100, NOW - 96) == b"init" + b"".join(map(gop, range(4)))
        timeline = again.timeline(camera, NOW - 100, NOW)
        assert tiles_exactly(timeline)
        assert [gap.cause for gap in timeline.gaps] == [Cause.TAIL_LOST]
        footage = again.footage(camera, NOW - 100, NOW - 96)
        if unlocked:
            assert check_proof(footage.proof, again.public_key, footage.original_chunks()) == NOW
        else:
            # Nobody could look into it when it was saved, so nobody can swear to it.
            with pytest.raises(Error, match=r"vault\.proof-refused"):
                check_proof(footage.proof, again.public_key, footage.original_chunks())
        record(again, camera, NOW - 50, 5)
        assert [gap.end_90k // TICKS - NOW for gap in again.timeline(camera, NOW - 100, NOW - 45).gaps] == [-50]
    writer.close()
    vault.close()


def test_another_process_never_trims_what_is_being_written(vault: Vault, clock: ManualClock):
    camera = vault.add_camera("porch")
    writer = vault.begin_segment(camera, "main", RUN, (NOW - 100) * TICKS, b"init")
    writer.append_gop(gop(0), 0, TICKS)
    with Vault.open(vault.folder, clock) as other:
        writer.append_gop(gop(1), TICKS, TICKS)
        writer.close()
        assert read(other, camera, NOW - 100, NOW - 98) == b"init" + gop(0) + gop(1)


WRITER = """
import sys
from pathlib import Path
from sunporch.base.clock import ManualClock
from sunporch.vault import TICKS, Vault
from tests.vault.conftest import NOW, RUN, gop
vault = Vault.open(Path(sys.argv[1]), ManualClock(NOW))
camera, number = sys.argv[2], int(sys.argv[3])
while True:
    writer = vault.begin_segment(camera, "main", RUN, (NOW - 100_000 + number) * TICKS, b"init")
    for _ in range(4):
        print("writing", number, flush=True)
        writer.append_gop(gop(number), number * TICKS, TICKS)
        print("written", number, flush=True)
        number += 1
    writer.close()
"""


def test_a_recorder_killed_at_any_instant_loses_at_most_one_group_and_leaves_no_unreadable_file(
    tmp_path: Path, clock: ManualClock, soak: bool
):
    folder = tmp_path / "vault"
    with Vault.create(folder, clock) as vault:
        camera = vault.add_camera("porch")
    chance = random.Random(9)
    written = 0
    for trial in range(200 if soak else 15):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, folder, camera, str(written)],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.uniform(0, 0.12))
        child.send_signal(signal.SIGKILL)
        acknowledged = [int(told[1]) for told in re.finditer(r"written (\d+)\n", child.stdout.read())]
        child.wait()
        child.stdout.close()
        written = max([written, *(number + 1 for number in acknowledged)])
        with Vault.open(folder, clock) as vault:
            kept = vault.timeline(camera, NOW - 100_000, NOW).recorded_90k // TICKS
            assert kept in (written, written + 1), trial  # the one in flight may have arrived whole
            written = kept
            assert tiles_exactly(vault.timeline(camera, NOW - 100_000, NOW))
    with Vault.open(folder, clock) as vault:
        found = b"".join(part_bytes.removeprefix(b"init") for part_bytes in parts(vault, camera))
        assert found == b"".join(map(gop, range(written)))
        assert vault.check(camera, NOW - 100_000, NOW) > 0


def parts(vault: Vault, camera: str) -> list[bytes]:
    """Return the plaintext of each part."""
    found = []
    for part in vault.footage(camera, NOW - 100_000, NOW).parts:
        with part.open() as file:
            found.append(file.read())
    return found
