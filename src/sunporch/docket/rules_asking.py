# SPDX-License-Identifier: AGPL-3.0-or-later
"""When entries about asking are in force: requests, their review, outcomes, refusals, and legal process."""

from __future__ import annotations

from sunporch.docket import entries as e
from sunporch.docket.custody import DAY
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.permissions import AGENCY_ROLES, OUTSIDE_ROLES, Act, check
from sunporch.docket.rules_town import Effect
from sunporch.docket.state import ComplaintState, PartnershipState, Record, RequestState, SealedState, State, Step
from sunporch.docket.verdict import Judge, Outcome, Verdict
from sunporch.docket.void import Stopped, Unsettled, Void, require

MOST_SEALED_DAYS = 180


def judged(state: State, act: Act, entry: e.Entry, judge: Judge) -> Verdict:
    """Ask the town's rules, keep the verdict for the record, and return it."""
    act.verdict = judge.judge(entry, state, act.time, act.live)
    return act.verdict


def require_permitted(verdict: Verdict) -> None:
    """Stop where the rules forbid or cannot be checked."""
    require(verdict.outcome is not Outcome.CANNOT_CHECK, Unsettled.CANNOT_CHECK)
    require(verdict.permitted, Void.RULES)


def request(state: State, act: Act, entry: e.Request, judge: Judge) -> Effect:
    """An appeal: two people of a partner, under the rules in force, which permit it."""
    verdict = judged(state, act, entry, judge)  # first, so that a void request still names every clause
    partner = state.partnership_of(entry.agency, act.time)
    if partner is None:
        raise Stopped(Void.PARTNERSHIP)
    officer, supervisor = check(state, act, "request", entry.agency)
    current = state.policy_in_force(act.time)
    cited = current is not None and entry.policy == current.index
    # Rules that cannot be read here may be void for those who can: then others than these are in force.
    require(cited or verdict.outcome is Outcome.CANNOT_CHECK, Void.POLICY)
    require(entry.from_ < entry.to, Void.SPAN)
    require(entry.closes > act.time, Void.CLOSES)
    require(all(_may_receive(state, index, entry.agency) for index in entry.recipients), Void.RECIPIENTS)
    require_permitted(verdict)
    reviewer = next((key.name for key in act.live if key.role == "reviewer"), "")
    require(reviewer or not verdict.review, Void.REVIEWER_SIGNATURE)
    terms = verdict.terms
    if terms is None:
        raise Stopped(Unsettled.CANNOT_CHECK)

    def effect(record: Record) -> None:
        opened = RequestState(
            record.index,
            act.time,
            entry,
            _closing(state, entry, partner, act.time),
            terms,
            officer=officer.name,
            supervisor=supervisor.name,
            reviewer=reviewer,
        )
        opened.history.append(step(record, entry))
        state.requests[record.index] = opened
        state.unfinished.setdefault(entry.agency, {})[record.index] = opened
        tag = (entry.agency, entry.case_tag)
        state.case_tags[tag] = state.case_tags.get(tag, 0) + 1
        used = state.policy_used_until.get(entry.policy, 0)
        state.policy_used_until[entry.policy] = max(used, opened.closes_at)

    return effect


def step(record: Record, entry: e.Entry) -> Step:
    """Return the line that an entry leaves in a history."""
    return Step(record.index, record.time, entry.TYPE, record.signers)


def _may_receive(state: State, index: int, agency: str) -> bool:
    key = state.key_at(index)
    if key is None or not key.live or not key.x25519:
        return False
    return key.role in OUTSIDE_ROLES or (key.role in AGENCY_ROLES and key.agency == agency)


def _closing(state: State, entry: e.Request, partner: PartnershipState, at: int) -> int:
    """Return the effective end: its own, the partnership's, or that of rules which will close open requests."""
    closing = [p.in_force_from for p in state.policies.values() if p.closes_requests and p.in_force_from > at]
    return min(entry.closes, partner.ends, *closing)


def review(state: State, act: Act, entry: e.Review) -> Effect:
    """Civil oversight acts: reviewers' keys belong to no agency."""
    check(state, act, "review")
    if entry.action == "returned":
        require(entry.target == -1 and entry.draft, Void.TARGET)
        return _nothing_more
    require(entry.target >= 0 and not entry.draft, Void.TARGET)
    if entry.action == "junk":
        clip = state.named(state.disclosures, entry.target)
        require(not clip.junk, Void.ALREADY)

        def junk(record: Record) -> None:
            clip.junk = True
            clip.history.append(step(record, entry))

        return junk
    target: RequestState | PartnershipState | None = state.partnerships.get(entry.target)
    if target is None:
        target = state.named(state.requests, entry.target)
    suspend = entry.action == "suspended"
    require(target.suspended is not suspend, Void.ALREADY)

    def effect(record: Record) -> None:
        target.suspended = suspend
        if isinstance(target, RequestState):
            target.history.append(step(record, entry))

    return effect


