# SPDX-License-Identifier: AGPL-3.0-or-later
"""One good entry of each type, and the small changes that make it bad."""

from __future__ import annotations

import dataclasses
import json

from sunporch.base.notekeys import VerifierKey
from sunporch.docket import entries as e
from sunporch.docket import wire
from tests.docket.people import CELLS, DAY, ORI, ORIGIN, START, device, person, person_d, tlog_policy

KEY = str(person("bell-1").verifier)
HASH = "ab" * 32


def _values() -> dict[str, dict]:
    trust = {
        "keys": (KEY,),
        "threshold": 1,
        "grid": HASH,
        "tlog_policy": tlog_policy(),
        "comment_days": 30,
    }
    share = {"agency": ORI, "c": HASH, "d": str(person_d(0).verifier), "d_x25519": device("d"), "custodian": 5}
    share |= {"expires": 20_000 * DAY, "receipt": "A" * 86 + "==", "redacted": 1, "visible": 0, "sound": 0}
    request = {"agency": ORI, "policy": 1, "offence": "220", "purpose": "identify-suspect", "basis": "consent"}
    request |= {"reach": "area", "case_tag": "cc" * 16, "flags": ("sexual",), "cells": CELLS, "from_": START}
    request |= {"to": START + 60, "closes": START + DAY, "recipients": (7, 8), "narrative": HASH}
    partner = {"agency": ORI, "name": "Maple Police", "kind": "county", "instrument": "Ordinance 12"}
    partner |= {"link": "https://town.example/12", "hearing": START, "in_force_from": START, "ends": START + DAY}
    enrol = {"key": KEY, "x25519": device("x"), "role": "officer", "agency": ORI, "url": "", "storage": ""}
    sealed = {"agency": ORI, "process": "warrant", "unseal_by": START, "cameras": 1, "seconds": 60}
    return {
        "community": {"name": "Maple Street"} | trust,
        "trust": {"predecessor": 0} | trust,
        "policy": {"bundle": HASH, "in_force_from": START, "open_requests": "keep"},
        "event": {"cells": CELLS, "from_": START, "to": START + DAY, "kind": "assembly"},
        "partnership": partner | {"registrar": KEY},
        "partnership_cancel": {"partnership": 3, "reason": "the council voted"},
        "key": enrol,
        "key_end": {"key": 4, "reason": "left the agency"},
        "request": request,
        "review": {"action": "suspended", "target": 9, "draft": "", "reason": "too-wide"},
        "takedown": {"blob": HASH, "reason": "personal-data"},
        "refusals": {"day": 20_000, "counts": (("R8.area-min", 2), ("R9.window-max", 1))},
        "disclosure": share,
        "access": {"disclosure": 10, "e": HASH, "purpose": "investigation"},
        "export": {"disclosure": 10, "file": HASH, "format": "mp4", "recipient": "court"},
        "sharing": {"disclosure": 10, "recipient": "state", "standard": "warrant", "justification": "charges-filed"},
        "freeze": {"disclosure": 10, "until": START},
        "unfreeze": {"freeze": 11},
        "withdrawal": {"disclosure": 10},
        "expiry": {"disclosures": (10, 12), "generation": 1},
        "outcome": {"request": 9, "code": "charged", "clips": "<5"},
        "sealed_request": sealed | {"sealed_content": HASH},
        "unseal": {"sealed": 13, "content": HASH},
        "warrant_return": share,
        "emergency_review": {"request": 9, "code": "justified", "text": HASH},
        "deletion_attest": {"disclosure": 10, "scope": "all_copies"},
        "complaint": {"agency": "", "about": -1, "code": "filmed", "received": START, "text": ""},
        "finding": {"complaint": 14, "code": "upheld", "text": HASH},
        "breach": {"code": "table-rolled-back", "clips": 0, "since": START, "text": ""},
        "letter": {"text": HASH, "signatures": 36},
        "letter_answer": {"letter": 15, "text": HASH},
    }


def _make(name: str, values: dict):
    stamp = {"nonce": "0f" * 16} | ({} if name == "withdrawal" else {"not_after": START + 3600})
    return e.TYPES[name](**stamp, **values)


EXAMPLES = {name: _make(name, values) for name, values in _values().items()}


def line(name: str, **changes) -> str:
    """The text of an example with changed JSON fields (None: left out)."""
    fields = json.loads(wire.encode(ORIGIN, EXAMPLES[name]).split("\n")[2]) | changes
    kept = {key: value for key, value in fields.items() if value is not None}
    return f"{wire.HEADING}\n{ORIGIN}\n{json.dumps(kept, ensure_ascii=False)}\n"


