# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes spec/vectors/entries (`python -m tests.docket.vectors`): fixed keys and nonces, so the same again."""

from __future__ import annotations

import json
from pathlib import Path

from sunporch.base.errors import Error
from sunporch.docket import custody, wire
from sunporch.docket.blobs import Blob
from sunporch.docket.entries import UnknownEntry
from sunporch.docket.void import Void
from tests.docket import examples, life, void_cases
from tests.docket.people import ORIGIN, Town, person

FOLDER = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "entries"
BAD_LEAVES = {
    "empty": b"",
    "no-note": b"17\n",
    "time-missing": b"\nnote",
    "time-with-a-leading-zero": b"017\nnote",
    "time-negative": b"-1\nnote",
    "time-not-decimal": b"1e3\nnote",
    "time-of-thirteen-digits": b"1234567890123\nnote",
    "longer-than-8192": b"1\n" + b"x" * 8_191,
}


def refusal(call) -> str:
    try:
        call()
    except Error as error:
        return error.id
    raise AssertionError("it was not refused")


def texts() -> dict:
    good = {name: wire.encode(ORIGIN, entry) for name, entry in examples.EXAMPLES.items()}
    return {name: {"text": text, "id": wire.entry_id(text)} for name, text in sorted(good.items())}


def texts_refused() -> dict:
    bad = examples.bad_texts()
    return {
        name: {"text": text, "error": refusal(lambda text=text: wire.decode(text))} for name, (text, _) in bad.items()
    }


def texts_odd() -> dict:
    read = {name: (text, wire.decode(text)) for name, text in examples.odd_texts().items()}
    return {
        name: {
            "text": text,
            "id": wire.entry_id(text),
            "origin": origin,
            "known": int(type(entry) is not UnknownEntry),
        }
        for name, (text, (origin, entry)) in read.items()
    }


def leaves_refused() -> dict:
    return {
        name: {"hex": leaf.hex(), "error": refusal(lambda leaf=leaf: wire.split_leaf(leaf))}
        for name, leaf in BAD_LEAVES.items()
    }


def blobs_refused() -> dict:
    good = Blob(bytes(16), "What happened on Maple Street.")
    bad = {
        "not-json": "Another story.",
        "a-list": "[]",
        "salt-missing": '{"text":""}',
        "field-unknown": '{"by":"","salt":"00000000000000000000000000000000","text":""}',
        "text-not-text": '{"salt":"00000000000000000000000000000000","text":1}',
        "salt-too-short": '{"salt":"00","text":""}',
        "letters-turned-round": '{"salt":"00000000000000000000000000000000","text":"no \u202eerif"}',
        "line-ends-of-another-kind": '{"salt":"00000000000000000000000000000000","text":"a\\r\\nb"}',
        "salt-in-capitals": '{"salt":"AA000000000000000000000000000000","text":""}',
        "another-text": Blob(good.salt, "Another story.").to_json(),
        "another-salt": Blob(b"\x01" * 16, good.text).to_json(),
    }
    refused = {
        name: {"file": file, "error": refusal(lambda file=file: Blob.parse(file, good.commitment))}
        for name, file in bad.items()
    }
    return {"commitment": good.commitment, "good": good.to_json(), "refused": refused}


def receipt() -> dict:
    share = Town().share_fields()
    signed = custody.text(ORIGIN, share["c"], share["d"], share["expires"]).decode()
    return {"key": str(person("library").verifier), "text": signed, "signature": share["receipt"]}


def story(name: str) -> dict:
    """A log and what each entry counts for. `judge` says what the town's rules answer where they are asked."""
    town, _ = void_cases.play(name)
    judge = {
        kind: {"outcome": verdict.outcome.value, "review": [clause.id for clause in verdict.review]}
        for kind, verdict in town.judge.answers.items()
    }
    return {"sentence": Void[name.upper()].sentence, "judge": judge, "log": log_of(town)}


def log_of(town: Town) -> list[dict]:
    log = []
    for (time, text, keys, flaw), record in zip(town.log, town.fold.records, strict=True):
        expected = {"status": record.status.value, "reason": record.reason.name.lower() if record.reason else ""}
        signers = [str(key) for key in keys]
        log.append({"time": time, "text": text, "signers": signers, "flaw": flaw} | expected)
    return log


def whole_life() -> list[dict]:
    town = life.play()
    return [entry | {"without": without} for entry, without in zip(log_of(town), town.without, strict=True)]


def files() -> dict[str, str]:
    made = {
        "texts.json": texts(),
        "texts-odd.json": texts_odd(),
        "texts-refused.json": texts_refused(),
        "leaves-refused.json": leaves_refused(),
        "blobs-refused.json": blobs_refused(),
        "custody-receipt.json": receipt(),
        "life.json": whole_life(),
        **{f"void/{name.replace('_', '-')}.json": story(name) for name in sorted(void_cases.CASES)},
    }
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
