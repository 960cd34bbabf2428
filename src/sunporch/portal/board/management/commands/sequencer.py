# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal sequencer`: append until told to stop."""

from __future__ import annotations

import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from sunporch.base.clock import system_clock
from sunporch.portal.sequencer.loop import Sequencer
from sunporch.service.parent import end_with_pipe
from sunporch.web.children import end_by_signal


class Command(BaseCommand):
    """The process that appends."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or until standard input closes."""
        del args, options
        stop = threading.Event()
        end_by_signal(stop.set)
        end_with_pipe(stop.set)
        sequencer = Sequencer(settings.SUNPORCH, system_clock())
        try:
            sequencer.run(stop)
        finally:
            sequencer.close()
