# SPDX-License-Identifier: AGPL-3.0-or-later
"""One small story for each reason why an entry is void: the tests play them, the vectors are written from them.

Each function gets a town with a partner, an open request and (where it asks) a shared clip, and returns the record
of the last entry, which must be void for exactly the reason that the function is named after.
"""

from __future__ import annotations

from collections.abc import Callable

from sunporch.docket import entries as e
from sunporch.docket.verdict import Clause, Outcome, Terms, Verdict
from sunporch.docket.void import Void
from tests.docket.people import DAY, ORI, ORIGIN, OTHER_ORI, START, Town, device

CASES: dict[str, Callable[[Town], object]] = {}
BARE: set[str] = set()  # stories that begin before entry 0


def case(function):
    CASES[function.__name__] = function
    return function


def bare(function):
    BARE.add(function.__name__)
    return case(function)


def words(**changes):
    return {"reason": "no longer needed"} | changes


# -- every entry ---------------------------------------------------------------------------------------------------


@case
def form(town):
    return town.put_text("sunporch/entry/v1\n" + ORIGIN + "\nnot json\n", "diaz")


@case
def time(town):
    return town.put(e.Event, "okafor", flaw="time", **event())


@case
def signature(town):
    return town.put(e.Event, "okafor", flaw="signature", **event())


def event(**changes):
    return {"cells": ("8a28d542d59ffff",), "from_": START, "to": START + DAY, "kind": "assembly"} | changes


@case
def origin(town):
    return town.put(e.Event, "okafor", origin="another.town", **event())


@case
def time_backwards(town):
    town.now -= 1
    return town.put(e.Event, "okafor", **event())


@case
def duplicate(town):
    text = town.text(e.Event, **event())
    town.put_text(text, "okafor")
    return town.put_text(text, "okafor")


@case
def too_late(town):
    return town.put(e.Event, "okafor", **event(not_after=town.now - 1))


@case
def not_after_far(town):
    return town.put(e.Event, "okafor", **event(not_after=town.now + DAY + 1))


@bare
def first(town):
    return town.put(e.Event, "okafor", **event())


@case
def reference(town):
    return town.put(e.KeyEnd, "bell-1", "bell-2", key=town.fold.size + 5, **words())


@case
def already(town):
    town.good(e.KeyEnd, "bell-1", "bell-2", key=town.at["okafor"], **words())
    return town.put(e.KeyEnd, "bell-1", "bell-2", key=town.at["okafor"], **words())


# -- who signed ----------------------------------------------------------------------------------------------------


@case
def signer(town):
    return town.put(e.Event, "diaz", **event())


@case
def signer_ended(town):
    town.good(e.KeyEnd, "bell-1", "bell-2", key=town.at["okafor"], **words())
    return town.put(e.Event, "okafor", **event())


@case
def community_signatures(town):
    fields = {"bundle": "bc" * 32, "in_force_from": town.now + 40 * DAY, "open_requests": "keep"}
    return town.put(e.Policy, "bell-1", **fields)


@case
def registrar_signature(town):
    fields = town.key_fields("fox", "officer", agency=ORI, x25519=device("fox"))
    return town.put(e.KeyEntry, "bell-1", "bell-2", **fields)


@case
def officer_signature(town):
    return town.put(e.Request, "kim", "ross", **town.request_fields())


@case
def supervisor_signature(town):
    return town.put(e.Request, "diaz", "novak", **town.request_fields())


@case
def reviewer_signature(town):
    clause = Clause("R10.review-health", "a test", {"en": "It touches a clinic."})
    town.judge.answers["request"] = Verdict(Outcome.PERMIT, review=(clause,), terms=Terms(60, 30))
    return town.put(e.Request, "diaz", "kim", **town.request_fields())


@case
def holder_signature(town):
    index = town.share()
    town.put_freeze(index, "reyes")
    town.wait(days=61)
    return town.put_access(index, "diaz")


# -- the town ------------------------------------------------------------------------------------------------------


@bare
def threshold(town):
    return town.put(e.Community, "bell-1", "bell-2", "bell-3", **town.community_fields(threshold=4))


@case
def predecessor(town):
    fields = town.community_fields(predecessor=town.fold.trust_index + 1)
    del fields["name"]
    return town.put(e.Trust, "bell-1", "bell-2", **fields)


@case
def tlog_policy(town):
    town.judge.answers["trust"] = Verdict(Outcome.FORBID)
    fields = town.community_fields(predecessor=town.fold.trust_index)
    del fields["name"]
    slip = fields["tlog_policy"].replace("quorum ", "quroum ")
    return town.put(e.Trust, "bell-1", "bell-2", **(fields | {"tlog_policy": slip}))


@case
def comment_period(town):
    fields = {"bundle": "bc" * 32, "in_force_from": town.now + 30 * DAY - 1, "open_requests": "keep"}
    return town.put(e.Policy, "bell-1", "bell-2", **fields)


@bare
def grid(town):
    town.good(e.Community, "bell-1", "bell-2", **town.community_fields())
    clause = Clause("R8.grid", "a test", {"en": "It counts other households."})
    town.judge.answers["policy"] = Verdict(Outcome.FORBID, (clause,))
    fields = {"bundle": "bc" * 32, "in_force_from": town.now + 30 * DAY, "open_requests": "keep"}
    return town.put(e.Policy, "bell-1", "bell-2", **fields)


