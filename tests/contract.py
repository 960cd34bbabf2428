# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a stranger's tool (schemathesis) holds a running site to: its own OpenAPI, and the house's form of a refusal.

Callers come from many loopback addresses, so that the limits per address do not hide what lies behind them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from sunporch.base.errors import all_kinds

# So many calls of each operation: enough to see each refusal in CI, and a long walk in `make soak`.
CALLS, SOAK_CALLS = 14, 1_000
_CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
_ADDRESSES = (f"127.0.{a}.{b}" for a, b in itertools.cycle(itertools.product(range(1, 200), range(1, 250))))


# What nobody means: beyond any number, in letters that are digits elsewhere, of no letters, far too long.
NONSENSE = ("1e308", "9" * 40, "\u0661\u0662", "\x00", "a" * 5_000)
# What pages read of their address, besides what their forms name.
_READ = ("at", "until", "from", "to", "after", "page", "q")


class _FromAddress(HTTPAdapter):
    """Connects from one of the many addresses of this machine's loopback."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self._address, 0), **kwargs)


def call(base: str, case, headers: Mapping[str, str]) -> int:
    """Send a call to the site at `base`, as nobody where there are no headers; return its status.

    Raises what the answer breaks of the description, or of the form that a refusal has.
    """
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", _FromAddress(next(_ADDRESSES)))
        answer = case.call(base_url=base, session=session, headers=dict(headers), timeout=60)
    more = [] if headers else [checks.ignored_auth]
    case.validate_response(answer, checks=_CHECKS + more, headers=dict(headers))
    if answer.status_code >= 400:
        _check_form(answer)
    return answer.status_code


def _check_form(answer) -> None:
    """Hold a refusal to the house's form: an id that the reference lists, two whole sentences, nothing else."""
    (name, error), *more = answer.json().items()
    assert (name, more) == ("error", [])
    assert set(error) - {"clauses"} == {"id", "what", "where", "next", "params"}, error
    assert error["id"] in all_kinds(), error
    for sentence in (error["what"], error["next"]):
        assert re.search(r"[.!?]$", sentence.strip()), error


def described(base: str) -> dict[tuple[str, str], Any]:
    """Return the operations of the site's own description, by (method, path below `/api/v1`)."""
    schema = schemathesis.openapi.from_url(f"{base}/api/v1/openapi.json")
    found = [result.ok() for result in schema.get_all_operations()]
    return {(one.method.upper(), one.path.removeprefix("/api/v1")): one for one in found}


def season(draw, case, places: Mapping[str, Any], real: bytes | Mapping[str, Any] | None) -> None:
    """Put what exists there into some places of a well-formed call, so that it gets past the first check."""
    for name in case.path_parameters:
        if draw(st.booleans()):
            case.path_parameters[name] = places[name]
    if isinstance(real, bytes) and draw(st.booleans()):
        case.body = real
    elif isinstance(real, dict) and isinstance(case.body, dict):
        case.body = case.body | {name: real[name] for name in sorted(real) if draw(st.booleans())}


def wander(operation, act: Callable[[Any, Any, bool], None], *, soak: bool) -> None:
    """Let `act(draw, case, well_formed)` make many calls of an operation, well-formed and not."""

    @settings(
        max_examples=SOAK_CALLS if soak else CALLS,
        derandomize=not soak,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def play(data) -> None:
        good = data.draw(st.sampled_from([True, True, False]))
        mode = schemathesis.GenerationMode.POSITIVE if good else schemathesis.GenerationMode.NEGATIVE
        act(data.draw, data.draw(operation.as_strategy(generation_mode=mode)), good)

    play()


def nonsense(client, address: str, values: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str, str, int]]:
    """Look at a page and send its forms with nonsense; yield (method, path, what was sent, status)."""
    found = re.sub(r"<\w+:(\w+)>", lambda name: str(values.get(name[1], ["x"])[0]), address)
    beyond = re.sub(r"<(\w+):\w+>", lambda kind: "9" * 30 if kind[1] == "int" else "x", address)
    for path in sorted({f"/{found}", f"/{beyond}"}):
        answer = client.get(path)
        shown = "" if answer.streaming else answer.content.decode("utf-8", "replace")
        names = {*re.findall(r'name="([\w-]+)"', shown), *_READ}
        for word in NONSENSE:
            for method in ("get", "post"):
                answer = getattr(client, method)(path, dict.fromkeys(sorted(names), word))
                yield method, path, word, answer.status_code
