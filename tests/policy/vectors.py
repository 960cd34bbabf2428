# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes spec/vectors/policy (`python -m tests.policy.vectors`): fixed town, keys and nonces, so the same again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sunporch.docket import entries as e
from sunporch.docket import wire
from sunporch.policy import facts as f
from sunporch.policy import presets
from tests.docket.people import ORIGIN
from tests.policy.bad_bundles import bad_bundles
from tests.policy.clause_cases import CASES, OTHER_PRESETS, asked
from tests.policy.street import SAMPLE, bundle_of

FOLDER = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "policy"


def edits(good: Any, bad: Any, path: tuple[str, ...] = ()) -> list[dict]:
    """Return the changes that make the one value of the other: set, append (to a text), remove."""
    if isinstance(good, dict) and isinstance(bad, dict) and good and bad:
        found = [{"path": [*path, key], "remove": 1} for key in sorted(set(good) - set(bad))]
        for key in sorted(bad):
            if key not in good:
                found.append({"path": [*path, key], "set": bad[key]})
            elif good[key] != bad[key]:
                found += edits(good[key], bad[key], (*path, key))
        return found
    if isinstance(good, str) and isinstance(bad, str) and bad.startswith(good):
        return [{"path": list(path), "append": bad[len(good) :]}]
    return [{"path": list(path), "set": bad}]


def edited(good: Any, changes: list[dict]) -> Any:
    """Apply such changes to a copy."""
    value = json.loads(json.dumps(good))
    for change in changes:
        *above, last = change["path"]
        inner = value
        for key in above:
            inner = inner[key]
        if "remove" in change:
            del inner[last]
        elif "append" in change:
            inner[last] += change["append"]
        else:
            inner[last] = change["set"]
    return value


def bundles_refused() -> dict:
    good = json.loads(bundle_of().text)
    found = {}
    for name, (text, error) in bad_bundles().items():
        try:
            found[name] = {"edits": edits(good, json.loads(text, parse_float=_no_float)), "error": error}
        except ValueError:  # not strict JSON: only the text itself shows it
            found[name] = {"text": text if len(text) < 100 else '{"outcome_days":30.5}', "error": error}
    return found


def _no_float(text: str) -> None:
    raise ValueError(text)


def facts_of(case) -> tuple[str, dict]:
    street, entry = case.street, case.entry
    match entry:
        case e.Request():
            return "request", f.of_request(entry, street.fold, street.rules, street.now, case.signers)
        case e.Disclosure():
            return "disclosure", f.of_disclosure(entry, street.rules, street.now)
        case e.Export():
            return "export", f.of_export(entry, street.fold)
        case e.Sharing():
            return "sharing", f.of_sharing(entry, street.fold, street.rules)
        case _:
            return "partnership", {"kind": entry.kind}


def decision(case) -> dict:
    verdict = case.street.decide(case.entry, signers=case.signers)
    action, facts = facts_of(case)
    good = json.loads(bundle_of(case.street.rules.preset).text)
    return {
        "preset": case.street.rules.preset,
        "edits": edits(good, json.loads(case.street.rules.text)),
        "time": case.street.now,
        "entry": wire.encode(ORIGIN, case.entry),
        "action": action,
        "facts": facts,
        "outcome": verdict.outcome.value,
        "forbidding": {clause.id: dict(clause.sentences) for clause in verdict.clauses},
        "reviewer": {clause.id: dict(clause.sentences) for clause in verdict.review},
    }


def files() -> dict[str, str]:
    made: dict[str, Any] = {"bundles-refused.json": bundles_refused()}
    for preset in presets.TITLES:
        made[f"{preset}.bundle.json"] = json.loads(bundle_of(preset).text)
    made |= {f"decisions/{clause_id}.json": decision(CASES[clause_id]()) for clause_id in sorted(CASES)}
    for (preset, clause_id), case in sorted(OTHER_PRESETS.items()):
        made[f"decisions/{preset}.{clause_id}.json"] = decision(case())
    made["decisions/permitted.json"] = decision(asked())
    made["sample-town.json"] = {"name": SAMPLE.name, "centre": SAMPLE.centre, "places": SAMPLE.places}
    return {
        name: json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n" for name, value in made.items()
    }


def main() -> None:
    for name, text in files().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
