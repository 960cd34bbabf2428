# SPDX-License-Identifier: AGPL-3.0-or-later
"""Is this portal well? The same named checks for `sunporch portal doctor` and for the operator's page.

They look at times, counts, processes and folders; nothing that anybody wrote, asked or shared is in them (R45).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from sunporch.base import durable
from sunporch.base.errors import Error
from sunporch.portal.board import store
from sunporch.portal.board.models import Outgoing, OutgoingState
from sunporch.portal.config import Settings
from sunporch.portal.record import public_record
from sunporch.portal.storage import files_of

# An idle record is co-signed anew every hour; after two somebody should look.
OLD_SECONDS = 2 * 3600
MANY_QUEUED = 1_000
LEAST_FREE = 5 * 2**30  # bytes: what an evening of uploads may need


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its id, whether it is as it should be, what was seen, what to do if not."""

    id: str
    good: bool
    what: Any
    seen: str
    next: Any


def all_checks(settings: Settings) -> list[Check]:
    """Look at everything once; nothing is changed but a probe in the store of sealed files."""
    return [*_record(), *_outbox(), *_processes(settings), *_folders(settings), _store(settings)]


def _record() -> Iterator[Check]:
    shown, now = store.shown(), public_record().now()
    age = now - shown.cosigned_at if shown else None
    yield Check(
        "record-age",
        age is not None and age < OLD_SECONDS,
        gettext_lazy("Age of the newest co-signed checkpoint"),
        "-" if age is None else f"{age} s",
        gettext_lazy("See that the sequencer runs and that its clock and the co-signers' clocks are right."),
    )
    yield Check(
        "cosigners",
        shown is not None and shown.cosigners >= shown.witnesses,
        gettext_lazy("Co-signers of the newest checkpoint"),
        f"{shown.cosigners}/{shown.witnesses}" if shown else "-",
        gettext_lazy(
            "Ask whoever runs the missing co-signers; below the quorum nothing is recorded and no key given."
        ),
    )


def _outbox() -> Iterator[Check]:
    waiting, held = Outgoing.objects.filter(state=OutgoingState.QUEUED).count(), store.held()
    yield Check(
        "outbox",
        waiting < MANY_QUEUED,
        gettext_lazy("Entries that wait to be recorded"),
        str(waiting),
        gettext_lazy("See that the sequencer runs; nothing that waits is lost."),
    )
    yield Check(
        "quorum",
        held is None,
        gettext_lazy("Enough co-signers answer"),
        f"{held.got}/{held.needed}" if held else "",
        gettext_lazy("Reach the co-signers in the settings; entries are recorded as soon as enough answer."),
    )


def _processes(settings: Settings) -> Iterator[Check]:
    try:
        running = json.loads(settings.pids_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        running = {}
    for name in ("web", "sequencer", "worker"):
        yield Check(
            f"process-{name}",
            _alive(int(running.get(name, 0))),
            gettext_lazy("A process of the portal runs"),
            name,
            gettext_lazy("Start the portal with `sunporch portal run`, and read the last lines that it wrote."),
        )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return pid > 0


def _folders(settings: Settings) -> Iterator[Check]:
    for name, folder in (("data", settings.data_dir), ("keys", settings.keys_dir)):
        try:
            durable.check_private(folder, 0o700)
            good = True
        except Error:
            good = False
        yield Check(
            f"folder-{name}",
            good,
            gettext_lazy("A folder that only the portal's own user can read"),
            name,
            gettext_lazy("Stop the portal, take the rights of all others away (0700), and ask who could read it."),
        )
    free = shutil.disk_usage(settings.data_dir).free
    yield Check(
        "disk-free",
        free >= LEAST_FREE,
        gettext_lazy("Free room on the disk"),
        f"{free / 2**30:.1f} GiB",
        gettext_lazy("Make room: without it nothing can be recorded or received."),
    )


def _store(settings: Settings) -> Check:
    reason = ""
    try:
        files_of(settings).check()
    except Error as error:
        reason = error.id
    return Check(
        "store",
        not reason,
        gettext_lazy("The store of sealed files takes, gives and deletes"),
        reason,
        gettext_lazy("Run `sunporch portal run --check-config`; it names what is wrong with the store."),
    )
