# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from sunporch.web import settings as web_settings
from sunporch.web.settings import CONTENT_SECURITY_POLICY, site, sqlite

STYLES = Path(web_settings.__file__).parent / "static" / "web" / "sunporch.css"


def made(name: str = "portal") -> dict:
    return site(
        name=name,
        apps=["x"],
        urlconf="u",
        context="c",
        database=Path("/nowhere/db"),
        secret_key="k" * 40,
        hosts=["localhost"],
    )


def test_the_embedded_database_is_set_so_that_no_acknowledged_write_is_lost():
    options = sqlite(Path("db"))["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    base = sqlite3.connect(":memory:")
    for statement in options["init_command"].split(";"):
        base.execute(statement)
    assert base.execute("PRAGMA synchronous").fetchone() == (2,)
    assert base.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert "journal_mode=WAL" in options["init_command"]
    base.close()


@pytest.mark.requirement("R38")
def test_the_policy_allows_no_inline_script_no_style_and_no_stranger():
    text = " ".join(f"{name} {' '.join(map(str, sources))}" for name, sources in CONTENT_SECURITY_POLICY.items())
    assert "unsafe" not in text
    assert "http" not in text
    assert "default-src 'self'" in text


def test_two_sites_on_one_machine_have_cookies_of_their_own():
    portal, hub = made("portal"), made("hub")
    assert portal["SESSION_COOKIE_NAME"] == "portal_session"
    assert hub["CSRF_COOKIE_NAME"] == "hub_csrf"
    portal["SECURE_CSP"]["default-src"].append("x")
    assert "x" not in CONTENT_SECURITY_POLICY["default-src"]


def test_nothing_is_logged_about_who_asked_for_what():
    logging = made()["LOGGING"]
    assert logging["loggers"]["django.request"]["level"] == "ERROR"
    assert "REMOTE" not in str(logging)
    assert made()["CACHES"]["default"]["BACKEND"].endswith("LocMemCache")


def test_the_stylesheet_loads_nothing_and_its_text_is_readable_on_its_ground():
    text = STYLES.read_text(encoding="utf-8")
    assert "url(" not in text
    assert "@import" not in text
    light, dark = (dict(re.findall(r"--(\w[\w-]*): (#[0-9a-f]{3,6})", part)) for part in text.split("@media", 2)[:2])
    for tokens in (light, {**light, **dark}):
        for ink, ground in (
            ("ink", "paper"), ("quiet", "paper"), ("quiet", "sheet"), ("link", "paper"), ("link", "sheet"),
            ("public", "public-soft"), ("ended", "ended-soft"), ("ink", "sun-soft"), ("quiet", "ended-soft"),
        ):  # fmt: skip
            assert contrast(tokens[ink], tokens[ground]) >= 4.5, (ink, ground)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
