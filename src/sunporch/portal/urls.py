# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every address of the portal."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from sunporch.portal.agencies import joining, machine, people
from sunporch.portal.agencies import pages as agency_pages
from sunporch.portal.api import api
from sunporch.portal.appeals import pages as appeal_pages
from sunporch.portal.appeals import writing
from sunporch.portal.board import feeds, health, log_files, open_data, pages, signed
from sunporch.portal.clerk import pages as clerk_pages
from sunporch.portal.clerk import partnering, proposing, wording
from sunporch.portal.comments import pages as comments
from sunporch.portal.complaints import pages as complaints
from sunporch.portal.exports import pages as export_pages
from sunporch.portal.exports import passing
from sunporch.portal.notices import pages as notice_pages
from sunporch.portal.reports import pages as reports
from sunporch.portal.review import answers, events, findings, junk, roster, takedowns
from sunporch.portal.review import pages as review_pages
from sunporch.portal.viewer import pages as viewer_pages
from sunporch.portal.viewer import resealing
from sunporch.web import signin

# For people who signed in.
_WORK: list[URLPattern | URLResolver] = [
    path("clips/", viewer_pages.clips, name="work-clips"),
    path("clips/<int:index>/", viewer_pages.clip, name="work-clip"),
    path("clips/<int:index>/junk/", junk.report, name="work-junk"),
    path("comments/", comments.newest, name="work-comments"),
    path("words/<str:kind>/<int:number>/takedown/", takedowns.take_down, name="work-words-takedown"),
    path("findings/<int:index>/", answers.answer, name="work-finding"),
    path("clips/reseal/", resealing.devices, name="work-reseal-devices"),
    path("clips/reseal/<int:index>/", resealing.reseal, name="work-reseal"),
    path("complaints/", complaints.complaints, name="work-complaints"),
    path("complaints/<int:index>/", findings.answer, name="work-answer"),
    path("reports/<int:year>/", reports.explain, name="work-report"),
    path("notices/", notice_pages.notices, name="work-notices"),
    path("events/", events.enter, name="work-event"),
    path("device/", viewer_pages.device, name="work-device"),
    path("device/lost/", joining.lost, name="work-lost"),
    path("machine/", machine.machine, name="work-machine"),
    path("joining/", joining.joining, name="work-joining"),
    path("people/", people.people, name="work-people"),
    path("people/invite/", people.invite, name="work-invite"),
    path("people/invited/<int:invitation>/", people.enrol, name="work-enrol"),
    path("people/invited/<int:invitation>/drop/", people.take_back, name="work-enrol-drop"),
    path("people/<int:index>/end/", people.end, name="work-end-key"),
    path("people/leave/", people.leave, name="work-leave"),
    path("", agency_pages.work, name="work"),
    path("appeals/", appeal_pages.appeals, name="work-appeals"),
    path("appeals/new/", writing.begin, name="work-begin"),
    path("appeals/writing/<int:sketch>/drop/", writing.drop, name="work-drop"),
    path("appeals/writing/<int:sketch>/<slug:step>/", writing.write, name="work-writing"),
    path("appeals/<int:index>/outcome/", appeal_pages.outcome, name="work-outcome"),
    path("appeals/<int:index>/card/", appeal_pages.card, name="work-card"),
    path("drafts/<str:draft_id>/", appeal_pages.draft, name="work-draft"),
    path("drafts/<str:draft_id>/return/", appeal_pages.send_back, name="work-return"),
    path("signed/<str:entry_id>/", signed.signed, name="work-signed"),
    path("clips/<int:index>/pass-on/", passing.pass_on, name="work-pass-on"),
    path("exports/<str:export_id>/", export_pages.export, name="work-export"),
    path("exports/<str:export_id>/return/", export_pages.send_back, name="work-export-return"),
    path("review/", review_pages.queue, name="work-review"),
    path("review/roster/", roster.roster, name="work-roster"),
    path("review/roster/<int:duty>/drop/", roster.leave, name="work-roster-leave"),
    path("review/clips/", junk.reported, name="work-review-clips"),
    path("review/clips/<int:index>/", junk.mark, name="work-review-clip"),
    path("review/sample/", review_pages.drawn, name="work-sample"),
    path("review/sample/finding/", findings.audit, name="work-audit"),
    path("review/<int:index>/", review_pages.appeal, name="work-review-appeal"),
    path("review/<int:index>/takedown/", review_pages.take_down, name="work-takedown"),
    path("review/drafts/<str:draft_id>/", review_pages.send_back, name="work-review-return"),
    path("partnerships/", clerk_pages.partnerships, name="work-partnerships"),
    path("partnerships/<int:index>/end/", clerk_pages.end, name="work-end"),
    path("rules/", proposing.all_rules, name="work-rules"),
    path("proposals/<int:proposal>/", proposing.write, name="work-proposal"),
    path("proposals/<int:proposal>/places/", wording.places, name="work-proposal-places"),
    path("proposals/<int:proposal>/words/", wording.words, name="work-proposal-words"),
    path("proposals/<int:proposal>/check/", proposing.check, name="work-proposal-check"),
    path("proposals/<int:proposal>/drop/", proposing.throw_away, name="work-proposal-drop"),
    path("partnerships/new/", partnering.begin, name="work-approve"),
    path("approvals/<int:proposal>/", partnering.write, name="work-approval"),
    path("approvals/<int:proposal>/check/", partnering.check, name="work-approval-check"),
    path("motions/<str:motion_id>/", clerk_pages.motion, name="work-motion"),
    path("motions/<str:motion_id>/drop/", clerk_pages.drop, name="work-motion-drop"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.appeals, name="appeals"),
    path("appeals/<int:index>/", pages.appeal, name="appeal"),
    path("agencies/", pages.agencies, name="agencies"),
    path("agencies/<str:agency>/reports/<int:year>/", reports.report, name="report"),
    path("agencies/<str:agency>/reports/<int:year>/report.json", reports.for_programs, name="report-json"),
    path("agencies/<str:agency>/reports/<int:year>/<slug:name>.csv", reports.table, name="report-table"),
    path("events/", events.events, name="events"),
    path("rules/", pages.rules, name="rules"),
    path("rules/<int:index>/", pages.rules_version, name="rules-version"),
    path("statistics/", open_data.statistics, name="statistics"),
    path("statistics/datapackage.json", open_data.data_package, name="data-package"),
    path("statistics/<slug:name>.csv", open_data.table, name="statistics-table"),
    path("who-runs-what/", open_data.who_runs_what, name="who-runs-what"),
    path("comments/<int:index>/", comments.comments, name="comments"),
    path("findings/", findings.findings, name="findings"),
    path("registrar/<str:motion_id>/", partnering.registrar, name="registrar"),
    path("registrar/<str:motion_id>/signed/", partnering.registrar_signed, name="registrar-signed"),
    path("registrar/<str:motion_id>/note", partnering.registrar_note, name="registrar-note"),
    path("complaint/", complaints.complain, name="complain"),
    path("complaint/<str:token>/", complaints.progress, name="complaint-progress"),
    path("invitation/<str:token>/", joining.invitation, name="invitation"),
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
