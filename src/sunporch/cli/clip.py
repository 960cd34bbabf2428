# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch clip`: what anybody may read of a sealed clip, and whether a proof belongs to an opened one."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from sunporch.base import strictjson
from sunporch.cli.places import read_file
from sunporch.clip import header, index
from sunporch.docket.blobs import Blob


def command(arguments: list[str]) -> int:
    """Run `sunporch clip ARGUMENTS`; raises as `_inspect` and `_prove` say."""
    parser = argparse.ArgumentParser(prog="sunporch clip", description="Look at a clip without its keys.")
    what = parser.add_subparsers(dest="what", required=True)
    inspect = what.add_parser("inspect", help="show what a header says")
    inspect.add_argument("header", type=Path, metavar="HEADER", help="the header's file")
    inspect.set_defaults(act=lambda given: _inspect(given.header))
    proof = what.add_parser("proof", help="check that a resident's proof belongs to an opened clip")
    proof.add_argument("opened", type=Path, metavar="OPENED", help="what `sunporch desk open --json` printed")
    proof.add_argument("proof", type=Path, metavar="PROOF", help="the proof that the resident handed over")
    proof.set_defaults(act=lambda given: _prove(given.opened, given.proof))
    given = parser.parse_args(arguments)
    given.act(given)
    return 0


def _inspect(path: Path) -> None:
    """Print what a header says; raises `clip.header-malformed`."""
    raw = read_file(path)
    found = header.parse(raw)
    ends = datetime.fromtimestamp(found.expires, UTC).isoformat(timespec="seconds")
    print(f"clip:       {found.id}")
    print(f"town:       {found.origin}")
    print(f"answers:    appeal {found.request}")
    print(f"ends:       {ends}")
    print(f"custodian:  {found.custodian}")
    print(f"recipients: {', '.join(recipient.name for recipient in found.recipients)}")
    print(f"hash:       {header.header_hash(raw).hex()}")


def _prove(opened: Path, proof: Path) -> None:
    """Print what a proof says, if the clip commits to it.

    Raises `clip.index-malformed`, `clip.proof-malformed`, `docket.blob-malformed`, and `docket.blob-mismatched` for
    another clip's proof.
    """
    said = strictjson.loads(read_file(opened), str(opened))
    # Inside the seal the index stands alone; `desk` prints it among what else it knows, without its format.
    inner = said.get("index")
    bare = inner if isinstance(inner, dict) else said
    found = index.parse(strictjson.dumps({"format": index.FORMAT} | bare).encode())
    original = index.parse_original(Blob.parse(read_file(proof), found.original).text)
    print("The clip commits to this proof.")
    print(f"original: SHA-256 {original.sha256}")
    print(f"home:     {original.home}")
    for offset in original.camera_clock_ms:
        print(f"camera:   its own clock was {offset / 1000:+.3f} s off the home's, as its picture may show")
