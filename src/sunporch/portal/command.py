# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal`: make a portal, run it, look after it.

`run` starts three processes of its own and watches them: `web` answers, `sequencer` appends, `worker` tidies up.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import os
import sys
from pathlib import Path

import django
from django.core.management import call_command

from sunporch.base import config as base_config
from sunporch.base import durable
from sunporch.base.clock import forbid_offset_outside_demo
from sunporch.base.errors import Error
from sunporch.portal import backups, config, founding, restoring, schema
from sunporch.portal.errors import DATA_ABSENT
from sunporch.portal.storage import files_of
from sunporch.web.children import Child, run_family
from sunporch.web.serving import serve

PROCESSES = ("web", "sequencer", "worker")
# What they run; read once, before they begin.
MODULES = ("sunporch.portal.urls", "sunporch.portal.sequencer.loop", "sunporch.portal.worker")


def command(arguments: list[str]) -> int:
    """Run `sunporch portal ARGUMENTS` and return the exit code."""
    given = _parser().parse_args(arguments)
    match given.what:
        case "init":
            return _init(given)
        case "backup-key":
            print(json.dumps({"backup_recipient": backups.make_key(given.file)}))  # noqa: T201  # for the settings
            return 0
        case "restore":
            return _restore(given)
    settings = config.load(given.config)
    if given.what == "run" and given.print_config:
        print(json.dumps(base_config.printable(settings), indent=2))  # noqa: T201  # what was asked for
        return 0
    _check(settings)
    if given.what == "run" and given.check_config:
        return 0
    os.environ[config.FILE_VARIABLE] = str(given.config.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "sunporch.portal.settings"
    match given.what:
        case "run":
            return _run(given, settings)
        case "web":
            return _web(settings)
        case "sequencer" | "worker" | "rebuild" | "doctor":
            django.setup()
            call_command(given.what)
        case "operator":
            django.setup()
            call_command("operator_account", name=given.name, username=given.username)
        case "backup":
            django.setup()
            call_command("backup", given.file)
        case "catch-up":
            django.setup()
            call_command("catch_up", given.source)
        case "test-mail":
            django.setup()
            call_command("test_mail", to=given.to)
        case "log-key":
            django.setup()
            call_command("log_key", given.act)
        case _:
            django.setup()
            call_command("account", given.act, name=given.name, key=given.key)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sunporch portal", description="Run a town's portal.")
    what = parser.add_subparsers(dest="what", required=True)
    init = what.add_parser("init", help="make folder, keys and settings of a new portal")
    init.add_argument("--origin", required=True, help="name of the log for ever, e.g. example.org/maple-street")
    init.add_argument("--data", type=Path, required=True, help="an empty or new folder")
    init.add_argument("--port", type=int, default=config.DEFAULT_PORT)
    init.add_argument("--witness", action="append", default=[], help="address of a co-signer; may be repeated")
    run = what.add_parser("run", help="serve the portal")
    run.add_argument("--parent-pipe", action="store_true", help="end when standard input closes")
    run.add_argument("--check-config", action="store_true", help="check the settings and stop")
    run.add_argument("--print-config", action="store_true", help="print the settings, secrets masked, and stop")
    account = what.add_parser("account", help="accounts of named people")
    account.add_argument("act", choices=("add", "end", "list"))
    account.add_argument("--name", default="", help="the person's name")
    account.add_argument("--key", default="", help="the pseudonym of the person's key in the record")
    operator = what.add_parser("operator", help="an account for the operator's page; the record names no operator")
    operator.add_argument("--name", default="", help="the person's name")
    operator.add_argument("--username", required=True, help="the name for signing in")
    doctor = what.add_parser("doctor", help="look whether the portal is well, and say what to do")
    rebuild = what.add_parser("rebuild", help="make the public tables anew from the log")
    test_mail = what.add_parser("test-mail", help="send one mail the way notices go")
    test_mail.add_argument("--to", required=True, metavar="ADDRESS")
    log_key = what.add_parser("log-key", help="change the key that signs the log")
    log_key.add_argument(
        "act", choices=("next", "activate"), help="make the next key, or put it in the old one's place"
    )
    catch_up = what.add_parser("catch-up", help="take the entries that a restored log lacks from a newer copy of it")
    catch_up.add_argument("source", metavar="URL_OR_DIR", help="portal, log, or a folder with a log's files")
    backup = what.add_parser("backup", help="write what a portal needs to come back, sealed, into a new file")
    backup_key = what.add_parser("backup-key", help="make the key that opens backups; on another machine")
    restore = what.add_parser("restore", help="bring a portal back from a backup")
    for each in (backup, backup_key, restore):
        each.add_argument("file", metavar="FILE", type=Path)
    restore.add_argument("--data", type=Path, required=True, help="an empty or new folder")
    restore.add_argument("--key", type=Path, required=True, help="the file that `backup-key` wrote")
    processes = [what.add_parser(name, help=f"the {name} process alone; `run` starts it") for name in PROCESSES]
    for each in (run, account, operator, doctor, rebuild, log_key, backup, catch_up, test_mail, *processes):
        each.add_argument("--config", type=Path, required=True, help="the settings file that `init` wrote")
    return parser


def _init(given: argparse.Namespace) -> int:
    founded = founding.init(given.origin, given.data, given.port, given.witness)
    _set_up(founded.settings)
    call_command("migrate", verbosity=0)
    schema.stamp(config.load(founded.settings).database)
    shown = {"config": str(founded.settings), "log_key": founded.log_key, "portal_key": founded.portal_key}
    print(json.dumps(shown))  # noqa: T201  # the operator needs these once
    return 0


def _restore(given: argparse.Namespace) -> int:
    restored = restoring.restore(given.file, given.data, given.key)
    _set_up(restored.settings)
    call_command("restored", str(restored.settings), made_at=restored.made_at, entries=restored.entries)
    return 0


def _set_up(file: Path) -> None:
    """Let Django begin with the settings in the file."""
    os.environ[config.FILE_VARIABLE] = str(file.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "sunporch.portal.settings"
    django.setup()


def _check(settings: config.Settings) -> None:
    """Refuse what must not run: no data, folders others can read, a store that fails, a clock shifted for real."""
    if not settings.database.exists():
        raise DATA_ABSENT(where=str(settings.data_dir), folder=settings.data_dir)
    schema.check(settings.database)
    durable.check_private(settings.data_dir, 0o700)
    durable.check_private(settings.keys_dir, 0o700)
    files_of(settings).check()
    forbid_offset_outside_demo(settings.origin, [settings.listen_host])


def _run(given: argparse.Namespace, settings: config.Settings) -> int:
    files_of(settings).sweep()
    django.setup()
    call_command("operator_account", first=True)
    for module in MODULES:
        importlib.import_module(module)
    file = str(given.config.resolve())
    children = [Child(name, functools.partial(command, [name, "--config", file])) for name in PROCESSES]
    run_family(children, settings.pids_file, parent_pipe=given.parent_pipe)
    return 0


def _web(settings: config.Settings) -> int:
    serve("sunporch.portal.wsgi:application", settings.listen_host, settings.port, parent_pipe=True)
    return 0


def main() -> int:
    """Run one of the processes that `run` starts; what goes wrong is one line for the operator."""
    try:
        return command(sys.argv[1:])
    except Error as error:
        print(error, file=sys.stderr)  # noqa: T201  # the process's own log
        return 1


if __name__ == "__main__":
    sys.exit(main())
