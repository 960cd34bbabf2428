# SPDX-License-Identifier: AGPL-3.0-or-later
"""An opened clip on the officer's screen: it begins before all of it is open, and stops at the frame asked for."""

from __future__ import annotations

import pytest

from tests.web.films import NUMBER_ON, numbered, sealed_film

FPS, FRAMES = 12, 48

STAGE = """
const hex = (text) => m.bytes.fromHex(text, text.length / 2, "given");
const canvas = document.querySelector("canvas") ?? document.body.appendChild(document.createElement("canvas"));
const video = document.querySelector("video") ?? document.body.appendChild(document.createElement("video"));
video.muted = true;
const header = hex(given.header), sealed = hex(given.file), first = given.first ?? sealed.length;
let more;
const body = new ReadableStream({ start(control) { more = control; } });
const arriving = new m.arriving.Arriving(body, sealed.length, null);
void arriving.take(() => {});
more.enqueue(sealed.slice(0, first));
const rest = () => { if (first < sealed.length) more.enqueue(sealed.slice(first)); more.close(); };
if (!given.first) rest();
const key = hex(given.key), context = await m.bytes.sha256(header);
const file = await m.chunks.SealedFile.open(key, context, sealed.length, (from, to) => arriving.read(from, to));
const clip = {access: 9, file, ...(await file.index()), check: () => arriving.whole()};
const whole = async () => { while (!player.film.whole) await new Promise((go) => setTimeout(go, 5)); };
const player = await m.player.Player.open({video, canvas, mark: () => "diaz 2026"}, clip);
const numberOn = """


@pytest.fixture(scope="module")
def film():
    return sealed_film(numbered(FRAMES, FPS))


def test_after_a_seek_the_canvas_shows_the_frame_nearest_to_the_time(modules, film):
    code = (
        STAGE
        + NUMBER_ON
        + """;
    const found = {};
    for (const time of given.times) { await player.seek(time); found[time] = [numberOn(canvas), player.shown]; }
    return found;
    """
    )
    times = [0.0, 0.04, 0.05, 0.5, 1.0, 3.9, 2.0833, 1.99, 0.9583, 3.2]
    found = modules.run(code, film.opener() | {"times": times})
    expected = {time: min(FRAMES - 1, round(time * FPS)) for time in times}
    assert {float(time): seen for time, seen in found.items()} == {time: [n, n] for time, n in expected.items()}


def test_the_arrows_step_one_frame_on_and_back_and_stop_at_both_ends(modules, film):
    code = (
        STAGE
        + NUMBER_ON
        + """;
    const found = [];
    for (const count of [1, 1, -1, 11, -100, -1, 100, 1]) { await player.step(count); found.push(numberOn(canvas)); }
    return found;
    """
    )
    assert modules.run(code, film.opener()) == [1, 2, 1, 12, 0, 0, FRAMES - 1, FRAMES - 1]


def test_the_frame_at_which_a_clip_was_paused_has_its_own_number_and_the_next_step_goes_on_from_there(modules):
    code = (
        STAGE
        + NUMBER_ON
        + """;
    await player.play();
    await new Promise((go) => { player.drawn = () => { if (player.shown > 6) go(); }; });
    await player.pause();
    const at = numberOn(canvas), called = player.shown;
    await player.step(1);
    return [at - called, numberOn(canvas) - at];
    """
    )
    assert modules.run(code, sealed_film(numbered(240, 12)).opener()) == [0, 1]


def test_a_clip_begins_to_play_before_the_rest_of_it_is_open(modules):
    film = sealed_film(numbered(3 * 240, 12))
    code = (
        STAGE
        + NUMBER_ON
        + """;
    await player.play();
    await new Promise((resolve) => video.addEventListener("timeupdate", resolve, {once: true}));
    player.pause();
    await whole();
    const held = player.held.size, all = player.film.fragments.length;
    await player.seek(55);
    return {held, all, frames: player.film.frames.length, duration: player.duration, later: numberOn(canvas),
      first: player.held.has(0)};
    """
    )
    found = modules.run(code, film.opener())
    assert 0 < found["held"] < found["all"] / 2
    assert found["frames"] == 720
    assert found["duration"] == pytest.approx(60)
    assert found["later"] == 55 * 12 % 256
    assert not found["first"]


