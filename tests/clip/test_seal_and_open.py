# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import dataclasses
import hashlib
import io
import secrets

import pytest

from sunporch.base.errors import Error
from sunporch.clip import halves, header, keys, seal
from sunporch.clip.header import Recipient
from sunporch.clip.open import RecipientHalf, open_clip, recipient_half
from sunporch.clip.rewrap import rewrap
from tests.clip.conftest import EXPIRES, make_index


def open_as(clip, name="diaz-4f2a", *, head=None, file=None, c=None, s_k=None):
    head, file = head or clip.sealed.header, clip.file if file is None else file
    half = recipient_half(head, name, clip.private[name])
    index, pieces = open_clip(head, io.BytesIO(file), half, s_k or clip.sealed.s_k, c or clip.sealed.c)
    return index, b"".join(pieces)


@pytest.mark.requirement("R19")
@pytest.mark.parametrize("name", ["diaz-4f2a", "kim-09bc"])
def test_each_named_device_opens_the_clip_with_the_custodians_half(clip, name):
    index, media = open_as(clip, name)
    assert media == clip.media
    assert index == make_index(clip.media)
    assert index.media_sha256 == hashlib.sha256(media).hexdigest()


def test_the_header_says_what_the_portal_needs_and_no_key(clip):
    parsed = header.parse(clip.sealed.header)
    assert (parsed.request, parsed.expires, parsed.custodian) == (7, EXPIRES, "library-1")
    assert [recipient.name for recipient in parsed.recipients] == ["diaz-4f2a", "kim-09bc"]
    assert clip.sealed.s_k not in clip.sealed.header


def test_neither_half_alone_opens_a_clip(clip):
    half = recipient_half(clip.sealed.header, "diaz-4f2a", clip.private["diaz-4f2a"])
    for s_a, s_k in ((half.s_a, secrets.token_bytes(32)), (secrets.token_bytes(32), clip.sealed.s_k)):
        with pytest.raises(Error) as caught:
            open_clip(clip.sealed.header, io.BytesIO(clip.file), RecipientHalf(s_a, half.salt), s_k, clip.sealed.c)
        assert caught.value.id == "clip.file-damaged"


def test_a_device_that_was_not_named_finds_nothing(clip):
    with pytest.raises(Error) as caught:
        recipient_half(clip.sealed.header, "mallory", keys.generate())
    assert caught.value.id == "clip.recipient-unknown"
    with pytest.raises(Error) as caught:
        recipient_half(clip.sealed.header, "kim-09bc", clip.private["diaz-4f2a"])
    assert caught.value.id == "clip.encapsulation-refused"


def test_a_colleague_reseals_for_a_new_device_and_c_stays(clip):
    half = recipient_half(clip.sealed.header, "diaz-4f2a", clip.private["diaz-4f2a"])
    private = keys.generate()
    sealed = rewrap(clip.sealed.header, half, Recipient("reyes-defence", keys.public(private)))
    again = recipient_half(clip.sealed.header, "reyes-defence", private, sealed)
    assert again == half
    _, pieces = open_clip(clip.sealed.header, io.BytesIO(clip.file), again, clip.sealed.s_k, clip.sealed.c)
    assert b"".join(pieces) == clip.media
    with pytest.raises(Error) as caught:
        recipient_half(clip.sealed.header, "someone-else", private, sealed)
    assert caught.value.id == "clip.encapsulation-refused"


@pytest.mark.promise(11)
def test_one_flipped_bit_anywhere_in_header_or_file_is_seen(small_clip):
    clip, opened = small_clip, []
    for place, original in (("header", clip.sealed.header), ("file", clip.file)):
        for position in range(len(original)):
            changed = bytearray(original)
            changed[position] ^= 1 << (position % 8)
            try:
                open_as(clip, **({"head": bytes(changed)} if place == "header" else {"file": bytes(changed)}))
                opened.append((place, position))
            except Error as error:
                assert error.id.startswith("clip."), error
    assert opened == []


