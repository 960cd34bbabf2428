# SPDX-License-Identifier: AGPL-3.0-or-later
"""Throws damaged and spliced inputs at every parser of what comes from outside.

A parser may return or raise `base.errors.Error`; anything else is a find, printed with its seed. `python
fuzz/parsers.py [--trials N] [--seed S] [--target NAME]`; the same seed gives the same inputs. Prints trials, failures
and the 95 % upper bound (3/n). The vectors of `spec/` are the corpus.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from sunporch.base import config, digests, strictjson
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey, VerifierKey, check_name
from sunporch.client.server import printable
from sunporch.clip import header, index, keys
from sunporch.clip.open import RecipientHalf, open_clip
from sunporch.docket import blobs, custody, wire
from sunporch.policy import amending, bundle, cedar, check_narrative
from sunporch.recorder import asking, discovery, envelope, frigate, onvif
from sunporch.redact import plan
from sunporch.tlog import tiles
from sunporch.tlog.checkpoints import Checkpoint, parse_decimal
from sunporch.tlog.notes import Note, Signature
from sunporch.tlog.policies import TrustPolicy
from sunporch.tlog.reader import parse_sizes
from sunporch.tlog.receipts import Receipt
from sunporch.town.clock import parse_range, parse_span
from sunporch.vault import journal, segment
from sunporch.verify import film, receipt
from sunporch.verify.pin import Pin
from sunporch.web.pings import bridge, push
from sunporch.web.ranges import wanted_range
from sunporch.witness.config import Settings as WitnessSettings
from sunporch.witness.cosigner import Request

ROOT = Path(__file__).resolve().parent.parent
MOST_INPUT = 1 << 16
PROBE_MATCH = (
    b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header><RelatesTo>urn:uuid:fuzz</RelatesTo>'
    b"</e:Header><e:Body><ProbeMatch><Scopes>onvif://www.onvif.org/name/a%20b</Scopes>"
    b"<XAddrs>http://192.168.1.20/onvif/device_service</XAddrs></ProbeMatch></e:Body></e:Envelope>"
)


def text_of(data: bytes) -> str:
    """Return the bytes as text, damaged where they are no UTF-8."""
    return data.decode("utf-8", errors="replace")


def on_text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    """Let a parser of text have the bytes."""
    return lambda data: parse(text_of(data))


def in_a_file(read: Callable[[Path], object], name: str) -> Callable[[bytes], object]:
    """Let a parser of a file have the bytes."""

    def write_and_read(data: bytes) -> object:
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            return read(path)

    return write_and_read


def _journal(path: Path) -> object:
    log = journal.Journal(path.parent)
    try:
        return list(log.read_from(journal.START))
    finally:
        log.close()


def _sealed_clip(data: bytes) -> object:
    clip = json.loads((CLIP / "clip.json").read_bytes())
    half = RecipientHalf(bytes.fromhex(clip["s_A"]), bytes.fromhex(clip["salt"]))
    head = (CLIP / "clip.header").read_bytes()
    c = header.commitment(head, hashlib.sha256(data).digest(), half.salt)
    index_read, media = open_clip(head, io.BytesIO(data), half, bytes.fromhex(clip["s_K"]), c)
    return index_read, list(media)


def _narrative(data: bytes) -> object:
    return check_narrative(text_of(data), text_of(data)[:40], RULES)


def _chunk(data: bytes) -> object:
    frame = segment.parse_frame(data, 1, 0)
    return frame and segment.unseal(bytes(32), bytes(32), frame, data, "fuzz")


CLIP = ROOT / "spec" / "vectors" / "clip"
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
RULES = bundle.parse_bundle(
    (ROOT / "spec" / "vectors" / "policy" / "consent.bundle.json").read_text(encoding="utf-8")
)
TRUST = TrustPolicy.parse((ROOT / "spec" / "vectors" / "log" / "town.policy").read_text(encoding="utf-8"))
TILE = tiles.Tile.parse("tile/0/000.p/2")
ENTRY_BUNDLE = tiles.Tile.parse("tile/entries/000.p/2")
KEY = SignerKey("library", bytes(32)).verifier
FILM = film.Digests(5_000, "00" * 32, "00" * 64)

# By the name of what is called: a test holds this list against the source (tests/architecture/test_fuzz.py).
TARGETS: dict[str, Callable[[bytes], object]] = {
    "base.config.load": in_a_file(lambda path: config.load(WitnessSettings, "fuzz", path), "settings.toml"),
    "base.digests.from_base64": on_text(lambda text: digests.from_base64(text, "it")),
    "base.digests.from_hex": on_text(lambda text: digests.from_hex(text, 32, "it")),
    "base.notekeys.SignerKey.parse": on_text(SignerKey.parse),
    "base.notekeys.VerifierKey.parse": on_text(VerifierKey.parse),
    "base.notekeys.check_name": on_text(check_name),
    "base.strictjson.loads": strictjson.loads,
    "client.server.printable": on_text(printable),
    "clip.header.parse": header.parse,
    "clip.index.parse": index.parse,
    "clip.index.parse_original": on_text(index.parse_original),
    "clip.keys.load_private": on_text(keys.load_private),
    "clip.keys.load_public": on_text(keys.load_public),
    "clip.open.open_clip": _sealed_clip,
    "docket.blobs.Blob.parse": blobs.Blob.parse,
    "docket.custody.check": on_text(lambda text: custody.check(KEY, text, "demo.fuzz", "00" * 32, str(KEY), 86_400)),
    "docket.wire.decode": on_text(wire.decode),
    "docket.wire.split_leaf": wire.split_leaf,
    "policy.amending.grid_of": on_text(amending.grid_of),
    "policy.bundle.parse_bundle": on_text(bundle.parse_bundle),
    "policy.cedar.parse": on_text(lambda text: cedar.parse(text, cedar.schema_text())),
    "policy.narrative.check_narrative": _narrative,
    "redact.plan.load": plan.load,
    "tlog.checkpoints.Checkpoint.parse": on_text(Checkpoint.parse),
    "tlog.checkpoints.parse_decimal": on_text(parse_decimal),
    "tlog.notes.Note.parse": Note.parse,
    "tlog.notes.Signature.parse": on_text(Signature.parse),
    "tlog.policies.TrustPolicy.open": lambda data: TRUST.open(data, None),
    "tlog.policies.TrustPolicy.open_signed": lambda data: TRUST.open_signed(data, None),
    "tlog.policies.TrustPolicy.parse": on_text(TrustPolicy.parse),
    "tlog.reader.parse_sizes": parse_sizes,
    "tlog.receipts.Receipt.parse": Receipt.parse,
    "tlog.tiles.Tile.parse": on_text(tiles.Tile.parse),
    "tlog.tiles.decode_bundle": lambda data: tiles.decode_bundle(data, ENTRY_BUNDLE),
    "tlog.tiles.split_hashes": lambda data: tiles.split_hashes(data, TILE),
    "town.clock.parse_range": on_text(parse_range),
    "town.clock.parse_span": on_text(parse_span),
    "vault.journal.Journal.read_from": in_a_file(_journal, journal.FILE),
    "vault.segment.Header.parse": lambda data: segment.Header.parse(data, "fuzz"),
    "recorder.discovery.parse_matches": lambda data: discovery.parse_matches(data, "urn:uuid:fuzz", "192.168.1.20"),
    "recorder.envelope.parse": lambda data: envelope.parse(data, "fuzz"),
    "recorder.onvif.Service.beside": on_text(onvif.Service("192.168.1.20", 80, "/").beside),
    "recorder.onvif.Service.parse": on_text(onvif.Service.parse),
    "recorder.asking.answer_demand": on_text(lambda text: asking.answer_demand(text, "/", "ana", "secret")),
    "recorder.discovery.shown": on_text(discovery.shown),
    "recorder.frigate.parse_streams": lambda data: frigate.parse_streams(data, "fuzz"),
    "vault.segment.parse_frame": lambda data: segment.parse_frame(data, 1, 0),
    "vault.segment.End.parse": lambda data: segment.End.parse(data, 2, "fuzz"),
    "vault.segment.unseal": _chunk,
    "vault.segment.whole": segment.whole,
    "verify.film.check": lambda data: film.check(data, FILM),
    "verify.pin.Pin.parse": Pin.parse,
    "verify.receipt.check": receipt.check,
    "web.ranges.wanted_range": on_text(lambda text: wanted_range(text, 1_000, "fuzz")),
    "witness.cosigner.Request.parse": Request.parse,
    "web.pings.bridge.check": on_text(lambda text: bridge.check(text, ["json", "ntfys", "matrix", "mailto"])),
    "web.pings.push.check": on_text(lambda text: push.check(text, ["fcm.googleapis.com"])),
}


def corpus() -> list[bytes]:
    """Return every vector, every text inside the JSON ones, and a good one of what has no vectors."""
    note = (ROOT / "spec" / "vectors" / "log" / "town.checkpoint").read_bytes()
    found: list[bytes] = [b"", b"{}", b"0", b"\n", b"60d", b"2.5:6", b"bytes=0-99", b"old 1\n\n" + note]
    found.append(b'origin = "demo.fuzz"\nlog_key = "k"\ndata_dir = "/tmp"\nport = 0\nname = "w"\n')
    keys = {"p256dh": "B" * 87, "auth": "A" * 22}
    found.append(json.dumps({"endpoint": "https://fcm.googleapis.com/x", "keys": keys}).encode())
    found += [b"ntfys://ana:secret@ntfy.example/topic?rto=1", b"matrix://ana:secret@host/#room", b"mailto://a:b@c.d"]
    found += [
        b'Digest realm="cam", nonce="1", qop="auth,auth-int", algorithm=SHA-256',
        b"http://192.168.1.20:8000/x?y",
    ]
    found += [PROBE_MATCH, b'{"go2rtc": {"streams": {"porch": ["rtsp://192.168.1.20/x"]}}, "fps": 5.5}']
    found.append(_journal_line(b'{"kind":"begin","n":1}'))
    for path in sorted((ROOT / "spec" / "vectors").rglob("*")):
        if path.is_file() and path.suffix != ".md":
            data = path.read_bytes()
            found.append(data[:MOST_INPUT])
            if path.suffix == ".json":
                found += [text.encode() for text in _texts(data)][:50]
    return found


def _journal_line(text: bytes) -> bytes:
    return digests.sha256(journal.START.hash.encode(), text).hex().encode() + b" " + text + b"\n"


def _texts(data: bytes) -> Iterator[str]:
    waiting = [json.loads(data)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and 8 < len(value) <= MOST_INPUT:
            yield value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def damaged(seeds: list[bytes], chance: random.Random) -> bytes:
    """Return one seed with a few small wounds, sometimes joined with a piece of another."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(0, 4)):
        at = chance.randint(0, len(data))
        match chance.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + chance.randint(1, 64)]
            case 2:
                data[at:at] = chance.choice(
                    [b"\x00", b"\xff" * 9, b'"', b"{", b"[" * 500, b"9" * 400, b"-1", b"\n", b" "]
                )
            case 3:
                other = chance.choice(seeds)
                start = chance.randint(0, len(other))
                data[at:at] = other[start : start + chance.randint(1, 200)]
            case 4:
                data[at : at + 1] = str(chance.choice([0, 1, 2**31, 2**53, 2**64, -1])).encode()
            case _:
                data += data[at : at + 50]
    return bytes(data[:MOST_INPUT])


def main() -> int:
    """Run the trials; return 1 if any parser fell over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=5_000, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=sorted(TARGETS))
    arguments = parser.parse_args()
    seeds, failures = corpus(), 0
    for name, target in TARGETS.items():
        if arguments.target not in (None, name):
            continue
        chance = random.Random(f"{arguments.seed} {name}")
        found = 0
        for trial in range(arguments.trials):
            data = damaged(seeds, chance)
            try:
                target(data)
            except Error:
                continue
            except Exception:  # noqa: BLE001 - whatever else falls out is the find
                found += 1
                print(f"{name}: seed {arguments.seed}, trial {trial}: {data[:200]!r}")
                traceback.print_exc(limit=-2)
                if found == 3:
                    break
        failures += found
        print(f"{name}: {trial + 1} trials, {found} failures, 95 % upper bound {3 / (trial + 1):.5f}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