def _nothing_more(record: Record) -> None:
    """A returned draft changes nothing but the record itself."""
    del record


def takedown(state: State, act: Act, entry: e.Takedown) -> Effect:
    """A published text may go; rules and grid never, or nobody could check what was asked under them."""
    check(state, act, "takedown")
    require(entry.blob in state.texts, Void.TEXT_UNKNOWN)
    require(entry.blob not in state.rule_texts, Void.TEXT_OF_RULES)
    require(entry.blob not in state.takedowns, Void.ALREADY)

    def effect(record: Record) -> None:
        state.takedowns[entry.blob] = record.index

    return effect


def refusals(state: State, act: Act, entry: e.Refusals) -> Effect:
    """Each day is reported once, when it is over."""
    check(state, act, "refusals")
    require((entry.day + 1) * DAY <= act.time and entry.day not in state.refusals, Void.DAY)

    def effect(record: Record) -> None:
        del record
        state.refusals[entry.day] = dict(entry.counts)

    return effect


def outcome(state: State, act: Act, entry: e.Outcome) -> Effect:
    """R32: what became of it, once it closed. A later word replaces an earlier one; both stay on record."""
    target = state.named(state.requests, entry.request)
    agency = target.entry.agency
    check(state, act, "outcome", agency)
    require(target.phase(act.time) not in (RequestPhase.OPEN, RequestPhase.SUSPENDED), Void.OUTCOME_EARLY)

    def effect(record: Record) -> None:
        target.outcome = entry
        target.outcome_at = act.time
        target.history.append(step(record, entry))
        state.unfinished[agency].pop(target.index, None)

    return effect


def sealed_request(state: State, act: Act, entry: e.SealedRequest) -> Effect:
    """Legal process under seal: a court and the agency, with a date of unsealing that was always kept before."""
    check(state, act, "sealed_request", entry.agency)
    require(act.time < entry.unseal_by <= act.time + MOST_SEALED_DAYS * DAY, Void.UNSEAL_BY)
    require(not state.overdue_unseals(act.time, entry.agency), Void.UNSEAL_OVERDUE)

    def effect(record: Record) -> None:
        state.sealed[record.index] = SealedState(record.index, entry.agency, entry.unseal_by, entry.sealed_content)

    return effect


def unseal(state: State, act: Act, entry: e.Unseal) -> Effect:
    """The content is published under the very commitment that was sealed."""
    target = state.named(state.sealed, entry.sealed)
    check(state, act, "unseal", target.agency)
    require(target.unsealed is None, Void.ALREADY)
    require(entry.content == target.content, Void.CONTENT)

    def effect(record: Record) -> None:
        target.unsealed = record.index

    return effect


def emergency_review(state: State, act: Act, entry: e.EmergencyReview) -> Effect:
    """R30: somebody outside the agency looks at each emergency afterwards."""
    check(state, act, "emergency_review")
    target = state.named(state.requests, entry.request)
    require(target.entry.basis == "emergency", Void.BASIS)
    require(target.emergency_review is None, Void.ALREADY)

    def effect(record: Record) -> None:
        target.emergency_review = record.index
        target.history.append(step(record, entry))

    return effect


def complaint(state: State, act: Act, entry: e.Complaint) -> Effect:
    """R34: anybody may complain; the portal or a reviewer records that it came."""
    check(state, act, "complaint")
    require(entry.about < state.size, Void.REFERENCE)

    def effect(record: Record) -> None:
        state.complaints[record.index] = ComplaintState(record.index, entry.received)

    return effect


def finding(state: State, act: Act, entry: e.Finding) -> Effect:
    """A reviewer's finding about a complaint, or of an audit."""
    check(state, act, "finding")
    target = state.named(state.complaints, entry.complaint) if entry.complaint >= 0 else None

    def effect(record: Record) -> None:
        if target is not None:
            target.findings.append(record.index)

    return effect


def breach(state: State, act: Act, entry: e.Breach) -> Effect:
    """R39: whoever runs a part says that it failed."""
    check(state, act, "breach")
    require(entry.since <= act.time, Void.SPAN)
    return lambda record: state.breaches.append(record.index)


def letter(state: State, act: Act, entry: e.Letter) -> Effect:
    """S12: residents wrote to their elected body."""
    del entry
    check(state, act, "letter")

    def effect(record: Record) -> None:
        state.letters[record.index] = []

    return effect


def letter_answer(state: State, act: Act, entry: e.LetterAnswer) -> Effect:
    """The elected body answers."""
    check(state, act, "letter_answer")
    answers = state.named(state.letters, entry.letter)
    return lambda record: answers.append(record.index)
