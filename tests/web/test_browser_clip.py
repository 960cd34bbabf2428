# SPDX-License-Identifier: AGPL-3.0-or-later
"""A clip in the officer's browser: the vectors that Python opens and refuses, opened and refused there."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from tests.web.modules import VECTORS

FOLDER = VECTORS / "clip"
CLIP = json.loads((FOLDER / "clip.json").read_text())
HEADER = (FOLDER / "clip.header").read_bytes()
SEALED = (FOLDER / "clip.sealed").read_bytes()
MEDIA = bytes(i * i % 251 for i in range(20_000))
GIVEN = {"clip": CLIP, "header": HEADER.hex(), "sealed": SEALED.hex()}

# RFC 9180: appendix A.1.1 (AES-128-GCM), and of the same working group's test-vectors.json the house's own suite.
RFC_9180 = {
    "AES_128_GCM": {
        "skE": "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
        "skR": "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
        "enc": "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
        "ct": "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
    },
    "AES_256_GCM": {
        "skE": "179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11",
        "skR": "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
        "enc": "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
        "ct": "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a",
    },
}
RFC_INFO = "4f6465206f6e2061204772656369616e2055726e"
RFC_AAD = "436f756e742d30"
RFC_PLAIN = "4265617574792069732074727574682c20747275746820626561757479"

COMMON = """
const hex = (text) => m.bytes.fromHex(text, text.length / 2, "given");
const own = (text) => m.hpke.importPrivate(hex(text));
const reader = (file) => async (start, end) => file.slice(start, end);
"""


def cases(name):
    return json.loads((FOLDER / f"{name}-refused.json").read_text())


def all_are(found, error_id):
    assert {name: said for name, said in found.items() if said != error_id} == {}
    assert found


@pytest.mark.parametrize("aead", RFC_9180)
def test_the_vectors_of_rfc_9180_open_and_are_sealed_again_in_a_browser(modules, aead):
    given = RFC_9180[aead] | {"info": RFC_INFO, "aad": RFC_AAD, "plain": RFC_PLAIN, "aead": aead}
    code = """
    const recipient = await own(given.skR), ephemeral = await own(given.skE);
    const more = {aad: hex(given.aad), aead: m.hpke[given.aead], ephemeral};
    const opened = await m.hpke.open(hex(given.enc + given.ct), recipient, hex(given.info), more);
    const sealed = await m.hpke.seal(hex(given.plain), recipient.publicKey, hex(given.info), more);
    return [m.bytes.toHex(opened), m.bytes.toHex(sealed)];
    """
    assert modules.run(COMMON + code, given) == [RFC_PLAIN, given["enc"] + given["ct"]]


@pytest.mark.parametrize("name", ["diaz-4f2a", "kim-09bc", "reyes-defence"])
def test_every_device_of_the_vector_opens_its_clip_in_a_browser(modules, name):
    code = """
    const {clip, name} = given, header = hex(given.header), file = hex(given.sealed);
    const rewrap = name === clip.rewrap.name ? m.bytes.fromBase64(clip.rewrap.sealed, "rewrap") : undefined;
    const half = await m.clip.recipientHalf(header, name, await own(clip.private_keys[name]), rewrap);
    await m.clip.check(header, await m.bytes.sha256(file), half.salt, clip.c);
    const e = clip.half, leaf = await m.tlog.leafHash(m.bytes.fromBase64(e.leaf, "leaf"));
    const sK = await m.clip.openHalf(m.bytes.fromBase64(e.sealed, "half"), await own(e.e_private), leaf);
    const key = await m.clip.clipKey(header, half.sA, sK);
    const opened = await m.chunks.SealedFile.open(key, await m.bytes.sha256(header), file.length, reader(file));
    const {index, start, end} = await opened.index();
    const media = await opened.plain(start, end);
    const middle = await opened.plain(start + 16_000, start + 17_000);
    return {
      half: [m.bytes.toHex(half.sA), m.bytes.toHex(half.salt), m.bytes.toHex(sK), m.bytes.toHex(key)],
      core: new TextDecoder().decode(m.clip.parseHeader(header).core),
      index, media: m.bytes.toHex(media), middle: m.bytes.toHex(middle),
    };
    """
    found = modules.run(COMMON + code, GIVEN | {"name": name})
    assert found["half"] == [CLIP["s_A"], CLIP["salt"], CLIP["s_K"], CLIP["K"]]
    assert found["core"] == CLIP["core"]
    assert found["index"] == {key: value for key, value in json.loads(CLIP["index"]).items() if key != "format"}
    assert bytes.fromhex(found["media"]) == MEDIA
    assert bytes.fromhex(found["middle"]) == MEDIA[16_000:17_000]


@pytest.mark.parametrize(
    ("name", "parse", "error_id"),
    [("headers", "parseHeader", "clip.header-malformed"), ("indices", "parseIndex", "clip.index-malformed")],
)
def test_each_malformed_header_and_index_is_refused_in_a_browser(modules, name, parse, error_id):
    code = f"return tools.each(given, (text) => m.clip.{parse}(m.bytes.utf8(text)));"
    all_are(modules.run(code, cases(name)), error_id)


def test_each_changed_file_is_refused_in_a_browser(modules):
    code = """
    const {clip} = given, header = hex(given.header);
    const changed = (change) => {
      const file = m.bytes.concat(hex(given.sealed).slice(0, change.size ?? 1e9), hex(change.append ?? ""));
      if ("flip" in change) file[change.flip] ^= 1;
      return file;
    };
    const key = await m.clip.clipKey(header, hex(clip.s_A), hex(clip.s_K)), context = await m.bytes.sha256(header);
    const against = await tools.each(given.cases, async (change) =>
      m.clip.check(header, await m.bytes.sha256(changed(change)), hex(clip.salt), clip.c));
    const opened = await tools.each(given.cases, async (change) => {
      const file = changed(change);
      const sealed = await m.chunks.SealedFile.open(key, context, file.length, reader(file));
      await sealed.plain(0, sealed.plainSize);
    });
    return [against, opened];
    """
    against, opened = modules.run(COMMON + code, GIVEN | {"cases": cases("files")})
    all_are(against, "clip.commitment-mismatch")
    all_are(opened, "clip.file-damaged")


def test_wrong_halves_and_a_short_answer_open_nothing_in_a_browser(modules):
    code = """
    const {clip} = given, header = hex(given.header), file = hex(given.sealed);
    const context = await m.bytes.sha256(header);
    const right = await m.clip.clipKey(header, hex(clip.s_A), hex(clip.s_K));
    const swapped = await m.clip.clipKey(header, hex(clip.s_K), hex(clip.s_A));
    const short = async (start, end) => file.slice(start, end - 1);
    return tools.each({
      "halves the wrong way round": () => m.chunks.SealedFile.open(swapped, context, file.length, reader(file)),
      "a server that sends less": () => m.chunks.SealedFile.open(right, context, file.length, short),
      "another context": () => m.chunks.SealedFile.open(right, new Uint8Array(32), file.length, reader(file)),
    }, (act) => act());
    """
    all_are(modules.run(COMMON + code, GIVEN), "clip.file-damaged")


def test_each_useless_rewrap_half_and_key_is_refused_in_a_browser(modules):
    code = """
    const header = hex(given.header), base64 = (text) => m.bytes.fromBase64(text, "given");
    const device = await own(given.clip.private_keys["reyes-defence"]);
    const half = {sA: hex(given.clip.s_A), salt: hex(given.clip.salt)};
    const reseal = (name, x25519) => m.clip.rewrap(header, half, {name, x25519});
    return {
      rewraps: await tools.each(given.rewraps, (text) =>
        m.clip.recipientHalf(header, "reyes-defence", device, base64(text))),
      halves: await tools.each(given.halves, async (half) =>
        m.clip.openHalf(base64(half.sealed), await own(half.e_private), hex(half.leaf_hash))),
      keys: await tools.each(given.keys, (key) => reseal("reyes-defence", key)),
      stranger: await tools.refusal(() => m.clip.recipientHalf(header, "reyes-defence", device)),
    };
    """
    given = GIVEN | {"rewraps": cases("encapsulations"), "halves": cases("halves"), "keys": cases("keys")}
    found = modules.run(COMMON + code, given)
    all_are(found["rewraps"], "clip.encapsulation-refused")
    all_are(found["halves"], "clip.half-refused")
    all_are(found["keys"], "clip.key-malformed")
    assert found["stranger"] == "clip.recipient-unknown"


def test_what_a_browser_re_seals_opens_in_python(modules):
    from sunporch.clip.open import recipient_half  # noqa: PLC0415  # the other side of this one test

    code = """
    const header = hex(given.header), {clip} = given;
    const half = await m.clip.recipientHalf(header, "diaz-4f2a", await own(clip.private_keys["diaz-4f2a"]));
    const {publicKey} = await own(clip.private_keys["reyes-defence"]);
    const x25519 = m.bytes.toHex(await m.hpke.rawPublic(publicKey));
    return m.bytes.toBase64(await m.clip.rewrap(header, half, {name: "reyes-defence", x25519}));
    """
    sealed = base64.b64decode(modules.run(COMMON + code, GIVEN))
    half = recipient_half(HEADER, "reyes-defence", CLIP["private_keys"]["reyes-defence"], sealed)
    assert (half.s_a.hex(), half.salt.hex()) == (CLIP["s_A"], CLIP["salt"])


def test_one_flipped_byte_anywhere_in_header_or_file_is_noticed_in_a_browser(modules):
    code = """
    const header = hex(given.header), file = hex(given.sealed), {clip} = given;
    const flipped = (bytes, at) => { const copy = bytes.slice(); copy[at] ^= 1; return copy; };
    const at = (whole, count) => Array.from({length: count}, (_, i) => Math.floor(i * whole.length / count));
    const found = new Set();
    for (const i of at(file, 60)) found.add(await tools.refusal(async () =>
      m.clip.check(header, await m.bytes.sha256(flipped(file, i)), hex(clip.salt), clip.c)));
    for (const i of at(header, 60)) found.add(await tools.refusal(async () =>
      m.clip.check(flipped(header, i), await m.bytes.sha256(file), hex(clip.salt), clip.c)));
    return [...found];
    """
    assert modules.run(COMMON + code, GIVEN) == ["clip.commitment-mismatch"]
    assert hashlib.sha256(HEADER).hexdigest() == CLIP["header_sha256"]
