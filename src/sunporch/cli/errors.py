# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be wrong with a command line before any room is asked."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

COMMAND_UNKNOWN = ErrorKind(
    "cli.command-unknown",
    what="There is no command {name!r}.",
    next="Known commands: {known}.",
)
EXTRA_MISSING = ErrorKind(
    "cli.extra-missing",
    what="The command {name!r} needs parts that are not installed here (no module {module!r}).",
    next="Install them with: pip install 'sunporch[{extra}]'",
)
FILE_UNREADABLE = ErrorKind(
    "cli.file-unreadable",
    what="The file cannot be read: {reason}.",
    next="Check its name and that you may read it.",
)
ENTRY_ABSENT = ErrorKind(
    "cli.entry-absent",
    what="The record has {size} entries, the last one is {last}; there is no entry {index}.",
    next="Give the number of an entry on record.",
)