@pytest.mark.promise(11)
def test_a_changed_file_yields_no_byte_after_the_change_even_to_one_who_skips_the_commitment(clip):
    half = recipient_half(clip.sealed.header, "diaz-4f2a", clip.private["diaz-4f2a"])
    for position in (40_000, 150_000, len(clip.file) - 1):
        changed = bytearray(clip.file)
        changed[position] ^= 1
        c = header.commitment(clip.sealed.header, hashlib.sha256(changed).digest(), half.salt)
        media = b""
        with pytest.raises(Error) as caught:
            for piece in open_clip(clip.sealed.header, io.BytesIO(changed), half, clip.sealed.s_k, c)[1]:
                media += piece
        assert caught.value.id == "clip.file-damaged"
        assert media == clip.media[: len(media)]
        assert len(media) <= position


def test_a_file_cut_short_at_any_chunk_is_seen(clip):
    half = recipient_half(clip.sealed.header, "diaz-4f2a", clip.private["diaz-4f2a"])
    for size in (0, 1, 100, 16_400, 100_000, len(clip.file) - 1):
        short = clip.file[:size]
        c = header.commitment(clip.sealed.header, hashlib.sha256(short).digest(), half.salt)
        with pytest.raises(Error) as caught:
            list(open_clip(clip.sealed.header, io.BytesIO(short), half, clip.sealed.s_k, c)[1])
        assert caught.value.id == "clip.file-damaged"


def test_a_clip_that_the_record_does_not_commit_to_is_not_opened(clip):
    with pytest.raises(Error) as caught:
        open_as(clip, c="0" * 64)
    assert caught.value.id == "clip.commitment-mismatch"


def test_a_clip_that_is_too_long_is_refused_before_it_fills_the_disk(monkeypatch):
    monkeypatch.setattr(seal, "MAX_SEALED", 100_000)
    recipients = [Recipient(name, keys.public(keys.generate())) for name in ("a", "b")]
    target = io.BytesIO()
    with pytest.raises(Error) as caught:
        seal.seal(
            [bytes(40_000)] * 5, make_index(b""), target,
            origin="demo.x", request=1, expires=EXPIRES, custodian="c", recipients=recipients,
        )  # fmt: skip
    assert caught.value.id == "clip.media-oversize"
    assert len(target.getvalue()) <= 100_000


def test_the_half_opens_only_for_the_opening_that_asked():
    s_k, ephemeral, other = secrets.token_bytes(32), keys.generate(), keys.generate()
    sealed = halves.seal_half(s_k, keys.public(ephemeral), b"leaf" * 8)
    assert halves.open_half(sealed, ephemeral, b"leaf" * 8) == s_k
    wrong_size = keys.SUITE.encrypt(b"short", keys.load_public(keys.public(ephemeral)), info=b"sunporch/half/v1\0x")
    for attempt in ((sealed, other, b"leaf" * 8), (sealed, ephemeral, b"feal" * 8), (wrong_size, ephemeral, b"x")):
        with pytest.raises(Error) as caught:
            halves.open_half(*attempt)
        assert caught.value.id == "clip.half-refused"


@pytest.mark.parametrize("text", ["", "00", "Z" * 64, "AB" * 32])
def test_a_damaged_device_key_is_named(text):
    for load in (keys.load_private, keys.load_public):
        with pytest.raises(Error) as caught:
            load(text)
        assert caught.value.id == "clip.key-malformed"


# RFC 7748 section 6.1: with these every shared secret is zero, so that anybody could open what is sealed to them.
SMALL_ORDER = [
    "00" * 32,
    "01" + "00" * 31,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ec" + "ff" * 30 + "7f",
]


@pytest.mark.parametrize("public", SMALL_ORDER)
def test_nothing_is_sealed_to_a_key_that_anybody_could_open(public):
    target = io.BytesIO()
    recipients = [Recipient("kim-09bc", keys.public(keys.generate())), Recipient("mallory", public)]
    for attempt in (
        lambda: halves.seal_half(b"k" * 32, public, b"leaf" * 8),
        lambda: seal_for(recipients, target),
    ):
        with pytest.raises(Error) as caught:
            attempt()
        assert caught.value.id == "clip.key-malformed"
    assert target.getvalue() == b""


