# SPDX-License-Identifier: AGPL-3.0-or-later
"""The addresses of the home hub."""

from __future__ import annotations

from django.urls import include, path

from sunporch.hub import pages
from sunporch.hub.api import api
from sunporch.web import signin

urlpatterns = [
    path("", pages.home, name="home"),
    path("healthz", pages.healthz, name="healthz"),
    path("readyz", pages.readyz, name="readyz"),
    path("api/v1/", api.urls),
    *signin.page_urls(),
    path("_allauth/app/v1/", include(signin.urls())),
]
handler400 = "sunporch.web.answers.request_refused"
handler404 = "sunporch.web.answers.page_absent"
handler500 = "sunporch.web.answers.server_failed"
