# SPDX-License-Identifier: AGPL-3.0-or-later
"""`decide`: what the town's rules say about an entry. Pure: the entry, the record before it, the bundle, a time.

Portal, custodian, every hub and the verifier call this on the same public things and get the same verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sunporch.base.errors import Error
from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.docket.state import KeyState, PolicyState, State
from sunporch.docket.verdict import Clause, Outcome, Verdict
from sunporch.policy import facts as f
from sunporch.policy.bundle import Bundle, grid_text, parse_bundle
from sunporch.tlog.policies import TrustPolicy

MOST_CACHED = 64

NO_RULES = Clause(
    "R2.no-rules",
    "CCOPS: a fresh town has no rules, so nobody may ask",
    {
        "en": "The town has no rules in force, so nobody may ask (clause R2.no-rules).",
        "es": "El municipio no tiene normas en vigor, así que nadie puede pedir (cláusula R2.no-rules).",
    },
)
OTHER_GRID = Clause(
    "R8.grid",
    "Sunporch protocol 3.3: the community's grid stands in its own entries",
    {
        "en": "These rules count other households than the grid that the community published (clause R8.grid).",
        "es": "Estas normas cuentan otros hogares que la cuadrícula publicada por la comunidad (cláusula R8.grid).",
    },
)


def decide(
    entry: e.Entry, fold: State, bundle: Bundle, now: int, signers: tuple[KeyState, ...] | None = None
) -> Verdict:
    """Return the verdict of the bundle, with every clause that forbids and every one that asks for a reviewer.

    `fold` is the state before the entry, `now` the entry's time. `signers` are the enrolled live keys that signed,
    None while a draft is still being signed (then the clause of the two people is not asked). Entry types that the
    rules say nothing about are permitted.
    """
    more = ""
    facts: Mapping[str, Any]
    match entry:
        case e.Request():
            action, more = "request", "unreviewed"
            facts = f.of_request(entry, fold, bundle, now, signers)
            agency = entry.agency
        case e.Disclosure():
            action, facts, agency = "disclosure", f.of_disclosure(entry, bundle, now), entry.agency
        case e.Export():
            action, facts, agency = "export", f.of_export(entry, fold), _agency_of(fold, entry.disclosure)
        case e.Sharing():
            action, facts = "sharing", f.of_sharing(entry, fold, bundle)
            agency = _agency_of(fold, entry.disclosure)
        case e.Partnership():
            action, facts, agency = "partnership", {"kind": entry.kind}, entry.agency
        case _:
            return Verdict(Outcome.PERMIT, terms=bundle.terms)
    answers = bundle.rules.forbidding(action, agency, facts, more)
    said = {**_shown(facts), **_shown(dict(_fields(entry))), "agency": agency}
    forbids, review = (
        tuple(bundle.clause(name, said) for name in names) for names in (answers[0], answers[1] if more else [])
    )
    return Verdict(Outcome.FORBID if forbids else Outcome.PERMIT, forbids, review, bundle.terms)


def _agency_of(fold: State, disclosure: int) -> str:
    clip = fold.disclosures.get(disclosure)
    return clip.agency if clip else ""


def _fields(entry: e.Entry) -> Mapping[str, Any]:
    names = ("offence", "purpose", "basis", "reach", "recipient", "standard", "justification")
    return {name: getattr(entry, name) for name in names if hasattr(entry, name)}


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts as sentences show them: lists joined by commas."""
    return {name: ", ".join(value) if isinstance(value, list) else value for name, value in facts.items()}


class PolicyJudge:
    """The judge of a fold: finds the bundle that an entry is judged by, and decides.

    `blob_of` returns the blob of a commitment, or None where it is not here: then the verdict is CANNOT_CHECK, as
    it is for a bundle that this software cannot read. A bundle whose grid is not the community's permits nothing.
    """

    def __init__(self, blob_of: Callable[[str], Blob | None]) -> None:
        self._blob_of = blob_of
        self._bundles: dict[tuple[str, str], Bundle] = {}

    def judge(self, entry: e.Entry, fold: State, now: int, signers: tuple[KeyState, ...] | None = None) -> Verdict:
        """Return the verdict by the rules in force; for a share, by any rules it may have been asked for under.

        Of rules that are being adopted it says whether they are of this community's grid, of a new trust policy
        whether anybody could read on under it.
        """
        if isinstance(entry, e.Trust):
            return Verdict(Outcome.PERMIT if _opens(entry.tlog_policy, fold.origin) else Outcome.FORBID)
        if isinstance(entry, e.Policy):
            found = self._bundle(entry.bundle, fold.grid)
            return Verdict(Outcome.PERMIT, terms=found.terms) if isinstance(found, Bundle) else found
        if isinstance(entry, e.Disclosure):
            policies = fold.policies_answerable(now)
        else:
            current = fold.policy_in_force(now)
            policies = [current] if current else []
        verdicts = []
        for policy in policies:
            bundle = self.bundle_of(policy)
            verdict = decide(entry, fold, bundle, now, signers) if isinstance(bundle, Bundle) else bundle
            if verdict.permitted:
                return verdict
            verdicts.append(verdict)
        if not verdicts:
            return Verdict(Outcome.FORBID, (NO_RULES,))
        return next((v for v in verdicts if v.outcome is Outcome.CANNOT_CHECK), verdicts[0])

    def bundle_of(self, policy: PolicyState) -> Bundle | Verdict:
        """Return the parsed bundle of a policy, or the verdict that says why there is none."""
        return self._bundle(policy.bundle, policy.grid)

    def _bundle(self, commitment: str, grid: str) -> Bundle | Verdict:
        known = self._bundles.get((commitment, grid))
        if known is not None:
            return known
        blob, published = self._blob_of(commitment), self._blob_of(grid)
        if blob is None or published is None:
            return _cannot_check("the text of the rules or the grid is not here", "falta el texto o la cuadrícula")
        if blob.commitment != commitment or published.commitment != grid:
            return _cannot_check("the text is not the one adopted", "el texto no es el adoptado")
        try:
            bundle = parse_bundle(blob.text)
        except Error as error:
            return _cannot_check(error.what, error.what)
        # The text, not its meaning, is compared: the grid has one spelling, so that nobody parses it a second way.
        if published.text != grid_text(bundle.grid):
            return Verdict(Outcome.FORBID, (OTHER_GRID,))
        if len(self._bundles) >= MOST_CACHED:
            self._bundles.clear()
        self._bundles[commitment, grid] = bundle
        return bundle


def _opens(untrusted_tlog_policy: str, origin: str) -> bool:
    """Say whether a trust policy can be read and names a key of the log of this origin."""
    try:
        return any(key.name == origin for key in TrustPolicy.parse(untrusted_tlog_policy).logs)
    except Error:
        return False


def _cannot_check(english: str, spanish: str) -> Verdict:
    sentences = {
        "en": f"This software cannot check the town's rules: {english}.",
        "es": f"Este programa no puede comprobar las normas del municipio: {spanish}.",
    }
    return Verdict(Outcome.CANNOT_CHECK, (Clause("rules.unchecked", "Sunporch protocol 3.4", sentences),))
