# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import getpass
import json

import pytest

from sunporch.base.clock import OFFSET_VARIABLE, SystemClock
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey, VerifierKey
from sunporch.cli.main import main
from sunporch.desk import command as module
from sunporch.desk import keyfile
from sunporch.desk.command import command
from sunporch.tlog.notes import Note, sign
from tests.client.test_server import failing
from tests.desk.neighbours import MEDIA


@pytest.fixture
def at_desk(around, diaz, monkeypatch):
    """Return the arguments with which Diaz opens the clip, on the town's clock."""
    offset = diaz.folder / "clock"
    offset.write_text(str(around.town.now - SystemClock().now()), encoding="ascii")
    monkeypatch.setenv(OFFSET_VARIABLE, str(offset))
    monkeypatch.setenv(module.PASSWORD_VARIABLE, "password")
    monkeypatch.setenv(module.CODE_VARIABLE, "123456")
    pin = diaz.folder / "pin.json"
    pin.write_text(around.pin.to_json(), encoding="utf-8")
    portal = around.doors.url("portal")
    return [
        str(around.shared),
        "--portal",
        portal,
        "--pin",
        str(pin),
        "--key",
        str(diaz.key_file),
        "--out",
        str(diaz.out),
    ]


def test_an_officer_opens_a_clip_from_a_terminal(at_desk, diaz, capsys):
    assert command(["open", *at_desk]) == 0
    assert diaz.out.read_bytes() == MEDIA
    said = capsys.readouterr().out
    assert "Your opening is entry 14 of the public record." in said
    assert "Camera porch, 2.0 seconds, without sound, covered where the resident chose" in said
    assert "Every picture was encoded anew at home" in said


def test_a_program_gets_the_opening_as_json(at_desk, diaz, capsys):
    assert command(["open", *at_desk, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["file"] == str(diaz.out)
    assert said["access"] == 14
    assert said["index"]["media_sha256"] == said["sha256"]


def test_a_program_gets_a_refusal_as_json_too(at_desk, around, capsys):
    around.custodian_says = "custodian.lease-ended"
    assert command(["open", *at_desk, "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["id"] == "desk.clip-ended"
    assert "The custodian's own words" in error["what"]


def test_a_refusal_at_the_terminal_is_one_sentence_and_what_to_do(at_desk, around, capsys):
    around.custodian_says = "custodian.record-stale"
    assert main(["desk", "open", *at_desk]) == 1
    said = capsys.readouterr().err
    assert "desk.quorum-missing" in said
    assert "Wait until the co-signers answer again" in said


def test_password_and_code_are_asked_for_where_no_script_gives_them(at_desk, around, monkeypatch):
    asked = []
    monkeypatch.delenv(module.PASSWORD_VARIABLE)
    monkeypatch.delenv(module.CODE_VARIABLE)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: asked.append(prompt) or "typed")
    assert command(["open", *at_desk]) == 0
    assert asked == ["Password at the portal: ", "Code at the portal: "]


def test_nothing_is_overwritten_and_nothing_put_on_record_for_it(at_desk, around, diaz):
    diaz.out.write_bytes(b"last week's clip")
    with failing("desk.output-exists"):
        command(["open", *at_desk])
    assert diaz.out.read_bytes() == b"last week's clip"
    assert around.doors.asked == []


def test_a_folder_that_cannot_be_written_is_named_before_anything_goes_on_record(at_desk, around, diaz):
    elsewhere = [*at_desk[:-1], str(diaz.folder / "absent" / "clip.mp4")]
    with failing("desk.output-unwritable"):
        command(["open", *elsewhere])
    assert around.doors.asked == []


def test_a_pin_that_is_not_there_is_named(at_desk, around, diaz):
    at_desk[at_desk.index("--pin") + 1] = str(diaz.folder / "absent")
    with failing("desk.pin-missing"):
        command(["open", *at_desk])
    assert around.doors.asked == []


def test_a_device_makes_its_keys_and_says_what_the_registrar_needs(tmp_path, capsys):
    path = tmp_path / "diaz.key"
    assert command(["key", "diaz-4f2a", "--out", str(path)]) == 0
    said = json.loads(capsys.readouterr().out)
    made = keyfile.read(path)
    assert said == {"key": str(made.signer.verifier), "x25519": made.x25519}
    assert VerifierKey.parse(said["key"]).name == made.name == "diaz-4f2a"
    assert path.stat().st_mode & 0o777 == 0o600
    with failing("desk.output-exists"):
        command(["key", "diaz-4f2a", "--out", str(path)])


@pytest.mark.parametrize(
    "change", [lambda t: t[:0], lambda t: t + "\n", lambda t: t.upper(), lambda t: "é" + t, lambda t: t[:-9] + "\n"]
)
def test_a_damaged_key_file_is_named(tmp_path, change):
    path = tmp_path / "diaz.key"
    keyfile.make(path, "diaz-4f2a")
    path.write_bytes(change(path.read_text(encoding="utf-8")).encode())
    with failing("desk.keyfile-malformed"):
        keyfile.read(path)


def test_a_key_file_that_is_absent_or_open_to_others_is_named(tmp_path):
    path = tmp_path / "diaz.key"
    with failing("desk.keyfile-malformed"):
        keyfile.read(path)
    keyfile.make(path, "diaz-4f2a")
    path.chmod(0o644)
    with failing("durable.path-exposed"):
        keyfile.read(path)


def test_a_key_never_shows_its_secret_when_printed(tmp_path):
    made = keyfile.make(tmp_path / "diaz.key", "diaz-4f2a")
    assert made.x25519_private not in repr(made)
    assert made.signer.seed.hex() not in repr(made)


def test_a_registrar_signs_a_text_from_a_terminal_and_only_adds_their_signature(tmp_path, capsys):
    key = keyfile.make(tmp_path / "registrar.key", "registrar-9")
    text = "a text\nof two lines\n"
    first = sign(text, [SignerKey.generate("council-1")]).encode()
    (tmp_path / "waits.note").write_bytes(first)
    assert command(["sign", str(tmp_path / "waits.note"), "--key", str(tmp_path / "registrar.key")]) == 0
    both = Note.parse(capsys.readouterr().out.encode())
    assert both.text == text
    assert both.encode().startswith(first)
    assert both.verified([key.signer.verifier]) == (key.signer.verifier,)


def test_a_text_that_is_not_there_is_signed_by_nobody(tmp_path):
    keyfile.make(tmp_path / "registrar.key", "registrar-9")
    with pytest.raises(Error) as caught:
        command(["sign", str(tmp_path / "none.note"), "--key", str(tmp_path / "registrar.key")])
    assert caught.value.id == "desk.note-missing"
