# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files as answers: whole, in part (RFC 9110 section 14, one range), or "not modified" (section 13)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from sunporch.web.errors import RANGE_REFUSED

_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


def wanted_range(header: str, size: int, where: str) -> tuple[int, int] | None:
    """Return (start, length) of a single range, or None for the whole file; raise `web.range-refused` outside it.

    Several ranges, or another unit, are answered with the whole file, as RFC 9110 section 14.2 allows.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if match[1]:
        start, last = int(match[1]), int(match[2]) if match[2] else size - 1
        if match[2] and last < start:
            return None
    else:
        start, last = max(0, size - int(match[2])), size - 1
    last = min(last, size - 1)
    if start > last:
        raise RANGE_REFUSED(where=where, size=size)
    return start, last - start + 1


def file_answer(
    request: HttpRequest,
    *,
    size: int,
    read: Callable[[int, int], Iterator[bytes]],
    etag: str,
    content_type: str,
    cache_control: str,
) -> HttpResponseBase:
    """Return the answer to GET or HEAD of a file of `size` bytes; `read(start, length)` yields its bytes."""
    headers = {"ETag": f'"{etag}"', "Cache-Control": cache_control, "Accept-Ranges": "bytes"}
    if request.headers.get("If-None-Match", "") in ("*", headers["ETag"]):
        return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    part = None
    if "Range" in request.headers and request.headers.get("If-Range", headers["ETag"]) == headers["ETag"]:
        part = wanted_range(request.headers["Range"], size, request.path)
    start, length = part or (0, size)
    headers["Content-Length"] = str(length)
    status = HTTPStatus.OK
    if part:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
        status = HTTPStatus.PARTIAL_CONTENT
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers, content_type=content_type)
    return StreamingHttpResponse(read(start, length), status=status, headers=headers, content_type=content_type)
