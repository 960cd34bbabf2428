# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entries and keys in a person's browser: what is signed there is what everybody else reads."""

from __future__ import annotations

import json
import re
import string

import pytest

from sunporch.base import strictjson
from sunporch.base.errors import all_kinds
from sunporch.base.notekeys import SignerKey, VerifierKey
from sunporch.clip import keys as clip_keys
from sunporch.clip.errors import HEADER_MALFORMED  # noqa: F401  # its ids are compared below
from sunporch.desk import errors as desk_errors  # noqa: F401
from sunporch.desk import keyfile
from sunporch.docket import entries, wire
from sunporch.tlog.notes import Note
from sunporch.verify.errors import GENESIS_MALFORMED  # noqa: F401
from tests.web.modules import MODULES, VECTORS

FOLDER = VECTORS / "entries"
TEXT_FORM = ("docket.text-malformed", "json.text-refused")
ORIGIN = "demo.maple-street"


def read(name):
    return json.loads((FOLDER / name).read_text())


def test_every_entry_of_the_vectors_is_read_written_again_and_named_in_a_browser(modules):
    code = """
    const found = {};
    for (const [name, {text}] of Object.entries(given)) {
      const {origin, type, fields} = m.entry.decode(text);
      found[name] = {text: m.entry.encode(origin, type, fields), id: await m.entry.entryId(text)};
    }
    return found;
    """
    assert modules.run(code, read("texts.json")) == read("texts.json")


def test_odd_entries_are_read_in_a_browser_all_the_same(modules):
    code = """
    const found = {};
    for (const [name, {text}] of Object.entries(given)) {
      found[name] = [m.entry.decode(text).origin, await m.entry.entryId(text)];
    }
    return found;
    """
    odd = read("texts-odd.json")
    assert modules.run(code, odd) == {name: [case["origin"], case["id"]] for name, case in odd.items()}


def test_texts_and_leaves_that_are_no_entries_are_refused_in_a_browser(modules):
    texts = {name: case for name, case in read("texts-refused.json").items() if case["error"] in TEXT_FORM}
    leaves = read("leaves-refused.json")
    code = """
    const leaf = (text) => m.entry.splitLeaf(m.bytes.fromHex(text, text.length / 2, "leaf"));
    return {
      ...await tools.each(given.texts, ({text}) => m.entry.decode(text)),
      ...await tools.each(given.leaves, ({hex}) => leaf(hex)),
    };
    """
    found = modules.run(code, {"texts": texts, "leaves": leaves})
    assert found == {name: case["error"] for name, case in (texts | leaves).items()}


def test_strict_json_is_written_in_a_browser_byte_for_byte_as_in_python(modules):
    value = {
        "": "".join(map(chr, range(0x80))) + "\u0085\u2028é\U0001f600\uffff",
        "\U00010000": [0, -1, 2**53 - 1, -(2**53 - 1), [], {}],
        "\uffff": {"b": "x", "a": "/"},
        "z": string.printable,
    }
    line = strictjson.dumps(value)
    assert modules.run("return m.strictjson.dumps(m.strictjson.loads(given));", json.dumps(value)) == line
    refused = [True, None, 1.5, 2**53, {"a": "\ud800"}]
    code = "return tools.each(given, (text) => m.strictjson.loads(text));"
    found = modules.run(code, {str(at): json.dumps({"a": item}) for at, item in enumerate(refused)})
    assert set(found.values()) == {"json.text-refused"}


def test_a_browser_signs_an_opening_that_python_reads(modules):
    fields = {
        "nonce": "00" * 16,
        "not_after": 2_000_000_000,
        "disclosure": 7,
        "e": "ab" * 32,
        "purpose": "investigation",
    }
    code = """
    const device = await m.keys.generate("diaz-4f2a");
    const signed = await m.note.sign(m.entry.encode(given.origin, "access", given.fields), device);
    const twice = await m.note.sign(signed.text, device, signed.signatures);
    return {...m.keys.publicTexts(device), note: String(signed), twice: String(twice)};
    """
    found = modules.run(code, {"origin": ORIGIN, "fields": fields})
    key = VerifierKey.parse(found["key"])
    assert key.name == "diaz-4f2a"
    clip_keys.load_public(found["x25519"])
    note = Note.parse(found["note"].encode())
    assert note.verified([key]) == (key,)
    assert len(Note.parse(found["twice"].encode()).signatures) == 2
    assert wire.decode(note.text) == (ORIGIN, entries.Access(**fields))


