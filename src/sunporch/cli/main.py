# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finds the command by its entry point (`sunporch.commands`) and runs it.

A command is a function `command(arguments: list[str]) -> int`. Exit codes: 0 done, or nothing wrong was found;
1 something is wrong and was named; 2 the command line is wrong or a part is not installed.
"""

from __future__ import annotations

import sys
from importlib import metadata

from sunporch.base.errors import Error
from sunporch.cli.errors import COMMAND_UNKNOWN, EXTRA_MISSING

GROUP = "sunporch.commands"
DONE, WRONG, USAGE = 0, 1, 2
# What each command does, and the extra that brings what it needs; heavy rooms are not imported to tell.
KNOWN = {
    "verify": ("check a community's whole log, or a resident's receipt", ""),
    "log": ("list or show the entries of a log", ""),
    "policy": ("make, show and check a town's rules", ""),
    "clip": ("look at the header of a sealed clip", ""),
    "redact": ("cover people in a video", "redact"),
    "portal": ("run a town's portal", "portal"),
    "hub": ("run a home hub", "hub"),
    "custodian": ("run a key custodian", "services"),
    "witness": ("run an independent co-signer", "services"),
    "desk": ("open clips on an officer's own machine", "services"),
    "demo": ("play a whole town on this machine", "town"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run `sunporch ARGUMENTS` and return the exit code; `arguments` is without the program's name."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] in ("-h", "--help"):
        print(usage())
        return DONE if given else USAGE
    if given[0] == "--version":
        print(metadata.version("sunporch"))
        return DONE
    try:
        return int(_load(given[0])(given[1:]))
    except Error as error:
        print_error(error)
        return USAGE if error.kind in (COMMAND_UNKNOWN, EXTRA_MISSING) else WRONG
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has seen enough (`| head`)
        return DONE


def _load(name: str):  # type: ignore[no-untyped-def]  # an entry point may be any callable of its room
    found = metadata.entry_points(group=GROUP)
    if name not in found.names:
        raise COMMAND_UNKNOWN(name=name, known=", ".join(sorted(found.names)))
    try:
        return found[name].load()
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "sunporch":
            raise
        extra = KNOWN.get(name, ("", ""))[1] or name
        raise EXTRA_MISSING(name=name, module=error.name, extra=extra) from error


def usage() -> str:
    """Return the help text with every command that is installed."""
    lines = ["usage: sunporch COMMAND [ARGUMENT ...]", "", "commands:"]
    for name in sorted(metadata.entry_points(group=GROUP).names):
        sentence, extra = KNOWN.get(name, ("", ""))
        lines.append(f"  {name:<10} {sentence}{f'  [{extra}]' if extra else ''}".rstrip())
    lines += ["", "`sunporch COMMAND --help` tells more. Commands marked [x] need: pip install 'sunporch[x]'."]
    lines += ["exit codes: 0 done, nothing wrong; 1 something is wrong and was named; 2 wrong command line"]
    return "\n".join(lines)


def print_error(error: Error) -> None:
    """Say what went wrong, where, and what to do next."""
    print(f"sunporch: {error.what} [{error.id}]", file=sys.stderr)
    if error.where:
        print(f"   where: {error.where}", file=sys.stderr)
    print(f"    next: {error.next}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
