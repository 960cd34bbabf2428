# SPDX-License-Identifier: AGPL-3.0-or-later
"""When somebody came and went stands in sealed ends alone, and goes with the footage."""

from __future__ import annotations

import pytest

from sunporch.base.errors import Error
from sunporch.vault import TICKS, Mode, Vault
from sunporch.vault.segment import End
from tests.vault.conftest import NOW, PASSPHRASE, RUN, gop, sealed_files

# Ten seconds, in the middle of which much moved.
LEVELS = bytes([1, 0, 7, 200, 201, 3, 0, 0, 250, 2])


def record(vault: Vault, camera: str, start_s: int, levels: bytes = LEVELS, *, close: bool = True) -> None:
    """A segment of GOPs of two seconds, each with the levels of its seconds."""
    writer = vault.begin_segment(camera, "main", RUN, start_s * TICKS, b"init")
    for number in range(0, len(levels), 2):
        writer.append_gop(gop(number), number * TICKS, 2 * TICKS, motion=levels[number : number + 2])
    if close:
        writer.close()


def found(vault: Vault, camera: str, **how) -> list[tuple[int, int]]:
    marks = vault.motion(camera, NOW, NOW + 60, **({"least": 16} | how))
    return [(mark.start_90k // TICKS - NOW, mark.end_90k // TICKS - NOW) for mark in marks]


def test_stretches_above_a_level_are_found_and_near_ones_are_one(either):
    camera = either.add_camera("porch")
    record(either, camera, NOW)
    record(either, camera, NOW + 10)
    assert found(either, camera) == [(3, 5), (8, 9), (13, 15), (18, 19)]
    assert found(either, camera, join_s=3) == [(3, 9), (13, 19)]
    assert found(either, camera, join_s=4) == [(3, 19)]
    assert found(either, camera, least=201) == [(4, 5), (8, 9), (14, 15), (18, 19)]
    assert [m.start_90k // TICKS - NOW for m in either.motion(camera, NOW + 9, NOW + 14, least=16)] == [13]


def test_no_file_says_in_the_clear_when_somebody_came(vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW)
    assert found(vault, camera)
    assert LEVELS not in b"".join(path.read_bytes() for path in vault.folder.rglob("*") if path.is_file())


def test_erased_footage_takes_its_marks_with_it(vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW)
    assert found(vault, camera)
    vault.erase(camera, NOW, NOW + 10)
    assert found(vault, camera) == []


def test_a_locked_archive_says_nothing_not_even_what_it_said_before(tmp_path, clock):
    with Vault.create(tmp_path / "sealed", clock, Mode.SEALED, PASSPHRASE) as vault:
        vault.unlock(PASSPHRASE)
        camera = vault.add_camera("porch")
        record(vault, camera, NOW)
        assert found(vault, camera)
        vault.lock()
        with pytest.raises(Error) as caught:
            found(vault, camera)
        assert caught.value.id == "vault.key-locked"


def test_a_segment_without_levels_or_without_an_end_is_footage_all_the_same(tmp_path, clock):
    with Vault.create(tmp_path / "home", clock) as vault:
        camera = vault.add_camera("porch")
        record(vault, camera, NOW, b"\0" * 4)
        writer = vault.begin_segment(camera, "main", RUN, (NOW + 10) * TICKS, b"init")
        writer.append_gop(gop(0), 0, 2 * TICKS)
        writer.close()
        record(vault, camera, NOW + 20, close=False)
    path = sealed_files(vault)[-1]
    assert path.stat().st_size
    with Vault.open(tmp_path / "home", clock) as vault:
        assert found(vault, camera) == []
        assert vault.check(camera, NOW, NOW + 12) == 2


def test_one_changed_bit_of_the_levels_is_seen(vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW)
    (path,) = sealed_files(vault)
    data = bytearray(path.read_bytes())
    data[-25] ^= 1
    path.write_bytes(data)
    with pytest.raises(Error) as caught:
        found(vault, camera)
    assert caught.value.id == "vault.segment-damaged"


@pytest.mark.parametrize("size", [0, 8 + 31, 8 + 32 * 3 - 1, 8 + 32 * 3 + 86_401])
def test_an_end_that_does_not_fit_is_refused(size):
    with pytest.raises(Error) as caught:
        End.parse(bytes(size), 2, "here")
    assert caught.value.id == "vault.segment-damaged"
