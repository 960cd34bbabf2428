# SPDX-License-Identifier: AGPL-3.0-or-later
"""The published vectors: one for everything that the verification finds, and that the check of a receipt refuses."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from sunporch.base.errors import Error, all_kinds
from sunporch.docket.void import Unsettled
from sunporch.verify import content, procedure, receipt
from sunporch.verify.pin import Pin
from sunporch.verify.report import ReceiptStep, Step
from tests.verify.vectors import TARGET, read_back

CASES = sorted(path.name for path in TARGET.glob("[0-9]*.json"))
SOUND = json.loads((TARGET / "sound.json").read_text(encoding="utf-8"))
PIN = Pin.parse(json.dumps(SOUND["pin"]))


def pin_of(case):
    """Return the case's own pin (None: none), or that of the sound log."""
    if "pin" not in case:
        return PIN
    return Pin.parse(json.dumps(case["pin"])) if case["pin"] else None


def run(case):
    files = case.get("only", SOUND["files"]) | case["files"]
    return procedure.run({path: read_back(data) for path, data in files.items()}.get, pin_of(case), case["now"])


def test_the_sound_log_is_sound():
    report = run(SOUND | {"files": {}})
    assert report.ok
    assert not any(result.findings for result in report.steps.values())


@pytest.mark.parametrize("name", CASES)
def test_each_case_is_found_at_its_step(name):
    case = json.loads((TARGET / name).read_text(encoding="utf-8"))
    found = [step.number for step, result in run(case).steps.items() if result.findings]
    assert found == ([case["step"]] if case["step"] else []), name


def test_every_step_has_a_vector():
    assert {int(name.partition("-")[0]) for name in CASES} == {0, *(step.number for step in Step)}


def test_the_receipt_is_sound_and_each_changed_one_is_refused_at_its_step():
    good = (TARGET / "receipt.json").read_bytes()
    assert receipt.check(good, PIN).ok
    refused = json.loads((TARGET / "receipts-refused.json").read_text(encoding="utf-8"))
    checked = {name: receipt.check(case["receipt"].encode(), pin_of(case)) for name, case in refused.items()}
    steps = {name: report.first_wrong() for name, report in checked.items()}
    assert {name: step.number for name, step in steps.items()} == {n: case["step"] for n, case in refused.items()}
    assert set(steps.values()) == set(ReceiptStep)


def test_a_text_that_only_looks_like_a_pin_is_refused():
    for name, text in json.loads((TARGET / "pins-refused.json").read_text(encoding="utf-8")).items():
        with pytest.raises(Error) as caught:
            Pin.parse(text)
        assert caught.value.id == "verify.pin-malformed", name


# Nothing that a verifier finds is without its vector

# What a single reading of finished files cannot find: a tail that read before does (log/trees-refused.json), or the
# reader of an address finds it, or a program that asks for what it never read.
NOT_IN_FILES = {"tlog.rollback-found", "client.answer-oversize", "verify.index-unknown"}
# Files that are checked by themselves have vectors of their own: receipts, pins, and films (spec/vectors/film).
OTHER_FILES = {
    *("verify.pin-malformed", "verify.receipt-malformed", "verify.receipt-refused"),
    *("verify.film-proof-malformed", "verify.film-foreign", "verify.film-altered"),
}
RECEIPT_CHECK = {
    "_parse",
    "_parse_proven",
    "_malformed",
    "_policy",
    "_seen",
    "_entry",
    "_share",
    "_custody",
    "_withdrawal",
}


def findings() -> set[str]:
    """Return the ids of everything that the vectors make a verifier find."""
    cases = [json.loads((TARGET / name).read_text(encoding="utf-8")) for name in CASES]
    return {found.id for case in cases for result in run(case).steps.values() for found in result.findings}


def literal_ids() -> set[str]:
    """Return the finding ids that stand in the source of the procedure as they are."""
    found = set()
    for module in (procedure, content):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add":
                found |= {each.value for each in node.args if isinstance(each, ast.Constant)}
    return found


def test_everything_that_a_verifier_can_find_has_a_vector():
    wanted = literal_ids() | set(procedure._STEP_OF)
    wanted |= {f"void-{reason.name.lower().replace('_', '-')}" for reason in content._STEP_OF}
    wanted |= {reason.name.lower() for reason in Unsettled}
    wanted |= {kind for kind in all_kinds() if kind.startswith("verify.")} - OTHER_FILES
    assert wanted - findings() == NOT_IN_FILES


def reasons() -> list[tuple[str, ...]]:
    """Return the words of each reason for which the check of a receipt refuses; what is filled in is left out."""
    tree = ast.parse(Path(receipt.__file__).read_text(encoding="utf-8"))
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in RECEIPT_CHECK]
    calls = [node.exc for check in checks for node in ast.walk(check) if isinstance(node, ast.Raise) and node.exc]
    given = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "reason"]
    words = [[each.value for each in ast.walk(value) if isinstance(each, ast.Constant)] for value in given]
    return [tuple(word for word in each if isinstance(word, str) and word != ".") for each in words]


def test_every_refusal_of_a_receipt_has_a_vector():
    cases = json.loads((TARGET / "receipts-refused.json").read_text(encoding="utf-8")).values()
    reports = [receipt.check(case["receipt"].encode(), pin_of(case)) for case in cases]
    said = [found.sentence for report in reports for result in report.steps.values() for found in result.findings]
    left = [words for words in reasons() if not any(all(word in sentence for word in words) for sentence in said)]
    # A file beyond half a mebibyte is not published: tests/verify/test_receipt.py has one.
    assert left == [("it is longer than ", " bytes")]
    assert len(reasons()) > len(ReceiptStep)
