# SPDX-License-Identifier: AGPL-3.0-or-later
"""The items of an annual report: A to K of Oakland Municipal Code 9.64.010."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from sunporch.portal.board.statistics import Words


@dataclass(frozen=True)
class Item:
    """One item: what it is about, what the record says of it and in which tables, and what the record cannot hold."""

    letter: str
    title: Words
    told: Words
    tables: tuple[str, ...] = ()
    missing: Words = ""  # what the agency tells itself; empty where the record holds all of it


ITEMS = (
    Item(
        "A",
        _("How it was used"),
        _("The agency's appeals, about what and for how many hours; its clips, and who opened them."),
        ("appeals", "offences", "clips", "people"),
    ),
    Item(
        "B",
        _("With whom clips were shared"),
        _("Each copy and each clip passed on: the kind of recipient, the legal ground and the reason."),
        ("passed-on",),
        _("The names of those who received something, where they are offices."),
    ),
    Item(
        "C",
        _("From which cameras"),
        _("From residents' own cameras, as clips that they chose to share. Nobody has a list of cameras."),
    ),
    Item(
        "D",
        _("Where it was used"),
        _("Each appeal names its cells; here they are counted by parts of town."),
        ("areas",),
    ),
    Item(
        "E",
        _("Complaints and concerns"),
        _("Each complaint that came to this portal or to a reviewer. All findings are public."),
        ("complaints",),
        _("Concerns told elsewhere, whom the appeals fell on, whether the rules protect people's rights."),
    ),
    Item(
        "F",
        _("Audits, and whether the rules were kept"),
        _("What the rules refused, how keeping clips ended, and what reviewers did and found."),
        ("refused", "ends", "oversight"),
        _("What the agency's own audits found, and what it did about each fault."),
    ),
    Item(
        "G",
        _("Breaches"),
        _("Every breach that anybody who runs a part of this put on record."),
        ("breaches",),
        _("What the agency did about each, and whatever happened on its own devices."),
    ),
    Item(
        "H",
        _("Whether it was of use"),
        _("The outcome that the agency owes for each of its appeals."),
        ("outcomes",),
        _("Crime statistics, and whatever else shows whether asking in public does what it is for."),
    ),
    Item(
        "I",
        _("Requests for public records"),
        _("People ask the agency for these in other ways than here."),
        (),
        _("How many came about this, and how many were answered."),
    ),
    Item(
        "J",
        _("What it cost"),
        _("No money passes here."),
        (),
        _("All costs of the year, people's working hours among them, and who pays for the coming year."),
    ),
    Item(
        "K",
        _("Changes of the rules"),
        _("Rules, partnerships and suspensions of the year, with the keys that signed each."),
        ("decisions",),
        _("Which changes of the rules the agency asks for, and why."),
    ),
)
# The items that an agency owes words on, and the one in which it may say whatever else it wants.
OWED = tuple(item.letter for item in ITEMS if item.missing)
GENERAL = "general"