@pytest.mark.parametrize("count", [1, 9])
def test_a_clip_for_too_few_or_too_many_devices_is_refused_before_it_is_sealed(count):
    target = io.BytesIO()
    with pytest.raises(Error) as caught:
        seal_for([Recipient(f"device-{n}", keys.public(keys.generate())) for n in range(count)], target)
    assert caught.value.id == "clip.header-malformed"
    assert target.getvalue() == b""


def seal_for(recipients, target):
    return seal.seal(
        [b"media"], make_index(b"media"), target,
        origin="demo.x", request=1, expires=EXPIRES, custodian="c", recipients=recipients,
    )  # fmt: skip


def test_an_encapsulation_of_another_size_is_refused(clip):
    core = header.parse(clip.sealed.header).core()
    info = header.recipient_info("diaz-4f2a", core)
    short = keys.SUITE.encrypt(b"x" * 32, keys.load_public(keys.public(clip.private["diaz-4f2a"])), info=info)
    with pytest.raises(Error) as caught:
        recipient_half(clip.sealed.header, "diaz-4f2a", clip.private["diaz-4f2a"], short)
    assert caught.value.id == "clip.encapsulation-refused"


def test_an_index_longer_than_allowed_is_refused_before_it_is_read(clip):
    file, half, s_k, c = sealed_by_hand(clip, (1 << 30).to_bytes(4, "big") + b"x" * 50)
    with pytest.raises(Error) as caught:
        open_clip(clip.sealed.header, file, half, s_k, c)
    assert caught.value.id == "clip.file-damaged"


def sealed_by_hand(clip, plaintext):
    """Return a half, s_K, a file that holds the plaintext under the clip's header, and its c."""
    s_a, s_k, salt = b"a" * 32, b"k" * 32, b"s" * 32
    key, context = seal.clip_key(clip.sealed.header, s_a, s_k), header.header_hash(clip.sealed.header)
    encryptor = seal.Cobblestone256Encryptor(key, context)
    file = encryptor.update(plaintext) + encryptor.finalize()
    c = header.commitment(clip.sealed.header, hashlib.sha256(file).digest(), salt)
    return io.BytesIO(file), RecipientHalf(s_a, salt), s_k, c


@pytest.mark.parametrize("report", [0, 700_000])
@pytest.mark.parametrize("media", [0, 1, 16_384, 600_000])
def test_an_index_and_media_of_any_size_come_out_as_they_went_in(clip, report, media):
    index = dataclasses.replace(make_index(b""), report="x" * report).encode()
    file, half, s_k, c = sealed_by_hand(clip, len(index).to_bytes(4, "big") + index + b"m" * media)
    found, pieces = open_clip(clip.sealed.header, file, half, s_k, c)
    assert found.report == "x" * report
    assert b"".join(pieces) == b"m" * media


def test_a_plaintext_of_whole_chunks_comes_out_whole(clip):
    index = make_index(b"").encode()
    media = b"m" * (3 * 16_384 - 4 - len(index))
    file, half, s_k, c = sealed_by_hand(clip, len(index).to_bytes(4, "big") + index + media)
    assert b"".join(open_clip(clip.sealed.header, file, half, s_k, c)[1]) == media


@pytest.mark.parametrize("plaintext", [b"", b"\0\0", b"\0\0\1\0too short"])
def test_a_clip_whose_index_is_cut_is_refused(clip, plaintext):
    file, half, s_k, c = sealed_by_hand(clip, plaintext)
    with pytest.raises(Error) as caught:
        open_clip(clip.sealed.header, file, half, s_k, c)
    assert caught.value.id == "clip.file-damaged"


def test_c_commits_to_header_file_and_salt():
    made = {header.commitment(h, f, s) for h in (b"h", b"g") for f in (b"f" * 32, b"e" * 32) for s in (b"s", b"t")}
    assert len(made) == 8
