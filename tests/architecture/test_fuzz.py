# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever takes bytes or text from outside is thrown damaged inputs: `fuzz/parsers.py`, or the test named here."""

from __future__ import annotations

import ast
import os
import random
import re
import runpy
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from sunporch.base.errors import Error

ROOT = Path(__file__).resolve().parent.parent.parent
HOUSE = ROOT / "src" / "sunporch"
FUZZ = runpy.run_path(str(ROOT / "fuzz" / "parsers.py"))
TRIALS = 20_000 if os.environ.get("SUNPORCH_SOAK") == "1" else 60
# Whole rooms, classes or functions that need more than bytes: their junk is thrown by the test named beside them.
ELSEWHERE = {
    "custodian.keeper.Keeper.": "tests/custodian/test_keeper.py",
    "hub.cameras.actions.parse_place": "tests/hub/test_api.py",
    "hub.": "tests/hub/test_api.py",
    "portal.": "tests/portal/test_contract.py",
    "witness.cosigner.Cosigner.": "tests/witness/test_witness.py",
}


corpus = cache(FUZZ["corpus"])


def takers() -> Iterator[str]:
    """Yield each public function that parses, or has a parameter `untrusted...` of, bytes or text."""
    for path in sorted(HOUSE.rglob("*.py")):
        module = ".".join(path.relative_to(HOUSE).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        scopes = [(module, tree.body)]
        scopes += [(f"{module}.{node.name}", node.body) for node in tree.body if isinstance(node, ast.ClassDef)]
        for scope, body in scopes:
            for node in body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and takes_bytes(node):
                    yield f"{scope}.{node.name}"


def takes_bytes(node: ast.FunctionDef) -> bool:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    parses = node.name.startswith(("parse", "decode"))
    outside = [a for a in arguments if parses or a.arg.startswith("untrusted")]
    kinds = [ast.unparse(a.annotation) for a in outside if a.annotation]
    return any({"str", "bytes"} & set(kind.replace("|", " ").split()) for kind in kinds)


def test_every_parser_of_what_comes_from_outside_is_thrown_damaged_inputs():
    loose = [name for name in takers() if name not in FUZZ["TARGETS"] and not name.startswith(tuple(ELSEWHERE))]
    assert loose == []
    assert [test for test in ELSEWHERE.values() if not (ROOT / test).exists()] == []


def test_the_list_names_no_parser_that_went():
    for name in FUZZ["TARGETS"]:
        module, _, function = name.rpartition(".")
        folder = HOUSE.joinpath(*module.split("."))
        path = folder.with_suffix(".py") if folder.with_suffix(".py").exists() else folder.parent.with_suffix(".py")
        assert re.search(rf"def {function}[(\[]", path.read_text(encoding="utf-8")), name


@pytest.mark.parametrize("name", sorted(FUZZ["TARGETS"]))
def test_damaged_inputs_are_read_or_refused_by_name_and_nothing_else_falls_out(name):
    seed = int(os.environ.get("SUNPORCH_SEED", "1"))
    chance, seeds = random.Random(f"{seed} {name}"), corpus()
    for trial in range(TRIALS):
        data = FUZZ["damaged"](seeds, chance)
        try:
            FUZZ["TARGETS"][name](data)
        except Error as refused:
            assert refused.what
        except Exception as error:  # noqa: BLE001 - whatever else falls out is the find
            pytest.fail(f"seed {seed}, trial {trial}: {error!r} from {data[:200]!r}")
