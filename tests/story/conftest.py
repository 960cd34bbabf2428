# SPDX-License-Identifier: AGPL-3.0-or-later
"""The story is played once a session by its own command; most tests look at what it left."""

from __future__ import annotations

import pytest

from tests.story.plays import Play, play


@pytest.fixture(scope="session")
def played(tmp_path_factory) -> Play:
    done = play(tmp_path_factory.mktemp("story"))
    assert done.code == 0, done.text
    return done