def test_a_clip_that_played_to_its_end_is_over_and_plays_again_from_the_beginning(modules):
    code = (
        STAGE
        + NUMBER_ON
        + """;
    const over = () => new Promise((resolve) => video.addEventListener("ended", resolve, {once: true}));
    const shown = [];
    for (const _ of "12") {
      const end = over();
      await player.play();
      shown.push(player.shown < 6);
      await end;
      shown.push(video.paused);
    }
    await player.seek(0);
    return [...shown, numberOn(canvas)];
    """
    )
    assert modules.run(code, sealed_film(numbered(12, FPS)).opener()) == [True, True, True, True, 0]


def test_another_video_than_the_index_says_is_noticed_and_taken_off_the_screen(modules):
    film = sealed_film(numbered(12, 12), described=numbered(12, 6))
    code = (
        STAGE + NUMBER_ON + "; const said = await tools.refusal(() => player.check()); player.close(); return said;"
    )
    assert modules.run(code, film.opener()) == "desk.media-differs"
    assert modules.page.evaluate("() => document.querySelector('canvas').width") == 0


def test_a_clip_plays_while_the_rest_of_it_is_still_on_its_way(modules):
    film = sealed_film(numbered(720, 12), lasts_ms=60_000)
    code = (
        STAGE
        + NUMBER_ON
        + """;
    const seen = {begins: numberOn(canvas), whole: player.film.whole, duration: player.duration};
    await player.play();
    await new Promise((go) => { player.drawn = () => { if (player.shown > 0) go(); }; });
    player.pause();
    seen.played = player.shown > 0;
    let there = false;
    const later = player.seek(55).then(() => { there = true; });
    await player.seek(2);
    seen.two = numberOn(canvas);
    seen.waits = !there;
    rest();
    await later;
    seen.later = numberOn(canvas);
    await player.check();
    return {...seen, all: player.film.frames.length, whole_at_last: player.film.whole};
    """
    )
    found = modules.run(code, film.opener() | {"first": len(film.file) // 3})
    assert found == {
        **{"begins": 0, "whole": False, "duration": 60, "played": True, "two": 24, "waits": True},
        **{"later": 55 * 12 % 256, "all": 720, "whole_at_last": True},
    }


def test_a_file_that_stops_coming_is_told_and_what_did_not_come_is_never_shown(modules):
    film = sealed_film(numbered(720, 12))
    code = (
        STAGE
        + NUMBER_ON
        + """;
    const told = new Promise((resolve) => { player.failed = (error) => resolve(error.id); });
    const later = tools.refusal(() => player.seek(55));
    more.close();
    return [await told, await later, await tools.refusal(() => player.check()), player.film.whole];
    """
    )
    found = modules.run(code, film.opener() | {"first": len(film.file) // 3})
    assert found == ["browser.file-stopped", "browser.file-stopped", "browser.file-stopped", False]


def test_a_flipped_byte_in_the_pictures_is_never_shown(modules):
    film = sealed_film(numbered(720, 12))
    broken = film.opener()
    at = len(film.file) - 5_000
    file = bytearray(film.file)
    file[at] ^= 1
    broken["file"] = bytes(file).hex()
    code = (
        STAGE
        + NUMBER_ON
        + """;
    const told = await tools.refusal(() => player.check());
    const last = await tools.refusal(() => player.seek(59.9));
    player.close();
    return [told, last, player.film.whole];
    """
    )
    assert modules.run(code, broken) == ["clip.file-damaged", "clip.file-damaged", False]
    assert modules.page.evaluate("() => document.querySelector('video').readyState") == 0


def test_who_looks_and_when_is_written_over_the_picture(modules, film):
    code = (
        STAGE
        + NUMBER_ON
        + """;
    const corner = () => canvas.getContext("2d").getImageData(0, 150, 160, 30).data.join();
    await player.seek(0); const one = corner();
    player.stage.mark = () => "kim 2027"; await player.seek(0); const other = corner();
    player.stage.mark = () => ""; await player.seek(0); const bare = corner();
    return [one === other, one === bare];
    """
    )
    assert modules.run(code, film.opener()) == [False, False]


def test_what_is_no_film_is_refused_in_words(modules):
    media = numbered(12, 12)
    bad = {
        "text": b"no film at all, only words".hex(),
        "cut": media[:-10].hex(),
        "no pictures": media[: media.index(b"moof") - 4].hex(),
        "no head": media[media.index(b"moof") - 4 :].hex(),
    }
    code = """
    const read = async (films) => { for await (const _ of films); };
    return tools.each(given, (text) => {
      const bytes = m.bytes.fromHex(text, text.length / 2, "given");
      return read(m.mp4.scan(async (from, to) => bytes.slice(from, to), bytes.length));
    });
    """
    assert modules.run(code, bad) == dict.fromkeys(bad, "browser.media-malformed")