def _nested(depth: int) -> str:
    """JSON of an unknown type whose innermost number lies inside so many lists and objects."""
    lists = depth - 1
    return f'{{"type":"weather","v":1,"sky":{"[" * lists}1{"]" * lists}}}'


def _named(name: str) -> str:
    return str(VerifierKey(name, person("bell-1").verifier.public))


def _weak_keys() -> dict[str, str]:
    """Public keys under which anybody can sign: each order, once with the sign bit and once beyond the field."""
    prime = 2**255 - 19
    eighth = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
    heights = {"order-1": 1, "order-2": prime - 1, "order-4": 0, "order-8": eighth, "order-8-too": prime - eighth}
    heights |= {"order-4-signed": 2**255, "order-1-beyond": prime + 1}
    return {name: str(VerifierKey("bell-1", height.to_bytes(32, "little"))) for name, height in heights.items()}


def odd_texts() -> dict[str, str]:
    """Texts that a reader must take though it would not write them so."""
    good = wire.encode(ORIGIN, EXAMPLES["event"])
    head = f"{wire.HEADING}\n{ORIGIN}\n"
    return {
        "spaces-between": line("event"),
        "type-last": good.replace('"type":"event",', "").replace('"v":1}', '"v":1,"type":"event"}'),
        "escaped-letters": good.replace('"assembly"', '"\\u0061ssembly"'),
        "minus-nothing": line("event", **{"from": 1}).replace('"from": 1', '"from": -0'),
        "text-of-500-wide-characters": line("key_end", reason="\N{GRINNING FACE}" * 500),
        "text-with-a-mark-of-direction": line("key_end", reason="(\u05d0)\u200f 1"),
        "name-with-a-mark-that-is-no-space": line("key", key=_named("bell\ufeffone")),
        "origin-and-name-of-other-alphabets": line("key", key=_named("ñandú")).replace(ORIGIN, "straße", 1),
        "unknown-type-nested-as-deep-as-allowed": f"{head}{_nested(16)}\n",
        "known-type-of-a-later-version": f'{head}{{"v":2,"type":"event","colour":"red"}}\n',
    }


