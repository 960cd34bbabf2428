# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happens to the people of the town when its parts fail: every process is killed at some step of the story.

Whoever is concerned gets a named error or notices nothing; nothing is half done; after the restart it works. CI plays
one kill at each step, each of another process; `make soak` plays every process at every step.
"""

from __future__ import annotations

import os
import random
import signal
import threading

import pytest

from sunporch.base.errors import Error
from sunporch.docket.entries import Disclosure
from sunporch.town import deeds, scenes, streets, tools
from sunporch.town import town as towns
from sunporch.town.layout import Layout, free_base
from sunporch.town.story import Options, Story
from sunporch.town.town import WALL, Town

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]

TRIES = 4
# Which process falls at which step in CI: (part, how many-th of its processes; 0 is the one that started the others).
FALLS = (
    ("A good appeal is countersigned and recorded", "portal", 1),
    ("Ana's hub matches, Omar's stays silent", "hub", 2),
    ("Ana shares a few seconds, covered where she wants", "custodian", 0),
    ("Det. Diaz opens the clip", "portal", 2),
    ("Time passes; it can no longer be opened", "custodian", 0),
    ("Another clip is withdrawn", "hub", 0),
    ("The council ends the partnership", "witness-2", 0),
)
PARTS = {"portal": 4, "hub": 4, "hub-omar": 4, "custodian": 1, "witness-1": 1, "camera": 1}  # processes of each
SAMPLE = {title: (part, number) for title, part, number in FALLS}
GRID = {
    f"{part}, process {number}": {title: (part, number) for title, _ in scenes.ALL}
    for part, count in PARTS.items()
    for number in range(count)
}
PLANS = {"a sample": SAMPLE} | (GRID if os.environ.get("SUNPORCH_SOAK") == "1" else {})


def play_scene(story: Story, title: str) -> None:
    story.play([next(scene for scene in scenes.ALL if scene[0] == title)])


def titles_before(title: str) -> list[str]:
    names = [name for name, _ in scenes.ALL]
    return names[: names.index(title)]


def silence(line: str) -> None:
    del line


@pytest.fixture
def story(tmp_path):
    with Town(Layout(tmp_path / "town", free_base())) as town:
        yield Story(town, Options(), silence)


def fall(town: Town, part: str, number: int, delay: float) -> threading.Timer:
    """Kill one process of the part after so many seconds."""

    def kill() -> None:
        town.supervisor.allow_restart(part)
        pids = town.supervisor.pids()[part]
        os.kill(pids[min(number, len(pids) - 1)], signal.SIGKILL)

    timer = threading.Timer(delay, kill)
    timer.start()
    return timer


def play_through(story: Story, title: str, part: str, number: int, delay: float) -> list[str]:
    """Play a scene while a process falls; return the errors that people saw until it worked."""
    seen = []
    timer = fall(story.town, part, number, delay)
    for _ in range(TRIES):
        try:
            play_scene(story, title)
        except Error as error:
            seen.append(str(error))
            assert error.what, "an error without a sentence"
            assert error.next, "an error that does not say what to do"
            timer.join()
            story.town.supervisor.wait_ready(part)
            WALL.sleep(2)
        else:
            timer.join()
            return seen
    pytest.fail(f"{title}: not done after {TRIES} tries with {part} killed once: {seen}")


def check_sound(story: Story) -> None:
    """Nothing is half done: the record verifies, and each clip that left is one that Ana's hub knows."""
    for part in story.town.supervisor.pids():
        story.town.supervisor.wait_ready(part)
    report = tools.verify(story.town)
    assert all(step["ok"] for step in report["steps"])
    record = story.town.record.read().fold
    shared = {index for index, clip in record.disclosures.items()}
    known = {share["id"] for share in story.town.visit("ana").ask("GET", "/api/v1/shares")}
    assert shared == known
    entries = [item.entry for item in record.records if isinstance(item.entry, Disclosure)]
    assert len({entry.c for entry in entries}) == len(entries)


def play_all(story: Story, falls: dict[str, tuple[str, int]], chance: random.Random) -> None:
    for title, _ in scenes.ALL:
        part, number = falls.get(title, ("", 0))
        if part in story.town.supervisor.pids():
            play_through(story, title, part, number, chance.uniform(0.0, 1.5))
        else:
            play_scene(story, title)
    check_sound(story)


@pytest.mark.promise(7)
@pytest.mark.parametrize("who_falls", PLANS)
def test_a_process_falls_at_each_step_and_the_town_goes_on(story, who_falls):
    seed = os.environ.get("SUNPORCH_SEED", "1")
    play_all(story, PLANS[who_falls], random.Random(f"{seed}/{who_falls}"))


def test_with_two_of_four_witnesses_down_nothing_is_recorded_or_opened_and_the_reason_is_said(story, monkeypatch):
    for title in titles_before("Det. Diaz opens the clip"):
        play_scene(story, title)
    town = story.town
    for name in ("witness-3", "witness-4"):
        town.supervisor.stop_part(name)
    monkeypatch.setattr(towns, "COSIGN_SECONDS", 3)
    with pytest.raises(Error) as late:
        town.advance(600)
    assert late.value.id == "town.clock-late"
    with pytest.raises(Error) as refused:
        tools.open_clip(town, "diaz", story.indices["clip"])
    assert refused.value.id == "town.desk-refused"
    assert "quorum-missing" in refused.value.params["error"]["id"]
    with pytest.raises(Error) as waiting:
        deeds.publish(story, streets.around(streets.GOOD_RINGS))
    assert waiting.value.id == "town.server-silent"
    assert "quorum-missing" in str(waiting.value)
    for name in ("witness-3", "witness-4"):
        town.supervisor.resume_part(name)
    play_scene(story, "Det. Diaz opens the clip")
    check_sound(story)
