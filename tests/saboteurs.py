# SPDX-License-Identifier: AGPL-3.0-or-later
"""`make sabotage`: play each small wrong edit of `tests/sabotage/*.toml` in a copy; its test must fail.

`python -m tests.saboteurs [--room ROOM] [--name PART]`. A saboteur that no test notices, an edit that no longer
fits the source and a test that fails without the edit are all failures of ours.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
TIME_LIMIT = 180  # seconds for one test
SOUND_LIMIT = 1_800  # seconds for all tests of a share, unharmed
TESTS_FAILED = 1  # pytest's exit code; 2-5 mean that the test did not run at all
SITES = ("hub", "portal")
# Each test runs in a process of its own, forked from one that has read the libraries (and nothing of ours) before.
CONTEXT = multiprocessing.get_context("forkserver")
LIBRARIES = (
    "av",
    "cedarpy",
    "django.db",
    "django.test",
    "granian",
    "h3",
    "httpx",
    "hypothesis",
    "starlette.routing",
)


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


def site_of(test: str) -> str:
    """Return the Django site whose settings the test needs, or an empty text."""
    return next((name for name in SITES if test.startswith(f"tests/{name}/")), "")


def run_pytest(tree: Path, tests: list[str], said: Path) -> None:
    """Run tests of one site in the tree and end this process with pytest's exit code; `said` gets the output."""
    os.setsid()  # so that a test that hangs can be ended together with the processes that it started
    with said.open("wb") as output:
        os.dup2(output.fileno(), sys.stdout.fileno())
        os.dup2(output.fileno(), sys.stderr.fileno())
    os.chdir(tree)
    os.environ |= {"PYTHONPATH": f"{tree / 'src'}:{tree}", "PYTHONDONTWRITEBYTECODE": "1"}
    os.environ["TMPDIR"] = tempfile.tempdir = str(said.parent)  # a test that is killed cleans up nothing itself
    sys.path[:0] = [str(tree / "src"), str(tree)]
    sys.dont_write_bytecode = True
    for name in [name for name in sys.modules if name.split(".")[0] == "tests"]:
        del sys.modules[name]  # this file came from the unharmed tree
    site = site_of(tests[0])
    django = [f"--ds=sunporch.{site}.settings"] if site else ["-p", "no:django"]
    os._exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *django, *tests]))


def outcome_of(tree: Path, tests: list[str], limit: int = TIME_LIMIT) -> tuple[int, str]:
    """Run tests in a fresh process and return pytest's exit code and the end of its output."""
    with tempfile.TemporaryDirectory(prefix="sunporch-said-", ignore_cleanup_errors=True) as folder:
        said = Path(folder) / "said"
        said.touch()
        process = CONTEXT.Process(target=run_pytest, args=(tree, tests, said))
        process.start()
        process.join(limit)
        late = process.exitcode is None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.join()
        code, text = process.exitcode, said.read_text(encoding="utf-8", errors="replace")
    return (TESTS_FAILED, f"no end within {limit} s") if late else (code, text[-1500:])


def play(tree: Path, saboteur: Saboteur) -> str:
    """Play one saboteur; return an empty text if its test caught it, else what happened."""
    path = tree / saboteur.file
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace(saboteur.find, saboteur.replace), encoding="utf-8")
    try:
        code, output = outcome_of(tree, [saboteur.test])
    finally:
        path.write_text(good, encoding="utf-8")
    return "" if code == TESTS_FAILED else f"exit {code}, not {TESTS_FAILED}\n{output}"


def unsound(tree: Path, tests: set[str]) -> dict[str, str]:
    """Return what happened to each test that fails although nobody harmed the source; most often there is none."""
    found = {}
    for site in ("", *SITES):
        group = sorted(test for test in tests if site_of(test) == site)
        if group and outcome_of(tree, group, SOUND_LIMIT)[0]:
            found |= {test: said for test in group for code, said in [outcome_of(tree, [test])] if code}
    return found


def worker(share: list[Saboteur]) -> list[tuple[Saboteur, str]]:
    """Play a share of the saboteurs in a copy of its own, after checking that its tests pass unharmed."""
    results = []
    with tempfile.TemporaryDirectory(prefix="sunporch-sabotage-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        failing = unsound(tree, {saboteur.test for saboteur in share})
        for saboteur in share:
            said = failing.get(saboteur.test)
            outcome = f"its test fails without it\n{said}" if said is not None else play(tree, saboteur)
            print(f"{'caught ' if not outcome else 'MISSED '} {saboteur.room}: {saboteur.name}", flush=True)
            results.append((saboteur, outcome))
    return results


def main() -> int:
    """Play all or the chosen saboteurs; return 1 if any was missed."""
    plugins = [point.module for point in metadata.entry_points(group="pytest11")]
    CONTEXT.set_forkserver_preload(["pytest", *plugins, *LIBRARIES])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--room", help="only the saboteurs of this room")
    parser.add_argument("--name", default="", help="only those whose name holds this text")
    arguments = parser.parse_args()
    chosen = [s for s in load() if arguments.room in (None, s.room) and arguments.name in s.name]
    if not chosen:
        print("no such saboteur", file=sys.stderr)
        return 2
    shares = [share for number in range(WORKERS) if (share := chosen[number::WORKERS])]
    with concurrent.futures.ThreadPoolExecutor(max_workers=WORKERS) as pool:
        results = [result for done in pool.map(worker, shares) for result in done]
    missed = [(saboteur, outcome) for saboteur, outcome in results if outcome]
    for saboteur, outcome in missed:
        print(f"\nMISSED {saboteur.room}: {saboteur.name} ({saboteur.file}; {saboteur.test})\n{outcome}")
    print(f"{len(results) - len(missed)} caught, {len(missed)} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
