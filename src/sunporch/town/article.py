# SPDX-License-Identifier: AGPL-3.0-or-later
"""The article line by line: what it told of the doorbell partnerships, what is here, where to see it, how far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How far a line is answered, in the words of the page."""

    SCREEN = "on a screen"
    COMMAND = "by command or API"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class Line:
    """One line of the article: what was told, what is here, where (part of the town and path), and how far it is."""

    told: str
    here: str
    part: str
    path: str
    status: Status


LINES = (
    Line(
        "Doorbell cameras feed a company's cloud.",
        "The home hub records and keeps footage sealed with the household's own keys.",
        "hub",
        "/",
        Status.SCREEN,
    ),
    Line(
        "Partnerships were signed in private, with more than 400 police forces.",
        "A partnership is approved by the elected body after public comment, ends on a date, and one act ends it.",
        "portal",
        "/agencies/",
        Status.SCREEN,
    ),
    Line(
        "A seamless, easily automated way to ask for footage in an area.",
        "An appeal: one offence, one place, a few hours, two signatures, checked against the town's rules.",
        "portal",
        "/",
        Status.SCREEN,
    ),
    Line(
        "The company mailed residents; police saw who refused, and a map of cameras.",
        "Hubs read the public record and match at home. Silence is all that an agency ever sees.",
        "hub",
        "/",
        Status.SCREEN,
    ),
    Line(
        "Police got the raw clip, with name and address.",
        "Exact seconds, covered, no sound, under a pseudonym; each opening is on record before the key is given.",
        "hub",
        "/shares/",
        Status.SCREEN,
    ),
    Line(
        "Warrants on the company swept everything; emergencies were judged by the company.",
        "Process goes to the resident; sealed appeals have a date on which they open.",
        "portal",
        "/record/",
        Status.COMMAND,
    ),
    Line(
        "Footage could be stored indefinitely.",
        "Shared until a date: half of the key lies with an independent key custodian and is destroyed then.",
        "portal",
        "/statistics/",
        Status.SCREEN,
    ),
    Line(
        "It could feed face recognition, target protesters and minors, serve petty cases.",
        "A closed list of offences; assembly, worship and health care are blocked; each outcome is recorded.",
        "portal",
        "/rules/",
        Status.SCREEN,
    ),
    Line(
        "It could be passed on to immigration agencies or the FBI.",
        "Refused by the rules; what is passed on stands in a ledger that everybody reads.",
        "portal",
        "/rules/",
        Status.SCREEN,
    ),
    Line(
        "Neighbours were urged to watch each other.",
        "A covered clip to a neighbour by a link that ends, without police.",
        "hub",
        "/links/",
        Status.SCREEN,
    ),
    Line(
        "There was no oversight and no consent of elected officials.",
        "Reviewers, auditors, journalists and the council see everything, and can end it.",
        "portal",
        "/record/",
        Status.SCREEN,
    ),
    Line(
        "Thirty-six civil-rights groups wrote an open letter.",
        "A community publishes a letter, gathers verified signatures, and gets a recorded answer.",
        "portal",
        "/record/",
        Status.NOT_YET,
    ),
)
