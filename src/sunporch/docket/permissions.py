# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may sign what. One table; `may_sign` answers yes or no for doors, `check` stops the fold with a reason.

Besides the roles of enrolled keys there are three signers: the `community` (k of its n keys), the agency's
`registrar` (named in its partnership), and `clip` (the one-time key `d` of a disclosure).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sunporch.base.notekeys import VerifierKey
from sunporch.docket.state import KeyState, State
from sunporch.docket.verdict import Verdict
from sunporch.docket.void import Stopped, Void

AGENCY_ROLES = frozenset({"officer", "supervisor"})
OUTSIDE_ROLES = frozenset({"court", "prosecutor", "defence"})
_COMMUNITY, _REGISTRAR, _CLIP = (frozenset({name}) for name in ("community", "registrar", "clip"))
_OFFICER, _SUPERVISOR, _REVIEWER, _PORTAL = (
    frozenset({name}) for name in ("officer", "supervisor", "reviewer", "portal")
)
_HOLDERS = OUTSIDE_ROLES | _REVIEWER

# Each set is one signature that is needed, by any of those in it.
SIGNERS: dict[str, tuple[frozenset[str], ...]] = {
    "community": (_COMMUNITY,),
    "trust": (_COMMUNITY,),
    "policy": (_COMMUNITY,),
    "event": (_COMMUNITY | _REVIEWER,),
    "partnership": (_COMMUNITY, _REGISTRAR),
    "partnership_cancel": (_COMMUNITY | _REGISTRAR,),
    "key of an agency": (_REGISTRAR,),
    "key": (_COMMUNITY,),
    "key_end of an agency": (_COMMUNITY | _REGISTRAR,),
    "key_end": (_COMMUNITY,),
    "request": (_OFFICER, _SUPERVISOR),
    "review": (_REVIEWER,),
    "takedown": (_REVIEWER,),
    "refusals": (_PORTAL,),
    "disclosure": (_CLIP,),
    "warrant_return": (_CLIP,),
    "access": (AGENCY_ROLES | OUTSIDE_ROLES,),
    "export": (_OFFICER, _SUPERVISOR),
    "sharing": (_SUPERVISOR,),
    "freeze": (_HOLDERS,),
    "unfreeze": (_HOLDERS,),
    "withdrawal": (_CLIP,),
    "expiry": (frozenset({"custodian"}),),
    "outcome": (AGENCY_ROLES,),
    "sealed_request": (frozenset({"court"}), AGENCY_ROLES),
    "unseal": (AGENCY_ROLES | {"court"},),
    "emergency_review": (_REVIEWER | {"court"},),
    "deletion_attest": (_SUPERVISOR,),
    "complaint": (_PORTAL | _REVIEWER,),
    "finding": (_REVIEWER,),
    "breach": (_COMMUNITY | _REVIEWER | _PORTAL | {"custodian"},),
    "letter": (_PORTAL,),
    "letter_answer": (_COMMUNITY,),
}

_REASONS = {
    _COMMUNITY: Void.COMMUNITY_SIGNATURES,
    _REGISTRAR: Void.REGISTRAR_SIGNATURE,
    _OFFICER: Void.OFFICER_SIGNATURE,
    _SUPERVISOR: Void.SUPERVISOR_SIGNATURE,
}


@dataclass(slots=True)
class Act:
    """One entry being judged: when, and whose verified signatures it carries."""

    time: int
    signers: tuple[VerifierKey, ...]
    live: tuple[KeyState, ...] = ()
    ended: tuple[KeyState, ...] = ()
    community: bool = False
    verdict: Verdict | None = field(default=None)

    @classmethod
    def of(cls, state: State, time: int, signers: tuple[VerifierKey, ...]) -> Act:
        """Sort the signers into live and ended keys and count the community's."""
        enrolled = [state.names[s.name] for s in signers if s.name in state.names and state.names[s.name].key == s]
        ours = {s.name for s in signers if state.community_keys.get(s.name) == s}
        return cls(
            time,
            signers,
            tuple(key for key in enrolled if key.live),
            tuple(key for key in enrolled if not key.live),
            community=0 < state.threshold <= len(ours),
        )


def may_sign(role: str, entry_type: str) -> bool:
    """Say whether a key of the role (or `community`, `registrar`, `clip`) can be one of the signers of the type."""
    return any(role in needed for needed in SIGNERS[entry_type])


def check(
    state: State, act: Act, what: str, agency: str = "", registrar: VerifierKey | None = None
) -> tuple[KeyState, ...]:
    """Return the enrolled keys that gave each needed signature; stop the fold where one is missing.

    `what` is a row of the table. Officers, supervisors and registrars count only for `agency`; `registrar` is the
    key that a partnership names.
    """
    found = []
    for needed in SIGNERS[what]:
        key = next((key for key in act.live if _counts(key, needed, agency)), None)
        if key is not None:
            found.append(key)
        elif not _unenrolled(state, act, needed, agency, registrar):
            ended = any(_counts(key, needed, agency) for key in act.ended)
            raise Stopped(Void.SIGNER_ENDED if ended else _REASONS.get(needed, Void.SIGNER))
    return tuple(found)


def _counts(key: KeyState, needed: frozenset[str], agency: str) -> bool:
    return key.role in needed and (key.role not in AGENCY_ROLES or key.agency == agency)


def _unenrolled(state: State, act: Act, needed: frozenset[str], agency: str, registrar: VerifierKey | None) -> bool:
    if "community" in needed and act.community:
        return True
    if "registrar" not in needed:
        return False
    if registrar is not None:
        return registrar in act.signers
    return any(signer in act.signers for signer in registrars(state, agency, act.time))


def registrars(state: State, agency: str, at: int) -> list[VerifierKey]:
    """Return the keys that may enrol and end the agency's people: of its partnerships in force or approved."""
    return [
        partnership.registrar
        for partnership in state.partnerships.values()
        if partnership.agency == agency and (partnership.live(at) or partnership.pending(at))
    ]
