# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that can go wrong while a demo town is built, run or played through."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

PORT_TAKEN = ErrorKind(
    "town.port-taken",
    what="Port {port}, which {part} needs, is in use by {owner}.",
    next="End that program, or give the town other ports: `sunporch demo --ports 9400`.",
)
PART_STOPPED = ErrorKind(
    "town.part-stopped",
    what="{part} ended {times} times and the town was stopped. Its last lines:\n{lines}",
    next="Read its log at {log}; `sunporch demo --fresh` builds the town anew.",
)
PART_LATE = ErrorKind(
    "town.part-late",
    what="{part} did not become ready within {seconds} s. Its last lines:\n{lines}",
    next="Read its log at {log} and start again.",
)
SETUP_FAILED = ErrorKind(
    "town.setup-failed",
    what="`sunporch {command}` failed while the town was being set up:\n{output}",
    next="Run `sunporch demo --fresh`; if it stays so, this is a bug of Sunporch.",
)
STEP_FAILED = ErrorKind(
    "town.step-failed",
    what="Step {number}, {title}, did not go as promised: {reason}",
    next="Read the logs in {folder}; `--keep DIR` keeps the whole town for inspection.",
)
FOLDER_OCCUPIED = ErrorKind(
    "town.folder-occupied",
    what="The folder for the town is not empty.",
    next="Name an empty folder, or add `--fresh` to erase the demo's own folder .town.",
)
TOWN_ABSENT = ErrorKind(
    "town.town-absent",
    what="No demo town is running from here.",
    next="Start one with `make demo`, then run this from the same folder.",
)
SPAN_REFUSED = ErrorKind(
    "town.span-refused",
    what="{text!r} is not {wanted}.",
    next="Write it like {example}.",
)
CLOCK_AHEAD = ErrorKind(
    "town.clock-ahead",
    what="The town clock cannot go past today: {spare} days are left, {wanted} were asked for.",
    next="Ask for less, or start a new town with `sunporch demo --fresh`.",
)
CLOCK_LATE = ErrorKind(
    "town.clock-late",
    what="The clock was moved, but the record was not co-signed at the new time within {seconds} s.",
    next="Look whether at least three witnesses run: their logs are in {folder}.",
)
SERVER_SILENT = ErrorKind(
    "town.server-silent",
    what="{what} did not happen within {seconds} s; the last answer was {last}",
    next="Look into the logs of the town's parts.",
)
ENTRY_VOID = ErrorKind(
    "town.entry-void",
    what="An entry of the cast was recorded and counts for nothing: {reason}",
    next="The public record shows it with this reason; this is a bug of the story.",
)
PROMISE_BROKEN = ErrorKind(
    "town.promise-broken",
    what="A promise of the story was not kept: {reason}.",
    next="This is a bug of Sunporch, not of yours; the logs of the parts say more.",
)
CAMERA_UNREADABLE = ErrorKind(
    "town.camera-unreadable",
    what="The camera given with --camera shows no picture: {reason}.",
    next="Give an rtsp:// address that plays, or a video file that a player can show.",
)
DESK_REFUSED = ErrorKind(
    "town.desk-refused",
    what="{who} could not open the clip: {said}",
    next="The sentence is the tool's own and says what to do.",
)
RECORD_UNSOUND = ErrorKind(
    "town.record-unsound",
    what="`sunporch verify` found the record unsound: {found}",
    next="Run `sunporch verify --verbose` on the town's portal; this is a bug of Sunporch.",
)
TOOL_BROKEN = ErrorKind(
    "town.tool-broken",
    what="`sunporch {tool}` broke off instead of answering: {said}",
    next="Run it by hand with the same addresses; if it breaks off again, this is a bug of Sunporch.",
)
