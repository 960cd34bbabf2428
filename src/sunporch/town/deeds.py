# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people of the story do in more than one scene: ask, share, wait for a key's destruction, be refused."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunporch.base.errors import Error
from sunporch.client import CustodianClient
from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.town import cast, footage
from sunporch.town.acts import also_signed, await_record, common, signed
from sunporch.town.clock import DAY
from sunporch.town.errors import PROMISE_BROKEN, SERVER_SILENT
from sunporch.town.story import Story, expect, sha256_of
from sunporch.verify.tail import Tail

HOUR = 3_600
WAIT_SECONDS = 60
PREVIEW_BYTES = 64 * 2**20
DRAFTS = "/api/v1/drafts"
OFFENCE = "23F"  # NIBRS: theft from a motor vehicle
PURPOSE = "identify-suspect"
OPEN_DAYS = 3
NARRATIVE = (
    "Around noon somebody broke the side window of a parked car and took a bag from its seat. Neighbours saw a "
    "person in a red jacket walk north along the pavement. Pictures of the street may show which way they went."
)


def refused(act: Callable[[], object], wanted: str) -> dict[str, Any]:
    """Do what must be refused with the error `wanted`, and return that error as the person saw it.

    Raises the error itself if it is another one, and `town.promise-broken` if nothing was refused.
    """
    try:
        act()
    except Error as error:
        said = error.params.get("error")
        seen: dict[str, Any] = dict(said) if isinstance(said, dict) else dict(error.as_json())
        if seen["id"] != wanted:
            raise
        return seen
    raise PROMISE_BROKEN(reason=f"what had to be refused with {wanted} was done")


def appeal(story: Story, cells: list[str]) -> dict[str, Any]:
    """Return a draft as Diaz's own software hands it in, signed by her."""
    town = story.town
    now = town.clock.now()
    case_number = f"2026-{secrets.randbelow(90_000) + 10_000}"
    tag = town.visit("diaz").ask("POST", "/api/v1/case-tags", {"case_number": case_number})["case_tag"]
    narrative = Blob.new(NARRATIVE)
    entry = e.Request(
        **common(now),
        agency=cast.AGENCY,
        policy=story.indices["rules"],
        offence=OFFENCE,
        purpose=PURPOSE,
        basis="consent",
        reach="area",
        case_tag=tag,
        flags=(),
        cells=tuple(cells),
        from_=now - HOUR,
        to=now - 1,
        closes=now + OPEN_DAYS * DAY,
        recipients=tuple(sorted((story.indices["key of diaz"], story.indices["key of kim"]))),
        narrative=narrative.commitment,
    )
    shown = {"salt": narrative.salt.hex(), "text": narrative.text}
    note = signed(entry, town.keys_of("diaz").signer)
    return {"note": note, "narrative": shown, "case_number": case_number}


def publish(story: Story, cells: list[str]) -> int:
    """Let Diaz ask and Kim countersign; return the appeal's index once it is recorded."""
    town = story.town
    draft = appeal(story, cells)
    made = town.visit("diaz").ask("POST", DRAFTS, draft)
    countersigned = also_signed(draft["note"], town.keys_of("kim").signer)
    town.visit("kim").ask("POST", f"{DRAFTS}/{made['id']}/countersign", {"note": countersigned})
    return await_record(town.portal, made["id"]).index


@dataclass(frozen=True)
class Shared:
    """A clip that left Ana's house: its disclosure's index, what she saw covered, the sealed file at the portal.

    `people` is how many people her hub found in it, and covered.
    """

    index: int
    shown: Path
    sha256: str
    sealed: Path
    people: int


def share(story: Story, appeal_index: int, camera: str, span: tuple[int, int], box: dict[str, int]) -> Shared:
    """Let Ana choose a span of a camera (90 kHz ticks since the epoch), cover a box, look at it, and send it now.

    What she saw covered is written into the story's folder only: the hub itself keeps no plaintext.
    """
    town, ana = story.town, story.town.visit("ana")
    start, stop = span
    footage.await_closed(town, camera, stop)
    wish = {
        "appeal": appeal_index,
        "camera": footage.camera_id(town, camera),
        "from": (start - footage.ROUNDING_90K) / footage.TICKS,
        "to": (stop - footage.ROUNDING_90K) / footage.TICKS,
        "boxes": [box],
        "sound": False,
    }
    draft = ana.ask("POST", "/api/v1/coverings", wish)
    looked = ana.until(
        f"/api/v1/coverings/{draft['id']}",
        lambda covering: covering["state"] != "finding",
        WAIT_SECONDS,
        "Ana's hub looking for people",
    )
    expect(looked["state"] == "ready", f"her hub could not look for people: {looked['trouble']}")
    made = ana.ask("POST", "/api/v1/releases", {"covering": draft["id"]})
    path = f"/api/v1/releases/{made['id']}"
    preview = ana.raw("GET", f"{path}/preview", limit=PREVIEW_BYTES).body
    ana.ask("POST", f"{path}/send-now")
    gone = ana.until(path, lambda r: r["state"] in ("shared", "refused"), WAIT_SECONDS, "the clip leaving Ana's hub")
    expect(gone["state"] == "shared", f"her clip was refused: {gone['trouble']}")
    index = int(gone["disclosure"])
    shown = town.layout.folder / f"released-{index}.mp4"
    shown.write_bytes(preview)
    expect(sha256_of(shown) == gone["released_sha256"], "what left is not what Ana saw covered")
    c = town.record.read().fold.disclosures[index].c
    stored = next(file for file in (town.layout.data("portal") / "files").rglob(f"*{c}*") if "sealed" in file.name)
    # The portal deletes its file at the end of the share; a thief's copy would stay, so the story keeps one too.
    sealed = town.layout.folder / f"sealed-{index}.bin"
    sealed.write_bytes(stored.read_bytes())
    return Shared(index, shown, str(gone["released_sha256"]), sealed, len(looked["tracks"]))


def await_expiry(story: Story, clip: int) -> int:
    """Wait until the custodian's word that it destroyed its half is on record; return its index."""

    def found(tail: Tail) -> int | None:
        for record in tail.fold.records:
            if record.in_force and isinstance(record.entry, e.Expiry) and clip in record.entry.disclosures:
                return record.index
        return None

    try:
        return story.town.record.until(found, WAIT_SECONDS, "the destruction of the key")
    except Error as error:
        if error.kind is not SERVER_SILENT:
            raise
        with closing(CustodianClient(story.town.layout.url("custodian"))) as custodian:
            last = f"{error.params['last']}; the custodian says {json.dumps(custodian.status())}"
        waited = {"what": error.params["what"], "seconds": error.params["seconds"]}
        raise SERVER_SILENT(where=error.where, last=last, **waited) from error


def in_words(report: dict[str, Any]) -> str:
    """Return what a verification found, in a sentence."""
    sound = sum(step["ok"] for step in report["steps"])
    return f"{report['size']} entries, {sound} of {len(report['steps'])} steps sound"
