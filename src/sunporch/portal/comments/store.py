# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions about comments, and about what can be commented on: rules and partnerships before they are in force."""

from __future__ import annotations

from dataclasses import dataclass

from sunporch.portal.comments.models import Comment
from sunporch.portal.record import public_record
from sunporch.web.errors import PAGE_ABSENT

MOST_LISTED = 200


@dataclass(frozen=True)
class Proposed:
    """What the elected body has signed and what begins later: until when people comment, when it is heard."""

    index: int
    kind: str  # "rules" or "partnership"
    name: str
    instrument: str
    link: str
    hearing: int  # 0: no day is named
    begins: int
    until: int  # 0: nobody can comment any more


def proposed(index: int, now: int) -> Proposed:
    """Return the rules or partnership of an entry; raises `web.page-absent`."""
    with public_record().reading() as state:
        policy, partner = state.policies.get(index), state.partnerships.get(index)
        if policy is not None:
            bundle = public_record().bundle(index)
            resolution = bundle.resolution if bundle is not None else None
            told = (resolution.instrument, resolution.link, resolution.hearing) if resolution else ("", "", 0)
            begins = policy.in_force_from
            return Proposed(index, "rules", "", *told, begins, begins if now < begins else 0)
        if partner is None:
            raise PAGE_ABSENT(where=str(index))
        begins = partner.in_force_from
        told = (partner.instrument, partner.link, partner.hearing)
        return Proposed(index, "partnership", partner.name, *told, begins, begins if partner.pending(now) else 0)


def comments_on(index: int) -> list[Comment]:
    """Return the newest comments on an entry, those that were taken down among them."""
    return list(Comment.objects.filter(about=index).order_by("-pk")[:MOST_LISTED])
