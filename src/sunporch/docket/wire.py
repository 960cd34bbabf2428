# SPDX-License-Identifier: AGPL-3.0-or-later
r"""The bytes of entries: the text that people sign, its id, and the leaf that the log keeps.

Signed text: `sunporch/entry/v1\n<origin>\n<one line of strict JSON>\n`. Leaf: `<unix seconds>\n` and the C2SP
signed note over that text, at most 8,192 bytes.
"""

from __future__ import annotations

import re
import secrets

from sunporch.base.digests import sha256
from sunporch.base.errors import Error
from sunporch.base.notekeys import check_name
from sunporch.base.strictjson import dumps, loads
from sunporch.docket.entries import TYPES, VERSION, Entry, UnknownEntry, from_fields, to_fields
from sunporch.docket.errors import LEAF_MALFORMED, TEXT_MALFORMED
from sunporch.docket.fields import Refused, Text

HEADING = "sunporch/entry/v1"
MOST_LEAF = 8_192
MOST_TYPE = 64
NONCE_SIZE = 16


def new_nonce() -> str:
    """Return 16 random bytes as hex: two entries are never the same text."""
    return secrets.token_hex(NONCE_SIZE)


def encode(origin: str, entry: Entry) -> str:
    """Return the text to sign; raises `docket.field-...` for a value that could not be read back."""
    return f"{HEADING}\n{origin}\n{dumps({'type': entry.TYPE, 'v': VERSION, **to_fields(entry)})}\n"


def decode(untrusted_text: str) -> tuple[str, Entry | UnknownEntry]:
    """Return origin and entry; a type or version unknown here is an `UnknownEntry`.

    Raises `docket.text-malformed`, `json.text-refused` or `docket.field-...` naming the field.
    """
    lines = untrusted_text.split("\n")
    if len(lines) != 4 or lines[3] != "":
        raise TEXT_MALFORMED(reason="it is not exactly three lines, each with its line end")
    if lines[0] != HEADING:
        raise TEXT_MALFORMED(reason=f"its first line is not {HEADING}")
    try:
        origin = check_name(lines[1])
    except Error as error:
        raise TEXT_MALFORMED(reason="its second line is not the name of a log") from error
    fields = loads(lines[2])
    entry_type, version = fields.pop("type", None), fields.pop("v", None)
    try:
        entry_type = Text(1, MOST_TYPE).read(entry_type)
    except Refused as refused:
        raise TEXT_MALFORMED(where="type", reason=f"its `type` is not {refused.wanted}") from refused
    if not isinstance(version, int) or version < 1:
        raise TEXT_MALFORMED(where="v", reason="its `v` is not a whole number from 1")
    known = TYPES.get(entry_type)
    if known is None or version != VERSION:
        return origin, UnknownEntry(entry_type, version)
    return origin, from_fields(known, fields)


def entry_id(text: str) -> str:
    """Return the id of an entry: the hex SHA-256 of its signed text."""
    return sha256(text.encode()).hex()


def leaf(time: int, note: bytes) -> bytes:
    """Return the bytes that the log keeps; raises `docket.leaf-malformed` beyond 8,192."""
    data = b"%d\n%b" % (time, note)
    split_leaf(data)
    return data


def split_leaf(untrusted_leaf: bytes) -> tuple[int, bytes]:
    """Return the log's time (seconds) and the signed note's bytes; raises `docket.leaf-malformed`."""
    if len(untrusted_leaf) > MOST_LEAF:
        raise LEAF_MALFORMED(reason=f"it is longer than {MOST_LEAF} bytes")
    time, separator, note = untrusted_leaf.partition(b"\n")
    if not separator or not re.fullmatch(rb"0|[1-9][0-9]{0,11}", time):
        raise LEAF_MALFORMED(reason="it does not begin with a line of whole seconds")
    if not note:
        raise LEAF_MALFORMED(reason="it holds no signed note")
    return int(time), note
