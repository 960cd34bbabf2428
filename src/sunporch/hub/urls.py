# SPDX-License-Identifier: AGPL-3.0-or-later
"""The addresses of the home hub."""

from __future__ import annotations

from django.urls import include, path

from sunporch.hub import pages
from sunporch.hub.api import api
from sunporch.hub.cameras import connecting
from sunporch.hub.cameras import pages as cameras
from sunporch.hub.inbox import pages as inbox
from sunporch.hub.notices import pages as notices
from sunporch.hub.preferences import pages as preferences
from sunporch.hub.recovery import pages as recovery
from sunporch.hub.release import pages as release
from sunporch.hub.shares import pages as shares
from sunporch.hub.takeout import pages as takeout
from sunporch.hub.takeout import strangers
from sunporch.hub.welcome import pages as welcome
from sunporch.web import signin

urlpatterns = [
    path("", pages.home, name="home"),
    path("cameras/", cameras.cameras, name="cameras"),
    path("cameras/add/", connecting.add, name="camera-add"),
    path("cameras/<str:camera_id>/", cameras.one, name="camera"),
    path("cameras/<str:camera_id>/take/", takeout.take, name="take"),
    path("cameras/<str:camera_id>/place/", cameras.place, name="place"),
    path("cameras/<str:camera_id>/connection/", connecting.connection, name="connection"),
    path("cameras/<str:camera_id>/remove/", connecting.removal, name="camera-remove"),
    path("cameras/<str:camera_id>/masks/", cameras.masks, name="masks"),
    path("cameras/<str:camera_id>/erase/", cameras.erase, name="erase"),
    path("links/", takeout.links, name="links"),
    path("links/<str:link_id>/", takeout.one, name="link"),
    path("links/<str:link_id>/film.mp4", takeout.own_film, name="link-own-film"),
    path("film/<str:token>/", strangers.shown, name="film"),
    path("film/<str:token>/<str:opened>/", strangers.playing, name="film-playing"),
    path("film/<str:token>/<str:opened>/film.mp4", strangers.media, name="film-media"),
    path("film/<str:token>/<str:opened>/film.proof", strangers.proof, name="film-proof"),
    path("check/", strangers.check, name="check"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/pin/", inbox.unlock, name="unlock"),
    path("inbox/<int:index>/", inbox.appeal, name="appeal"),
    path("inbox/<int:index>/<str:camera_id>/", release.trim, name="trim"),
    path("coverings/<str:covering_id>/", release.cover, name="cover"),
    path("coverings/<str:covering_id>/review/", release.review, name="review"),
    path("releases/<str:release_id>/", release.one, name="release"),
    path("shares/", shares.shares, name="shares"),
    path("shares/<int:disclosure>/", shares.one, name="share"),
    path("shares/<int:disclosure>/stop/", shares.stop, name="stop"),
    path("shares/<int:disclosure>/receipt.pdf", shares.receipt, name="receipt"),
    path("settings/", preferences.settings, name="settings"),
    path("settings/adult/", preferences.adult, name="adult"),
    path("settings/adults/<int:adult_id>/", preferences.access, name="access"),
    path("settings/notices/", notices.notices, name="notices"),
    path("settings/pin/", preferences.pin_page, name="pin"),
    path("settings/recovery/", recovery.recovery, name="recovery"),
    path("settings/keep/", preferences.keep, name="keep"),
    path("welcome/", welcome.welcome, name="welcome"),
    path("welcome/adult/", welcome.adult, name="welcome-adult"),
    path("welcome/factor/", welcome.factor, name="welcome-factor"),
    path("welcome/language/", welcome.language, name="welcome-language"),
    path("welcome/later/", welcome.later, name="welcome-later"),
    path("healthz", pages.healthz, name="healthz"),
    path("readyz", pages.readyz, name="readyz"),
    path("api/v1/", api.urls),
    path("sign-in/", welcome.first(signin.sign_in), name="account_login"),
    *signin.page_urls(),
    path("_allauth/app/v1/", include(signin.urls())),
]
handler400 = "sunporch.web.answers.request_refused"
handler404 = "sunporch.web.answers.page_absent"
handler500 = "sunporch.web.answers.server_failed"
