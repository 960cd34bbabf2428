# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch demo` and what surrounds the story: whatever goes wrong is named, with what to do next."""

from __future__ import annotations

import functools
import http.server
import json
import subprocess
import threading

import pytest

from sunporch.base import durable
from sunporch.base.errors import Error
from sunporch.client import PortalClient
from sunporch.town import acts, deeds, footage, parts, tools
from sunporch.town import town as town_room
from sunporch.town.clips import make_clip
from sunporch.town.clock import TownClock
from sunporch.town.command import command
from sunporch.town.layout import Layout, free_base
from sunporch.town.story import Options, Story
from sunporch.town.town import Town
from tests.client.scripted import answer, scripted
from tests.verify.town import LogTown


@pytest.fixture
def layout(tmp_path):
    durable.private_directory(tmp_path / "town")
    TownClock.start(tmp_path / "town" / "clock")
    return Layout(tmp_path / "town", free_base())


def said(value):
    return answer("200 OK", json.dumps(value).encode(), "Content-Type: application/json")


def failing(act) -> Error:
    with pytest.raises(Error) as raised:
        act()
    return raised.value


def test_a_story_is_not_played_over_somebodys_files(tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    assert failing(lambda: command(["--story", "--keep", str(tmp_path)])).id == "town.folder-occupied"
    assert (tmp_path / "diary.txt").read_text() == "mine"


def test_the_clock_of_a_town_that_does_not_run_is_not_moved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert failing(lambda: command(["--advance", "60d"])).id == "town.town-absent"


@pytest.mark.parametrize("arguments", [["--advance", "soon"], ["--story", "--seconds", "6:2"]])
def test_a_span_that_cannot_be_meant_is_refused_with_an_example(arguments):
    assert failing(lambda: command(arguments)).id == "town.span-refused"


def test_a_part_that_cannot_be_made_is_named_with_its_own_words(layout):
    line = ("portal", "init", "--origin", "two words", "--data", str(layout.data("portal")))
    error = failing(lambda: parts.set_up(layout, *line))
    assert error.id == "town.setup-failed"
    assert "notekey.text-malformed" in error.what


def test_a_broken_promise_names_its_step(layout):
    story = Story(Town(layout), Options(), print)

    def scene(_story, _step) -> None:
        deeds.refused(lambda: None, "portal.appeal-forbidden")

    error = failing(lambda: story.play([("Mallory is refused", scene)]))
    assert error.id == "town.step-failed"
    assert "Step 1, Mallory is refused" in error.what
    assert "town.promise-broken" in error.what
    assert error.__cause__.id == "town.promise-broken"


def test_a_refusal_of_another_kind_is_not_the_promised_refusal():
    def act() -> None:
        raise acts.ENTRY_VOID(reason="something else")

    assert failing(lambda: deeds.refused(act, "desk.clip-ended")).id == "town.entry-void"


def test_a_camera_without_a_picture_is_refused(tmp_path):
    (tmp_path / "text.mp4").write_text("not a video")
    for address in (str(tmp_path / "text.mp4"), str(tmp_path / "absent.mp4")):
        assert failing(functools.partial(footage.picture_of, address)).id == "town.camera-unreadable"


def test_the_size_and_length_of_a_foreign_video_are_read(tmp_path):
    clip = make_clip(tmp_path / "foreign.mp4", 2, fps=10, size="320x240")
    assert footage.picture_of(str(clip)) == footage.Picture(320, 240, "h264", 2.0)
    assert footage.corner(320, 240) == {"x": 240, "y": 180, "width": 80, "height": 60}


def test_an_entry_that_counts_for_nothing_is_told_with_its_reason():
    with scripted(said({"state": "void", "reason": "TOO_LATE"})) as server:
        error = failing(lambda: acts.await_record(PortalClient(server.url), "ab"))
    assert error.id == "town.entry-void"
    assert "TOO_LATE" in error.what


def test_an_entry_that_waits_for_ever_is_told_with_the_last_answer(monkeypatch):
    monkeypatch.setattr(acts, "RECORD_SECONDS", -1)
    with scripted(said({"state": "queued", "error": {"id": "portal.quorum-missing"}})) as server:
        error = failing(lambda: acts.await_record(PortalClient(server.url), "ab"))
    assert error.id == "town.server-silent"
    assert "portal.quorum-missing" in error.what


def test_a_record_that_is_not_one_is_called_unsound(layout):
    log = layout.folder / "log"
    log.mkdir()
    (log / "checkpoint").write_text("demo.maple-street\n1\nnot a root\n")
    layout.pin.write_text('{"leaf0":"' + "0" * 64 + '","origin":"demo.maple-street","tlog_policy":"quorum none\\n"}')
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(layout.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", layout.port("portal")), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        error = failing(lambda: tools.verify(Town(layout)))
        server.shutdown()
    assert error.id == "town.record-unsound"


def test_a_desk_that_refuses_is_quoted_with_its_own_sentence_and_error():
    own = {"id": "desk.clip-ended", "what": "The time of this share is over."}
    error = failing(lambda: tools._opened({"error": own}, "diaz", 12))
    assert error.id == "town.desk-refused"
    assert "The time of this share is over. [desk.clip-ended]" in error.what
    assert deeds.refused(lambda: tools._opened({"error": own}, "diaz", 12), "desk.clip-ended") == own


def test_a_record_that_does_not_follow_the_moved_clock_is_told(layout, monkeypatch):
    monkeypatch.setattr(town_room, "COSIGN_SECONDS", -1)
    log = LogTown(layout.folder / "log").found()
    layout.pin.write_text(log.pin.to_json())
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(layout.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", layout.port("portal")), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        record = town_room.PublicRecord(layout)
        error = failing(lambda: town_room._wait_cosigned(record, log.now + 3_600, layout))
        record.close()
        server.shutdown()
    log.close()
    assert error.id == "town.clock-late"
    assert "logs" in error.next


def test_a_tool_that_breaks_off_is_named():
    done = subprocess.CompletedProcess((), 1, stdout="", stderr="Traceback: boom")
    error = failing(lambda: tools._json(done, "verify"))
    assert error.id == "town.tool-broken"
    assert "boom" in error.what
