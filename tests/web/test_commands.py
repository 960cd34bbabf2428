# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the house quotes to be typed stands as that on a page, whatever a stranger put into the sentence."""

from __future__ import annotations

import pytest

from sunporch.web.templatetags.commands import typed


@pytest.mark.parametrize(("sentence", "shown"), [
    ("Run `sunporch verify`, or `make test`.", "Run <code>sunporch verify</code>, or <code>make test</code>."),
    ("Run it & wait.", "Run it &amp; wait."),
    ("`<b>` is refused", "<code>&lt;b&gt;</code> is refused"),
    ("a camera called ` <b>", "a camera called ` &lt;b&gt;"),
])  # fmt: skip
def test_a_command_stands_as_one_and_nothing_else_becomes_markup(sentence, shown):
    assert typed(sentence) == shown
