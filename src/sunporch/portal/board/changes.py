# SPDX-License-Identifier: AGPL-3.0-or-later
"""What differs between two versions of the town's rules: in a few sentences, and line by line.

Clerks read it before they sign, and everybody reads the same of every version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_lazy, ngettext

from sunporch.policy import Bundle
from sunporch.policy.bundle import WORD_LISTS
from sunporch.portal.board import plain_rules

# The lists against which the account of an appeal is held, in the order in which they are shown.
LISTS: dict[str, Any] = {
    "placeholders": gettext_lazy("Words that say nothing by themselves"),
    "pressure": gettext_lazy("Phrases that put pressure on residents"),
    "origins": gettext_lazy("Words for race and origin"),
    "features": gettext_lazy("Words that describe more than race and origin"),
}
_LANGUAGES = {"en": gettext_lazy("in English"), "es": gettext_lazy("in Spanish")}


@dataclass(frozen=True)
class Line:
    """One thing that differs: what it is about, what it was and what it is now (empty: not there)."""

    id: str
    was: str
    now: str


@dataclass(frozen=True)
class Changes:
    """All that differs: `told` in whole sentences, `lines` one by one."""

    told: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


def between(old: Bundle | None, new: Bundle | None, language: str) -> Changes:
    """Return what differs; nothing where one of the two is not there to be compared."""
    if old is None or new is None:
        return Changes()
    parts = (_name(old, new), _clauses(old, new, language), _places(old, new), _words(old, new), _sentences(old, new))
    return Changes(
        tuple(said for part in parts for said in part.told), tuple(line for part in parts for line in part.lines)
    )


def in_language(code: str) -> str:
    """Return in which language of the rules something is said; a code that no page speaks is shown as it is."""
    return str(_LANGUAGES.get(code, code))


def _name(old: Bundle, new: Bundle) -> Changes:
    if old.name == new.name:
        return Changes()
    line = Line(gettext("The town's name"), old.name, new.name)
    return Changes((gettext("The rules call the town “%(name)s”.") % {"name": new.name},), (line,))


def _clauses(old: Bundle, new: Bundle, language: str) -> Changes:
    before, after = _said(old, language), _said(new, language)
    lines = _lines(before, after)
    told = ngettext(
        "%(n)s clause, number or offence changes.", "%(n)s clauses, numbers or offences change.", len(lines)
    )
    return Changes((told % {"n": len(lines)},) if lines else (), lines)


def _said(bundle: Bundle, language: str) -> dict[str, str]:
    groups = plain_rules.groups(bundle, language)
    said = {clause["id"]: clause["sentence"] for group in groups for clause in group["clauses"]}
    return said | {
        item["code"]: ", ".join([item["title"], *item["flags"]]) for item in plain_rules.offences(bundle, language)
    }


def _lines(before: dict[str, str], after: dict[str, str]) -> tuple[Line, ...]:
    return tuple(
        Line(name, before.get(name, ""), after.get(name, ""))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _places(old: Bundle, new: Bundle) -> Changes:
    before, after = (
        {place.name: (plain_rules.place(place), place.cells) for place in of.places} for of in (old, new)
    )
    more, fewer = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    other = sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
    lines = [Line(name, "", after[name][0]) for name in more] + [Line(name, before[name][0], "") for name in fewer]
    for name in other:
        was, now = before[name][0], after[name][0]
        lines.append(
            Line(name, was, gettext("%(place)s, others than before") % {"place": now} if was == now else now)
        )
    counted = (
        (more, ngettext("%(n)s place more: %(names)s.", "%(n)s places more: %(names)s.", len(more))),
        (fewer, ngettext("%(n)s place fewer: %(names)s.", "%(n)s places fewer: %(names)s.", len(fewer))),
        (
            other,
            ngettext(
                "%(n)s place is of another kind or has other cells: %(names)s.",
                "%(n)s places are of another kind or have other cells: %(names)s.",
                len(other),
            ),
        ),
    )
    told = tuple(said % {"n": len(names), "names": ", ".join(names)} for names, said in counted if names)
    return Changes(told, tuple(lines))


def _words(old: Bundle, new: Bundle) -> Changes:
    told: list[str] = []
    lines = []
    for name in WORD_LISTS:
        more, fewer = sorted(new.words[name] - old.words[name]), sorted(old.words[name] - new.words[name])
        if more or fewer:
            lines.append(Line(str(LISTS[name]), ", ".join(fewer), ", ".join(more)))
        for found, said in (
            (more, ngettext("%(n)s more in “%(list)s”.", "%(n)s more in “%(list)s”.", len(more))),
            (fewer, ngettext("%(n)s fewer in “%(list)s”.", "%(n)s fewer in “%(list)s”.", len(fewer))),
        ):
            if found:
                told.append(said % {"n": len(found), "list": LISTS[name]})
    return Changes(tuple(told), tuple(lines))


def _sentences(old: Bundle, new: Bundle) -> Changes:
    """Return the sentences of refusals that are written anew, of clauses that both versions have."""
    both = plain_rules.in_force(old) & plain_rules.in_force(new)
    about = gettext("%(clause)s, when it refuses, %(language)s")
    lines = tuple(
        Line(
            about % {"clause": clause, "language": in_language(language)},
            old.sentences[language][clause],
            new.sentences[language][clause],
        )
        for clause in sorted(both)
        for language in new.languages
        if language in old.languages and old.sentences[language][clause] != new.sentences[language][clause]
    )
    told = ngettext(
        "%(n)s sentence of a refusal is written anew.", "%(n)s sentences of refusals are written anew.", len(lines)
    )
    return Changes((told % {"n": len(lines)},) if lines else (), lines)
