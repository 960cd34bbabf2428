# SPDX-License-Identifier: AGPL-3.0-or-later
"""XML from a camera: no document type, hence no entities, and bounded in size, depth and number of elements.

Names are read without their namespaces: cameras name those of the same answer differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from sunporch.recorder.errors import ONVIF_ABSENT

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS = 5_000


@dataclass
class Element:
    """An element: its attributes, the text in it, the elements in it."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Element]:
        """Yield each element of this name inside this one, in their order."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.all(name)

    def said(self, name: str) -> str:
        """Return the text of the first element of this name, without blanks around it; empty where there is none."""
        return next((found.text.strip() for found in self.all(name)), "")


class _Unfit(Exception):
    """A document that no camera has a reason to send."""


class _Builder:
    def __init__(self) -> None:
        self.top = Element("")
        self._open = [self.top]
        self._count = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise _Unfit
        made = Element(name.rpartition(" ")[2], attributes)
        self._open[-1].children.append(made)
        self._open.append(made)

    def end(self, _: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].text += data

    def refuse(self, *_: object) -> None:
        raise _Unfit


def parse(untrusted: bytes, where: str) -> Element:
    """Return a document's outermost element; raises `recorder.onvif-absent`."""
    if len(untrusted) > MAX_BYTES:
        raise ONVIF_ABSENT(where=where)
    builder = _Builder()
    # ONVIF speaks UTF-8, whatever else a document says of itself.
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.begin, builder.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = builder.text, builder.refuse
    try:
        parser.Parse(untrusted, True)
    except (expat.ExpatError, _Unfit) as error:
        raise ONVIF_ABSENT(where=where) from error
    return builder.top.children[0]
