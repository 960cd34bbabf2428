# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public log as files: the same bytes, types and cache headers for everyone (C2SP tlog-tiles)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from sunporch.base.digests import sha256
from sunporch.web.errors import PAGE_ABSENT
from sunporch.web.ranges import file_answer

_TILE = r"tile/(?:entries|[0-9]|[1-5][0-9]|6[0-3])(?:/x[0-9]{3}){0,5}/[0-9]{3}(?:\.p/[1-9][0-9]{0,2})?"
# What may never change again, what grows, and what a reviewer may take down.
_FOREVER, _NEVER, _A_WHILE = "public, max-age=31536000, immutable", "no-cache", "public, max-age=300"
_KINDS = (
    (re.compile(r"checkpoint|checkpoints/sizes"), "text/plain; charset=utf-8", _NEVER),
    (re.compile(r"checkpoints/(?:0|[1-9][0-9]{0,15})"), "text/plain; charset=utf-8", _FOREVER),
    (re.compile(_TILE), "application/octet-stream", _FOREVER),
    (re.compile(r"blob/[0-9a-f]{64}"), "application/json", _A_WHILE),
)


@require_safe
def log_file(request: HttpRequest, path: str) -> HttpResponseBase:
    """Answer with one file of the log, or `web.page-absent`."""
    kind = next((kind for kind in _KINDS if kind[0].fullmatch(path)), None)
    if kind is None:
        raise PAGE_ABSENT(where=request.path[:200])
    file = settings.SUNPORCH.log_dir / path
    # At most a full bundle or a blob: small enough to be read whole, so that the bytes are of one instant.
    data = _read(file, request)

    def read(start: int, length: int) -> Iterator[bytes]:
        yield data[start : start + length]

    return file_answer(
        request,
        size=len(data),
        read=read,
        etag=sha256(data).hex()[:32],
        content_type=kind[1],
        cache_control=kind[2],
    )


def _read(file: Path, request: HttpRequest) -> bytes:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise PAGE_ABSENT(where=request.path) from error
    with os.fdopen(handle, "rb") as opened:
        return opened.read()
