# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch verify`: check a whole log by the numbered procedure, a receipt or a film offline, or a site's viewer."""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from sunporch.base.clock import system_clock
from sunporch.cli import viewer
from sunporch.cli.places import read_file, read_pieces, read_pin
from sunporch.client import log_at
from sunporch.verify import film, procedure, receipt
from sunporch.verify.report import Numbered, Report

SOUND, ALARM = 0, 1


def command(arguments: list[str]) -> int:
    """Run `sunporch verify ARGUMENTS`: 0 if all is sound, 1 with the step's number if not; raises errors of rooms."""
    parser = argparse.ArgumentParser(
        prog="sunporch verify",
        description="Check a community's whole record, or a receipt, without trusting anybody who serves it.",
        epilog="exit codes: 0 sound; 1 an alarm, named by its step; 2 wrong command line",
    )
    parser.add_argument("place", nargs="?", metavar="URL_OR_DIR", help="portal, log, or a folder with a log's files")
    parser.add_argument("--receipt", type=Path, metavar="FILE", help="check this receipt offline instead")
    parser.add_argument(
        "--film", nargs=2, type=Path, metavar=("FILM", "PROOF"), help="check this film offline instead"
    )
    parser.add_argument("--key", default="", metavar="KEY", help="the key of the hub that must have signed the film")
    parser.add_argument("--viewer", metavar="URL", help="compare a site's viewer with this release's instead")
    parser.add_argument("--pin", type=Path, metavar="FILE", help="pin file; without one, trust on first use")
    parser.add_argument("--json", action="store_true", help="print the report for programs")
    parser.add_argument("--verbose", action="store_true", help="print every step and every note")
    given = parser.parse_args(arguments)
    if sum(part is not None for part in (given.place, given.receipt, given.film, given.viewer)) != 1:
        parser.error("give one of URL_OR_DIR, --receipt FILE, --film FILM PROOF and --viewer URL")
    if given.film is not None:
        return _film(given.film[0], given.film[1], given)
    if given.viewer is not None:
        compared = viewer.compare(given.viewer)
        print(json.dumps(compared.as_json(), indent=1) if given.json else compared.as_text())
        return SOUND if compared.ok else ALARM
    pin = read_pin(given.pin)
    if given.receipt is not None:
        return _show(receipt.check(read_file(given.receipt), pin), given)
    return _show(procedure.run(log_at(given.place), pin, system_clock().now()), given)


def _film(path: Path, proof: Path, given: argparse.Namespace) -> int:
    """Say what a film's proof shows; raises as `verify.film.check` does."""
    said = film.check(read_file(proof), _digests(path), given.key)
    if given.json:
        print(json.dumps(asdict(said) | {"ok": bool(given.key)}, indent=1))
        return SOUND if given.key else ALARM
    print(f"unaltered:  since {_moment(said.signed_at * film.TICKS)}, when the hub signed exactly these bytes")
    print(f"from:       {_moment(said.from_90k)}")
    print(f"to:         {_moment(said.to_90k)}")
    for start, end in said.gaps:
        print(f"missing:    {_moment(start)} to {_moment(end)}")
    for offset in said.camera_clock_ms:
        print(f"camera:     its own clock was {offset / 1000:+.3f} s off the hub's, as its picture may show")
    print(f"covered:    {len(said.report['covered'])} people, faces or boxes")
    print(f"signed by:  {said.key}")
    print("It does not show that what is seen happened: whoever runs a hub can sign anything.")
    if given.key:
        return SOUND
    print("NOT CHECKED whose hub signed: compare the key with that home's own word, or give it as --key.")
    return ALARM


def _moment(at_90k: int) -> str:
    return datetime.fromtimestamp(at_90k / film.TICKS, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _digests(path: Path) -> film.Digests:
    """Hash a film in one pass; raises `cli.file-unreadable` as `read_file` does."""
    shorter, longer, size = hashlib.sha256(), hashlib.sha512(), 0
    for piece in read_pieces(path):
        shorter.update(piece)
        longer.update(piece)
        size += len(piece)
    return film.Digests(size, shorter.hexdigest(), longer.hexdigest())


def _show[Kind: Numbered](report: Report[Kind], given: argparse.Namespace) -> int:
    print(json.dumps(report.as_json(), indent=1) if given.json else report.as_text(verbose=given.verbose))
    return SOUND if report.ok else ALARM
