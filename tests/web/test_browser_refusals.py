# SPDX-License-Identifier: AGPL-3.0-or-later
"""What went wrong in a browser is said in its page's language, whoever found it: a module, the site, a custodian."""

from __future__ import annotations

SAID = """
document.documentElement.lang = given.language;
const { kind, said } = m.refusal;
const old = kind("custodian.record-stale", "It is {age} seconds old; after {most} nothing.", "Wait.");
const down = kind("browser.custodian-down", "Entry {index} is on record, but: {reason}.", "Later.");
const unknown = kind("room.noun-verb", "Nobody translated {this}.", "Go on.")({this: "that"});
return {
  nested: await said(down({index: 7, reason: old({age: 130, most: 120})})), unknown: await said(unknown),
  reason: await said(down({index: 7, reason: unknown})), forgotten: await said(down({index: 7})),
};
"""


def test_a_refusal_and_the_one_that_is_its_reason_are_both_in_the_readers_language(modules):
    found = modules.run(SAID, {"language": "es"})
    assert found["nested"] == [
        "Su apertura consta como asiento 7, pero el custodio de claves no da ahora ninguna clave: El estado "
        "cofirmado más reciente del registro tiene 130 segundos; pasados 120 no se abre nada.",
        "Pulse el botón más tarde; la página pregunta con el mismo asiento, así que nada se registra dos veces.",
    ]
    assert found["reason"][0].endswith("no da ahora ninguna clave: Nobody translated that.")


def test_what_no_table_knows_is_said_in_english_and_a_forgotten_value_is_seen(modules):
    found = modules.run(SAID, {"language": "es"})
    assert found["unknown"] == ["Nobody translated that.", "Go on."]
    assert "{reason}" in found["forgotten"][0]


def test_an_english_page_says_what_the_module_says(modules):
    found = modules.run(SAID, {"language": "en"})
    assert found["nested"] == ["Entry 7 is on record, but: It is 130 seconds old; after 120 nothing.", "Later."]
