# SPDX-License-Identifier: AGPL-3.0-or-later
"""The application that granian's worker serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from sunporch.web.serving import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sunporch.portal.settings")
end_with_parent()
application = get_wsgi_application()
