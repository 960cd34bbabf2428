# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import dataclasses
import functools
import http.server
import io
import json
import subprocess
import sys
import threading
from importlib import metadata

import pytest

from sunporch.base import strictjson
from sunporch.cli import main as module
from sunporch.cli.main import main
from sunporch.clip import keys
from sunporch.clip.header import Recipient
from sunporch.clip.seal import seal
from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.tlog.notes import sign
from sunporch.verify import receipt
from sunporch.verify.tail import Tail
from tests.custodian.office import INDEX, MEDIA
from tests.verify.town import DAY, ORIGIN, LogTown, one_time, person


@pytest.fixture
def town(tmp_path):
    town = LogTown(tmp_path / "log").found()
    town.ask()
    town.cosign()
    yield town
    town.close()


@pytest.fixture
def pin(town, tmp_path):
    path = tmp_path / "pin.json"
    path.write_text(town.pin.to_json())
    return str(path)


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def portal(town):
    """The log as a web server shows it, under /log."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(town.folder.parent))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_help_lists_every_command_and_the_exit_codes(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    names = metadata.entry_points(group=module.GROUP).names
    assert all(f"\n  {name}" in out for name in names)
    assert set(module.KNOWN) == set(names)
    assert "exit codes: 0" in out
    assert run(capsys)[0] == 2
    assert run(capsys, "--version")[1].strip() == metadata.version("sunporch")


def test_an_unknown_command_is_named_with_those_there_are(capsys):
    code, _, err = run(capsys, "vreify")
    assert code == 2
    assert "cli.command-unknown" in err
    assert "verify" in err


def without(monkeypatch, missing):
    """Make the command `portal` fail to load for want of a module."""

    class Absent:
        def load(self):
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    class Points(dict):
        names = property(lambda self: self.keys())

    def entry_points(group):
        return Points(portal=Absent())

    monkeypatch.setattr(module.metadata, "entry_points", entry_points)


def test_a_missing_extra_is_named_with_what_to_install(capsys, monkeypatch):
    without(monkeypatch, "django")
    code, _, err = run(capsys, "portal")
    assert code == 2
    assert "cli.extra-missing" in err
    assert "sunporch[portal]" in err


def test_a_missing_module_of_our_own_is_a_bug_and_not_an_extra(monkeypatch):
    without(monkeypatch, "sunporch.x")
    with pytest.raises(ModuleNotFoundError):
        main(["portal"])


def test_the_command_line_ends_quietly_when_its_reader_has_seen_enough(town):
    command = f"{sys.executable} -m sunporch.cli.main log list {town.folder} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0"
    assert "Traceback" not in done.stderr


# verify -------------------------------------------------------------------------------------------------------------


def test_ruth_verifies_a_folder_and_a_portal(town, pin, portal, capsys):
    for place in (town.folder, town.folder.parent, portal, f"{portal}/log/"):
        code, out, _ = run(capsys, "verify", place, "--pin", pin, "--verbose")
        assert code == 0, out
        assert "All is sound." in out
        assert "Trust on first use" not in out
        assert " 14. " in out


def test_a_report_for_programs_names_each_step(town, capsys):
    code, out, _ = run(capsys, "verify", town.folder, "--json")
    report = json.loads(out)
    assert (code, report["ok"], report["pinned"], report["origin"]) == (0, True, False, ORIGIN)
    assert [step["number"] for step in report["steps"]] == list(range(1, 15))


def test_tampering_ends_with_code_1_and_the_number_of_the_step(town, capsys):
    path = town.folder / "tile" / "entries" / f"000.p/{town.size}"
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data)
    code, out, _ = run(capsys, "verify", town.folder)
    assert code == 1
    assert "ALARM at step 5: " in out


def test_a_place_without_a_log_is_named(tmp_path, capsys):
    code, _, err = run(capsys, "verify", tmp_path)
    assert code == 1
    assert "client.log-absent" in err
    assert "where: " in err
    assert "next: " in err


@pytest.mark.parametrize("arguments", [[], ["place", "--receipt", "file"]])
def test_a_wrong_command_line_is_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["verify", *arguments])
    assert caught.value.code == 2


def test_ana_checks_her_receipt_without_any_server(town, pin, tmp_path, capsys):
    index = town.share(7)
    town.cosign()
    tail = Tail(town.pin)
    tail.advance(town.fetch)
    withdrawal = town.note(e.Withdrawal, one_time(7), disclosure=index).decode()
    path = tmp_path / "receipt.json"
    path.write_text(receipt.make(tail, index, withdrawal))
    assert run(capsys, "verify", "--receipt", path, "--pin", pin)[0] == 0
    code, out, _ = run(capsys, "verify", "--receipt", path, "--json")
    assert (code, json.loads(out)["entry"]) == (0, index)
    path.write_text(path.read_text().replace('"format":"sunporch/receipt/v1"', '"format":"x"'))
    code, out, _ = run(capsys, "verify", "--receipt", path)
    assert (code, "ALARM at step 1: " in out) == (1, True)
    code, _, err = run(capsys, "verify", "--receipt", tmp_path / "none")
    assert (code, "cli.file-unreadable" in err) == (1, True)


# log, policy, clip --------------------------------------------------------------------------------------------------


def test_the_record_is_listed_and_an_entry_is_shown_with_its_text(town, pin, capsys):
    town.append_leaf(b"1\nno entry")
    town.append(sign(f'sunporch/entry/v1\n{ORIGIN}\n{{"type":"parade","v":1}}\n', [person("portal")]).encode())
    town.ask(offence="90Z")
    town.cosign()
    code, out, _ = run(capsys, "log", "list", town.folder, "--pin", pin)
    lines = out.splitlines()
    assert (code, len(lines)) == (0, town.size)
    assert "request" in lines[12]
    assert "void (form)" in lines[13]
    assert "parade" in lines[14]
    assert len(run(capsys, "log", "list", town.folder, "--type", "request")[1].splitlines()) == 2
    shown = json.loads(run(capsys, "log", "show", town.folder, 12)[1])
    assert (shown["type"], shown["status"], shown["signers"]) == ("request", "in force", ["diaz", "kim"])
    assert any(text.startswith("A man") for text in shown["texts"].values())
    assert "entry" not in json.loads(run(capsys, "log", "show", town.folder, 13)[1])
    assert json.loads(run(capsys, "log", "show", town.folder, 14)[1])["entry"]["type"] == "parade"
    assert json.loads(run(capsys, "log", "show", town.folder, 15)[1])["clauses"]


def test_an_entry_that_is_not_there_is_named(town, capsys):
    code, _, err = run(capsys, "log", "show", town.folder, town.size)
    assert (code, "cli.entry-absent" in err) == (1, True)


def test_rules_are_listed_shown_and_checked(town, tmp_path, capsys):
    assert "consent" in run(capsys, "policy", "presets")[1]
    blob, text, none = tmp_path / "blob", tmp_path / "text", tmp_path / "none"
    blob.write_text(town.bundle.to_json())
    text.write_text(town.bundle.text)
    none.write_text("{}")
    assert town.bundle.commitment in run(capsys, "policy", "check", blob)[1]
    assert "not salted" in run(capsys, "policy", "check", text)[1]
    code, _, err = run(capsys, "policy", "check", none)
    assert (code, "[policy." in err) == (1, True)
    for language in ("en", "xx"):
        shown = run(capsys, "policy", "show", blob, "--language", language)[1]
        assert "retention_days" in shown
        assert "clauses:" in shown


def test_a_clips_header_is_shown(tmp_path, capsys):
    recipients = [Recipient(name, keys.public(keys.generate())) for name in ("diaz", "kim")]
    fields = {"origin": ORIGIN, "request": 12, "expires": 20_000 * DAY, "custodian": "library"}
    sealed = seal([MEDIA], INDEX, io.BytesIO(), recipients=recipients, **fields)
    path = tmp_path / "header"
    path.write_bytes(sealed.header)
    code, out, _ = run(capsys, "clip", "inspect", path)
    assert code == 0
    assert "answers:    appeal 12" in out
    assert "diaz, kim" in out
    path.write_bytes(sealed.header[:-1])
    code, _, err = run(capsys, "clip", "inspect", path)
    assert (code, "clip.header-malformed" in err) == (1, True)


def test_a_residents_proof_is_checked_against_the_clip_that_was_opened(tmp_path, capsys):
    chain = {"public_key": "household+00000000+key"}
    text = strictjson.dumps({"sha256": "ab" * 32, "chain": chain, "camera_clock_ms": [-1_500]})
    mine, other = Blob.new(text), Blob.new(text)
    inside = dataclasses.replace(INDEX, original=mine.commitment)
    opened, alone, proof = tmp_path / "opened.json", tmp_path / "index.json", tmp_path / "proof.json"
    opened.write_text(json.dumps({"access": 9, "index": dataclasses.asdict(inside)}, indent=1))
    alone.write_bytes(inside.encode())
    proof.write_text(mine.to_json())
    for file in (opened, alone):
        code, out, _ = run(capsys, "clip", "proof", file, proof)
        assert (code, "commits to this proof" in out, "ab" * 32 in out, "household+" in out) == (0, True, True, True)
        assert "-1.500 s off the home's" in out
    proof.write_text(other.to_json())
    code, _, err = run(capsys, "clip", "proof", opened, proof)
    assert (code, "docket.blob-mismatched" in err) == (1, True)
    opened.write_text(json.dumps({"index": "none"}))
    code, _, err = run(capsys, "clip", "proof", opened, proof)
    assert (code, "clip.index-malformed" in err) == (1, True)
