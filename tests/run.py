# SPDX-License-Identifier: AGPL-3.0-or-later
"""`make test`: pytest runs beside each other, because Django's settings are one per process.

Coverage of all runs is combined at the end.
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
# Rooms whose rules are the product: every branch is shown by a test.
FULL_COVERAGE = ("docket", "policy", "clip", "tlog", "verify")
# The rest may only get better.
LEAST_COVERAGE = 80


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
    wanted["core"] = [*(f"tests/{room}" for room in core), "-p", "no:django"]
    return wanted


def run(name: str, arguments: list[str]) -> tuple[str, int, str]:
    """Run one pytest process and return its name, exit code and output."""
    environment = os.environ | {"COVERAGE_FILE": str(ROOT / f".coverage.{name}"), "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
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
    """Combine the runs' coverage; return 1 if a room lies below its mark."""
    tool = [sys.executable, "-m", "coverage"]
    subprocess.run([*tool, "combine", "--quiet"], cwd=ROOT, check=False)
    worst = 0
    for room in FULL_COVERAGE:
        report = [*tool, "report", f"--include=src/sunporch/{room}/*", "--fail-under=100"]
        done = subprocess.run(report, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"coverage of {room} is below 100 %:\n{done.stdout}")
            worst = 1
    total = subprocess.run(
        [*tool, "report", f"--fail-under={LEAST_COVERAGE}"], cwd=ROOT, capture_output=True, text=True
    )
    print("coverage: " + next((line for line in total.stdout.splitlines() if line.startswith("TOTAL")), "none"))
    return worst or (1 if total.returncode else 0)


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
