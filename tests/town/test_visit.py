# SPDX-License-Identifier: AGPL-3.0-or-later
"""One person's session at a site, for the story and the town page."""

from __future__ import annotations

import json

import pytest

from sunporch.base.errors import Error
from sunporch.town.visit import Account, Visit
from tests.client.scripted import answer, scripted

SECRET = "JBSWY3DPEHPK3PXP"


def said(status: str, token: str):
    return answer(status, json.dumps({"meta": {"session_token": token}}).encode(), "Content-Type: application/json")


def hang_up(connection, asked):
    """Take the question and say nothing."""


def test_who_was_let_in_half_way_when_the_site_fell_signs_in_anew():
    password, code, found = said("401 Unauthorized", "half"), said("200 OK", "whole"), answer("200 OK", b'{"a": 1}')
    with scripted(password, hang_up, password, code, found) as server:
        visit = Visit(server.url, Account("diaz", "four words", SECRET))
        with pytest.raises(Error) as fell:
            visit.ask("GET", "/api/v1/drafts")
        assert fell.value.id.startswith("client.")
        assert visit.ask("GET", "/api/v1/drafts") == {"a": 1}
        visit.close()
    assert b"X-Session-Token: whole" in server.asked[-1]
