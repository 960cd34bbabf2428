# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules about rules: the walls that import contracts alone cannot hold."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests import generated, saboteurs

from sunporch.base.errors import all_kinds
from sunporch.docket.void import Unsettled, Void
from sunporch.verify.report import ReceiptStep, Step

ROOT = Path(__file__).resolve().parent.parent.parent
HOUSE = ROOT / "src" / "sunporch"
MOST_LINES = 500
MOST_FUNCTION_LINES = 70
MOST_ROOT_FILES = 12
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "manager", "util", "helper"}
# The lower floors must work for someone who installed nothing but the package itself.
EXTRAS = [
    "django", "ninja", "allauth", "granian", "starlette", "av", "numpy", "onnxruntime", "structlog",
    "prometheus_client", "shapely", "pygal", "aio_rtsp_toolkit", "platformdirs", "apprise", "pywebpush",
]  # fmt: skip
LOWER = ["base", "tlog", "clip", "docket", "policy", "verify", "client", "cli"]
DOORS = ["portal", "hub", "custodian", "witness", "desk", "cli"]
# Modules of ours that the verifier loads: what a stranger must read before trusting it.
VERIFIER_CLOSURE = 60


def sources() -> list[Path]:
    """Return every Python file that we wrote and that is not a migration."""
    return [p for p in HOUSE.rglob("*.py") if "migrations" not in p.parts]


def test_no_file_and_no_function_is_too_long_to_read():
    beside = [path for folder in ("tests", "benchmarks", "fuzz") for path in (ROOT / folder).rglob("*.py")]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (*sources(), *beside)}
    long = [f"{path.relative_to(ROOT)}: {size} lines" for path, size in lines.items() if size > MOST_LINES]
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > MOST_FUNCTION_LINES:
                    long.append(f"{path.relative_to(ROOT)}:{node.name}: {size} lines")
    assert long == []


def test_no_room_and_no_file_has_a_name_that_says_nothing():
    names = {part for path in sources() for part in path.relative_to(HOUSE).with_suffix("").parts}
    assert names & FORBIDDEN_NAMES == set()


def test_every_file_of_ours_names_its_licence():
    folders = ("src", "tests", "benchmarks", "fuzz")
    files = [p for folder in folders for p in (ROOT / folder).rglob("*.py") if "migrations" not in p.parts]
    bare = [
        str(p.relative_to(ROOT)) for p in files if p.stat().st_size and "SPDX-License-Identifier" not in p.read_text()
    ]
    assert bare == []


def test_the_root_of_the_house_stays_small():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    files = [name for name in listed if "/" not in name]
    folders = {name.split("/")[0] for name in listed if "/" in name and not name.startswith(".")}
    assert len(files) <= MOST_ROOT_FILES + 1  # requirements.lock stands beside pyproject.toml
    assert len(folders) <= 8


def test_every_error_id_has_a_test_that_names_it():
    generated.import_errors()
    tests = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("*.py")).replace("\\.", ".")
    assert [name for name in all_kinds() if name not in tests] == []


def test_every_saboteur_fits_the_source_and_names_a_test_that_exists():
    for saboteur in saboteurs.load():
        path, _, name = saboteur.test.partition("::")
        function = re.sub(r"\[.*", "", name.split("::")[-1])
        assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8"), saboteur.name