def test_no_script_can_read_the_keys_of_a_device_and_they_stay_over_a_reload(modules):
    code = """
    const device = await m.keys.generate("diaz-4f2a"), said = [];
    for (const key of [device.privateKey, device.receiving.privateKey]) {
      for (const form of ["pkcs8", "jwk", "raw"]) {
        const exported = crypto.subtle.exportKey(form, key);
        said.push(await exported.then(() => "exported", (error) => error.name));
      }
    }
    return [said, m.keys.publicTexts(device)];
    """
    said, texts = modules.run(code)
    assert "exported" not in said
    assert len(said) == 6
    modules.page.goto("/")
    again = "return [await m.keys.list(), m.keys.publicTexts(await m.keys.load('diaz-4f2a'))];"
    assert modules.run(again) == [["diaz-4f2a"], texts]


def test_a_key_file_of_the_desk_becomes_the_same_device_in_a_browser(modules, tmp_path):
    made = keyfile.make(tmp_path / "officer.key", "diaz-4f2a")
    code = """
    const device = await m.keys.importFile(given.file);
    const exported = await tools.refusal(async () => crypto.subtle.exportKey("pkcs8", device.privateKey));
    const half = await m.hpke.open(m.bytes.fromHex(given.sealed, given.sealed.length / 2, "sealed"), device.receiving,
      m.bytes.utf8("info"));
    const signed = await m.note.sign("text\\n", device);
    return {...m.keys.publicTexts(device), exported, half: m.bytes.toHex(half), note: String(signed)};
    """
    sealed = clip_keys.encrypt(b"half", made.x25519, b"info").hex()
    found = modules.run(code, {"file": (tmp_path / "officer.key").read_text(), "sealed": sealed})
    assert (found["key"], found["x25519"]) == (str(made.signer.verifier), made.x25519)
    assert found["exported"].startswith("no refusal: InvalidAccessError")
    assert bytes.fromhex(found["half"]) == b"half"
    assert Note.parse(found["note"].encode()).verified([made.signer.verifier]) == (made.signer.verifier,)


def test_a_damaged_key_file_and_a_second_device_of_one_name_are_refused_in_a_browser(modules, tmp_path):
    keyfile.make(tmp_path / "officer.key", "diaz-4f2a")
    first, second, _ = (tmp_path / "officer.key").read_text().split("\n")
    good = f"{first}\n{second}\n"
    other = SignerKey.generate("diaz-4f2a").secret_text()
    bad = {
        "one line": f"{first}\n",
        "three lines": f"{good}more\n",
        "no private key": f"{first.replace('PRIVATE', 'PUBLIC')}\n{second}\n",
        "another's hash": f"{first.rsplit('+', 1)[0]}+{other.rsplit('+', 1)[1]}\n{second}\n",
        "a short key": f"{first}\n{second[:-2]}\n",
        "upper case": f"{first}\n{second.upper() if second.upper() != second else 'G' * 64}\n",
        "spaces in the name": f"{first.replace('diaz-4f2a', 'diaz 4f2a')}\n{second}\n",
        "base64 cut": f"{first[:-4]}\n{second}\n",
    }
    code = """
    const refused = await tools.each(given.bad, m.keys.importFile);
    await m.keys.importFile(given.good);
    const again = [() => m.keys.importFile(given.good), () => m.keys.generate("diaz-4f2a")];
    const twice = [await tools.refusal(again[0]), await tools.refusal(again[1])];
    await m.keys.forget("diaz-4f2a");
    return [refused, twice, await m.keys.list(), await tools.refusal(() => m.keys.load("diaz-4f2a"))];
    """
    refused, twice, left, unknown = modules.run(code, {"bad": bad, "good": good})
    assert {name: said for name, said in refused.items() if said != "desk.keyfile-malformed"} == {}
    assert twice == ["browser.device-exists"] * 2
    assert left == []
    assert unknown == "browser.device-unknown"


@pytest.mark.parametrize("path", sorted(MODULES.glob("*.js")), ids=lambda path: path.name)
def test_a_refusal_says_the_same_in_the_browser_as_at_the_desk_and_no_module_is_too_long(path):
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= 500
    assert source.startswith("// SPDX-License-Identifier: AGPL-3.0-or-later\n")
    ours = all_kinds()
    made = re.findall(r'kind\(\s*("[^"]+"),\s*("(?:[^"\\]|\\.)*"),\s*("(?:[^"\\]|\\.)*"),?\s*\)', source)
    assert len(made) == len(re.findall(r"= kind\(", source))
    for identity, what, after in (map(json.loads, found) for found in made):
        if identity in ours:
            assert (what, after) == (ours[identity].what, ours[identity].next), identity
        else:
            assert re.fullmatch(r"(browser|digest|hpke)\.[a-z0-9]+-[a-z0-9-]+", identity), identity


def test_no_module_imports_anything_from_elsewhere_or_runs_text(modules):
    for path in MODULES.glob("*.js"):
        source = path.read_text(encoding="utf-8")
        found = re.findall(r'from "([^"]+)"', source)
        assert all(re.fullmatch(r"\./[a-z0-9-]+\.js", name) for name in found), path.name
        assert not re.search(r"\beval\(|new Function|innerHTML|https?://", source), path.name
