# SPDX-License-Identifier: AGPL-3.0-or-later
"""Films that wait to be given out lie sealed beside the footage, and their end is the end of their key."""

from __future__ import annotations

import hashlib

import pytest

from sunporch.base.errors import Error
from sunporch.vault import TICKS, Mode, Vault
from sunporch.vault.films import PIECE_BYTES
from tests.vault.conftest import NOW, PASSPHRASE, sealed_files

FILM = "f" * 32
MEDIA = hashlib.shake_256(b"a film").digest(2 * PIECE_BYTES + 777)


def read(vault: Vault, start: int = 0, length: int = len(MEDIA)) -> bytes:
    return b"".join(vault.film(FILM).read(start, length))


def test_a_film_is_read_in_any_part_and_lies_nowhere_in_the_clear(either):
    camera = either.add_camera("porch")
    either.keep_film(FILM, camera, NOW * TICKS, MEDIA)
    assert either.film(FILM).size == len(MEDIA)
    for start, length in ((0, len(MEDIA)), (0, 1), (PIECE_BYTES - 3, 7), (2 * PIECE_BYTES, 9_999), (len(MEDIA), 5)):
        assert read(either, start, length) == MEDIA[start : start + length]
    inside = b"".join(path.read_bytes() for path in either.folder.rglob("*") if path.is_file())
    assert MEDIA[:64] not in inside and MEDIA[-64:] not in inside
    assert {path.stat().st_mode & 0o077 for path in sealed_files(either)} == {0}


def test_the_same_film_kept_again_is_one_film(vault):
    camera = vault.add_camera("porch")
    vault.keep_film(FILM, camera, NOW * TICKS, b"half of it")
    vault.keep_film(FILM, camera, NOW * TICKS, MEDIA)
    assert read(vault) == MEDIA and len(sealed_files(vault)) == 1


def test_a_destroyed_film_is_gone_with_its_key_and_destroying_it_again_does_nothing(vault):
    camera = vault.add_camera("porch")
    vault.keep_film(FILM, camera, NOW * TICKS, MEDIA)
    (path,) = sealed_files(vault)
    handle = path.open("rb")  # what a thief kept open
    vault.destroy_film(FILM)
    vault.destroy_film(FILM)
    with handle:
        assert handle.read()[8:88] == bytes(80)
    with pytest.raises(Error) as caught:
        vault.film(FILM)
    assert caught.value.id == "vault.footage-missing"


@pytest.mark.parametrize("place", [-1, 200, len(MEDIA) // 2])
def test_a_film_with_one_changed_byte_or_a_missing_end_is_not_shown(vault, place):
    camera = vault.add_camera("porch")
    vault.keep_film(FILM, camera, NOW * TICKS, MEDIA)
    (path,) = sealed_files(vault)
    sound = path.read_bytes()
    changed = bytearray(sound)
    changed[place] ^= 1
    for broken in (bytes(changed), sound[:place]):
        path.write_bytes(broken)
        with pytest.raises(Error) as caught:
            _ = read(vault) + bytes(vault.film(FILM)._file._read(vault.film(FILM)._file._end))
        assert caught.value.id in ("vault.segment-damaged", "vault.segment-truncated")


def test_a_film_without_its_end_is_not_shown(vault):
    camera = vault.add_camera("porch")
    vault.keep_film(FILM, camera, NOW * TICKS, MEDIA)
    (path,) = sealed_files(vault)
    path.write_bytes(path.read_bytes()[: vault.film(FILM)._file._end.offset])
    with pytest.raises(Error) as caught:
        vault.film(FILM)
    assert caught.value.id == "vault.segment-truncated"


def test_a_locked_archive_shows_no_film(tmp_path, clock):
    with Vault.create(tmp_path / "sealed", clock, Mode.SEALED, PASSPHRASE) as vault:
        vault.unlock(PASSPHRASE)
        vault.keep_film(FILM, vault.add_camera("porch"), NOW * TICKS, MEDIA)
        vault.lock()
        with pytest.raises(Error) as caught:
            vault.film(FILM)
        assert caught.value.id == "vault.key-locked"


def test_the_household_signs_texts_with_a_title_of_their_own_and_no_checkpoint(vault):
    assert len(vault.sign("sunporch/film/v1\n{}\n")) == 64
    with pytest.raises(ValueError, match="chain"):
        vault.sign("sunporch/vault-checkpoint/v1\n1\n")
