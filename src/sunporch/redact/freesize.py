# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lets a network take pictures of any size, where its file (ONNX, a protocol buffer) fixes one.

A fully convolutional network works at every size; only the shapes noted down in its file stand in the way. They are
left out in memory. The file on disk stays as its makers published it, so that its digest can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator

# Field numbers of onnx.proto: ModelProto.graph, then GraphProto.input|output.type.tensor_type.shape and .value_info.
NOTED_SHAPES = ((7, 11, 2, 1, 2), (7, 12, 2, 1, 2), (7, 13))
LENGTH_GIVEN = 2  # the kind of a field that says its length: text, bytes, a message


def without_sizes(model: bytes) -> bytes:
    """Return the ONNX model without its noted shapes; ValueError if it is no protocol buffer."""
    return _without(model, NOTED_SHAPES)


def _without(message: bytes, paths: tuple[tuple[int, ...], ...]) -> bytes:
    """Return the message without the fields at the paths."""
    kept: list[bytes] = []
    for number, whole, body in _fields(message):
        below = tuple(path[1:] for path in paths if path[0] == number)
        if () in below:
            continue
        if below:
            inner = _without(body, below)
            kept += (_number(number << 3 | LENGTH_GIVEN), _number(len(inner)), inner)
        else:
            kept.append(whole)
    return b"".join(kept)


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield each field's number, its whole bytes, and its content where that has a length."""
    at = 0
    while at < len(message):
        start = at
        key, at = _read(message, at)
        body_at = at
        match key & 7:
            case 0:
                _, at = _read(message, at)
            case 1:
                at += 8
            case 2:
                size, body_at = _read(message, at)
                at = body_at + size
            case 5:
                at += 4
            case kind:
                raise ValueError(f"field of kind {kind} at byte {start}")
        if at > len(message):
            raise ValueError(f"field at byte {start} ends behind the message")
        yield key >> 3, message[start:at], message[body_at:at]


def _read(message: bytes, at: int) -> tuple[int, int]:
    """Return the number that stands there in pieces of seven bits, and where it ends."""
    value = shift = 0
    while True:
        if at >= len(message):
            raise ValueError("a number ends behind the message")
        value |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if message[at - 1] < 0x80:
            return value, at


def _number(value: int) -> bytes:
    """Return the number in pieces of seven bits."""
    pieces = bytearray()
    while value > 0x7F:
        pieces.append(value & 0x7F | 0x80)
        value >>= 7
    pieces.append(value)
    return bytes(pieces)
