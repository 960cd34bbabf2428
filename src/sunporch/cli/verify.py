# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch verify`: check a whole log by the numbered procedure, a receipt offline, or a site's viewer."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from sunporch.base.clock import system_clock
from sunporch.cli import viewer
from sunporch.cli.places import log_at, read_file, read_pin
from sunporch.verify import procedure, receipt
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
    parser.add_argument("--viewer", metavar="URL", help="compare a site's viewer with this release's instead")
    parser.add_argument("--pin", type=Path, metavar="FILE", help="pin file; without one, trust on first use")
    parser.add_argument("--json", action="store_true", help="print the report for programs")
    parser.add_argument("--verbose", action="store_true", help="print every step and every note")
    given = parser.parse_args(arguments)
    if sum(part is not None for part in (given.place, given.receipt, given.viewer)) != 1:
        parser.error("give one of URL_OR_DIR, --receipt FILE and --viewer URL")
    if given.viewer is not None:
        compared = viewer.compare(given.viewer)
        print(json.dumps(compared.as_json(), indent=1) if given.json else compared.as_text())
        return SOUND if compared.ok else ALARM
    pin = read_pin(given.pin)
    if given.receipt is not None:
        return _show(receipt.check(read_file(given.receipt), pin), given)
    return _show(procedure.run(log_at(given.place), pin, system_clock().now()), given)


def _show[Kind: Numbered](report: Report[Kind], given: argparse.Namespace) -> int:
    print(json.dumps(report.as_json(), indent=1) if given.json else report.as_text(verbose=given.verbose))
    return SOUND if report.ok else ALARM