@case
def agency_kind(town):
    fields = town.partnership_fields(OTHER_ORI, kind="immigration")
    return town.put(e.Partnership, "bell-1", "bell-2", f"registrar-{OTHER_ORI}", **fields)


@case
def hearing(town):
    fields = town.partnership_fields(OTHER_ORI, hearing=town.now + 31 * DAY)
    return town.put(e.Partnership, "bell-1", "bell-2", f"registrar-{OTHER_ORI}", **fields)


@case
def span(town):
    return town.put(e.Event, "okafor", **event(to=START))


# -- keys ----------------------------------------------------------------------------------------------------------


@case
def key_name(town):
    town.good(e.KeyEnd, "bell-1", "bell-2", key=town.at["okafor"], **words())
    fields = town.key_fields("okafor", "reviewer")
    return town.put(e.KeyEntry, "bell-1", "bell-2", **fields)


@case
def key_twice(town):
    fields = town.key_fields("fox", "officer", agency=ORI, x25519=device("diaz"))
    return town.put(e.KeyEntry, f"registrar-{ORI}", **fields)


@case
def key_fields(town):
    fields = town.key_fields("fox", "reviewer", agency=ORI)
    return town.put(e.KeyEntry, "bell-1", "bell-2", **fields)


# -- asking --------------------------------------------------------------------------------------------------------


@case
def partnership(town):
    return town.put(e.Request, "diaz", "kim", **town.request_fields(agency=OTHER_ORI))


@case
def policy(town):
    fields = town.request_fields()
    town.adopt("bc" * 32, days=30)
    town.wait(days=30)
    moved = {"from_": town.now - 7200, "to": town.now - 60, "closes": town.now + DAY}
    return town.put(e.Request, "diaz", "kim", **(fields | moved))


@case
def recipients(town):
    fields = town.request_fields(recipients=(town.at["diaz"], town.at["okafor"]))
    return town.put(e.Request, "diaz", "kim", **fields)


@case
def closes(town):
    return town.put(e.Request, "diaz", "kim", **town.request_fields(closes=town.now))


@case
def rules(town):
    clause = Clause("R8.area-max", "a test", {"en": "The area is too large."})
    town.judge.answers["request"] = Verdict(Outcome.FORBID, (clause,), terms=Terms(60, 30))
    return town.put(e.Request, "diaz", "kim", **town.request_fields())


@case
def outcome_early(town):
    return town.put(e.Outcome, "diaz", request=town.ask(), code="closed", clips="<5")


@case
def day(town):
    return town.put(e.Refusals, "portal", day=town.now // DAY, counts=(("R8.area-min", 1),))


@case
def text_unknown(town):
    return town.put(e.Takedown, "okafor", blob="00" * 32, reason="personal-data")


@case
def text_of_rules(town):
    return town.put(e.Takedown, "okafor", blob="bb" * 32, reason="personal-data")


@case
def target(town):
    return town.put(e.Review, "okafor", action="returned", target=town.ask(), draft="ab" * 32, reason="unclear")


# -- clips ---------------------------------------------------------------------------------------------------------


@case
def custodian(town):
    return town.put_share(custodian=town.at["okafor"])


@case
def receipt(town):
    return town.put_share(c="99" * 32)


@case
def clip_twice(town):
    town.share()
    return town.put_share()


@case
def expires(town):
    return town.put_share(expires=town.now + DAY + 1)


@case
def ended(town):
    index = town.share()
    town.put_withdrawal(index)
    return town.put_access(index, "diaz")


@case
def destroyed(town):
    index = town.share()
    town.put_withdrawal(index)
    town.put_expiry(index)
    return town.put_access(index, "diaz")


@case
def not_ended(town):
    return town.put_expiry(town.share())


@case
def frozen(town):
    index = town.share()
    town.put_freeze(index, "reyes")
    town.put_withdrawal(index)
    return town.put_expiry(index)


@case
def freeze_span(town):
    return town.put_freeze(town.share(), "reyes", days=731)


@case
def generation(town):
    first_clip, second = town.share(1), town.share(2)
    town.put_withdrawal(first_clip, 1)
    town.put_withdrawal(second, 2)
    town.put_expiry(first_clip, generation=4)
    return town.put_expiry(second, generation=4)


# -- legal process -------------------------------------------------------------------------------------------------


def sealed(town, **changes):
    fields = {"agency": ORI, "process": "warrant", "unseal_by": town.now + 90 * DAY, "cameras": 1, "seconds": 3600}
    return fields | {"sealed_content": "5e" * 32} | changes


@case
def unseal_by(town):
    return town.put(e.SealedRequest, "judge-hall", "diaz", **sealed(town, unseal_by=town.now + 180 * DAY + 1))


@case
def unseal_overdue(town):
    town.good(e.SealedRequest, "judge-hall", "diaz", **sealed(town))
    town.wait(days=90)
    return town.put(e.SealedRequest, "judge-hall", "diaz", **sealed(town))


@case
def content(town):
    index = town.good(e.SealedRequest, "judge-hall", "diaz", **sealed(town))
    return town.put(e.Unseal, "judge-hall", sealed=index, content="5f" * 32)


@case
def basis(town):
    return town.put(e.EmergencyReview, "okafor", request=town.ask(), code="justified", text="77" * 32)


def play(name: str) -> tuple[Town, object]:
    """Return the town after the story, and the record of its last entry."""
    town = Town(founded=name not in BARE, partner=name not in BARE)
    return town, CASES[name](town)


assert {name.upper() for name in CASES} == {reason.name for reason in Void}
