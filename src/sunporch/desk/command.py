# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch desk`: make a device's keys, open a shared clip, serve this release's viewer on this machine."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from sunporch.base.clock import system_clock
from sunporch.base.errors import Error
from sunporch.client import CustodianClient, LogReader, PortalClient, Relay
from sunporch.desk import keyfile
from sunporch.desk.errors import NOTE_MISSING, PIN_MISSING
from sunporch.desk.opening import DEFAULT_PURPOSE, Addresses, Desk
from sunporch.desk.output import Opened, Output
from sunporch.desk.pending import Openings
from sunporch.tlog.notes import Note, signature
from sunporch.verify.pin import Pin

PASSWORD_VARIABLE = "SUNPORCH_DESK_PASSWORD"  # noqa: S105 - the name of a variable, no password
CODE_VARIABLE = "SUNPORCH_DESK_CODE"
HOST = "127.0.0.1"
DEFAULT_PORT = 8406


def command(argv: list[str]) -> int:
    """Run `sunporch desk ARGUMENTS`; raises the `desk.`, `clip.`, `client.`, `verify.` and `tlog.` errors.

    With `--json` an error is printed as `{"error": {...}}` on standard output, and the exit code is 1.
    """
    given = _parser().parse_args(argv)
    if given.what == "key":
        made = keyfile.make(given.out, given.name)
        _say({"key": str(made.signer.verifier), "x25519": made.x25519})
        return 0
    if given.what == "sign":
        sys.stdout.write(_signed(given.note, keyfile.read(given.key)))
        return 0
    if given.what == "serve":
        return _serve(given)
    if not given.json:
        _tell(_open(given))
        return 0
    try:
        opened = _open(given)
    except Error as error:
        _say({"error": error.params.get("error", error.as_json())})
        return 1
    shown = {
        "access": opened.access,
        "file": str(opened.file),
        "sha256": opened.sha256,
        "index": asdict(opened.index),
    }
    _say(shown)
    return 0


def _signed(path: Path, key: keyfile.OfficerKey) -> str:
    """Return the note of a file with one more signature; raises `tlog.note-malformed`, `desk.note-missing`."""
    try:
        note = Note.parse(path.read_bytes())
    except OSError as error:
        raise NOTE_MISSING(where=str(path), reason=str(error)) from error
    return note.with_signatures(signature(note.text, key.signer)).encode().decode()


def _open(given: argparse.Namespace) -> Opened:
    key = keyfile.read(given.key)
    pin = _pin(given.pin)
    portal, log = PortalClient(given.portal, given.proxy), LogReader(f"{given.portal.rstrip('/')}/log", given.proxy)
    try:
        with Output(given.out) as output:
            portal.sign_in(
                given.account or key.name, _secret(PASSWORD_VARIABLE, "Password"), _secret(CODE_VARIABLE, "Code")
            )
            to = Addresses(portal, log, lambda url: CustodianClient(url, given.proxy))
            return Desk(key, Openings(given.key), pin, to, system_clock()).open(given.clip, output, given.purpose)
    finally:
        portal.close()
        log.close()


def _serve(given: argparse.Namespace) -> int:
    # Opening a clip from a terminal needs no web server: only who serves must have one installed.
    from sunporch.desk import serving  # noqa: PLC0415
    from sunporch.service.serving import serve  # noqa: PLC0415

    relay = Relay(given.portal, given.proxy)
    sys.stdout.write(f"The viewer of this release is at http://localhost:{given.port}/work/clips/\n")
    sys.stdout.flush()
    serve(serving.site(relay, given.port), HOST, given.port, parent_pipe=given.parent_pipe, close=relay.close)


def _pin(path: Path) -> Pin:
    try:
        return Pin.parse(path.read_bytes())
    except OSError as error:
        raise PIN_MISSING(where=str(path), reason=str(error)) from error


def _secret(variable: str, prompt: str) -> str:
    """Return what the person types; scripts set the variable (a command line is seen by every user of a machine)."""
    return os.environ.get(variable) or getpass.getpass(f"{prompt} at the portal: ")


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=1) + "\n")


def _tell(opened: Opened) -> None:
    index = opened.index
    lines = [
        f"Opened into {opened.file}. Your opening is entry {opened.access} of the public record.",
        f"Camera {index.camera}, {(index.end_ms - index.start_ms) / 1000:.1f} seconds, "
        f"{'with' if index.sound else 'without'} sound, "
        f"{'covered where the resident chose' if index.redacted else 'nothing covered'}, "
        f"left visible by choice: {index.visible}.",
        "Every picture was encoded anew at home; none is the camera's own bytes."
        if index.reencoded
        else "The pictures are the camera's own bytes, cut.",
        f"SHA-256 {opened.sha256}",
        "Every copy that leaves this machine needs an `export` entry signed by two people.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sunporch desk", description="Open shared clips on your own machine.")
    what = parser.add_subparsers(dest="what", required=True)
    key = what.add_parser("key", help="make this device's keys; the public halves printed go to your registrar")
    key.add_argument("name", help="your pseudonym in the record, e.g. diaz-4f2a")
    key.add_argument("--out", type=Path, required=True, help="the private file to make")
    signing = what.add_parser("sign", help="add this device's signature to a text that waits for it; print both")
    signing.add_argument("note", type=Path, help="the text, as the portal's page hands it out")
    signing.add_argument("--key", type=Path, required=True, help="this device's key file")
    opening = what.add_parser(
        "open",
        help="open a clip: your opening goes on the public record first",
        epilog=f"Password and code are asked for, or taken from {PASSWORD_VARIABLE} and {CODE_VARIABLE}.",
    )
    opening.add_argument("clip", type=int, help="number of the share in the public record")
    opening.add_argument("--portal", required=True, help="the portal's address")
    opening.add_argument("--pin", type=Path, required=True, help="the pin file of your community's record")
    opening.add_argument("--key", type=Path, required=True, help="this device's key file")
    opening.add_argument("--out", type=Path, required=True, help="the video file to write; must not exist")
    opening.add_argument("--account", default="", help="your account at the portal, where it is not your pseudonym")
    opening.add_argument("--purpose", default=DEFAULT_PURPOSE, help="code of why you open it; it is public")
    opening.add_argument("--proxy", default="", help="socks5h://host:port")
    opening.add_argument("--json", action="store_true", help="print the result, or the error, as JSON")
    local = what.add_parser(
        "serve",
        help="serve this release's own viewer on this machine, in front of the portal",
        epilog="Scripts come from the installed package and never from the portal. Sign in with password and code.",
    )
    local.add_argument("--portal", required=True, help="the portal's address")
    local.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"on this machine alone; {DEFAULT_PORT}")
    local.add_argument("--proxy", default="", help="socks5h://host:port")
    local.add_argument("--parent-pipe", action="store_true", help="end when standard input closes")
    return parser
