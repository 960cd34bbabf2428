# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal doctor`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from sunporch.portal.board.checks import all_checks
from sunporch.portal.errors import DOCTOR_FOUND


class Command(BaseCommand):
    """Look whether the portal is well."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line for each check and what to do; raise `portal.doctor-found` if one is not good."""
        del args, options
        found = all_checks(settings.SUNPORCH)
        for check in found:
            self.stdout.write(f"{'good' if check.good else 'BAD '} {check.id}: {check.what}. {check.seen}".rstrip())
            if not check.good:
                self.stdout.write(f"     {check.who}: {check.next}")
        bad = [check.id for check in found if not check.good]
        if bad:
            raise DOCTOR_FOUND(where=", ".join(bad), bad=len(bad), all=len(found))
