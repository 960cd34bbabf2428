# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from sunporch.base import config, durable
from sunporch.base.errors import Error


@dataclasses.dataclass(frozen=True)
class Settings:
    origin: str
    port: int = 8402
    debug: bool = False
    data: Path = Path("data")
    witnesses: list[str] = dataclasses.field(default_factory=list)
    password: str = dataclasses.field(default="", metadata={"secret": True})


def test_a_file_is_replaced_whole_and_private(tmp_path):
    path = tmp_path / "key"
    durable.write(path, b"one")
    durable.write(path, b"two")
    assert path.read_bytes() == durable.read_private(path) == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["key"]


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "key"
    durable.write(path, b"one")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        durable.write(path, b"two")
    assert path.read_bytes() == b"one"
    assert [p.name for p in tmp_path.iterdir()] == ["key"]


def test_a_secret_that_others_could_read_is_refused_with_the_command_that_mends_it(tmp_path):
    path = tmp_path / "key"
    durable.write(path, b"secret", mode=0o644)
    path.chmod(0o644)
    with pytest.raises(Error) as caught:
        durable.read_private(path)
    assert caught.value.id == "durable.path-exposed"
    assert f"chmod 0600 {path}" in caught.value.next
    folder = durable.private_directory(tmp_path / "people")
    folder.chmod(0o755)
    with pytest.raises(Error) as caught:
        durable.private_directory(folder)
    assert "chmod 0700" in caught.value.next


def test_the_environment_stands_over_the_file(tmp_path, monkeypatch):
    file = tmp_path / "portal.toml"
    file.write_text('origin = "demo.maple"\nport = 1\nwitnesses = ["a"]\n')
    monkeypatch.setenv("SUNPORCH_PORTAL_PORT", "8502")
    monkeypatch.setenv("SUNPORCH_PORTAL_DEBUG", "true")
    monkeypatch.setenv("SUNPORCH_PORTAL_DATA", "/var/portal")
    monkeypatch.setenv("SUNPORCH_PORTAL_WITNESSES", "http://a, http://b")
    monkeypatch.setenv("SUNPORCH_PORTAL_PASSWORD", "hush")
    settings = config.load(Settings, "portal", file)
    assert settings == Settings("demo.maple", 8502, True, Path("/var/portal"), ["http://a", "http://b"], "hush")
    assert config.printable(settings)["password"] == "********"
    assert config.printable(settings)["port"] == "8502"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('origin = "x"\nprot = 1', "config.key-unknown"),
        ("port = 1", "config.key-missing"),
        ('origin = "x"\nport = "many"', "config.value-refused"),
        ('origin = "x"\nport = "--5"', "config.value-refused"),
        ("origin = 5", "config.value-refused"),
        ('origin = "x"\nwitnesses = [1]', "config.value-refused"),
        ('origin = "x"\ndebug = 1', "config.value-refused"),
        ("origin =", "config.file-unreadable"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(tmp_path, text, error):
    file = tmp_path / "portal.toml"
    file.write_text(text)
    with pytest.raises(Error) as caught:
        config.load(Settings, "portal", file)
    assert caught.value.id == error
    assert caught.value.where == str(file)


def test_a_missing_settings_file_is_named(tmp_path):
    with pytest.raises(Error) as caught:
        config.load(Settings, "portal", tmp_path / "absent.toml")
    assert caught.value.id == "config.file-unreadable"
