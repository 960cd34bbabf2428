# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch witness`: make a co-signer, run it."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path

from sunporch.base import config as settings_of_doors
from sunporch.base.clock import system_clock
from sunporch.service.serving import serve
from sunporch.witness import config
from sunporch.witness.cosigner import Cosigner
from sunporch.witness.memory import Memory
from sunporch.witness.site import site


def command(argv: list[str]) -> int:
    """Run `sunporch witness ARGUMENTS`; raises its own, `config.`, `durable.`, `clock.` and `service.` errors."""
    given = _parser().parse_args(argv)
    if given.what == "init":
        file, key = config.init(config.Settings(given.origin, given.log_key, given.data, given.name, port=given.port))
        sys.stdout.write(json.dumps({"config": str(file), "key": str(key)}) + "\n")
        return 0
    settings = config.load(given.config)
    if given.print_config:
        sys.stdout.write(json.dumps(settings_of_doors.printable(settings), indent=1) + "\n")
        return 0
    keys = config.read_keys(settings)
    with contextlib.closing(Memory(settings.memory_file)) as memory:
        if not given.check_config:
            door = site(Cosigner(keys.signer, keys.log, memory, system_clock(), keys.next_log))
            serve(door, settings.listen_host, settings.port, parent_pipe=given.parent_pipe, close=memory.close)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sunporch witness", description="Run an independent co-signer of a log.")
    what = parser.add_subparsers(dest="what", required=True)
    init = what.add_parser("init", help="make folder, key, memory and settings of a new co-signer")
    init.add_argument("--origin", required=True, help="name of the log to watch")
    init.add_argument("--log-key", required=True, help="the log's public key, name+hash+key")
    init.add_argument("--name", required=True, help="name of the co-signer for ever, e.g. example.org/w1")
    init.add_argument("--data", type=Path, required=True, help="an empty or new folder")
    init.add_argument("--port", type=int, default=config.DEFAULT_PORT)
    run = what.add_parser("run", help="serve the co-signer")
    run.add_argument("--config", type=Path, required=True, help="the settings file that `init` wrote")
    run.add_argument("--parent-pipe", action="store_true", help="end when standard input closes")
    run.add_argument("--check-config", action="store_true", help="check the settings and stop")
    run.add_argument("--print-config", action="store_true", help="print the settings and stop")
    return parser
