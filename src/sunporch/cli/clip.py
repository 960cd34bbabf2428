# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch clip`: what anybody may read of a sealed clip."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from sunporch.cli.places import read_file
from sunporch.clip import header


def command(arguments: list[str]) -> int:
    """Run `sunporch clip ARGUMENTS`; raises `clip.header-malformed`."""
    parser = argparse.ArgumentParser(prog="sunporch clip", description="Look at a sealed clip from outside.")
    what = parser.add_subparsers(dest="what", required=True)
    inspect = what.add_parser("inspect", help="show what a header says")
    inspect.add_argument("header", type=Path, metavar="HEADER", help="the header's file")
    given = parser.parse_args(arguments)
    raw = read_file(given.header)
    found = header.parse(raw)
    ends = datetime.fromtimestamp(found.expires, UTC).isoformat(timespec="seconds")
    print(f"clip:       {found.id}")
    print(f"town:       {found.origin}")
    print(f"answers:    appeal {found.request}")
    print(f"ends:       {ends}")
    print(f"custodian:  {found.custodian}")
    print(f"recipients: {', '.join(recipient.name for recipient in found.recipients)}")
    print(f"hash:       {header.header_hash(raw).hex()}")
    return 0
