# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from sunporch.base import digests
from sunporch.base.errors import Error
from sunporch.base.notekeys import COSIGNATURE, SignerKey, VerifierKey

# The example of the C2SP signed-note specification.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_the_example_key_of_the_signed_note_specification_is_read():
    key = VerifierKey.parse(PETER)
    assert key.name == "PeterNeumann"
    assert key.key_id.hex() == "c74f20a3"
    assert str(key) == PETER


@pytest.mark.parametrize("kind", [1, COSIGNATURE])
def test_a_key_signs_and_only_its_own_public_half_verifies(kind):
    signer = SignerKey.generate("diaz-4f2a", kind)
    again = SignerKey.parse(signer.secret_text())
    assert again == signer
    assert VerifierKey.parse(str(signer)) == signer.verifier
    signature = signer.sign(b"message")
    assert signer.verifier.verify(signature, b"message")
    assert not signer.verifier.verify(signature, b"messagf")
    assert not SignerKey.generate("diaz-4f2a").verifier.verify(signature, b"message")


def test_printing_a_signer_never_shows_its_secret():
    signer = SignerKey.generate("kim")
    *_, secret = signer.secret_text().split("+", 4)  # base64 has plus signs of its own
    assert secret not in str(signer)
    assert secret not in repr(signer)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("Peter", "Pet er"),
        PETER + "=",
        PETER.replace("+ARpc", "+BRpc"),
        "x" * 200 + PETER[12:],
        "name+00000000+AQ==",
    ],
)
def test_a_damaged_key_is_refused_by_name(text):
    with pytest.raises(Error) as caught:
        VerifierKey.parse(text)
    assert caught.value.id == "notekey.text-malformed"


@pytest.mark.parametrize("part", [0, 2, 3, 4])
def test_a_damaged_private_key_is_refused_by_name(part):
    parts = SignerKey.generate("kim").secret_text().split("+", 4)
    parts[part] = "x y" if part == 2 else "00000000" if part == 3 else "AQ=="
    with pytest.raises(Error) as caught:
        SignerKey.parse("+".join(parts))
    assert caught.value.id == "notekey.text-malformed"
    parts[4] = "!"
    with pytest.raises(Error):
        SignerKey.parse("+".join(parts))


# The points of small order, from the test vectors of RFC 7748's discussion and "Taming the many EdDSAs" (2020).
WEAK = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


@pytest.mark.parametrize("public", WEAK)
def test_a_key_under_which_anybody_could_sign_is_refused(public):
    with pytest.raises(Error) as caught:
        VerifierKey.parse(str(VerifierKey("mallory", bytes.fromhex(public))))
    assert caught.value.id == "notekey.text-malformed"
    assert "anybody could sign" in caught.value.what


def test_a_private_key_whose_hash_belongs_to_another_key_is_refused():
    first, second = SignerKey.generate("kim").secret_text(), SignerKey.generate("kim").secret_text()
    mixed = first.split("+", 4)[:4] + second.split("+", 4)[4:]
    with pytest.raises(Error) as caught:
        SignerKey.parse("+".join(mixed))
    assert caught.value.id == "notekey.text-malformed"


def test_hex_of_another_size_or_spelling_is_refused():
    assert digests.from_hex("00ff", 2, "the nonce") == b"\x00\xff"
    for text in ("00FF", "00f", "00ff00", "zzzz", "00ff\n"):
        with pytest.raises(Error) as caught:
            digests.from_hex(text, 2, "the nonce")
        assert caught.value.id == "digest.hex-malformed"
        assert "the nonce" in caught.value.what


def test_base64_has_one_spelling_only():
    assert digests.from_base64("AQ==", "the proof") == b"\x01"
    for text in ("AQ", "AR==", "A Q==", "!", "AQ==\n"):
        with pytest.raises(Error) as caught:
            digests.from_base64(text, "the proof")
        assert caught.value.id == "digest.base64-malformed"


def test_a_digest_of_parts_is_the_digest_of_the_whole():
    assert digests.sha256(b"ab", b"c").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(digests.sha256()) == digests.HASH_SIZE
