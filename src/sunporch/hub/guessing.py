# SPDX-License-Identifier: AGPL-3.0-or-later
"""Short secrets that a person types (a PIN, a set-up code): after five wrong tries everybody waits."""

from __future__ import annotations

from django.db import models, transaction

from sunporch.base.errors import ErrorKind
from sunporch.web.sessions import WALL

MOST_TRIES = 5
WAIT_SECONDS = 15 * 60


class Guessable(models.Model):
    """A row with such a secret; `tries` counts the wrong ones since the last right one."""

    tries: models.IntegerField[int, int] = models.IntegerField(default=0)
    wait_until: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)

    class Meta:
        """A part of other rows."""

        abstract = True


@transaction.atomic
def count_try[Row: Guessable](rows: models.QuerySet[Row], spent: ErrorKind) -> Row:
    """Count a try before it is checked, so that many at once are no more than many; return the one row.

    Raises `spent` for a while after too many. A right one is to be told to `forget`.
    """
    now = WALL.now()
    kept = rows.get()
    if kept.wait_until > now:
        raise spent(minutes=-(-(kept.wait_until - now) // 60))
    kept.tries += 1
    if kept.tries >= MOST_TRIES:
        kept.tries, kept.wait_until = 0, now + WAIT_SECONDS
    kept.save(update_fields=["tries", "wait_until"])
    return kept


def forget[Row: Guessable](rows: models.QuerySet[Row]) -> None:
    """Begin to count anew."""
    rows.update(tries=0, wait_until=0)
