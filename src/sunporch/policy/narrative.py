# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the account behind a request must say and must not say.

These clauses need fields that the record only commits to, so they are `checked_by: portal, reviewer`, not by
everybody. They find the obvious; a reviewer reads what they let through.
"""

from __future__ import annotations

import re

from sunporch.docket.entries import MOST_NARRATIVE
from sunporch.docket.verdict import Clause
from sunporch.policy.bundle import Bundle
from sunporch.policy.errors import NARRATIVE_LONG

MOST_CASE_NUMBER = 40
LEAST_CASE_NUMBER = 4
LEAST_WORD = 3  # shorter words say nothing of their own
_SHOWN = 60

_WORD = re.compile(r"[^\W\d_][\w'-]*")
_TELEPHONE = re.compile(r"(?<!\d)(?:\+?1[-. ]?)?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?!\d)")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_ADDRESS = re.compile(r"\b\d{1,5} (?:[A-Z][a-z]+ ){1,3}(?:St|Street|Ave|Avenue|Rd|Road|Ln|Lane|Dr|Drive|Ct|Court)\b")
_VICTIM = re.compile(
    r"\b(?:[Vv]ictim|[Vv]íctima|[Cc]omplainant|[Rr]esident|[Mm]r\.?|[Mm]rs\.?|[Mm]s\.?|[Ss]ra?\.)"
    r",? (?:named |called |llamad[oa] )?[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+(?: [A-ZÁÉÍÓÚÑ][a-záéíóúñ]+)+"
)
_CASE_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]*")


def check_narrative(untrusted_text: str, untrusted_case_number: str, bundle: Bundle) -> tuple[Clause, ...]:
    """Return every clause that the account or the case number breaks (none: they pass).

    Raises `policy.narrative-long` beyond 2,000 characters.
    """
    if len(untrusted_text) > MOST_NARRATIVE:
        raise NARRATIVE_LONG(where="narrative", most=MOST_NARRATIVE, length=len(untrusted_text))
    words = [word.lower() for word in _WORD.findall(untrusted_text)]
    telling = {word for word in words if len(word) >= LEAST_WORD} - bundle.words["placeholders"]
    found: dict[str, dict[str, object]] = {}
    if not _is_case_number(untrusted_case_number, bundle):
        found["R7.case-number"] = {"case_number": untrusted_case_number[:MOST_CASE_NUMBER]}
    if not telling:
        found["R7.narrative-placeholder"] = {"found": untrusted_text[:_SHOWN]}
    elif len(telling) < bundle.limits["narrative_words_min"]:
        found["R7.narrative-short"] = {"words": len(telling)}
    pressure = _first(bundle.words["pressure"], untrusted_text)
    if pressure:
        found["R11.pressure"] = {"found": pressure}
    origin = _first(bundle.words["origins"], untrusted_text)
    if origin and not _first(bundle.words["features"], untrusted_text):
        found["R11.race-only"] = {"found": origin}
    for pattern in (_TELEPHONE, _EMAIL, _ADDRESS, _VICTIM):
        named = pattern.search(untrusted_text)
        if named:
            found["R11.identity"] = {"found": named.group()[:_SHOWN]}
            break
    return tuple(bundle.clause(clause_id, found[clause_id]) for clause_id in sorted(found))


def _is_case_number(untrusted_number: str, bundle: Bundle) -> bool:
    number = untrusted_number.strip()
    digits = {character for character in number if character.isdigit()}
    return (
        LEAST_CASE_NUMBER <= len(number) <= MOST_CASE_NUMBER
        and _CASE_NUMBER.fullmatch(number) is not None
        and bool(digits - {"0"})
        and not set(re.findall(r"[^\W\d_]+", number.lower())) & bundle.words["placeholders"]
    )


def _first(phrases: frozenset[str], text: str) -> str:
    """Return the first phrase of the list (in alphabetical order) that stands in the text as whole words."""
    for phrase in sorted(phrases):
        if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE):
            return phrase
    return ""
