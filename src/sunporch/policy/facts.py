# SPDX-License-Identifier: AGPL-3.0-or-later
"""From an entry and the record before it to the facts that rules compare: whole numbers, words, yes or no.

Every count is made here, in Python, the same for portal, custodian, hub and verifier. The names are those of
rules/schema.cedarschema.
"""

from __future__ import annotations

from typing import Any

import h3

from sunporch.docket import custody
from sunporch.docket import entries as e
from sunporch.docket.permissions import AGENCY_ROLES
from sunporch.docket.state import KeyState, State
from sunporch.policy.bundle import Bundle

MINUTE = 60
BLANK_TAG = "0" * 32


def of_request(
    entry: e.Request, state: State, bundle: Bundle, now: int, signers: tuple[KeyState, ...] | None
) -> dict[str, Any]:
    """Return the facts of a request, given the record before it."""
    offence = bundle.offences.get(entry.offence)
    current = state.policy_in_force(now)
    cells = set(entry.cells)
    devices = [state.live_at(index) for index in entry.recipients]
    ours = [key.role for key in devices if key is not None and key.agency == entry.agency]
    signed = [key.role for key in signers or () if key.role in AGENCY_ROLES and key.agency == entry.agency]
    return {
        "limits": dict(bundle.limits),
        "partner": state.partnership_of(entry.agency, now) is not None,
        "policy_cited": current is not None and current.index == entry.policy,
        "purpose_listed": entry.purpose in bundle.purposes,
        "basis_listed": entry.basis in bundle.bases,
        "reach_listed": entry.reach in bundle.reaches,
        "offence_listed": offence is not None,
        "offence_immigration": offence is not None and offence.immigration,
        "case_tag_blank": entry.case_tag == BLANK_TAG,
        "case_requests": state.case_count(entry.agency, entry.case_tag),
        "flags": sorted(entry.flags),
        "flags_demanded": sorted(offence.flags) if offence else [],
        "cells": len(cells),
        "parts": parts(cells),
        "cells_outside": sum(cell not in bundle.grid for cell in cells),
        "households_known": bundle.households_known,
        "households": sum(bundle.grid.get(cell, 0) for cell in cells),
        **_spans(entry, now),
        "recipients": len(entry.recipients),
        "officer_devices": ours.count("officer"),
        "supervisor_devices": ours.count("supervisor"),
        "signed": signers is not None,
        "officers_signed": signed.count("officer"),
        "supervisors_signed": signed.count("supervisor"),
        "overdue_outcomes": len(state.overdue_requests(entry.agency, now)),
        "open_requests": len(state.open_requests(entry.agency, now)),
        "events": sorted(event_kinds(state, cells, entry.from_, entry.to)),
        "places": sorted({place.kind for place in bundle.places if place.cells & cells}),
    }


def _spans(entry: e.Request, now: int) -> dict[str, int]:
    """Return spans in minutes. Each is rounded against the request: a second too much is a minute too much."""
    return {
        "window_minutes": _up(entry.to - entry.from_),
        "minutes_after_now": max(0, _up(entry.to - now)),
        "look_back_minutes": _up(now - entry.from_),
        "open_minutes": _up(entry.closes - now),
    }


def _up(seconds: int) -> int:
    return -(-seconds // MINUTE)


def parts(cells: set[str]) -> int:
    """Return into how many connected pieces the cells fall (cells that share an edge are connected)."""
    waiting, count = set(cells), 0
    while waiting:
        count += 1
        front = [waiting.pop()]
        while front:
            near = waiting.intersection(h3.grid_disk(front.pop(), 1))
            waiting -= near
            front.extend(near)
    return count


def event_kinds(state: State, cells: set[str], start: int, end: int) -> set[str]:
    """Return the kinds of the known events that share a cell and a moment with the request."""
    return {
        event.kind
        for event in state.events.values()
        if event.from_ < end and start < event.to and not cells.isdisjoint(event.cells)
    }


def of_disclosure(entry: e.Disclosure, bundle: Bundle, now: int) -> dict[str, Any]:
    """Return the facts of a disclosure. Its receipt may be up to a day older than its entry."""
    kept = {custody.expiry(now - late, bundle.retention_days) for late in (0, custody.DAY)}
    return {"process": isinstance(entry, e.WarrantReturn), "retention_kept": entry.expires in kept}


def of_export(entry: e.Export, state: State) -> dict[str, Any]:
    """Return the facts of an export."""
    return {"recipient": entry.recipient, "opened": _opened(state, entry.disclosure)}


def of_sharing(entry: e.Sharing, state: State, bundle: Bundle) -> dict[str, Any]:
    """Return the facts of footage being passed on."""
    return {
        "recipient": entry.recipient,
        "standard": entry.standard,
        "justification_listed": entry.justification in bundle.justifications,
        "opened": _opened(state, entry.disclosure),
    }


def _opened(state: State, disclosure: int) -> bool:
    clip = state.disclosures.get(disclosure)
    return clip is not None and bool(clip.accesses)
