# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes spec/vectors/film (`python -m tests.verify.film_vectors`): fixed keys, so the same again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from sunporch.base import strictjson
from sunporch.base.digests import sha256
from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.tlog.notes import Note, sign
from sunporch.verify.film import TITLE, Digests, Film

FOLDER = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "film"
HUB = SignerKey("sunporch-vault", sha256(b"sunporch vector film hub"))
OTHER = SignerKey("sunporch-vault", sha256(b"sunporch vector film another hub"))
MEDIA = bytes(i * i % 251 for i in range(5_000))
START = 1_780_000_000 * 90_000
FIELDS = {
    "bytes": len(MEDIA),
    "sha256": hashlib.sha256(MEDIA).hexdigest(),
    "sha512": hashlib.sha512(MEDIA).hexdigest(),
    "from_90k": START,
    "to_90k": START + 40 * 90_000,
    "signed_at": 1_780_003_600,
    "gaps": [[START + 900_000, START + 990_000]],
    "camera_clock_ms": [-250],
    "original_sha256": hashlib.sha256(b"what the camera sent").hexdigest(),
    "report": {
        "covered": [{"first_ms": 0, "frames": 12, "kind": "face", "last_ms": 1_100, "track": 1}],
        "frames": 400,
    },
    "key": str(HUB.verifier),
}
FOUND = Digests(len(MEDIA), FIELDS["sha256"], FIELDS["sha512"])


def note(fields: dict[str, object], signer: SignerKey = HUB, title: str = TITLE) -> str:
    """A proof of these fields, whatever they are."""
    return sign(f"{title}\n{strictjson.dumps(fields)}\n", [signer]).encode().decode()


def refused() -> dict[str, dict[str, str]]:
    """Name -> a proof that must be refused for the film, and why."""
    good = note(FIELDS)
    weak = "sunporch-vault+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    witness = SignerKey("sunporch-vault", HUB.seed, COSIGNATURE)
    malformed = {
        "title-of-another": note(FIELDS, title="sunporch/vault-checkpoint/v1"),
        "three-lines": sign(f"{TITLE}\n{strictjson.dumps(FIELDS)}\nmore\n", [HUB]).encode().decode(),
        "no-json": sign(f"{TITLE}\nfilm\n", [HUB]).encode().decode(),
        "field-missing": note({name: value for name, value in FIELDS.items() if name != "gaps"}),
        "field-more": note(FIELDS | {"camera": "porch"}),
        "digest-in-capitals": note(FIELDS | {"sha256": FIELDS["sha256"].upper()}),
        "digest-a-number": note(FIELDS | {"original_sha256": 7}),
        "digest-short": note(FIELDS | {"sha512": FIELDS["sha256"]}),
        "size-negative": note(FIELDS | {"bytes": -1}),
        "time-a-text": note(FIELDS | {"signed_at": "now"}),
        "ends-first": note(FIELDS | {"to_90k": START}),
        "gap-of-one": note(FIELDS | {"gaps": [[START]]}),
        "gap-outside": note(FIELDS | {"gaps": [[START - 1, START + 1]]}),
        "gap-ends-first": note(FIELDS | {"gaps": [[START + 1, START]]}),
        "signed-in-no-age": note(FIELDS | {"signed_at": 2**53 - 1}),
        "report-without-covered": note(FIELDS | {"report": {"covered": 1}}),
        "gaps-a-text": note(FIELDS | {"gaps": "none"}),
        "clock-a-number": note(FIELDS | {"camera_clock_ms": 5}),
        "report-a-list": note(FIELDS | {"report": []}),
        "key-a-number": note(FIELDS | {"key": 7}),
        "key-no-key": note(FIELDS | {"key": "sunporch-vault"}),
        "key-weak": note(FIELDS | {"key": weak}),
        "key-of-a-witness": note(FIELDS | {"key": str(witness.verifier)}),
        "signed-by-another": note(FIELDS, OTHER),
    }
    found = {name: {"proof": proof, "error": "verify.film-proof-malformed"} for name, proof in malformed.items()}
    changed = good.replace('"bytes":5000', '"bytes":5001')
    blob = Note.parse(good.encode()).signatures[0]
    found["signature-missing"] = {"proof": good.rpartition("\n\n")[0] + "\n", "error": "verify.film-proof-malformed"}
    found["changed-after-signing"] = {"proof": changed, "error": "verify.film-proof-malformed"}
    found["signature-of-another-text"] = {
        "proof": Note(Note.parse(note(FIELDS | {"signed_at": 1}).encode()).text, (blob,)).encode().decode(),
        "error": "verify.film-proof-malformed",
    }
    for name, value in (("bytes", 4_999), ("sha256", "0" * 64), ("sha512", "0" * 128)):
        found[f"another-{name}"] = {"proof": note(FIELDS | {name: value}), "error": "verify.film-altered"}
    found["of-another-hub"] = {
        "proof": note(FIELDS | {"key": str(OTHER.verifier)}, OTHER),
        "error": "verify.film-foreign",
    }
    return found


def main() -> None:
    """Write the vectors."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "film.bin").write_bytes(MEDIA)
    (FOLDER / "film.proof").write_text(sign(Film(**FIELDS).encode(), [HUB]).encode().decode(), encoding="utf-8")
    (FOLDER / "hub.vkey").write_text(f"{HUB.verifier}\n", encoding="utf-8")
    text = json.dumps(refused(), indent=1, ensure_ascii=False)
    (FOLDER / "proofs-refused.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
