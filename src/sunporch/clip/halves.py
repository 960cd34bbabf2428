# SPDX-License-Identifier: AGPL-3.0-or-later
"""The custodian's half on its way to an officer: sealed to the opening's ephemeral key, bound to its leaf."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag

from sunporch.clip import keys
from sunporch.clip.errors import HALF_REFUSED

_INFO = b"sunporch/half/v1\0"
HALF_SIZE = 32


def seal_half(s_k: bytes, ephemeral: str, leaf_hash: bytes) -> bytes:
    """Return the HPKE sealing of `s_K` to the opening's ephemeral X25519 key (hex); its leaf hash is in the info.

    Raises `clip.key-malformed`.
    """
    return keys.encrypt(s_k, ephemeral, _INFO + leaf_hash)


def open_half(sealed: bytes, ephemeral_private: str, leaf_hash: bytes) -> bytes:
    """Return `s_K`, 32 bytes; raises `clip.half-refused`."""
    try:
        s_k = keys.SUITE.decrypt(sealed, keys.load_private(ephemeral_private), info=_INFO + leaf_hash)
    except InvalidTag as error:
        raise HALF_REFUSED() from error
    if len(s_k) != HALF_SIZE:
        raise HALF_REFUSED()
    return s_k
