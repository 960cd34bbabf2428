# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stops sharing: log and key custodian are told at once, and again until both are known to have heard."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.client import CustodianClient, PortalClient
from sunporch.hub.shares.models import Share

BACKOFF_SECONDS = (2, 5, 10, 20, 40, 60, 120, 300)


class Ending:
    """The clips whose residents took them back."""

    def __init__(self, clock: Clock, portal: PortalClient, custodian_at: Callable[[str], CustodianClient]) -> None:
        self._clock = clock
        self._portal = portal
        self._custodian_at = custodian_at

    def step(self) -> None:
        """Tell whoever has not heard yet. The record's own word, not the portal's, ends the telling."""
        now = self._clock.now()
        asked = Share.objects.filter(withdraw_asked_at__isnull=False, retry_at__lte=now)
        for share in asked.filter(Q(withdrawn_at=None) | Q(custodian_told_at=None)):
            self._tell(share, now)

    def _tell(self, share: Share, now: int) -> None:
        trouble: Error | None = None
        # The custodian first: it is the one that destroys the key.
        if share.custodian_told_at is None:
            trouble = self._try(lambda: self._custodian_at(share.custodian_url).withdraw(share.withdrawal_note))
            share.custodian_told_at = now if trouble is None else None
        if share.withdrawn_at is None:
            refused = self._try(lambda: self._portal.post_entry(share.withdrawal_note))
            share.portal_told_at = now if refused is None else share.portal_told_at
            trouble = trouble or refused
        wait = BACKOFF_SECONDS[min(share.tries, len(BACKOFF_SECONDS) - 1)]
        Share.objects.filter(disclosure=share.disclosure).update(
            custodian_told_at=share.custodian_told_at,
            portal_told_at=share.portal_told_at,
            tries=share.tries + 1,
            retry_at=now + wait,
            trouble_id=trouble.id if trouble else "",
            trouble_what=trouble.what if trouble else "",
            trouble_next=trouble.next if trouble else "",
        )

    @staticmethod
    def _try(act: Callable[[], object]) -> Error | None:
        try:
            act()
        except Error as error:
            return error
        return None
