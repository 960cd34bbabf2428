# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules that are being written or wait for a key: what they begin from, what they amount to, what they change."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from sunporch.docket.entries import Policy
from sunporch.docket.state import State
from sunporch.policy import Bundle, amending, parse_bundle, presets
from sunporch.policy.bundle import Place
from sunporch.portal.board import changes, plain_rules, town_map, words
from sunporch.portal.board import entries as board_entries
from sunporch.portal.clerk.models import Proposal
from sunporch.portal.errors import RULES_SILENT
from sunporch.portal.record import public_record


def in_force(state: State, now: int) -> tuple[int, Bundle] | None:
    """Return the entry and the text of the rules of today; None where none are in force, or none can be read."""
    policy = state.policy_in_force(now)
    bundle = public_record().bundle(policy.index) if policy is not None else None
    return (policy.index, bundle) if policy is not None and bundle is not None else None


def grid(state: State) -> dict[str, int]:
    """Return the community's grid; raise `portal.rules-silent` where its text is not here."""
    blob = public_record().text(state.grid)
    if blob is None:
        raise RULES_SILENT(where=state.grid, reason="the community's grid is not here")
    return amending.grid_of(blob.text)


def base(row: Proposal, state: State, now: int) -> Bundle:
    """Return the rules that a proposal began from: a preset with the town's places, or an earlier version."""
    if row.base not in presets.TITLES:
        found = public_record().bundle(int(row.base))
        if found is None:
            raise RULES_SILENT(where=row.base, reason="the rules that these began from cannot be read here")
        return found
    today = in_force(state, now)
    places = [vars(place) for place in today[1].places] if today else []
    name = state.community.name if state.community is not None else state.origin
    return parse_bundle(presets.make(row.base, grid(state), places, name=name))


def places_of(row: Proposal, base: Bundle) -> list[dict[str, Any]]:
    """Return the sensitive places of a proposal as rules write them: its own, or those that it began with."""
    return list(row.answers.get("places", amending.texts_of(base)["places"]))


def with_places(row: Proposal, base: Bundle, cells: Mapping[str, int]) -> Bundle:
    """Return rules to draw a map from: over the community's cells, with the places of the proposal."""
    named = (Place(one["kind"], one["name"], frozenset(one["cells"])) for one in places_of(row, base))
    return dataclasses.replace(base, grid=cells, places=tuple(named))


def shown(bundle: Bundle, state: State, now: int) -> dict[str, Any]:
    """Return rules in words, and what they change of those in force."""
    today = in_force(state, now)
    language = words.language()
    return {
        "rules": {
            "groups": plain_rules.groups(bundle, language),
            "offences": plain_rules.offences(bundle, language),
            "households_known": bundle.households_known,
            "places": town_map.places(bundle),
            "resolution": bundle.resolution,
        },
        "cedar": bundle.clauses_text,
        "before": today[0] if today else None,
        "changes": changes.between(today[1] if today else None, bundle, language),
    }


def waiting(entry: Policy, blobs: Sequence[dict[str, str]]) -> Bundle:
    """Return the rules of an entry that waits for another key. They were parsed when it began."""
    (found,) = (blob for blob in board_entries.parsed(blobs) if blob.commitment == entry.bundle)
    return parse_bundle(found.text)
