# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch custodian`: make a key custodian, run it, ask whether its disk can forget."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path

from sunporch.base import config as settings_of_doors
from sunporch.base import durable
from sunporch.base.clock import system_clock
from sunporch.base.errors import Error
from sunporch.client import LogFolder, LogReader, PortalClient
from sunporch.custodian import config, doctor
from sunporch.custodian.errors import TABLE_BUSY
from sunporch.custodian.keeper import Keeper
from sunporch.custodian.limits import Limits
from sunporch.custodian.site import site
from sunporch.custodian.store import Store
from sunporch.custodian.work import Work
from sunporch.service.port import check_port
from sunporch.service.serving import serve


def command(arguments: list[str]) -> int:
    """Run `sunporch custodian ARGUMENTS`; raises its own, `config.`, `durable.`, `clock.` and `service.` errors."""
    given = _parser().parse_args(arguments)
    if given.what == "init":
        return _init(given)
    settings = config.load(given.config)
    if given.what == "doctor":
        for warning in doctor.check_disk(settings.data_dir, settings.origin):
            sys.stdout.write(f"warning (a demo town may go on): {warning}\n")
        sys.stdout.write("done\n")
        return 0
    if given.print_config:
        sys.stdout.write(json.dumps(settings_of_doors.printable(settings), indent=1) + "\n")
        return 0
    return _run(settings, only_check=given.check_config, parent_pipe=given.parent_pipe)


def _init(given: argparse.Namespace) -> int:
    demo = given.origin.startswith("demo.")
    settings = config.Settings(
        origin=given.origin,
        data_dir=given.data,
        log_url=given.log_url,
        pin_file=given.pin,
        name=given.name,
        port=given.port,
        poll_seconds=config.DEMO_POLL_SECONDS if demo else config.Settings.poll_seconds,
    )
    file, signer, warnings = config.init(settings)
    for warning in warnings:
        sys.stderr.write(f"warning (a demo town may go on): {warning}\n")
    sys.stdout.write(json.dumps({"config": str(file), "key": str(signer)}) + "\n")
    return 0


def _run(settings: config.Settings, *, only_check: bool, parent_pipe: bool) -> int:
    signer, pin = config.read_key(settings), config.read_pin(settings)
    doctor.check_disk(settings.data_dir, settings.origin)
    clock = system_clock()
    with contextlib.ExitStack() as opened:
        mirror = LogFolder(durable.private_directory(settings.data_dir / config.MIRROR_NAME))
        log, portal = LogReader(settings.log_url), PortalClient(settings.portal)
        opened.callback(portal.close)
        opened.callback(log.close)
        try:
            store = Store(settings.data_dir)
        except Error as error:
            if not only_check or error.kind is not TABLE_BUSY:
                raise
            sys.stdout.write("settings and keys are right; the table was not opened: a custodian runs on it\n")
            return 0
        keeper = Keeper(signer, pin, store, mirror, clock, log.fetch, portal)
        opened.callback(keeper.close)
        if not only_check:
            check_port(settings.listen_host, settings.port)  # before anything is destroyed or told
            opened.callback(Work(keeper.tick, settings.poll_seconds).stop)
            door = site(keeper, Limits(clock))
            serve(door, settings.listen_host, settings.port, parent_pipe=parent_pipe, close=opened.close)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sunporch custodian", description="Run a key custodian.")
    what = parser.add_subparsers(dest="what", required=True)
    init = what.add_parser("init", help="make folder, keys, table and settings of a new custodian")
    init.add_argument("--origin", required=True, help="name of the community's log")
    init.add_argument("--data", type=Path, required=True, help="an empty or new folder")
    init.add_argument("--log-url", required=True, help="address of the log, e.g. https://portal/log")
    init.add_argument("--pin", type=Path, required=True, help="pin file of the log")
    init.add_argument("--name", required=True, help="the custodian's name on the record for ever")
    init.add_argument("--port", type=int, default=config.DEFAULT_PORT)
    run = what.add_parser("run", help="serve the custodian")
    run.add_argument("--config", type=Path, required=True, help="the settings file that `init` wrote")
    run.add_argument("--parent-pipe", action="store_true", help="end when standard input closes")
    run.add_argument(
        "--check-config",
        action="store_true",
        help="check settings and keys, and the table unless a custodian runs on it; then stop",
    )
    run.add_argument("--print-config", action="store_true", help="print the settings and stop")
    health = what.add_parser("doctor", help="check that this disk really overwrites a key")
    health.add_argument("--config", type=Path, required=True, help="the settings file that `init` wrote")
    return parser
