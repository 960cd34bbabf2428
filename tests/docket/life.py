# SPDX-License-Identifier: AGPL-3.0-or-later
"""One record in which an entry of every type is in force, each with the fewest signatures; a vector holds it.

Before each entry is taken, it is tried with each of its signatures left out: none of them may be missing.
"""

from __future__ import annotations

from sunporch.base.notekeys import VerifierKey
from sunporch.docket import entries as e
from tests.docket.people import DAY, ORI, ORIGIN, Town, person, tlog_policy

BOARD = ("bell-1", "bell-2")
NOTHING = {"reason": "no longer needed"}
FUTURE = f'sunporch/entry/v1\n{ORIGIN}\n{{"type":"weather","v":1,"sky":"blue"}}\n'


class Life(Town):
    """A town that remembers what each entry would have been without each of its signatures."""

    def __init__(self) -> None:
        self.without: list[dict[str, str]] = []
        super().__init__()

    def put_keys(self, text: str, keys: tuple[VerifierKey, ...], flaw: str = ""):
        self.without.append({str(key): self._reason(text, keys, key) for key in keys})
        return super().put_keys(text, keys, flaw)

    def _reason(self, text: str, keys: tuple[VerifierKey, ...], left_out: VerifierKey) -> str:
        record = self.fold.would_apply(self.now, text, tuple(key for key in keys if key != left_out))
        return record.reason.name.lower() if record.reason else ""


def play() -> Life:
    """Play two years of a town in which everything happens once."""
    town = Life()
    event = {"cells": town.cells[:1], "from_": town.now, "to": town.now + DAY, "kind": "vote"}
    town.good(e.Event, "okafor", **event)
    town.good(e.Event, *BOARD, **event)
    _asking(town)
    _sharing(town)
    _process(town)
    _words(town)
    town.wait(days=61)
    town.good(e.Outcome, "kim", request=town.at["appeal"], code="cleared_someone", clips="<5")
    town.put_expiry(town.at["shared"], town.at["returned"])
    town.put_text(FUTURE, "portal")
    town.put(e.KeyEnd, *BOARD, key=len(town.log) - 1, **NOTHING)  # refers to what is unknown, so it is unknown
    town.good(e.KeyEnd, *BOARD, key=town.at["ito"], **NOTHING)
    town.good(e.KeyEnd, f"registrar-{ORI}", key=town.at["novak"], **NOTHING)
    keys = tuple(str(person(name).verifier) for name in ("bell-2", "bell-4"))
    trust = {"predecessor": 0, "keys": keys, "threshold": 1, "grid": "aa" * 32, "tlog_policy": tlog_policy()}
    town.good(e.Trust, *BOARD, comment_days=0, **trust)
    town.good(e.Policy, "bell-4", bundle="bc" * 32, in_force_from=town.now, open_requests="close")
    town.good(e.PartnershipCancel, f"registrar-{ORI}", partnership=town.at["partnership"], **NOTHING)
    return town


def _asking(town: Life) -> None:
    town.at["appeal"] = town.ask()
    town.good(e.Review, "okafor", action="returned", target=-1, draft="d0" * 32, reason="too-wide")
    for action in ("suspended", "reinstated"):
        town.good(e.Review, "okafor", action=action, target=town.at["appeal"], draft="", reason="under-review")
    urgent = town.ask(basis="emergency", case_tag="ce" * 16, narrative="de" * 32)
    town.good(e.EmergencyReview, "judge-hall", request=urgent, code="justified", text="7a" * 32)
    town.good(e.Takedown, "okafor", blob="de" * 32, reason="names-a-child")


def _sharing(town: Life) -> None:
    shared = town.at["shared"] = town.share()
    town.put_access(shared, "diaz")
    town.put_access(shared, "reyes")
    town.good(e.Export, "diaz", "kim", disclosure=shared, file="f0" * 32, format="mp4", recipient="court")
    town.good(e.Sharing, "kim", disclosure=shared, recipient="court", standard="warrant", justification="trial")
    held = town.put_freeze(shared, "reyes")
    town.good(e.Unfreeze, "judge-hall", freeze=held.index)
    town.good(e.DeletionAttest, "kim", disclosure=shared, scope="all_copies")
    town.at["returned"] = town.put_share(1, kind=e.WarrantReturn).index
    town.put_withdrawal(town.at["returned"], 1)
    town.good(e.Review, "okafor", action="junk", target=town.at["returned"], draft="", reason="empty")


def _process(town: Life) -> None:
    fields = {"agency": ORI, "process": "warrant", "unseal_by": town.now + 30 * DAY, "cameras": 1, "seconds": 60}
    sealed = town.good(e.SealedRequest, "judge-hall", "diaz", sealed_content="5e" * 32, **fields)
    town.good(e.Unseal, "kim", sealed=sealed, content="5e" * 32)


def _words(town: Life) -> None:
    day = town.now // DAY - 1
    town.good(e.Refusals, "portal", day=day, counts=(("R8.area-max", 2),))
    received = {"agency": ORI, "about": town.at["appeal"], "code": "filmed", "received": town.now, "text": ""}
    complaint = town.good(e.Complaint, "portal", **received)
    town.good(e.Finding, "okafor", complaint=complaint, code="upheld", text="7b" * 32)
    town.good(e.Breach, "library", code="restored", clips=3, since=town.now, text="")
    letter = town.good(e.Letter, "portal", text="7c" * 32, signatures=36)
    town.good(e.LetterAnswer, *BOARD, letter=letter, text="7d" * 32)
