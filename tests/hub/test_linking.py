# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two clips of one home: whoever opens both finds nothing in them that a clip of another home has not."""

from __future__ import annotations

import json

import pytest

from sunporch.docket.blobs import Blob
from sunporch.hub.cameras.models import Camera
from tests.hub.footage import street_video
from tests.hub.home import Home, at_home, share

SEI = 6
SHINGLE = 8


def leaves(value, path=""):
    """Every text and number of a JSON value with its place; texts that hold JSON are looked into."""
    if isinstance(value, str) and value[:1] == "{":
        value = json.loads(value)
    if isinstance(value, dict):
        return {leaf for name, item in value.items() for leaf in leaves(item, f"{path}.{name}")}
    if isinstance(value, list):
        return {leaf for item in value for leaf in leaves(item, f"{path}[]")}
    return {(path, value)}


def around_the_pictures(media: bytes) -> set[bytes]:
    """All short pieces of a clip but the coded pictures: boxes, times, what the encoder says of itself."""
    found, at = set(), 0
    while at < len(media):
        size, kind = int.from_bytes(media[at : at + 4], "big"), media[at + 4 : at + 8]
        box = media[at : at + size]
        pieces = [box] if kind != b"mdat" else [unit for unit in units(box[8:]) if unit[0] & 31 == SEI]
        found |= {piece[n : n + SHINGLE] for piece in pieces for n in range(len(piece) - SHINGLE + 1)}
        at += size
    return found


def units(samples: bytes):
    at = 0
    while at < len(samples):
        size = int.from_bytes(samples[at : at + 4], "big")
        yield samples[at + 4 : at + 4 + size]
        at += 4 + size


def seen_by_a_recipient(street, release):
    """All that who opens the clip has of it: header, entry on the record, index and the bytes around the pictures."""
    index, media = street.opened(release.c)
    header = json.loads(street.portal.uploads[release.c, "header"])
    entry = json.loads(street.portal.notes[release.disclosure_id].split("\n")[2])
    return leaves({"header": header, "entry": entry, "index": index.__dict__}) | around_the_pictures(media)


@pytest.fixture
def neighbour(tmp_path, clock, street, asked, settings):
    """Ben, whose porch saw the same seconds of the same street through a camera of the same make, and one more."""
    _, _, start = asked
    made = Home(tmp_path / "ben", clock, street)
    yard = made.camera("yard")
    made.vault.import_file(yard.id, street_video(7), start)
    yield made, yard
    made.close()


@pytest.mark.promise(5)
@pytest.mark.requirement("R18")
def test_two_clips_of_one_home_cannot_be_linked_by_who_opens_both(
    home, street, ana, asked, neighbour, monkeypatch, settings
):
    appeal, porch, start = asked
    ben, yard = neighbour
    # Each home runs its own hub; here they share a database, so each looks away while the other works.
    Camera.objects.filter(id=yard.id).update(indoor=True)
    first = share(home, ana, appeal, porch, start + 1, start + 3)
    second = share(home, ana, appeal, porch, start + 3, start + 5)
    Camera.objects.filter(id=yard.id).update(indoor=False)
    Camera.objects.filter(id=porch.id).update(indoor=True)
    at_home(monkeypatch, settings, ben)
    ben.turn()
    other = share(ben, ana, appeal, yard, start + 1, start + 3)
    assert [release.state for release in (first, second, other)] == ["shared"] * 3
    # Ben's clip began when Ana's first did, and shows the same street: what he shares with her second is everybody's.
    alike = seen_by_a_recipient(street, first) & seen_by_a_recipient(street, second)
    assert alike - seen_by_a_recipient(street, other) == set()
    # The proofs at home would link them, and say so.
    keys = [json.loads(json.loads(release.proof)["text"])["chain"]["public_key"] for release in (first, second)]
    assert keys == [home.vault.public_key] * 2


def test_the_same_seconds_shared_twice_are_committed_to_with_another_salt(home, street, ana, asked):
    appeal, porch, start = asked
    twice = [share(home, ana, appeal, porch, start + 1, start + 3) for _ in range(2)]
    proofs = [Blob.parse(release.proof) for release in twice]
    assert proofs[0].text == proofs[1].text
    assert proofs[0].commitment != proofs[1].commitment
    assert [street.opened(release.c)[0].original for release in twice] == [proof.commitment for proof in proofs]
