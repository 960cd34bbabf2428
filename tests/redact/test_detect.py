# SPDX-License-Identifier: AGPL-3.0-or-later
"""The real detector on drawn faces: found where they are, at every size, and nobody where nobody is."""

from __future__ import annotations

import hashlib
import shutil

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunporch.base.errors import Error
from sunporch.redact import detect, weights
from sunporch.redact.detect import YuNet
from sunporch.redact.freesize import without_sizes
from sunporch.town.faces import Face, draw
from tests.redact.conftest import decoded


@pytest.fixture(scope="module")
def yunet() -> YuNet:
    return YuNet()


def picture(people, size=(640, 360)) -> av.VideoFrame:
    drawn = np.full((size[1], size[0], 3), (150, 165, 180), np.uint8)
    for seed, x, y, width in people:
        draw(drawn, Face.of(seed), x, y, width)
    return av.VideoFrame.from_ndarray(drawn, format="rgb24").reformat(format="yuv420p")


def middles(found) -> list[tuple[float, float]]:
    return sorted((one.x + one.width / 2, one.y + one.height / 2) for one in found)


@pytest.mark.parametrize("width", [20, 32, 60, 110, 200])
def test_a_face_is_found_where_it_is_at_every_size(yunet, width):
    for seed in range(6):
        [one] = yunet.detect(picture([(seed, 300, 150, width)]))
        assert abs(one.x + one.width / 2 - 300) < width / 6
        assert abs(one.y + one.height / 2 - 150) < width / 4
        assert 0.7 < one.width / width < 1.3
        assert one.score > 0.6


@pytest.mark.parametrize("size", [(640, 360), (322, 242), (1280, 720), (1000, 1300)])
def test_everybody_in_a_picture_of_any_size_is_found_once(yunet, size):
    across, down = size[0] // 3, size[1] // 2
    people = [(seed, across * (1 + seed % 2), down, 50) for seed in range(2)]
    found = middles(yunet.detect(picture(people, size)))
    assert len(found) == 2
    assert all(abs(x - across * n) < 10 and abs(y - down) < 12 for n, (x, y) in enumerate(found, 1))


def test_a_very_large_picture_is_looked_at_smaller_and_boxes_fit_the_large_one(yunet, monkeypatch):
    monkeypatch.setattr(detect, "MOST_PIXELS", 400 * 300)
    [one] = yunet.detect(picture([(3, 800, 300, 120)], (1280, 720)))
    assert abs(one.x + one.width / 2 - 800) < 12 and abs(one.width - 115) < 30


def test_nobody_is_found_on_a_street_of_squares_houses_and_blocks(yunet, street):
    assert [frame.pts for frame in decoded(street.data) if yunet.detect(frame)] == []


def test_two_finds_that_overlap_are_one_and_the_surer_one_stays():
    rows = np.array([[0, 0, 10, 10, 0.5], [1, 1, 10, 10, 0.9], [30, 0, 10, 10, 0.4]], np.float32)
    assert detect._surest(rows)[:, 4].tolist() == pytest.approx([0.9, 0.4])


def test_the_weights_are_those_of_their_makers_and_their_licence_and_origin_lie_beside_them():
    for known in weights.KNOWN:
        assert hashlib.sha256(known.path.read_bytes()).hexdigest() == known.sha256
        assert "Permission is hereby granted" in known.path.with_suffix(".licence.txt").read_text()
        origin = known.path.with_suffix(".origin.txt").read_text()
        assert known.sha256 in origin and known.trained_on in origin
    listed = {path.name for path in weights.FOLDER.iterdir()}
    assert listed == {f"{k.name}{end}" for k in weights.KNOWN for end in (".onnx", ".licence.txt", ".origin.txt")}


@pytest.mark.parametrize("damage", ["flipped", "absent"])
def test_weights_that_are_not_those_are_refused(tmp_path, monkeypatch, damage):
    path = tmp_path / weights.YUNET.path.name
    shutil.copyfile(weights.YUNET.path, path)
    if damage == "absent":
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[-1000] ^= 1
        path.write_bytes(data)
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    with pytest.raises(Error) as caught:
        YuNet()
    assert caught.value.id == "redact.model-damaged"


@given(st.binary(max_size=200))
def test_what_is_no_model_is_named_so_or_comes_back(data):
    try:
        assert len(without_sizes(data)) <= len(data)
    except ValueError as error:
        assert str(error)
