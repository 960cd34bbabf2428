# SPDX-License-Identifier: AGPL-3.0-or-later
"""JSON as everything signed in Sunporch uses it: one line, sorted keys, text, integers, lists and objects only.

No floats, no booleans, no null, no duplicate keys, integers within +-(2^53-1), so that Python, Go and JavaScript
read the same bytes as the same value. Decoding takes any strict JSON of these types; the signed bytes are the truth.
"""

from __future__ import annotations

import json
from typing import Any

from sunporch.base.errors import ErrorKind

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 16

JSON_REFUSED = ErrorKind(
    "json.text-refused",
    what="This is not the strict JSON that Sunporch signs: {reason}.",
    next="Use one JSON object of text, whole numbers, lists and objects, without duplicate keys.",
)

type Value = str | int | list[Value] | dict[str, Value]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JSON_REFUSED(reason=f"the key {twice!r} stands twice")
    return result


def _no_float(text: str) -> Any:
    raise JSON_REFUSED(reason=f"{text} is not a whole number")


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise JSON_REFUSED(reason=f"it is nested deeper than {MAX_DEPTH}")
    match value:
        case bool() | None:
            raise JSON_REFUSED(reason="true, false and null are not used")
        case int():
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                raise JSON_REFUSED(reason=f"{value} is beyond 2^53-1")
        case str():
            if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
                raise JSON_REFUSED(reason="a text holds half a surrogate pair")
        case list():
            for item in value:
                _check(item, depth + 1)
        case dict():
            for name, item in value.items():
                if not isinstance(name, str):
                    raise JSON_REFUSED(reason=f"the key {name!r} is not text")
                _check(name, depth + 1)
                _check(item, depth + 1)
        case _:
            raise JSON_REFUSED(reason=f"{type(value).__name__} is not used")


def loads(untrusted_text: str | bytes, where: str = "") -> dict[str, Any]:
    """Return the object, or raise `json.text-refused` saying why."""
    try:
        text = untrusted_text.decode("utf-8") if isinstance(untrusted_text, bytes) else untrusted_text
        value = json.loads(text, object_pairs_hook=_no_duplicates, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as error:
        raise JSON_REFUSED(where=where, reason=str(error)) from error
    if not isinstance(value, dict):
        raise JSON_REFUSED(where=where, reason="it is not an object")
    _check(value, 0)
    return value


def dumps(value: dict[str, Any]) -> str:
    """Return the canonical line: sorted keys, no spaces, UTF-8 kept; raises `json.text-refused` for other types."""
    _check(value, 0)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
