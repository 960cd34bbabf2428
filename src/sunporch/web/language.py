# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language of pages is the reader's; files that programs fetch are the same bytes and headers for everyone.

A page's own address speaks the language that the browser asks for. `/es/...` and `/en/...` are the same pages in one
language for good, so that a reader who chose one keeps it from link to link without a cookie.
"""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.urls import set_script_prefix
from django.utils import translation

# What programs fetch has one address only, and no language.
PROGRAM_PATHS = ("/api/", "/_allauth/", "/log/", "/static/", "/healthz", "/readyz", "/metrics")
_FILES = ("/log/", "/static/", "/healthz", "/readyz", "/metrics")
_CHOSEN = re.compile(r"/([a-z]{2})(/.*)")


class PageLanguage(LocaleMiddleware):
    """Django's choice of language, except for files: they carry no `Vary` and no `Content-Language`."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language: by the address, else by what the browser asks for."""
        chosen = _CHOSEN.fullmatch(request.path_info)
        if chosen and chosen[1] in dict(settings.LANGUAGES) and not chosen[2].startswith(PROGRAM_PATHS):
            request.path_info = chosen[2]
            set_script_prefix(f"/{chosen[1]}/")  # the addresses that this page links to keep the language
            translation.activate(chosen[1])
            request.LANGUAGE_CODE = chosen[1]
        elif not request.path.startswith(_FILES):
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say which language it is."""
        set_script_prefix("/")
        if request.path.startswith(_FILES):
            return response
        return super().process_response(request, response)
