# SPDX-License-Identifier: AGPL-3.0-or-later
"""Builds a town from nothing: folders, keys, accounts, entry 0, and the offices that every town has.

After it the record holds the community, its portal, custodian, reviewer and public defender; nobody may ask yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sunporch.base import durable
from sunporch.base.notekeys import SignerKey
from sunporch.base.strictjson import dumps
from sunporch.client import LogReader, PortalClient
from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.policy import grid_text
from sunporch.tlog.hashing import leaf_hash
from sunporch.tlog.tiles import ENTRIES, Tile, fetch_leaves
from sunporch.town import cast, keys, parts, streets
from sunporch.town.acts import common, hand_in
from sunporch.town.clock import TownClock
from sunporch.town.layout import ORIGIN, QUORUM, WITNESSES, Layout
from sunporch.town.supervisor import Supervisor
from sunporch.town.visit import Account

COMMENT_DAYS = 14
RETENTION_DAYS = 200
RETENTION_GIB = 20
POLL_SECONDS = 2
UNDO_SECONDS = 600
HOMES = {"hub": ("ana", streets.ANA), "hub-omar": ("omar", streets.OMAR)}


@dataclass(frozen=True)
class Public:
    """The public keys that the parts' own `init` printed."""

    log: str
    portal: str
    witnesses: tuple[str, ...]
    custodian: str = ""


def found(layout: Layout, supervisor: Supervisor) -> TownClock:
    """Build the town and leave its log, witnesses and custodian running; return its clock."""
    durable.private_directory(layout.folder)
    durable.private_directory(layout.people)
    durable.private_directory(layout.folder / "logs")
    clock = TownClock.start(layout.clock)
    for name in {*keys.COMMUNITY, *(m.who for m in cast.MEMBERS if m.role)}:
        keys.make(layout.people, name)
    public = _make_log(layout)
    _make_accounts(layout)
    supervisor.start([*(parts.door(layout, name) for name in WITNESSES), parts.door(layout, "portal")])
    portal = PortalClient(layout.url("portal"))
    try:
        _record_community(layout, portal, public, clock)
        custodian = _make_custodian(layout)
        _record_offices(layout, portal, public, custodian, clock)
    finally:
        portal.close()
    supervisor.start([parts.door(layout, "custodian")])
    return clock


def _make_log(layout: Layout) -> Public:
    """Make the portal with its log and the four witnesses that will follow it."""
    witness_urls = [option for name in WITNESSES for option in ("--witness", layout.url(name))]
    made = parts.set_up(
        layout,
        *("portal", "init", "--origin", ORIGIN, "--data", str(layout.data("portal"))),
        *("--port", str(layout.port("portal")), *witness_urls),
    )
    commands = [
        (
            *("witness", "init", "--origin", ORIGIN, "--log-key", made["log_key"], "--name", name),
            *("--data", str(layout.data(name)), "--port", str(layout.port(name))),
        )
        for name in WITNESSES
    ]
    witnesses = tuple(str(witness["key"]) for witness in parts.set_up_together(layout, commands))
    return Public(made["log_key"], made["portal_key"], witnesses)


def trust_policy(public: Public) -> str:
    """Return the C2SP tlog-policy text of the town: three of the four witnesses."""
    lines = [f"log {public.log}"]
    lines += [f"witness {name} {key}" for name, key in zip(WITNESSES, public.witnesses, strict=True)]
    lines += [f"group town {QUORUM} {' '.join(WITNESSES)}", "quorum town"]
    return "".join(f"{line}\n" for line in lines)


def community_signers(layout: Layout) -> list[SignerKey]:
    """Return two of the community's three keys: as many as it needs."""
    return [keys.read(layout.people, name).signer for name in keys.COMMUNITY[: keys.COMMUNITY_THRESHOLD]]


def _record_community(layout: Layout, portal: PortalClient, public: Public, clock: TownClock) -> None:
    """Hand in entry 0 and write the pin that every tailer starts from."""
    blob = Blob.new(grid_text(streets.SAMPLE.grid))
    policy_text = trust_policy(public)
    entry = e.Community(
        **common(clock.now()),
        name=cast.TOWN_NAME,
        keys=tuple(str(keys.read(layout.people, name).signer.verifier) for name in keys.COMMUNITY),
        threshold=keys.COMMUNITY_THRESHOLD,
        grid=blob.commitment,
        tlog_policy=policy_text,
        comment_days=COMMENT_DAYS,
    )
    hand_in(portal, entry, community_signers(layout), [blob])
    log = LogReader(layout.log_url)
    try:
        leaf0 = leaf_hash(fetch_leaves(log.fetch, Tile(ENTRIES, 0, 1))[0]).hex()
    finally:
        log.close()
    pin = {"origin": ORIGIN, "leaf0": leaf0, "tlog_policy": policy_text}
    durable.write(layout.pin, dumps(pin).encode())


