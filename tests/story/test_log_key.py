# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town changes the key that signs its log, while two homes and the custodian read on and a process is killed."""

from __future__ import annotations

import json
import os
import signal

import httpx
import pytest

from sunporch.base.notekeys import SignerKey
from sunporch.docket import entries as e
from sunporch.tlog.checkpoints import Checkpoint
from sunporch.tlog.notes import Note, sign
from sunporch.tlog.policies import TrustPolicy
from sunporch.town import parts, scenes, seed, streets, tools
from sunporch.town.acts import common, hand_in
from sunporch.town.layout import ORIGIN, WITNESSES, Layout, free_base
from sunporch.town.story import Options, Story
from sunporch.town.town import WALL, Town

pytestmark = [pytest.mark.story, pytest.mark.timeout(900)]

WAIT_SECONDS = 60
NEW = "next_log_key"


def silence(line: str) -> None:
    del line


@pytest.fixture
def story(tmp_path):
    with Town(Layout(tmp_path / "town", free_base())) as town:
        made = Story(town, Options(), silence)
        made.play(scenes.OPENING)
        yield made


def trust(town: Town, old: str, new: str):
    """Return the council's entry that names the new log key alone."""
    fold = town.record.read().fold
    return e.Trust(
        **common(town.clock.now()),
        predecessor=fold.trust_index,
        keys=fold.community.keys,
        threshold=fold.threshold,
        grid=fold.grid,
        tlog_policy=fold.trust_policy_text.replace(f"log {old}\n", f"log {new}\n"),
        comment_days=fold.comment_days,
    )


def tell(town: Town, key: str) -> None:
    """Each co-signer's operator enters the next key and starts it again."""
    for name in WITNESSES:
        file = parts.config(town.layout, name)
        file.write_text(file.read_text() + f"{NEW} = {json.dumps(key)}\n")
        town.supervisor.stop_part(name)
        town.supervisor.resume_part(name)


def recorded(town: Town) -> int:
    """Hand in an entry that anybody may see, and return its index once it is co-signed."""
    now = town.clock.now()
    entry = e.Event(**common(now), cells=(streets.SAMPLE.centre,), from_=now + 9, to=now + 99, kind="vote")
    return hand_in(town.portal, entry, [town.keys_of("okafor").signer]).index


def seen_by(town: Town, home: str) -> int:
    """Return how many entries a home's own copy of the record has."""
    found = sorted(town.layout.data(home).rglob("checkpoints/sizes"))
    return int(found[0].read_text().split()[-1]) if found else 0


def custodian(town: Town) -> dict:
    """Return what the key custodian tells about itself."""
    return httpx.get(f"{town.layout.url('custodian')}/status", trust_env=False).json()


def until(condition, what: str) -> None:
    end = WALL.monotonic() + WAIT_SECONDS
    while not condition():
        assert WALL.monotonic() < end, f"waited {WAIT_SECONDS} s in vain: {what}"
        WALL.sleep(0.2)


@pytest.mark.promise(7)
@pytest.mark.promise(8)
def test_a_town_changes_its_log_key_while_homes_read_on_and_the_old_key_is_worth_nothing_after(story):
    town = story.town
    policy = TrustPolicy.parse(town.record.read().fold.trust_policy_text)
    old = str(policy.logs[0])
    file = town.layout.data("portal") / "keys" / "log.key"
    stolen = SignerKey.parse(file.read_text())
    command = ("portal", "log-key")
    place = ("--config", str(parts.config(town.layout, "portal")))
    new = parts.set_up(town.layout, *command, "next", *place)["log_key"]
    tell(town, new)
    town.supervisor.allow_restart("portal")
    pids = json.loads((town.layout.data("portal") / "pids.json").read_text())
    os.kill(pids["sequencer"], signal.SIGKILL)  # whoever hands in now waits for the next one
    index = hand_in(town.portal, trust(town, old, new), seed.community_signers(town.layout)).index
    later = recorded(town)
    assert parts.set_up(town.layout, *command, "activate", *place)["log_key"] == new
    pids = json.loads((town.layout.data("portal") / "pids.json").read_text())
    os.kill(pids["sequencer"], signal.SIGKILL)
    last = recorded(town)
    assert index < later < last
    for home in seed.HOMES:
        until(lambda home=home: seen_by(town, home) > last, f"{home} reads on under the new key")
    until(lambda: custodian(town)["size"] > last, "the custodian reads on under the new key")
    assert custodian(town)["trouble"] == ""
    assert all(step["ok"] for step in tools.verify(town)["steps"])
    kept = Note.parse((town.layout.data("portal") / f"log/checkpoints/{last + 1}").read_bytes())
    assert [str(key) for key in kept.verified([stolen.verifier, SignerKey.parse(file.read_text()).verifier])] == [new]
    # Whoever stole the old key asks the co-signers themselves.
    head = town.record.read().cosigned.checkpoint
    for lie in (head, Checkpoint(ORIGIN, head.size, bytes(32))):
        body = f"old {head.size}\n\n".encode() + sign(lie.encode(), [stolen]).encode()
        for name in WITNESSES:
            answer = httpx.post(f"{town.layout.url(name)}/add-checkpoint", content=body, trust_env=False)
            assert (answer.status_code, answer.json()["error"]["id"]) == (403, "witness.log-unsigned")
