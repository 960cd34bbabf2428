# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every address of the portal."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from sunporch.portal.api import api
from sunporch.portal.board import feeds, health, log_files, open_data, pages
from sunporch.portal.viewer import pages as viewer_pages
from sunporch.web import signin

# For people who signed in.
_WORK: list[URLPattern | URLResolver] = [
    path("clips/", viewer_pages.clips, name="work-clips"),
    path("clips/<int:index>/", viewer_pages.clip, name="work-clip"),
    path("device/", viewer_pages.device, name="work-device"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.appeals, name="appeals"),
    path("appeals/<int:index>/", pages.appeal, name="appeal"),
    path("agencies/", pages.agencies, name="agencies"),
    path("rules/", pages.rules, name="rules"),
    path("statistics/", open_data.statistics, name="statistics"),
    path("statistics/datapackage.json", open_data.data_package, name="data-package"),
    path("statistics/<slug:name>.csv", open_data.table, name="statistics-table"),
    path("who-runs-what/", open_data.who_runs_what, name="who-runs-what"),
    path("record/", pages.record, name="record"),
    path("feeds/atom.xml", feeds.atom, name="feed-atom"),
    path("feeds/feed.json", feeds.json_feed, name="feed-json"),
    path("log/<path:path>", log_files.log_file, name="log-file"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/v1/", api.urls),
    path("work/", include(_WORK)),
    *signin.page_urls(),
    path("_allauth/app/v1/", include(signin.urls())),
]

handler400 = "sunporch.web.answers.request_refused"
handler404 = "sunporch.web.answers.page_absent"
handler500 = "sunporch.web.answers.server_failed"
