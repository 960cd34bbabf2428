# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes about annual reports: a supervisor's words are kept, each wording beside those before it."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from sunporch.portal.agencies import actions as agency_actions
from sunporch.portal.agencies.permissions import Person
from sunporch.portal.errors import WORDINGS_EXCEEDED
from sunporch.portal.reports import store
from sunporch.portal.reports.models import Explanation

# Of one report, all items together. A report that is still being written belongs on paper.
MAX_WORDINGS = 200


def explain(person: Person, of: store.Year, texts: Mapping[str, str], now: int) -> None:
    """Keep what a supervisor wrote, by item, where it is not what stands there; an empty text takes one back.

    Raises `portal.wordings-exceeded`.
    """
    with transaction.atomic():
        before = store.wordings(of)
        changed = {
            item: text for item, text in texts.items() if text != (before[item][0].text if item in before else "")
        }
        if sum(map(len, before.values())) + len(changed) > MAX_WORDINGS:
            raise WORDINGS_EXCEEDED(where=str(of.year), most=MAX_WORDINGS)
        for item, text in changed.items():
            row = Explanation(agency=of.agency, year=of.year, item=item, text=text, by=person.name, at=now)
            row.save()
            agency_actions.write_down(person.name, now, "report explained", f"{of.agency}/{of.year} {item}")
