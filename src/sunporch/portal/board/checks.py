# SPDX-License-Identifier: AGPL-3.0-or-later
"""What does this portal still need, and is it well? One list for `sunporch portal doctor` and the operator's page.

The checks stand in the order in which they are looked after: a machine that runs, co-signers, the town's own
entries, what makes it useful. Each is read from the real parts; nobody ticks a box. They look at times, counts,
processes and folders; nothing that anybody wrote, asked or shared is in them (R45).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from sunporch.base import durable
from sunporch.base.errors import Error
from sunporch.client.server import Server
from sunporch.docket.state import KeyState, State
from sunporch.portal.agencies.store import backed_up_at
from sunporch.portal.board import store
from sunporch.portal.board.models import Outgoing, OutgoingState
from sunporch.portal.config import Settings
from sunporch.portal.record import public_record
from sunporch.portal.storage import files_of

# An idle record is co-signed anew every hour; after two somebody should look.
OLD_SECONDS = 2 * 3600
# A backup is made every day; one that did not come must be seen before the next.
OLD_BACKUP_SECONDS = 2 * 24 * 3600
MANY_QUEUED = 1_000
LEAST_FREE = 5 * 2**30  # bytes: what an evening of uploads may need
# So long (seconds) a key custodian may take to say that it is there; so many are asked.
PROBE_SECONDS = 2.0
MOST_PROBED = 8

# Who has to do something about a check.
_OPERATOR = gettext_lazy("You, the operator")
_COSIGNERS = gettext_lazy("Whoever runs the co-signers")
_CUSTODIANS = gettext_lazy("Whoever runs the key custodian")
_TOWN = gettext_lazy("The town's clerks")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its id, whether it is well, what was seen; if not, what to do, and who has to."""

    id: str
    good: bool
    what: Any
    seen: str
    next: Any
    who: Any = _OPERATOR


def all_checks(settings: Settings) -> list[Check]:
    """Look at everything once, in order; nothing is changed but a probe in the store of sealed files."""
    now = public_record().now()
    with public_record().reading() as state:
        custodians = [key for key in state.keys.values() if key.role == "custodian" and key.live][:MOST_PROBED]
        town = list(_town(state, now))
    machine = [*_processes(settings), *_folders(settings), _store(settings), _backup(now)]
    founding, *adopting = town
    record = [_witnesses(settings), founding, *_record(), *_outbox()]
    return [*machine, *record, _custodians(custodians), *adopting, *_reach(settings)]


def _witnesses(settings: Settings) -> Check:
    return Check(
        "witnesses",
        bool(settings.witnesses),
        gettext_lazy("Independent co-signers are in the settings"),
        str(len(settings.witnesses)),
        gettext_lazy(
            "Ask people outside the agency to run `sunporch witness init`; give them the log key that "
            "`sunporch portal init` printed. Write their addresses into `witnesses` of `portal.toml`, start again."
        ),
    )


def _town(state: State, now: int) -> Iterator[Check]:
    yield Check(
        "founded",
        state.community is not None,
        gettext_lazy("The town's first entry is on record"),
        str(state.size),
        gettext_lazy(
            "The town signs it with its own keys and hands it in at `POST /api/v1/entries`. It names the keys of "
            "town, log and co-signers: give the town those that `sunporch portal init` and each co-signer printed."
        ),
        _TOWN,
    )
    rules = state.policy_in_force(now)
    yield Check(
        "rules",
        rules is not None,
        gettext_lazy("Rules of the town are in force"),
        "-" if rules is None else str(rules.index),
        gettext_lazy(
            "Write the rules at `/work/rules/` and sign them. A clerk's account: "
            "`sunporch portal account add --name NAME --key KEY`, named like one of the town's keys."
        ),
        _TOWN,
    )
    partners = sum(1 for partnership in state.partnerships.values() if partnership.live(now))
    yield Check(
        "partnership",
        partners > 0,
        gettext_lazy("An agency may file appeals"),
        str(partners),
        gettext_lazy("Approve a partnership at `/work/partnerships/`; the agency's registrar signs it too."),
        _TOWN,
    )


def _custodians(named: list[KeyState]) -> Check:
    with ThreadPoolExecutor(MOST_PROBED) as beside:
        answering = sum(beside.map(_answers, [key.url for key in named]))
    if not named:
        who, todo = (
            _TOWN,
            gettext_lazy(
                "Find somebody who is neither agency nor operator to run `sunporch custodian init`; the town then "
                "names that key in the record, by a `key` entry."
            ),
        )
    else:
        who, todo = (
            _CUSTODIANS,
            gettext_lazy(
                "Start it with `sunporch custodian run`; until it answers, no clip is shared and none opens."
            ),
        )
    return Check(
        "custodian",
        0 < len(named) == answering,
        gettext_lazy("Each key custodian of the record answers"),
        f"{answering}/{len(named)}",
        todo,
        who,
    )


def _answers(url: str) -> bool:
    """Say whether the custodian at the address of the record says now that it is ready."""
    try:
        with contextlib.closing(Server(url)) as server:
            server.ask("GET", "/readyz", seconds=PROBE_SECONDS)
    except Error:
        return False
    return True


def _reach(settings: Settings) -> Iterator[Check]:
    yield Check(
        "address",
        settings.address.startswith("https://"),
        gettext_lazy("People reach the portal by an https address"),
        settings.address,
        gettext_lazy(
            "Put a web server with a certificate in front of the portal, and write its address into `site_url` and "
            "its name into `hosts` of `portal.toml`. Passkeys and keys in browsers need https."
        ),
    )
    yield Check(
        "mail",
        bool(settings.smtp_host),
        gettext_lazy("A mail server takes notices"),
        settings.smtp_host or "-",
        gettext_lazy(
            "Write `smtp_host` and `smtp_from` into `portal.toml`; without them nobody hears that work waits. "
            "Then try it by `sunporch portal test-mail`."
        ),
    )


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
        _COSIGNERS,
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
        "log-newest",
        held is None or not held.beyond,
        gettext_lazy("No co-signer has signed more of the log than lies here"),
        f"{held.beyond}" if held and held.beyond else "",
        gettext_lazy(
            "This log is an older copy of itself, or somebody else signs with its key. Stop the portal and take what "
            "is missing from a mirror by `sunporch portal catch-up`; never go on from here with new co-signers."
        ),
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


def _backup(now: int) -> Check:
    made_at = backed_up_at()
    return Check(
        "backup",
        made_at is not None and now - made_at < OLD_BACKUP_SECONDS,
        gettext_lazy("Age of the newest backup"),
        "-" if made_at is None else f"{(now - made_at) // 3600} h",
        gettext_lazy(
            "Make a key by `sunporch portal backup-key` on another machine, write its public half into "
            "`backup_recipient` of `portal.toml`, and let `sunporch portal backup` run every day."
        ),
    )
