# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language of pages is the reader's; files that programs fetch are the same bytes and headers for everyone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware

_FILES = ("/log/", "/static/", "/healthz", "/readyz", "/metrics")


class PageLanguage(LocaleMiddleware):
    """Django's choice of language, except for files: they carry no `Vary` and no `Content-Language`."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language."""
        if not request.path.startswith(_FILES):
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say which language it is."""
        if request.path.startswith(_FILES):
            return response
        return super().process_response(request, response)
