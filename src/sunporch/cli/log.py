# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch log`: list a record's entries, or show one, after verifying the log."""

from __future__ import annotations

import argparse
import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sunporch.cli.errors import ENTRY_ABSENT
from sunporch.cli.places import read_pin
from sunporch.client import log_at
from sunporch.docket.entries import UnknownEntry, to_fields
from sunporch.docket.state import Record
from sunporch.verify.tail import Tail


def command(arguments: list[str]) -> int:
    """Run `sunporch log ARGUMENTS`; raises the `cli.`, `client.`, `verify.` and `tlog.` errors."""
    parser = argparse.ArgumentParser(prog="sunporch log", description="Read a community's verified record.")
    what = parser.add_subparsers(dest="what", required=True)
    listing = what.add_parser("list", help="one line for each entry")
    listing.add_argument("--type", default="", help="only entries of this type, e.g. request")
    show = what.add_parser("show", help="one entry in full, with what it commits to")
    for command_parser in (listing, show):
        command_parser.add_argument("place", metavar="URL_OR_DIR", help="portal, log, or a folder with its files")
        command_parser.add_argument("--pin", type=Path, metavar="FILE", help="pin file")
    show.add_argument("index", type=int, help="the entry's number")
    given = parser.parse_args(arguments)
    tail = Tail(read_pin(given.pin))
    tail.advance(log_at(given.place))
    if given.what == "list":
        for record in tail.fold.records:
            if given.type in ("", _type(record)):
                print(_line(record))
        return 0
    if not 0 <= given.index < tail.size:
        raise ENTRY_ABSENT(where=given.place, index=given.index, size=tail.size, last=tail.size - 1)
    print(json.dumps(_whole(tail.fold.records[given.index], tail), indent=1, ensure_ascii=False))
    return 0


def _type(record: Record) -> str:
    if isinstance(record.entry, UnknownEntry):
        return record.entry.type
    return record.entry.TYPE if record.entry is not None else "(no entry)"


def _moment(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds")


def _line(record: Record) -> str:
    state = record.status.value + (f" ({record.reason.name.lower()})" if record.reason is not None else "")
    return f"{record.index:>7}  {_moment(record.time)}  {_type(record):<18} {state:<20} {' '.join(record.signers)}"


def _whole(record: Record, tail: Tail) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "index": record.index,
        "time": _moment(record.time),
        "id": record.id,
        "type": _type(record),
        "status": record.status.value,
        "signers": list(record.signers),
    }
    if record.reason is not None:
        shown["reason"] = record.reason.sentence
    if record.verdict is not None:
        shown["clauses"] = [{"id": c.id, "cite": c.cite, "sentence": c.sentence()} for c in record.verdict.clauses]
    if isinstance(record.entry, UnknownEntry):
        shown["entry"] = dataclasses.asdict(record.entry)
    elif record.entry is not None:
        shown["entry"] = to_fields(record.entry)
        texts = {value: tail.blobs[value].text for value in shown["entry"].values() if _is_text(value, tail)}
        if texts:
            shown["texts"] = texts
    return shown


def _is_text(value: object, tail: Tail) -> bool:
    return isinstance(value, str) and value in tail.blobs
