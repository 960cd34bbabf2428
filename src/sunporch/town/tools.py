# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command-line tools of the cast, run as they would: `sunporch desk open` and `sunporch verify`."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunporch.town import keys, parts
from sunporch.town.errors import DESK_REFUSED, RECORD_UNSOUND, TOOL_BROKEN
from sunporch.town.town import Town

TOOL_SECONDS = 180
# A code that ran out while it was typed is refused; people then type the next one.
CODES = 2
CODE_REFUSED = "http.status-400"


@dataclass(frozen=True)
class Opened:
    """What `sunporch desk open` brought: log index of the opening, the video file, its SHA-256 (hex)."""

    access: int
    file: Path
    sha256: str


def open_clip(town: Town, who: str, clip: int) -> Opened:
    """Open a shared clip as the officer; raises `town.desk-refused`, whose params hold the tool's own error."""
    layout, account = town.layout, town.account(who)
    file = layout.folder / "opened" / f"clip-{clip}-{who}.mp4"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    command = (
        *("desk", "open", str(clip), "--portal", layout.url("portal"), "--pin", str(layout.pin)),
        *("--key", str(keys.key_file(layout.people, who)), "--out", str(file), "--json"),
    )
    for _ in range(CODES):
        secrets = {"SUNPORCH_DESK_PASSWORD": account.password, "SUNPORCH_DESK_CODE": account.fresh_code()}
        said = _json(_run(town, command, secrets), "desk open")
        if said.get("error", {}).get("id") != CODE_REFUSED:
            break
    return _opened(said, who, clip)


def _opened(said: dict[str, Any], who: str, clip: int) -> Opened:
    if "error" in said:
        error = said["error"]
        raise DESK_REFUSED(where=f"clip {clip}", who=who, said=f"{error['what']} [{error['id']}]", error=error)
    return Opened(said["access"], Path(said["file"]), said["sha256"])


def verify(town: Town) -> dict[str, Any]:
    """Verify the whole record as a stranger who only has the pin; raises `town.record-unsound`."""
    command = ("verify", town.layout.url("portal"), "--pin", str(town.layout.pin), "--json")
    report = _json(_run(town, command, {}), "verify")
    if not report.get("ok"):
        wrong = [f for step in report.get("steps", []) for f in step["findings"] if f["level"] == "alarm"]
        raise RECORD_UNSOUND(where=town.layout.log_url, found=json.dumps(wrong or report)[:1_000])
    return report


def _run(town: Town, command: tuple[str, ...], secrets: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        parts.sunporch(*command),
        env=os.environ | parts.environment(town.layout) | secrets,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TOOL_SECONDS,
        check=False,
    )


def _json(done: subprocess.CompletedProcess[str], tool: str) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        said = (done.stderr or done.stdout).strip()[-1_000:]
        raise TOOL_BROKEN(where=tool, tool=tool, said=said) from error
    return answer
