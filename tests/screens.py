# SPDX-License-Identifier: AGPL-3.0-or-later
"""`make screens`: every page that a browser test looks at, as a picture, for people to look at.

The pictures go into the ignored folder `screens/` with one contact sheet, `screens/index.html`. Three of them are
README's and go into `docs/images/`.
"""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCREENS, IMAGES = ROOT / "screens", ROOT / "docs" / "images"
# What README shows: the picture that a test made, and what it is called there.
README = {
    "hub-appeal-390-top.png": "phone-notice.png",
    "check-refused-1280-top.png": "appeal-refused.png",
    "record-checked-1280-top.png": "record-checked.png",
}
MOST_BYTES = 300_000
# Test files that open a browser import one of these.
BROWSING = ("tests.browser", "tests.portal.office")


def browser_tests(folder: str) -> list[str]:
    """Return the test files of a folder that look at pages."""
    files = sorted((ROOT / "tests" / folder).glob("test_*.py"))
    return [
        str(file.relative_to(ROOT)) for file in files if any(word in file.read_text("utf-8") for word in BROWSING)
    ]


def look() -> int:
    """Run the tests of each site with the folder named; return the worst exit code."""
    shutil.rmtree(SCREENS, ignore_errors=True)
    environment = os.environ | {"SUNPORCH_SCREENS": str(SCREENS)}
    worst = 0
    for folder, django in (("hub", "--ds=sunporch.hub.settings"), ("portal", "--ds=sunporch.portal.settings")):
        command = [sys.executable, "-m", "pytest", "-q", django, *browser_tests(folder)]
        worst = max(worst, subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", *browser_tests("town")]
    return max(worst, subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)


def sheet() -> None:
    """Write the contact sheet."""
    shown = "".join(
        f'<figure><a href="{html.escape(picture.name)}"><img loading="lazy" src="{html.escape(picture.name)}" '
        f'alt=""></a><figcaption>{html.escape(picture.stem)}</figcaption></figure>'
        for picture in sorted(SCREENS.glob("*.png"))
    )
    style = "body{font:14px sans-serif}figure{display:inline-block;width:260px;margin:8px;vertical-align:top}"
    style += "img{width:100%;max-height:420px;object-fit:cover;object-position:top;border:1px solid #ccc}"
    page = f"<!doctype html><meta charset=utf-8><title>Screens</title><style>{style}</style>{shown}"
    (SCREENS / "index.html").write_text(page, "utf-8")


def readme() -> None:
    """Copy README's three pictures; raise ValueError for one that is missing or too large to commit."""
    IMAGES.mkdir(exist_ok=True)
    for made, name in README.items():
        picture = SCREENS / made
        if not picture.exists() or picture.stat().st_size > MOST_BYTES:
            raise ValueError(f"{made} is missing or larger than {MOST_BYTES} bytes")
        shutil.copy2(picture, IMAGES / name)


def main() -> int:
    """Make all pictures."""
    worst = look()
    sheet()
    readme()
    print(f"{len(list(SCREENS.glob('*.png')))} pictures: {SCREENS / 'index.html'}")
    return worst


if __name__ == "__main__":
    sys.exit(main())