def bad_texts() -> dict[str, tuple[str, str]]:
    """Each way in which the text of an entry is refused: name -> text, error id."""
    good = wire.encode(ORIGIN, EXAMPLES["event"])
    request, day = "request", "refusals"
    return {
        "heading-of-another-format": (good.replace("entry/v1", "entry/v2", 1), "docket.text-malformed"),
        "line-end-missing": (good[:-1], "docket.text-malformed"),
        "line-too-many": (good + "\n", "docket.text-malformed"),
        "origin-with-a-space": (good.replace(ORIGIN, "maple street", 1), "docket.text-malformed"),
        "type-missing": (line("event", type=None), "docket.text-malformed"),
        "type-not-text": (line("event", type=7), "docket.text-malformed"),
        "type-with-a-line-end": (line("event", type="wea\nther"), "docket.text-malformed"),
        "type-too-long": (line("event", type="e" * 65), "docket.text-malformed"),
        "version-not-a-number": (line("event", v="1"), "docket.text-malformed"),
        "version-zero": (line("event", v=0), "docket.text-malformed"),
        "not-json": (good.replace("{", "", 1), "json.text-refused"),
        "json-list": (f"{wire.HEADING}\n{ORIGIN}\n[]\n", "json.text-refused"),
        "json-float": (line("event", to=1.5), "json.text-refused"),
        "json-true": (line("event", to=True), "json.text-refused"),
        "json-null": (good.replace('"assembly"', "null"), "json.text-refused"),
        "json-beyond-2-53": (line("event", to=2**53), "json.text-refused"),
        "json-key-twice": (good.replace("{", '{"to":1,', 1), "json.text-refused"),
        "json-too-deep": (f"{wire.HEADING}\n{ORIGIN}\n{_nested(17)}\n", "json.text-refused"),
        "json-exponent": (good.replace('"v":1', '"v":1e0'), "json.text-refused"),
        "json-whole-fraction": (good.replace('"v":1', '"v":1.0'), "json.text-refused"),
        "json-byte-order-mark": (good.replace("{", "\ufeff{", 1), "json.text-refused"),
        "json-key-twice-by-an-escape": (good.replace("{", '{"\\u0074o":1,', 1), "json.text-refused"),
        "json-half-surrogate": (good.replace('"assembly"', '"\\ud800"'), "json.text-refused"),
        "field-unknown": (line("event", colour="red"), "docket.field-unknown"),
        "field-missing": (line("event", cells=None), "docket.field-missing"),
        "not-after-missing": (line("event", not_after=None), "docket.field-missing"),
        "nonce-missing": (line("withdrawal", nonce=None), "docket.field-missing"),
        "not-after-in-a-withdrawal": (line("withdrawal", not_after=START), "docket.field-unknown"),
        "number-as-text": (line("event", to="1"), "docket.field-mistyped"),
        "number-negative": (line("event", to=-1), "docket.field-outside"),
        "number-beyond-the-year-9999": (line("event", to=253_402_300_800), "docket.field-outside"),
        "text-as-number": (line("key_end", reason=5), "docket.field-mistyped"),
        "text-empty": (line("key_end", reason=""), "docket.field-outside"),
        "text-too-long": (line("key_end", reason="x" * 501), "docket.field-outside"),
        "text-with-a-line-end": (line("key_end", reason="a\nb"), "docket.field-outside"),
        "text-with-delete": (line("key_end", reason="a\x7fb"), "docket.field-outside"),
        "text-with-a-control-beyond-ascii": (line("key_end", reason="a\x9bb"), "docket.field-outside"),
        "text-with-a-line-separator": (line("key_end", reason="a\u2028b"), "docket.field-outside"),
        "text-that-turns-its-direction": (line("key_end", reason="a\u202eb"), "docket.field-outside"),
        "text-that-isolates-a-direction": (line("key_end", reason="a\u2066b"), "docket.field-outside"),
        "hex-upper-case": (line("policy", bundle="AB" * 32), "docket.field-outside"),
        "hex-too-short": (line("policy", bundle="ab" * 31), "docket.field-outside"),
        "hex-as-number": (line("policy", bundle=12), "docket.field-mistyped"),
        "choice-unknown": (line("event", kind="parade"), "docket.field-outside"),
        "choice-as-number": (line("event", kind=1), "docket.field-mistyped"),
        "key-of-another-type": (line("key", key=KEY.replace("+A", "+B")), "docket.field-outside"),
        "key-malformed": (line("key", key="bell-1"), "docket.field-outside"),
        "key-as-list": (line("key", key=[]), "docket.field-mistyped"),
        "key-that-cosigns": (line("key", key=_cosigner()), "docket.field-outside"),
        "key-of-another-hash": (line("key", key=KEY.replace("bell-1", "bell-9")), "docket.field-outside"),
        "key-name-too-long": (line("key", key=_named("x" * 129)), "docket.field-outside"),
        "key-name-with-a-next-line": (line("key", key=_named("bell\u0085one")), "docket.field-outside"),
        "origin-with-a-control": (good.replace(ORIGIN, "maple\x01street", 1), "docket.text-malformed"),
        "key-name-with-a-wide-space": (line("key", key=_named("bell\u3000one")), "docket.field-outside"),
        **{f"key-of-{name}": (line("key", key=key), "docket.field-outside") for name, key in _weak_keys().items()},
        "one-time-key-with-a-name": (line("disclosure", d=KEY), "docket.field-outside"),
        "signature-too-short": (line("disclosure", receipt="AAAA"), "docket.field-outside"),
        "signature-with-spare-bits": (line("disclosure", receipt="A" * 85 + "B=="), "docket.field-outside"),
        "signature-as-number": (line("disclosure", receipt=1), "docket.field-mistyped"),
        "cells-not-a-list": (line(request, cells=CELLS[0]), "docket.field-mistyped"),
        "cells-none": (line(request, cells=[]), "docket.field-outside"),
        "cells-too-many": (line(request, cells=[CELLS[0]] * 257), "docket.field-outside"),
        "cells-unsorted": (line(request, cells=list(reversed(CELLS))), "docket.field-outside"),
        "cell-twice": (line(request, cells=[CELLS[0], CELLS[0]]), "docket.field-outside"),
        "cell-of-another-resolution": (line(request, cells=["89283082803ffff"]), "docket.field-outside"),
        "cell-that-is-none": (line(request, cells=["8afffffffffffff"]), "docket.field-outside"),
        "cell-as-number": (line(request, cells=[1]), "docket.field-mistyped"),
        "list-not-a-list": (line(request, flags="sexual"), "docket.field-mistyped"),
        "list-too-long": (line(request, recipients=list(range(9))), "docket.field-outside"),
        "list-value-twice": (line(request, recipients=[7, 7]), "docket.field-outside"),
        "list-value-mistyped": (line(request, recipients=["7"]), "docket.field-mistyped"),
        "counts-not-an-object": (line(day, counts=[]), "docket.field-mistyped"),
        "counts-none": (line(day, counts={}), "docket.field-outside"),
        "counts-of-a-bad-name": (line(day, counts={"R8 area": 1}), "docket.field-outside"),
        "counts-of-zero": (line(day, counts={"R8.area-min": 0}), "docket.field-outside"),
    }


def _cosigner() -> str:
    key = person("bell-1").verifier
    return str(dataclasses.replace(key, type=4))
