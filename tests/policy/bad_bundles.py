# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each way in which a bundle is refused: name -> text, error id. Made from the consent preset by one change."""

from __future__ import annotations

import json

from sunporch.base.strictjson import dumps
from tests.policy.street import SAMPLE, bundle_of

MALFORMED, CEDAR, FORMAT = "policy.bundle-malformed", "policy.cedar-refused", "policy.format-unknown"
OUTSIDE, UNKNOWN = "policy.limit-outside", "policy.limit-unknown"


def bad_bundles() -> dict[str, tuple[str, str]]:
    text = bundle_of().text
    good = json.loads(text)

    def other(**changes) -> str:
        return dumps({key: value for key, value in (good | changes).items() if value is not None})

    def rules(more: str) -> str:
        return other(cedar=good["cedar"] + more)

    def sentence(clause: str, words: str | None) -> str:
        english = {key: value for key, value in good["sentences"]["en"].items() if key != clause}
        return other(sentences=good["sentences"] | {"en": english | ({clause: words} if words is not None else {})})

    offence = {"title": {"en": "a", "es": "b"}, "flags": [], "immigration": 0}
    place = {"kind": "clinic", "name": "a", "cells": [SAMPLE.centre]}
    request = 'forbid (principal, action == Action::"request", resource)'
    turned = "a\u202eb"
    decision = {"instrument": "Resolution 12", "link": "https://example.org/12", "decided": 1, "hearing": 2}
    return {
        "resolution-that-is-none": (other(resolution={}), MALFORMED),
        "resolution-with-more": (other(resolution=decision | {"mayor": "x"}), MALFORMED),
        "resolution-of-no-day": (other(resolution=decision | {"decided": -1}), MALFORMED),
        "resolution-without-a-name": (other(resolution=decision | {"instrument": ""}), MALFORMED),
        **{f"{key}-that-turns-its-direction": (other(**{key: turned}), MALFORMED) for key in ("name", "preset")},
        **{
            f"{key}-that-turn-their-direction": (other(**{key: [turned]}), MALFORMED)
            for key in ("purposes", "bases", "reaches", "justifications")
        },
        "offence-code-that-turns-its-direction": (other(offences={turned: offence}), MALFORMED),
        "offence-title-that-turns-its-direction": (
            other(offences={"220": offence | {"title": {"en": "a", "es": turned}}}),
            MALFORMED,
        ),
        "offence-title-empty": (other(offences={"220": offence | {"title": {"en": "a", "es": ""}}}), MALFORMED),
        "place-name-that-turns-its-direction": (other(places=[place | {"name": turned}]), MALFORMED),
        "sentence-that-turns-its-direction": (sentence("R8.area-min", turned), MALFORMED),
        "sentence-with-a-line-end": (sentence("R8.area-min", "a\nb"), MALFORMED),
        "cedar-that-turns-its-direction": (rules(f"// {turned}\n"), MALFORMED),
        "cedar-cite-that-turns-its-direction": (rules(f'@id("X.x") @cite("a\\u{{202e}}b") {request};\n'), CEDAR),
        "word-of-501-characters": (other(purposes=["x" * 501]), MALFORMED),
        "not-json": ("{", MALFORMED),
        "json-float": (text.replace('"outcome_days":30', '"outcome_days":30.5'), MALFORMED),
        "format-of-another-version": (other(format="sunporch/policy/v2"), FORMAT),
        "format-missing": (other(format=None), FORMAT),
        "field-unknown": (other(colour="red"), MALFORMED),
        "field-missing": (other(grid=None), MALFORMED),
        "name-empty": (other(name=""), MALFORMED),
        "name-not-text": (other(name=5), MALFORMED),
        "languages-none": (other(languages=[]), MALFORMED),
        "languages-twice": (other(languages=["en", "en"]), MALFORMED),
        "languages-not-a-list": (other(languages="en"), MALFORMED),
        "language-without-sentences": (other(languages=["en", "es", "fr"]), MALFORMED),
        "words-of-numbers": (other(purposes=[1]), MALFORMED),
        "limit-outside": (other(limits=good["limits"] | {"cells_min": 0}), OUTSIDE),
        "limit-as-text": (other(limits=good["limits"] | {"cells_min": "4"}), OUTSIDE),
        "limit-unknown": (other(limits=good["limits"] | {"drones": 1}), UNKNOWN),
        "limits-not-an-object": (other(limits=[]), MALFORMED),
        "retention-outside": (other(retention_days=0), OUTSIDE),
        "offence-without-fields": (other(offences={"220": {}}), MALFORMED),
        "offence-not-an-object": (other(offences={"220": "burglary"}), MALFORMED),
        "offence-without-a-title": (other(offences={"220": offence | {"title": {"en": "a"}}}), MALFORMED),
        "offence-title-not-an-object": (other(offences={"220": offence | {"title": "a"}}), MALFORMED),
        "offence-with-an-unknown-flag": (other(offences={"220": offence | {"flags": ["rich"]}}), MALFORMED),
        "offence-with-flags-as-text": (other(offences={"220": offence | {"flags": "sexual"}}), MALFORMED),
        "offence-with-a-list-for-a-flag": (other(offences={"220": offence | {"flags": [[]]}}), MALFORMED),
        "offence-with-a-number-for-a-title": (
            other(offences={"220": offence | {"title": {"en": 1, "es": 2}}}),
            MALFORMED,
        ),
        "offence-with-another-answer": (other(offences={"220": offence | {"immigration": 2}}), MALFORMED),
        "grid-empty": (other(grid={}), MALFORMED),
        "grid-of-no-cells": (other(grid={"here": 5}), MALFORMED),
        "grid-of-negative-homes": (other(grid={SAMPLE.centre: -1}), MALFORMED),
        "grid-of-homes-as-text": (other(grid={SAMPLE.centre: "5"}), MALFORMED),
        "places-not-a-list": (other(places={}), MALFORMED),
        "place-of-an-unknown-kind": (other(places=[place | {"kind": "bar"}]), MALFORMED),
        "place-without-a-name": (other(places=[{"kind": "clinic", "cells": [SAMPLE.centre]}]), MALFORMED),
        "place-not-an-object": (other(places=["clinic"]), MALFORMED),
        "place-of-no-cells": (other(places=[place | {"cells": ["here"]}]), MALFORMED),
        "words-missing": (other(words={}), MALFORMED),
        "schema-of-other-facts": (other(schema=good["schema"] + "entity Drone;\n"), FORMAT),
        "cedar-unreadable": (other(cedar="forbid everything;"), CEDAR),
        "cedar-asks-for-an-unknown-fact": (
            rules(f'@id("X.x") @cite("x") {request} when {{ context.rich }};\n'),
            CEDAR,
        ),
        "cedar-clause-without-id": (rules(f'@cite("x") {request};\n'), CEDAR),
        "cedar-clause-without-cite": (rules(f'@id("X.x") {request};\n'), CEDAR),
        "cedar-clause-twice": (rules(f'@id("R8.area-min") @cite("x") {request};\n'), CEDAR),
        "cedar-clause-for-every-action": (
            rules('@id("X.x") @cite("x") forbid (principal, action, resource);\n'),
            CEDAR,
        ),
        "cedar-template": (
            rules('@id("X.x") @cite("x") forbid (principal == ?principal, action == Action::"export", resource);\n'),
            CEDAR,
        ),
        "sentences-of-one-language-of-two": (other(sentences={"en": good["sentences"]["en"]}), MALFORMED),
        "clause-without-a-sentence": (sentence("R8.area-min", None), MALFORMED),
        "clause-with-a-sentence-of-numbers": (sentence("R8.area-min", 5), MALFORMED),
        "sentence-that-fills-in-what-nobody-computes": (sentence("R8.area-min", "{owner} is rich."), MALFORMED),
        "sentence-that-reaches-into-values": (sentence("R8.area-min", "{cells.real} cells."), MALFORMED),
        "sentence-with-an-open-brace": (sentence("R8.area-min", "{cells cells."), MALFORMED),
        "clause-id-with-a-space": (rules(f'@id("X x") @cite("x") {request};\n'), MALFORMED),
    }
