# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest
from django.core.management import call_command

from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.docket import entries
from sunporch.docket.blobs import Blob
from sunporch.portal import command, config, founding, schema
from sunporch.portal.board import entries as board_entries
from tests.portal.street import ORIGIN, Street, Visitor, error_of


@pytest.fixture
def empty(street, tmp_path):
    """A portal that was just made, in place of the founded one."""
    bare = Street(tmp_path / "bare")
    bare.folder.mkdir(mode=0o700)
    (bare.folder / "people").mkdir(mode=0o700)
    bare.offset_file.write_text("-100")
    founding.init(ORIGIN, bare.data, 0, [])
    for name in ("council-1", "council-2"):
        (bare.folder / "people" / name).write_text(SignerKey.generate(name).secret_text())
    street.close()
    bare.open()
    call_command("migrate", verbosity=0)
    yield bare
    bare.close()
    street.open()


def community(street, policy: str) -> tuple[str, Blob]:
    grid = Blob.new("{}")
    council = ("council-1", "council-2")
    note = street.signed(
        entries.Community,
        *council,
        name="Bare Street",
        keys=tuple(str(street.keys[name].verifier) for name in council),
        threshold=2,
        grid=grid.commitment,
        tlog_policy=policy,
        comment_days=0,
    )
    return note, grid


def test_only_who_was_told_the_logs_key_founds_the_community(empty):
    stranger = str(SignerKey.generate(ORIGIN).verifier)
    for policy in (empty.trust_policy().replace(str(empty.log_key), stranger), "nonsense\n"):
        note, grid = community(empty, policy)
        with pytest.raises(Error) as raised:
            empty.post(note, grid)
        assert raised.value.id == "portal.founding-refused"
    assert empty.record(*community(empty, empty.trust_policy())) == 0
    assert empty.state().community.name == "Bare Street"


@pytest.mark.requirement("S2")
def test_a_fresh_town_shows_empty_pages_and_nobody_may_ask(empty):
    (empty.folder / "tokens.json").write_text("{}")
    anyone = Visitor(empty)
    assert "has not been founded yet" in anyone.get("/").content.decode()
    for path in ("/rules/", "/agencies/", "/record/", "/feeds/atom.xml", "/feeds/feed.json", "/metrics"):
        assert anyone.get(path).status_code == 200
    refused = anyone.get("/api/v1/rules")
    assert (refused.status_code, error_of(refused)) == (404, "portal.rules-absent")
    with pytest.raises(Error) as raised:
        board_entries.take(empty.signed(entries.Withdrawal, "council-1", disclosure=1), [], empty.now())
    assert raised.value.id == "portal.entry-void"


def test_init_makes_private_files_once_and_run_refuses_what_is_exposed_or_absent(tmp_path, capsys):
    folder = tmp_path / "portal"
    founded = founding.init("demo.once", folder, 9, ["http://127.0.0.1:1"])
    assert {oct(path.stat().st_mode & 0o777) for path in (folder / "keys").iterdir()} == {"0o600"}
    settings = config.load(founded.settings)
    assert (settings.origin, settings.port, settings.witnesses) == ("demo.once", 9, ["http://127.0.0.1:1"])
    with pytest.raises(Error) as raised:
        founding.init("demo.once", folder, 9, [])
    assert raised.value.id == "portal.data-present"
    with pytest.raises(Error) as raised:
        command.command(["run", "--config", str(founded.settings)])
    assert raised.value.id == "portal.data-absent"
    settings.database.touch()
    with pytest.raises(Error) as raised:
        command.command(["run", "--config", str(founded.settings)])
    assert raised.value.id == "portal.schema-other"
    schema.stamp(settings.database)
    settings.keys_dir.chmod(0o755)
    with pytest.raises(Error) as raised:
        command.command(["run", "--config", str(founded.settings), "--check-config"])
    assert raised.value.id == "durable.path-exposed"
    settings.keys_dir.chmod(0o700)
    assert command.command(["run", "--config", str(founded.settings), "--check-config"]) == 0
    assert command.command(["run", "--config", str(founded.settings), "--print-config"]) == 0
    printed = capsys.readouterr().out
    assert "demo.once" in printed
    assert settings.secret_key not in printed


def test_the_models_and_their_migrations_say_the_same(street):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