def test_every_error_id_clause_void_reason_and_verifier_step_has_a_saboteur():
    generated.import_errors()
    played = saboteurs.load()
    attacked = {saboteur.error for saboteur in played if saboteur.error}
    assert attacked - set(all_kinds()) == set(), "saboteurs name error ids that nobody can see"
    missing = set(all_kinds()) - attacked
    for path in (HOUSE / "policy" / "rules").glob("*.cedar"):
        for name in re.findall(r'@id\("([^"]+)"\)', path.read_text(encoding="utf-8")):
            attacks = (s for s in played if s.file.endswith(f"/{path.name}"))
            if not any(f'@id("{name}")' in s.find or s.test.endswith(f"-{name}]") for s in attacks):
                missing.add(f"{path.name}: {name}")
    for reason in (*Void, *Unsettled):
        code, case = f"{type(reason).__name__}.{reason.name}", f"[{reason.name.lower()}]"
        if not any(re.search(rf"\b{code}\b", s.find) or s.test.endswith(case) for s in played):
            missing.add(code)
    for steps, file in ((Step, "test_procedure"), (ReceiptStep, "test_receipt")):
        cases = (f"tests/verify/{file}.py::test_step_{step.number}_" for step in steps)
        missing |= {case for case in cases if not any(s.test.startswith(case) for s in played)}
    assert missing == set()


def test_every_promise_has_a_test_and_a_saboteur():
    promised = list(generated.marked_tests("promise"))
    sabotaged = generated.sabotaged_tests()
    caught = {promise for promise, test in promised if test in sabotaged}
    assert {"1", "2", "3", "4", "5", "6", "7", "11", "12"} - caught == set()


BLOCKER = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if any(name == absent or name.startswith(absent + ".") for absent in {absent!r}):
            raise ModuleNotFoundError(f"No module named {{name!r}} (not installed here)", name=name)
sys.meta_path.insert(0, Absent())
"""


def run_without(absent: list[str], code: str) -> subprocess.CompletedProcess[str]:
    """Run the code in a process for which the modules are not installed."""
    program = BLOCKER.format(absent=absent) + code
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.parametrize("room", LOWER)
def test_an_empty_house_without_extras_still_has_its_lower_floors(room):
    walk = (
        f"import importlib, pkgutil, sunporch.{room} as room\n"
        "for m in pkgutil.walk_packages(room.__path__, room.__name__ + '.'):\n"
        "    importlib.import_module(m.name)\n"
    )
    done = run_without(EXTRAS, walk)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("door", DOORS)
def test_each_door_opens_with_the_others_bricked_up(door):
    others = [f"sunporch.{other}" for other in DOORS if other != door] + ["sunporch.town"]
    module = "main" if door == "cli" else "command"
    done = run_without(others, f"import sunporch.{door}.{module}")
    assert done.returncode == 0, done.stderr


def test_what_the_verifier_loads_stays_small_enough_to_read():
    code = "import sys, json, sunporch.verify.procedure\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = [name for name in json.loads(done.stdout) if name.startswith("sunporch")]
    assert len(loaded) <= VERIFIER_CLOSURE, sorted(loaded)


def test_every_command_of_the_package_can_be_loaded():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for place in scripts["project"]["entry-points"]["sunporch.commands"].values():
        module, _, name = place.partition(":")
        assert importlib.util.find_spec(module) is not None, place
        assert f"def {name}(" in Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8"), place


def test_nothing_committed_names_a_registry_or_this_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in listed if name.endswith(("uv.lock", ".python-version"))] == []
    locks = [ROOT / "requirements.lock", ROOT / "tests" / "requirements.lock"]
    assert [p.name for p in locks if "://" in p.read_text(encoding="utf-8")] == []


@pytest.mark.requirement("R38")
def test_the_house_has_no_word_for_advertising_and_none_for_rewarding_whoever_shares_or_signs_up():
    words = r"\b(?:(?:advert|referral|coupon|discount|subsid|sponsor|affiliate|voucher|reward)\w*|promo(?:tion)?s?\b)"
    kinds = {".py", ".html", ".js", ".css", ".json", ".cedar", ".po", ".txt"}
    sources = [path for path in (ROOT / "src").rglob("*") if path.suffix in kinds]
    assert len(sources) > 100
    found = {p.relative_to(ROOT): re.findall(words, p.read_text(encoding="utf-8"), re.IGNORECASE) for p in sources}
    assert {path: names for path, names in found.items() if names} == {}
