# SPDX-License-Identifier: AGPL-3.0-or-later
"""`make test`: pytest runs beside each other, because Django's settings are one per process.

Coverage is counted twice over: branches where the rules are (`core`), statements where pages and processes are. The
two cannot be joined, and counting statements costs a tenth of what branches do.
"""

from __future__ import annotations

import concurrent.futures
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
SITES = {"hub": "sunporch.hub.settings", "portal": "sunporch.portal.settings"}
STORY = ("story", "town")
# The tests of a site last longest: in parts, none of them is left running alone.
PARTS = 2
# They wait for processes and pages more than they compute: so many keep two cores busy, to the end.
BESIDE = 4
# Rooms whose rules are the product: every branch is shown by a test of their own floor.
FULL_COVERAGE = ("docket", "policy", "clip", "tlog", "verify")
# Rooms that are tested through running sites and towns, by statements; all others by branches, in `core`.
THROUGH_SITES = ("hub", "portal", "web", "town")
# They may only get better.
LEAST_COVERAGE = {"core": 93, "sites": 90}


def runs() -> dict[str, list[str]]:
    """Return the pytest arguments of each run by name."""
    rooms = sorted(p.name for p in TESTS.iterdir() if p.is_dir() and any(p.rglob("test_*.py")))
    core = [room for room in rooms if room not in SITES and room not in STORY]
    # In a soak a whole town falls down at every step, once for each process: three towns fit beside each other.
    beside = ["-n", "3"] if os.environ.get("SUNPORCH_SOAK") == "1" else []
    wanted = {}
    for site, settings in SITES.items():
        files = sorted(str(path.relative_to(ROOT)) for path in (TESTS / site).glob("test_*.py"))
        for number in range(PARTS):
            wanted[f"{site}-{number + 1}"] = [*files[number::PARTS], f"--ds={settings}"]
    wanted["story"] = [*(f"tests/{room}" for room in STORY), *beside]
    wanted["core"] = [*(f"tests/{room}" for room in core), "-p", "no:django", "--cov-branch"]
    return wanted


def run(name: str, arguments: list[str]) -> tuple[str, int, str]:
    """Run one pytest process and return its name, exit code and output."""
    environment = os.environ | {"COVERAGE_FILE": str(ROOT / f".coverage.{name}"), "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
    if "--cov-branch" not in arguments:
        environment["COVERAGE_CORE"] = "sysmon"  # PEP 669; counts statements alone before Python 3.14
    command = [sys.executable, "-m", "pytest", "-q", "--durations=10", "--cov=sunporch", "--cov-report=", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return name, done.returncode, done.stdout + done.stderr


def counts(output: str) -> tuple[int, int]:
    """Return (passed, failed) of pytest's closing line."""
    closing = next(
        (line for line in reversed(output.splitlines()) if re.search(r"\d+ (passed|failed|error)", line)), ""
    )
    found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?)", closing)}
    return found.get("passed", 0), found.get("failed", 0) + found.get("error", 0) + found.get("errors", 0)


def coverage() -> int:
    """Say how much each part covers; return 1 where one lies below its mark."""
    sites = [f".coverage.{name}" for name in runs() if name != "core"]
    _coverage("combine", "--quiet", "--data-file=.coverage.sites", *sites)
    through = ",".join(f"src/sunporch/{room}/*" for room in THROUGH_SITES)
    worst = 0
    for room in FULL_COVERAGE:
        worst |= _report(room, "core", 100, f"--include=src/sunporch/{room}/*")
    worst |= _report("core", "core", LEAST_COVERAGE["core"], f"--omit={through}")
    return worst | _report("sites", "sites", LEAST_COVERAGE["sites"], f"--include={through}")


def _report(part: str, data: str, least: int, which: str) -> int:
    """Print what a part covers, and what it lacks where that is less than its mark; return 1 for that."""
    done = _coverage("report", f"--data-file=.coverage.{data}", f"--fail-under={least}", which)
    total = next((line for line in done.stdout.splitlines() if line.startswith("TOTAL")), "nothing was counted")
    print(f"coverage of {part}: {total}")
    if done.returncode:
        print(f"... less than {least} %:\n{done.stdout}{done.stderr}")
    return 1 if done.returncode else 0


def _coverage(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "coverage", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def main() -> int:
    """Run all, print the output of failed ones and the totals; return the exit code."""
    passed = failed = worst = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=BESIDE) as pool:
        for future in concurrent.futures.as_completed(pool.submit(run, *item) for item in runs().items()):
            name, code, output = future.result()
            worst = max(worst, code)
            good, bad = counts(output)
            passed, failed = passed + good, failed + bad
            slow = output[output.find("slowest") :] if not code and "slowest" in output else output
            print(f"== {name}: exit {code}\n{slow}", flush=True)
    worst = max(worst, coverage())
    print(f"{passed} passed, {failed} failed")
    return worst


if __name__ == "__main__":
    sys.exit(main())
