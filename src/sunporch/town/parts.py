# SPDX-License-Identifier: AGPL-3.0-or-later
"""How each part of the town is made and run: by the `sunporch` entry point, never by an import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sunporch.base.clock import OFFSET_VARIABLE
from sunporch.town.errors import SETUP_FAILED
from sunporch.town.layout import Layout
from sunporch.town.supervisor import Part

SETUP_SECONDS = 120
SET_UP_TOGETHER = 4
HUBS = ("hub", "hub-omar")


def sunporch(*arguments: str) -> tuple[str, ...]:
    """Return the command line that runs `sunporch ARGUMENTS` with this Python."""
    return (sys.executable, "-m", "sunporch.cli.main", *arguments)


def environment(layout: Layout) -> dict[str, str]:
    """Return what every process of the town finds in its environment besides ours: the town clock."""
    return {OFFSET_VARIABLE: str(layout.clock.resolve())}


def set_up(layout: Layout, *arguments: str) -> dict[str, Any]:
    """Run `sunporch ARGUMENTS` to its end and return the JSON object that it printed last; `town.setup-failed`."""
    done = subprocess.run(
        sunporch(*arguments),
        env=os.environ | environment(layout),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SETUP_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise SETUP_FAILED(command=" ".join(arguments[:2]), output=(done.stderr or done.stdout).strip())
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def set_up_together(layout: Layout, commands: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Run several set-up commands side by side and return what each printed, in their order."""
    with ThreadPoolExecutor(max_workers=SET_UP_TOGETHER) as pool:
        return list(pool.map(lambda command: set_up(layout, *command), commands))


def config(layout: Layout, part: str) -> Path:
    """Return the settings file that the part's `init` wrote."""
    door = "hub" if part in HUBS else part.partition("-")[0]
    return layout.data(part) / f"{door}.toml"


def door(layout: Layout, part: str) -> Part:
    """Return a front door of the town: portal, a hub, the custodian or a witness."""
    room = "hub" if part in HUBS else part.partition("-")[0]
    command = sunporch(room, "run", "--config", str(config(layout, part)), "--parent-pipe")
    return Part(part, command, layout.port(part), layout.log(part))


def camera(layout: Layout, footage: Path) -> Part:
    """Return the virtual camera, which serves the footage in a loop."""
    command = (sys.executable, "-m", "sunporch.town.camera", "--file", str(footage.resolve()))
    whole = (*command, "--port", str(layout.port("camera")), "--parent-pipe")
    return Part("camera", whole, layout.port("camera"), layout.log("camera"), probe="")


def page(layout: Layout) -> Part:
    """Return the town page's process."""
    command = sunporch("demo", "--serve-page", str(layout.folder), "--ports", str(layout.base))
    return Part("page", command, layout.port("page"), layout.log("page"))
