# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the record does not hold: what was reported to reviewers, who of them is on call, what agencies answer."""

from __future__ import annotations

from django.db import models

from sunporch.portal.agencies.models import MAX_PSEUDONYM
from sunporch.portal.board.models import Removable
from sunporch.portal.reports.models import MAX_ORI

MAX_CODE = 40
MAX_ANSWER = 4_000


class JunkReport(models.Model):
    """A recipient of a clip told the reviewers that it is junk; the first report of a clip stays."""

    disclosure: models.BigIntegerField[int, int] = models.BigIntegerField(unique=True)
    by: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    reason: models.CharField[str, str] = models.CharField(max_length=MAX_CODE)
    at: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        """Names."""

        verbose_name = "report of junk"

    def __str__(self) -> str:
        return f"clip {self.disclosure}: {self.reason}"


class Duty(models.Model):
    """A reviewer is on call from one time to another, Unix seconds."""

    name: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    begins: models.BigIntegerField[int, int] = models.BigIntegerField()
    ends: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)

    class Meta:
        """Names."""

        verbose_name = "duty"

    def __str__(self) -> str:
        return self.name


class Answer(Removable):
    """One wording of what an agency says to a finding. The newest row counts; none is changed."""

    finding: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    agency: models.CharField[str, str] = models.CharField(max_length=MAX_ORI)
    text: models.TextField[str, str] = models.TextField(max_length=MAX_ANSWER, blank=True)
    by: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    at: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        """Names."""

        verbose_name = "answer to a finding"

    def __str__(self) -> str:
        return f"{self.agency}, finding {self.finding}"
