# SPDX-License-Identifier: AGPL-3.0-or-later
"""The proof of a film, checked in a browser on the vectors that Python reads and refuses."""

from __future__ import annotations

import json

from tests.web.modules import VECTORS

FOLDER = VECTORS / "film"
REFUSED = json.loads((FOLDER / "proofs-refused.json").read_text(encoding="utf-8"))
GIVEN = {
    "film": (FOLDER / "film.bin").read_bytes().hex(),
    "proof": (FOLDER / "film.proof").read_text(encoding="utf-8"),
    "hub": (FOLDER / "hub.vkey").read_text(encoding="utf-8").strip(),
    "refused": {name: case["proof"] for name, case in REFUSED.items()},
}
COMMON = """
const film = m.bytes.fromHex(given.film, given.film.length / 2, "film");
const check = (proof, hub) => m.film.check(m.bytes.utf8(proof), film, hub);
"""


def test_the_vector_is_the_hubs_film_in_a_browser(modules):
    code = "const a = await check(given.proof, given.hub), b = await check(given.proof); return [a.bytes, b.key];"
    assert modules.run(COMMON + code, GIVEN) == [5_000, GIVEN["hub"]]


def test_every_proof_that_proves_something_else_is_refused_by_the_same_name_in_a_browser(modules):
    found = modules.run(COMMON + "return tools.each(given.refused, (proof) => check(proof, given.hub));", GIVEN)
    assert found == {name: case["error"] for name, case in REFUSED.items()}
