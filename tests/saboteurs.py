# SPDX-License-Identifier: AGPL-3.0-or-later
"""`make sabotage`: play each small wrong edit of `tests/sabotage/*.toml` in a copy; its test must fail.

`python -m tests.saboteurs [--room ROOM] [--name PART]`. A saboteur that no test notices, an edit that no longer
fits the source and a test that fails without the edit are all failures of ours.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
TIME_LIMIT = 180  # seconds for one test
TESTS_FAILED = 1  # pytest's exit code; 2-5 mean that the test did not run at all
SITES = ("hub", "portal")


@dataclass(frozen=True)
class Saboteur:
    """One wrong edit and the test that must notice it."""

    room: str
    name: str
    file: str
    find: str
    replace: str
    test: str
    error: str = ""  # the error id that nobody would see if this edit went unnoticed


def load() -> list[Saboteur]:
    """Return all saboteurs; raise ValueError naming the one that no longer fits the source."""
    found = []
    for path in sorted((ROOT / "tests" / "sabotage").glob("*.toml")):
        for item in tomllib.loads(path.read_text(encoding="utf-8")).get("sabotage", []):
            found.append(Saboteur(path.stem, **item))
    names = [saboteur.name for saboteur in found]
    if len(set(names)) != len(names):
        raise ValueError(f"saboteur named twice: {next(n for n in names if names.count(n) > 1)}")
    for saboteur in found:
        source = (ROOT / saboteur.file).read_text(encoding="utf-8")
        if source.count(saboteur.find) != 1:
            raise ValueError(f"{saboteur.name}: found {source.count(saboteur.find)} times in {saboteur.file}")
    return found


def copy_tree(target: Path) -> None:
    """Copy what git tracks, and what it does not ignore, as it stands in the work tree."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


def pytest(tree: Path, test: str) -> tuple[int, str]:
    """Run one test in the tree and return exit code and output."""
    site = next((name for name in SITES if test.startswith(f"tests/{name}/")), None)
    django = [f"--ds=sunporch.{site}.settings"] if site else ["-p", "no:django"]
    environment = os.environ | {"PYTHONPATH": f"{tree / 'src'}:{tree}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *django, test]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return TESTS_FAILED, f"no end within {TIME_LIMIT} s"
    return done.returncode, done.stdout + done.stderr


def play(tree: Path, saboteur: Saboteur) -> str:
    """Play one saboteur; return an empty text if its test caught it, else what happened."""
    path = tree / saboteur.file
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace(saboteur.find, saboteur.replace), encoding="utf-8")
    try:
        code, output = pytest(tree, saboteur.test)
    finally:
        path.write_text(good, encoding="utf-8")
    if code == TESTS_FAILED:
        return ""
    return f"exit {code}, not {TESTS_FAILED}\n{output[-1500:]}"


def worker(number: int, share: list[Saboteur]) -> list[tuple[Saboteur, str]]:
    """Play a share of the saboteurs in a copy of its own, after checking that its tests pass unharmed."""
    del number
    results = []
    with tempfile.TemporaryDirectory(prefix="sunporch-sabotage-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        sound: dict[str, str] = {}
        for test in sorted({saboteur.test for saboteur in share}):
            code, output = pytest(tree, test)
            sound[test] = "" if code == 0 else f"its test fails without it: exit {code}\n{output[-1500:]}"
        for saboteur in share:
            outcome = sound[saboteur.test] or play(tree, saboteur)
            print(f"{'caught ' if not outcome else 'MISSED '} {saboteur.room}: {saboteur.name}", flush=True)
            results.append((saboteur, outcome))
    return results


def main() -> int:
    """Play all or the chosen saboteurs; return 1 if any was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--room", help="only the saboteurs of this room")
    parser.add_argument("--name", default="", help="only those whose name holds this text")
    arguments = parser.parse_args()
    chosen = [s for s in load() if arguments.room in (None, s.room) and arguments.name in s.name]
    if not chosen:
        print("no such saboteur", file=sys.stderr)
        return 2
    shares = [chosen[number::WORKERS] for number in range(WORKERS)]
    with concurrent.futures.ThreadPoolExecutor(max_workers=WORKERS) as pool:
        results = [result for done in pool.map(worker, range(WORKERS), shares) for result in done]
    missed = [(saboteur, outcome) for saboteur, outcome in results if outcome]
    for saboteur, outcome in missed:
        print(f"\nMISSED {saboteur.room}: {saboteur.name} ({saboteur.file}; {saboteur.test})\n{outcome}")
    print(f"{len(results) - len(missed)} caught, {len(missed)} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
