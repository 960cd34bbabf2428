# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the rules still allow an agency, for the form in which an appeal is written."""

from __future__ import annotations

from dataclasses import dataclass

from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import State
from sunporch.policy.bundle import Bundle
from sunporch.policy.limits import DAY, HOUR


@dataclass(frozen=True)
class Allowance:
    """Whole numbers, seconds and lists: what a request of this agency may be, at this moment.

    `may_ask` is false where no request at all could pass: rules that list no offence (*nobody may ask*, *warrant
    only*), no partnership, an overdue outcome, too many open ones.
    """

    may_ask: bool
    partner: bool
    policy: int  # index to cite, -1 where no rules are in force
    outcomes_owed: tuple[int, ...]  # overdue: they block
    outcomes_due: tuple[tuple[int, int], ...]  # closed requests and when their outcome is due
    open_requests_left: int
    case_requests_left: int
    cells_min: int
    cells_max: int
    households_known: bool
    households_min: int
    households_max: int
    households_dense: int
    earliest_from: int
    latest_to: int
    window_seconds_max: int
    earliest_closes: int
    latest_closes: int
    recipients_min: int
    recipients_max: int
    narrative_words_min: int
    offences: tuple[str, ...]
    purposes: tuple[str, ...]
    bases: tuple[str, ...]
    reaches: tuple[str, ...]
    retention_days: int
    outcome_days: int
    events: tuple[int, ...]  # known events that a window within the look-back could touch


def allowance(fold: State, bundle: Bundle, agency: str, now: int, case_tag: str = "") -> Allowance:
    """Return what the rules leave to the agency (and to the case, if its tag is given)."""
    limits = bundle.limits
    current = fold.policy_in_force(now)
    partner = fold.partnership_of(agency, now) is not None
    overdue = tuple(sorted(request.index for request in fold.overdue_requests(agency, now)))
    closed = [r for r in fold.unfinished.get(agency, {}).values() if r.phase(now) is RequestPhase.CLOSED]
    open_left = max(0, limits["open_requests_max"] - len(fold.open_requests(agency, now)))
    case_left = max(0, limits["case_requests_max"] - (fold.case_count(agency, case_tag) if case_tag else 0))
    earliest = now - limits["look_back_days"] * DAY
    return Allowance(
        may_ask=bool(bundle.offences) and partner and not overdue and open_left > 0 and case_left > 0,
        partner=partner,
        policy=current.index if current else -1,
        outcomes_owed=overdue,
        outcomes_due=tuple(sorted((request.index, request.outcome_due) for request in closed)),
        open_requests_left=open_left,
        case_requests_left=case_left,
        cells_min=limits["cells_min"],
        cells_max=limits["cells_max"],
        households_known=bundle.households_known,
        households_min=limits["households_min"],
        households_max=limits["households_max"],
        households_dense=limits["households_dense"],
        earliest_from=earliest,
        latest_to=now,
        window_seconds_max=limits["window_max_minutes"] * 60,
        earliest_closes=now + limits["closes_min_hours"] * HOUR,
        latest_closes=now + limits["closes_max_hours"] * HOUR,
        recipients_min=limits["recipients_min"],
        recipients_max=limits["recipients_max"],
        narrative_words_min=limits["narrative_words_min"],
        offences=tuple(sorted(bundle.offences)),
        purposes=tuple(sorted(bundle.purposes)),
        bases=tuple(sorted(bundle.bases)),
        reaches=tuple(sorted(bundle.reaches)),
        retention_days=bundle.retention_days,
        outcome_days=bundle.outcome_days,
        events=tuple(index for index, event in fold.events.items() if event.to > earliest and event.from_ < now),
    )
