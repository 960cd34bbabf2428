# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one form in which both sites say what went wrong: JSON for programs, a plain page for people.

`{"error": {"id", "what", "where", "next", "params", "clauses"?: [{"id", "cite", "sentence"}]}}` with a status.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import ninja.errors
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from sunporch.base.errors import Error, ErrorKind
from sunporch.web import errors
from sunporch.web.settings import MAX_JSON_BYTES

_LOGGER = logging.getLogger("sunporch.web")
# Addresses that programs use answer in JSON whatever goes wrong; all others with a page.
_PROGRAM_PATHS = ("/api/", "/_allauth/", "/log/")

type Clauses = Sequence[Mapping[str, str]]

STATUSES: dict[str, int] = {
    errors.PAGE_ABSENT.id: HTTPStatus.NOT_FOUND,
    errors.METHOD_REFUSED.id: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.BODY_TOO_LARGE.id: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.SIGN_IN_NEEDED.id: HTTPStatus.UNAUTHORIZED,
    errors.SECOND_FACTOR_MISSING.id: HTTPStatus.FORBIDDEN,
    errors.FORM_FOREIGN.id: HTTPStatus.FORBIDDEN,
    errors.RATE_EXCEEDED.id: HTTPStatus.TOO_MANY_REQUESTS,
    errors.RANGE_REFUSED.id: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    errors.SERVER_FAILED.id: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.REQUEST_REFUSED.id: HTTPStatus.BAD_REQUEST,
}


def register_statuses(statuses: Mapping[ErrorKind, int]) -> None:
    """Say with which HTTP status a site answers its own kinds of error; any other kind is 422."""
    STATUSES.update({kind.id: status for kind, status in statuses.items()})


def refused(error: Error, clauses: Clauses = ()) -> JsonResponse:
    """Return the error as the JSON answer with its status."""
    body: dict[str, Any] = {"error": {**error.as_json()}}
    if clauses:
        body["error"]["clauses"] = list(clauses)
    return JsonResponse(body, status=status_of(error))


def wants_json(request: HttpRequest) -> bool:
    """Say whether the caller is a program."""
    return request.path.startswith(_PROGRAM_PATHS)


def answer(request: HttpRequest, error: Error) -> HttpResponse:
    """Return the error as JSON or as a page, whichever the caller reads."""
    if wants_json(request):
        return refused(error)
    return render(request, "web/error.html", {"error": said(error)}, status=status_of(error))


def status_of(error: Error) -> int:
    """Return the HTTP status with which a site answers the error."""
    return STATUSES.get(error.id, HTTPStatus.UNPROCESSABLE_ENTITY)


def said(error: Error) -> dict[str, Any]:
    """Return what a page says of the error.

    Programs get the error's own English; people their language, where the catalogue of the page's app has it.
    """
    return {
        "id": error.id,
        "what": gettext(error.kind.what).format(**error.params),
        "next": gettext(error.kind.next).format(**error.params),
        "clauses": getattr(error, "clauses", ()),
    }


class OneErrorForm:
    """Middleware: what Django itself refuses (404, 405, 400, 413, 500) takes the house's form too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; give plain failures of the framework our words."""
        response = self._get_response(request)
        ours = response.status_code < HTTPStatus.BAD_REQUEST or response.get("Content-Type", "").startswith(
            ("application/json", "application/problem")
        )
        if ours or getattr(response, "is_our_error", False) or not wants_json(request):
            return response
        return _in_our_words(request, response)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer our own errors raised by any view; leave others to Django, which logs them."""
        if isinstance(error, Error):
            return answer(request, error)
        if isinstance(error, RequestDataTooBig):
            return answer(request, errors.BODY_TOO_LARGE(where=request.path, limit=MAX_JSON_BYTES))
        if isinstance(error, SuspiciousOperation):
            return answer(request, errors.REQUEST_REFUSED(where=request.path, reason=str(error)))
        return None


def _in_our_words(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    match response.status_code:
        case HTTPStatus.NOT_FOUND:
            error = errors.PAGE_ABSENT(where=request.path)
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = response.get("Allow", "")
            error = errors.METHOD_REFUSED(where=request.path, method=request.method, allowed=allowed)
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            error = errors.SERVER_FAILED(where=request.path)
        case _:
            error = errors.REQUEST_REFUSED(where=request.path, reason=response.reason_phrase)
    made = refused(error)
    if response.has_header("Allow"):
        made["Allow"] = response["Allow"]
    return made


def page_absent(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler404`: a page in our words."""
    del exception
    return answer(request, errors.PAGE_ABSENT(where=request.path))


def request_refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler400`."""
    del exception
    return answer(request, errors.REQUEST_REFUSED(where=request.path, reason="it is malformed"))


def server_failed(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`."""
    return answer(request, errors.SERVER_FAILED(where=request.path))


# How every operation refuses, as its OpenAPI says it. 500 is no answer of ours: it is a fault, and none is promised.
_REFUSALS = {"4XX": "Refused: the error says why and what to do", "503": "Not possible at this moment"}
_ERROR_ANSWER = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["id", "what", "where", "next"],
            "properties": {
                "id": {"type": "string", "pattern": r"^[a-z0-9]+\.[a-z0-9]+-[a-z0-9-]+$"},
                "what": {"type": "string", "minLength": 1},
                "where": {"type": "string"},
                "next": {"type": "string", "minLength": 1},
                "clauses": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["id", "cite", "sentence"],
                        "properties": {name: {"type": "string"} for name in ("id", "cite", "sentence")},
                    },
                },
            },
        }
    },
}


class DescribedAPI(NinjaAPI):
    """A django-ninja API whose description also says how it refuses."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return django-ninja's OpenAPI with the house's error answer on every operation."""
        described = super().get_openapi_schema(**options)
        described["components"]["schemas"]["ErrorAnswer"] = _ERROR_ANSWER
        refusal = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}
        for operations in described["paths"].values():
            for operation in operations.values():
                for status, meaning in _REFUSALS.items():
                    operation["responses"][status] = {"description": meaning, "content": refusal}
        return described


def make_api(title: str, description: str, namespace: str) -> NinjaAPI:
    """Return a django-ninja API whose every failure has the house's form; OpenAPI at `openapi.json`, no docs page."""
    api = DescribedAPI(
        title=title,
        version="1",
        description=description,
        docs_url=None,
        openapi_url="/openapi.json",
        urls_namespace=namespace,
    )
    for kind in (Error, Http404, ninja.errors.ValidationError, ninja.errors.HttpError):
        api.add_exception_handler(kind, _api_failure)
    return api


def _api_failure(request: HttpRequest, error: Any) -> HttpResponse:
    match error:
        case Error():
            return refused(error, getattr(error, "clauses", ()))
        case Http404():
            return refused(errors.PAGE_ABSENT(where=request.path))
        case ninja.errors.ValidationError():
            return _input_refused(request, error)
        case _:  # ninja raises HttpError itself, for example for a body that is not JSON
            return refused(errors.INPUT_REFUSED(where=request.path, reason=str(error), where_named="the body"))


def _input_refused(request: HttpRequest, error: ninja.errors.ValidationError) -> HttpResponse:
    first = error.errors[0] if error.errors else {}
    place = ".".join(str(part) for part in first.get("loc", ())[1:]) or "the body"
    reason = f"{place}: {first.get('msg', 'it cannot be read')}"
    return refused(errors.INPUT_REFUSED(where=request.path, reason=reason, where_named=place))
