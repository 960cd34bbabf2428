# SPDX-License-Identifier: AGPL-3.0-or-later
"""Is it alive, is it ready, how much of what: for operators and their machines, without anything about people."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from sunporch.portal.board import store
from sunporch.portal.board.models import Outgoing, OutgoingState
from sunporch.portal.record import public_record
from sunporch.web.pings.models import Ping, Way


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    del request
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether it can do its work: database, record and the folder of the log are there."""
    del request
    connection.ensure_connection()
    with public_record().reading() as state:
        size = state.size
    ready = settings.SUNPORCH.log_dir.is_dir()
    held = store.held()
    body = {"ready": ready, "size": size, "held": held is not None}
    return JsonResponse(body, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return gauges in Prometheus' form; no label names a person, a clip or an agency."""
    del request
    registry = CollectorRegistry()
    shown, held = store.shown(), store.held()
    now = public_record().now()
    values = {
        "sunporch_record_entries": ("Entries that are co-signed and shown", shown.size if shown else 0),
        "sunporch_checkpoint_age_seconds": (
            "Age of the newest co-signed checkpoint",
            now - shown.cosigned_at if shown else 0,
        ),
        "sunporch_checkpoint_cosigners": ("Co-signers of the newest checkpoint", shown.cosigners if shown else 0),
        "sunporch_outbox_entries": (
            "Entries waiting to be recorded",
            Outgoing.objects.filter(state=OutgoingState.QUEUED).count(),
        ),
        "sunporch_outbox_held": ("1 while too few co-signers answer", int(held is not None)),
        "sunporch_notices_waiting": ("Notices to people on their way", Ping.objects.count()),
        "sunporch_notices_troubled": (
            "Ways to people whose last notice was not taken",
            Way.objects.exclude(trouble_id="").count(),
        ),
    }
    for name, (words, value) in values.items():
        Gauge(name, words, registry=registry).set(value)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
