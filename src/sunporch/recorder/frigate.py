# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking a Frigate of this home which cameras it passes on (its restream): one question, and a login before it."""

from __future__ import annotations

import json
from urllib.parse import quote

from sunporch.base.clock import Clock, SystemClock
from sunporch.base.errors import Error
from sunporch.recorder.asking import Answer, Question, ask
from sunporch.recorder.discovery import MAX_FOUND, FoundCamera, shown
from sunporch.recorder.errors import FRIGATE_ABSENT, FRIGATE_REFUSED, FRIGATE_STREAMLESS
from sunporch.recorder.onvif import Service

RESTREAM_PORT = 8554
TALK_SECONDS = 10.0
# The settings of a Frigate with many cameras, all of which it tells at once.
MAX_CONFIG = 4 * 1024 * 1024


def streams_of(service: Service, username: str, password: str, clock: Clock | None = None) -> tuple[FoundCamera, ...]:
    """Return what a Frigate passes on, by the rtsp:// address of each; an empty `username` signs in nowhere.

    Raises `recorder.frigate-absent`, `recorder.frigate-refused`, `recorder.frigate-streamless`.
    """
    clock = clock or SystemClock()
    until = clock.monotonic() + TALK_SECONDS
    known: dict[str, str | bytes] = {}
    if username:
        login = json.dumps({"user": username, "password": password}).encode()
        question = Question("/api/login", login, {"Content-Type": "application/json"})
        signed_in = _ask(service, question, clock, until)
        known = {"Cookie": "; ".join(told.partition(";")[0] for told in signed_in.all("Set-Cookie"))}
    answer = _ask(service, Question("/api/config", b"", known, "GET", MAX_CONFIG), clock, until)
    names = parse_streams(answer.body, service.host)
    host = f"[{service.host}]" if ":" in service.host else service.host
    return tuple(
        FoundCamera(f"rtsp://{host}:{RESTREAM_PORT}/{quote(name, safe='')}", shown(name), "Frigate")
        for name in names[:MAX_FOUND]
    )


def _ask(service: Service, question: Question, clock: Clock, until: float) -> Answer:
    try:
        answer = ask((service.host, service.port), question, clock, until, tls=service.tls)
    except Error as error:
        raise FRIGATE_ABSENT(where=service.host) from error
    if answer.refused:
        raise FRIGATE_REFUSED(where=service.host)
    return answer


def parse_streams(untrusted_config: bytes, where: str) -> list[str]:
    """Return the names of what it passes on; raises `recorder.frigate-absent`, `recorder.frigate-streamless`."""
    try:
        streams = json.loads(untrusted_config)["go2rtc"]["streams"]
        names = sorted(filter(str.isprintable, streams.keys()))
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise FRIGATE_ABSENT(where=where) from error
    if not names:
        raise FRIGATE_STREAMLESS(where=where)
    return names
