# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people wait for, in a town of real processes and in Chromium: each round founds a town of its own.

A script does what people do, without their pauses: what is measured is what the programs take of a person's time.
`filing`, `countersigning`, `sharing`: seconds from the first page to "Signed and sent", "Published" and "Shared
until" (people found and covered, the result looked at, held to share, sent at once). `ours`: milliseconds from Diaz'
click on "Put my opening on record and open the clip" to the first frame on her canvas: record checked, opening
signed, recorded, co-signed, key fetched, clip opened. `peer`: the same media, unsealed, from a plain page by `fetch`
and MSE.
"""

from __future__ import annotations

import functools
import http.server
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser import PHONE, People, started  # noqa: E402  # the repository is no package of its own
from tests.town import test_everybody as parts  # noqa: E402  # the repository is no package of its own

from sunporch.town import scenes, streets, tools  # noqa: E402  # the repository is no package of its own
from sunporch.town.layout import Layout, free_base  # noqa: E402  # the repository is no package of its own
from sunporch.town.story import Options, Story  # noqa: E402  # the repository is no package of its own
from sunporch.town.town import Town  # noqa: E402  # the repository is no package of its own

FIRST_FRAME = """() => new Promise((done) => {
  const clicked = performance.now();
  document.querySelector("#open").click();
  const look = () => document.querySelector("#where").textContent ? done(performance.now() - clicked)
    : requestAnimationFrame(look);
  look();
})"""
PLAIN = """async (type) => {
  const began = performance.now();
  const video = document.body.appendChild(document.createElement("video"));
  const drawn = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((resolve) => source.addEventListener("sourceopen", resolve, {once: true}));
  const buffer = source.addSourceBuffer(type);
  buffer.appendBuffer(await (await fetch("/clip.mp4", {cache: "no-store"})).arrayBuffer());
  await drawn;
  return performance.now() - began;
}"""


def seconds(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return round(time.perf_counter() - begin, 2)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def plain_site(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback, as any web server would."""
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def plain(browser: Browser, media: Path) -> float:
    """Return the milliseconds until the media's first frame in a page that knows nothing of seals."""
    with av.open(media) as film:
        profile = bytes(film.streams.video[0].codec_context.extradata or b"")[1:4].hex()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "index.html").write_text("<!doctype html><title>plain</title><body>")
        (Path(folder) / "clip.mp4").write_bytes(media.read_bytes())
        with plain_site(Path(folder)) as url:
            page = browser.new_page()
            page.goto(url)
            took = page.evaluate(PLAIN, f'video/mp4; codecs="avc1.{profile}"')
            page.close()
    return took


def share(page: Page, appeal: int) -> None:
    parts.ana_covers_and_shares(page, appeal)
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Shared until", timeout=parts.SOON)


def one_round(browser: Browser, folder: Path) -> dict[str, float]:
    with Town(Layout(folder, free_base())) as town:
        Story(town, Options(), lambda _line: None).play(scenes.OPENING)
        doors = parts.Doors(town, People(browser))
        diaz, kim, ana = doors.sign_in("diaz"), doors.sign_in("kim", PHONE), doors.sign_in("ana", PHONE)
        town.clock.advance(120)  # a whole minute with pictures lies behind it then
        took = {"filing": seconds(lambda: parts.diaz_asks(town, diaz.page, streets.ANA, 200))}
        took["countersigning"] = seconds(lambda: parts.kim_countersigns(town, kim))
        (appeal,) = town.record.read().fold.requests
        ana.page.goto("/inbox/")
        parts.reload_until(ana.page, ana.page.locator("article.card a"))
        took["sharing"] = seconds(lambda: share(ana.page, appeal))
        (clip,) = town.record.read().fold.disclosures
        diaz.page.goto(f"/work/clips/{clip}/")
        expect(diaz.page.locator("#ready")).to_be_visible()
        took["ours"] = round(diaz.page.evaluate(FIRST_FRAME), 1)
        took["peer"] = round(plain(browser, tools.open_clip(town, "kim", clip).file), 1)
        for window in (diaz, kim, ana):
            window.context.close()
    return took


def rounds(count: int) -> dict:
    measured = []
    with sync_playwright() as playwright:
        browser = started(playwright)
        for _ in range(count):
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch) / "town"
                folder.mkdir(mode=0o700)
                measured.append(one_round(browser, folder))
        browser.close()
    goals = (("filing", 120, "s"), ("countersigning", 30, "s"), ("sharing", 60, "s"), ("ours", 2_000, "ms"))
    names = {"ours": "click -> first frame", "sharing": "notice -> shared", "filing": "an appeal filed"}
    return {
        "peer": "the same media, unsealed, from a plain page by fetch and MSE",
        "rounds": measured,
        "goals": [
            {"name": names.get(of, "countersigned"), "goal": goal, "unit": unit, "better": "lower", "of": of}
            for of, goal, unit in goals
        ],
    }