def _make_custodian(layout: Layout) -> str:
    made = parts.set_up(
        layout,
        *("custodian", "init", "--origin", ORIGIN, "--data", str(layout.data("custodian"))),
        *("--port", str(layout.port("custodian")), "--log-url", layout.log_url, "--pin", str(layout.pin)),
        *("--name", "library"),
    )
    return str(made["key"])


def _record_offices(layout: Layout, portal: PortalClient, public: Public, custodian: str, clock: TownClock) -> None:
    """Enrol the keys that the community itself vouches for."""
    for key, role in ((public.portal, "portal"), (custodian, "custodian")):
        entry = e.KeyEntry(
            **common(clock.now()),
            key=key,
            x25519="",
            role=role,
            agency="",
            url=layout.url("custodian") if role == "custodian" else "",
            storage="file, best effort" if role == "custodian" else "",
        )
        hand_in(portal, entry, community_signers(layout))
    for who in ("okafor", "reyes"):
        enrol(layout, portal, clock, who)


def enrol(layout: Layout, portal: PortalClient, clock: TownClock, who: str) -> int:
    """Record a person's key, signed by whoever may vouch for it; return its index."""
    pair, role = keys.read(layout.people, who), cast.BY_NAME[who].role
    of_agency = role in ("officer", "supervisor")
    entry = e.KeyEntry(
        **common(clock.now()),
        key=str(pair.signer.verifier),
        x25519=pair.x25519 if of_agency or role == "defence" else "",
        role=role,
        agency=cast.AGENCY if of_agency else "",
        url="",
        storage="",
    )
    signers = [keys.read(layout.people, keys.REGISTRAR).signer] if of_agency else community_signers(layout)
    return hand_in(portal, entry, signers).index


def _make_accounts(layout: Layout) -> None:
    """Give each person who signs in at the portal an account of their own."""
    members = [member for member in cast.MEMBERS if member.site == "portal"]
    line = ("portal", "account", "add", "--config", str(parts.config(layout, "portal")))
    commands = [
        (*line, "--name", member.title, "--key", keys.read(layout.people, member.who).pseudonym) for member in members
    ]
    made = parts.set_up_together(layout, commands)
    accounts = {member.who: _account(one) for member, one in zip(members, made, strict=True)}
    cast.write_accounts(layout.people, accounts)


def _account(made: dict[str, Any]) -> Account:
    return Account(made["username"], made["password"], made["totp_secret"])


def make_homes(layout: Layout, footage: str, start: int | None, garage: str) -> None:
    """Make both homes' hubs, their residents and cameras.

    `footage` is Ana's porch camera, an RTSP address or a file, whose first picture was taken at `start`; `garage`
    is the address of the virtual camera, over her garage and at Omar's house.
    """
    accounts = cast.read_accounts(layout.people)
    cameras: dict[str, list[tuple[str, str, int | None]]] = {
        "hub": [("porch", footage, start), ("garage", garage, None)],
        "hub-omar": [("door", garage, None)],
    }
    with ThreadPoolExecutor(max_workers=len(HOMES)) as pool:
        for who, account in pool.map(lambda part: _make_home(layout, part, cameras[part]), HOMES):
            accounts[who] = account
    cast.write_accounts(layout.people, accounts)


def _make_home(layout: Layout, part: str, cameras: Sequence[tuple[str, str, int | None]]) -> tuple[str, Account]:
    """Make one home's hub with its resident and cameras (name, address, start of a file); return who lives there."""
    who, place = HOMES[part]
    parts.set_up(
        layout,
        *("hub", "init", "--data", str(layout.data(part)), "--portal-url", layout.url("portal")),
        *("--pin", str(layout.pin), "--port", str(layout.port(part))),
        *("--retention-days", str(RETENTION_DAYS), "--retention-gib", str(RETENTION_GIB)),
        *("--poll-seconds", str(POLL_SECONDS), "--undo-seconds", str(UNDO_SECONDS)),
    )
    config = ("--config", str(parts.config(layout, part)))
    made = parts.set_up(
        layout, "hub", "account", "add", *config, "--username", who, "--name", cast.BY_NAME[who].title
    )
    for name, address, at in cameras:
        begun = ("--start", str(at)) if at is not None else ()
        line = ("--name", name, "--address", address, "--place", place)
        parts.set_up(layout, "hub", "camera", "add", *config, *line, *begun)
    return who, _account(made)
