# SPDX-License-Identifier: AGPL-3.0-or-later
"""What else a town writes in its rules: which places are sensitive, which words count, what a refusal says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy

from sunporch.docket.blobs import hides_something
from sunporch.docket.fields import MOST_CELLS, MOST_TEXT
from sunporch.policy import Bundle, amending
from sunporch.policy.bundle import MOST_NAME, MOST_WORDS, PLACE_KINDS, WORD_LISTS, known_parameters, parameters
from sunporch.portal.appeals.forms import Where
from sunporch.portal.board import changes, plain_rules, words
from sunporch.portal.board.shown_text import ShownText

MAX_PLACES = 200
MAX_LIST = 20_000  # characters of one list of words
_LISTS = {
    "placeholders": gettext_lazy("An account of these words alone is refused. One word a line."),
    "pressure": gettext_lazy("An account with one of these is refused. One phrase a line."),
    "origins": gettext_lazy(
        "An account with one of these needs one of the next list too. One word or phrase a line."
    ),
    "features": gettext_lazy("Clothes, build, vehicles, direction. One word or phrase a line."),
}


class PlaceForm(Where):
    """One more sensitive place: its name, what it is, and its cells, or what they lie around."""

    name = ShownText(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("As people of the town call it."),
        lines=False,
        max_length=MOST_NAME,
    )
    kind = forms.ChoiceField(label=gettext_lazy("What is it?"), widget=forms.RadioSelect)

    def __init__(self, bundle: Bundle, *arguments: Any, **named: Any) -> None:
        super().__init__(bundle, *arguments, **named)
        self.fields["kind"].choices = [(kind, capfirst(words.place(kind))) for kind in PLACE_KINDS]  # type: ignore[attr-defined]
        for name in ("name", "kind"):  # whoever only moves the map has not answered them yet
            self.fields[name].required = "around" not in self.data

    def check_number(self, cells: int) -> None:
        """Refuse a place that no appeal could be as large as; raises `ValidationError`."""
        if cells > MOST_CELLS:
            raise forms.ValidationError(
                gettext("These are %(cells)s map cells. One place has at most %(most)s.")
                % {"cells": cells, "most": MOST_CELLS}
            )

    def clean_name(self) -> str:
        """Refuse a second place of one name: the list could not tell them apart."""
        name: str = self.cleaned_data["name"]
        if name.casefold() in {place.name.casefold() for place in self.bundle.places}:
            raise forms.ValidationError(gettext("There is a place of this name already."))
        return name

    def clean(self) -> dict[str, Any]:
        """Take the cells around what is named where none are chosen; refuse cells that are not of the town."""
        given = super().clean() or self.cleaned_data
        if "around" in self.data or self.errors:
            return given
        if len(self.bundle.places) >= MAX_PLACES:
            self.add_error("name", gettext("The rules name at most %(most)s places.") % {"most": MAX_PLACES})
        elif given["cells"]:
            outside = [cell for cell in given["cells"] if cell not in self.bundle.grid]
            if outside:
                self.add_error("cells", gettext("“%(cell)s” is no map cell of the town.") % {"cell": outside[0]})
        elif not given["place"]:
            self.add_error("place", gettext("Say where it is, or choose its cells on the map."))
        else:
            given["cells"] = self.around() or []
            if not given["cells"] and not self.errors:
                self.add_error("place", gettext("No map cell of the town lies there."))
        return given

    def written(self) -> dict[str, Any]:
        """Return the place of a valid form as rules write it."""
        return {name: self.cleaned_data[name] for name in ("kind", "name", "cells")}


class WordList(forms.CharField):
    """Words or phrases, one a line, each once."""

    def __init__(self, **named: Any) -> None:
        super().__init__(required=False, max_length=MAX_LIST, widget=forms.Textarea(attrs={"rows": 8}), **named)

    def clean(self, value: Any) -> list[str]:
        """Return the words in the order in which they were written."""
        lines = (" ".join(line.split()) for line in super().clean(value).splitlines())
        found = list(dict.fromkeys(line for line in lines if line))
        if len(found) > MOST_WORDS:
            raise forms.ValidationError(gettext("At most %(most)s can stand here.") % {"most": MOST_WORDS})
        for word in found:
            if len(word) > MOST_TEXT or hides_something(word):
                raise forms.ValidationError(
                    gettext("“%(word)s” is too long, or holds a character that is not shown.") % {"word": word[:20]}
                )
        return found


class Wording(forms.Form):
    """The town's name, its lists of words, and what each clause says when it refuses, in each of its languages."""

    town = ShownText(
        label=gettext_lazy("The town's name"),
        help_text=gettext_lazy("As the sentences of the rules say it."),
        lines=False,
        max_length=MOST_NAME,
    )

    def __init__(self, base: Bundle, answers: Mapping[str, list[str]]) -> None:
        """`answers` are those that were kept of this form; whatever is not among them is as in `base`."""
        self.base, self.written = base, amending.texts_of(base)
        start = {"town": self.written["name"]}
        start |= {name: "\n".join(self.written["words"][name]) for name in self._lists()}
        start |= {
            _key(language, clause): self.written["sentences"][language][clause]
            for language, clause in self._sentences()
        }
        super().__init__(MultiValueDict({name: answers.get(name, [value]) for name, value in start.items()}))
        for name in self._lists():
            self.fields[name] = WordList(label=changes.LISTS[name], help_text=_LISTS[name])
        for language, clause in self._sentences():
            self.fields[_key(language, clause)] = ShownText(
                label=f"{clause}, {changes.in_language(language)}",
                lines=False,
                max_length=MOST_TEXT,
                widget=forms.Textarea(attrs={"rows": 3, "lang": language}),
            )
        for name, field in self.fields.items():
            field.initial = start[name]
            field.error_messages["required"] = gettext("This is needed.")

    def _lists(self) -> tuple[str, ...]:
        return WORD_LISTS if self.base.offences else ()

    def _sentences(self) -> Iterator[tuple[str, str]]:
        for clause in sorted(plain_rules.in_force(self.base)):
            for language in self.base.languages:
                yield language, clause

    @property
    def lists(self) -> list[Any]:
        """Return the fields of the lists of words."""
        return [self[name] for name in self._lists()]

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Return the headings of the rules with their clauses, each with the fields of its sentences."""
        groups = plain_rules.groups(self.base, words.language())
        for group in groups:
            for clause in group["clauses"]:
                clause["fields"] = [self[_key(language, clause["id"])] for language in self.base.languages]
            group["wrong"] = any(field.errors for clause in group["clauses"] for field in clause["fields"])
        return groups

    def clean(self) -> dict[str, Any]:
        """Refuse a sentence with a name in braces that nobody fills in, at its field."""
        given = super().clean() or self.cleaned_data
        for language, clause in self._sentences():
            key = _key(language, clause)
            if key in given:
                self._check_braces(key, clause, given[key])
        return given

    def _check_braces(self, key: str, clause: str, sentence: str) -> None:
        allowed = known_parameters(self.base.rules, clause)
        try:
            unknown = sorted(parameters(sentence) - allowed)
        except ValueError:
            self.add_error(key, gettext("Braces hold one name each, and are closed again."))
            return
        if unknown:
            told = gettext("Nobody fills in “%(name)s”. What can stand in braces here: %(known)s.")
            self.add_error(key, told % {"name": unknown[0], "known": ", ".join(sorted(allowed))})

    def texts(self) -> dict[str, Any]:
        """Return what a valid form changes, as rules write it; what was only looked at stays as it was written."""
        changed = {
            name: self.cleaned_data[name]
            for name, field in self.fields.items()
            if self.cleaned_data[name] != field.clean(field.initial)
        }
        sentences = {
            language: {clause: changed.get(_key(language, clause), text) for clause, text in said.items()}
            for language, said in self.written["sentences"].items()
        }
        lists = {name: changed.get(name, found) for name, found in self.written["words"].items()}
        return {"name": changed.get("town", self.written["name"]), "words": lists, "sentences": sentences}


def _key(language: str, clause: str) -> str:
    return f"{language}:{clause}"
