# SPDX-License-Identifier: AGPL-3.0-or-later
"""Documents that cannot rot because tests read them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "spec").rglob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page):
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_file_that_the_architecture_names_is_there():
    named = re.findall(r"`([a-z]+/[a-z_]+\.py)`", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not (ROOT / "src" / "sunporch" / name).exists()] == []


def test_every_room_stands_in_the_architecture():
    table = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = [p.name for p in (ROOT / "src" / "sunporch").iterdir() if (p / "__init__.py").exists()]
    assert [room for room in rooms if f"| `{room}` |" not in table] == []


def test_the_commands_of_the_readme_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"^make (\w+)", readme, re.M)):
        assert re.search(rf"^{target}:", targets, re.M), target
    options = set(re.findall(r"sunporch demo[^\n]*", readme))
    usage = subprocess.run(["sunporch", "demo", "--help"], capture_output=True, text=True, check=True).stdout
    for option in {word for line in options for word in re.findall(r"--[a-z]+", line)}:
        assert option in usage, option


def test_no_more_than_one_line_of_the_glossary_explains_a_word():
    words = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.M)
    assert len(words) == len(set(words))
