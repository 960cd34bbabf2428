# SPDX-License-Identifier: AGPL-3.0-or-later
"""The benchmarks' harness: every figure beside a peer, raw rounds kept, values recomputed from them.

`bench.py run [NAME ...] [--rounds N]` writes `benchmarks/results/NAME.json`; `bench.py check` recomputes values and
`met` of the committed results from their rounds. A script `benchmarks/NAME.py` has `rounds(n) -> dict` with
`peer`, `rounds` (a list of {"ours": x, "peer": y, ...}) and `goals` ({name, goal, unit, better, of}), where `of` is
`ratio` (median of ours/peer pair by pair) or the name of one of the rounds' columns (its median).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
PACKAGES = ("cryptography", "av", "aics-tlog", "pymerkle", "cedarpy", "granian")


def machine() -> dict[str, str | int]:
    """Describe the machine without naming it."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next(
        (line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown"
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return {"cpu": model, "cores": os.cpu_count() or 0, "memory_gib": memory, "python": platform.python_version()}


def value_of(goal: dict, rounds: list[dict]) -> float:
    """Return the goal's value: the median of the pairwise ratio or of one column."""
    if goal["of"] == "ratio":
        return round(statistics.median(item["ours"] / item["peer"] for item in rounds), 4)
    return round(statistics.median(item[goal["of"]] for item in rounds), 4)


def judge(goal: dict, rounds: list[dict]) -> dict:
    """Return the goal with its value and whether it is met, both from the rounds alone."""
    value = value_of(goal, rounds)
    met = value >= goal["goal"] if goal["better"] == "higher" else value <= goal["goal"]
    return goal | {"value": value, "met": met}


def run(name: str, count: int) -> dict:
    """Run one benchmark and return its result."""
    measured = importlib.import_module(name).rounds(count)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True)
    return {
        "machine": machine(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "command": f"benchmarks/bench.py run {name} --rounds {count}",
        "versions": {package: metadata.version(package) for package in PACKAGES},
        "peer": measured["peer"],
        "rounds": measured["rounds"],
        "goals": [judge(goal, measured["rounds"]) for goal in measured["goals"]],
    }


def check() -> int:
    """Recompute every committed result; return 1 naming what does not follow from its rounds."""
    wrong = 0
    for path in sorted(RESULTS.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        for goal in result["goals"]:
            again = judge({key: goal[key] for key in ("name", "goal", "unit", "better", "of")}, result["rounds"])
            if (again["value"], again["met"]) != (goal["value"], goal["met"]):
                print(f"{path.name}: {goal['name']} is {again['value']}, not {goal['value']}")
                wrong = 1
    return wrong


def names() -> list[str]:
    """Return all benchmarks."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem != "bench")


def main() -> int:
    """Dispatch `run` and `check`."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run", help="measure and write results")
    runner.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    runner.add_argument("--rounds", type=int, default=5)
    commands.add_parser("check", help="recompute committed results from their rounds")
    arguments = parser.parse_args()
    if arguments.command == "check":
        return check()
    sys.path.insert(0, str(HERE))
    RESULTS.mkdir(exist_ok=True)
    for name in arguments.names or names():
        result = run(name, arguments.rounds)
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        for goal in result["goals"]:
            sign = "met" if goal["met"] else "MISSED"
            print(f"{name}: {goal['name']}: {goal['value']} {goal['unit']} (goal {goal['goal']}) {sign}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
