# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scenes of the story, in order. Each does what its people would do and checks what each of them was promised."""

from __future__ import annotations

from collections.abc import Sequence

from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.policy import presets
from sunporch.town import cast, deeds, footage, keys, seed, streets, tools
from sunporch.town.acts import common, hand_in
from sunporch.town.clock import DAY
from sunporch.town.deeds import DRAFTS, HOUR, WAIT_SECONDS, refused
from sunporch.town.story import Scene, Step, Story, expect, sha256_of

PARTNERSHIP_DAYS = 360
SPARE_SECONDS = 3.0


def build(story: Story, step: Step) -> None:
    """Build the town: community, log, witnesses, custodian, offices. Nobody may ask yet."""
    story.town.found()
    size = story.town.head()["size"]
    step.say(f"{cast.TOWN_NAME} has a record of {size} entries, each co-signed by 3 of 4 witnesses.")
    step.say("No rules are in force: nobody may ask for footage here.")


def adopt(story: Story, step: Step) -> None:
    """The council adopts rules and a partnership; both wait for the comment period."""
    town = story.town
    now = town.clock.now()
    begins = now + seed.COMMENT_DAYS * DAY + HOUR
    rules = Blob.new(presets.make("consent", streets.SAMPLE.grid, streets.SAMPLE.places, name=cast.TOWN_NAME))
    council, registrar = seed.community_signers(town.layout), town.keys_of(keys.REGISTRAR).signer
    policy = e.Policy(**common(now), bundle=rules.commitment, in_force_from=begins, open_requests="keep")
    step.record("rules", hand_in(town.portal, policy, council, [rules]).index)
    partnership = e.Partnership(
        **common(now),
        agency=cast.AGENCY,
        name=cast.AGENCY_NAME,
        kind="municipal",
        instrument="Resolution 2026-14",
        link="https://maple-street.example/resolutions/2026-14",
        hearing=now + 7 * DAY,
        in_force_from=begins,
        ends=begins + PARTNERSHIP_DAYS * DAY,
        registrar=str(registrar.verifier),
    )
    step.record("partnership", hand_in(town.portal, partnership, [*council, registrar]).index)
    step.say(f"Mr. Bell and a second council key sign. {seed.COMMENT_DAYS} days of public comment begin.")


def comment(story: Story, step: Step) -> None:
    """Fifteen days pass on the town clock; then the registrar enrols the officers."""
    town = story.town
    town.advance((seed.COMMENT_DAYS + 1) * DAY)
    for who in ("diaz", "kim"):
        step.record(f"key of {who}", seed.enrol(town.layout, town.portal, town.clock, who))
    step.say("The town clock moved 15 days. Rules and partnership are in force; the registrar enrolled Diaz and Kim.")


def settle(story: Story, step: Step) -> None:
    """Both homes begin to record."""
    town = story.town
    source = footage.prepare(town, story.options.camera)
    story.findings.box = source.box
    seed.make_homes(town.layout, source.address, source.start, source.garage)
    town.open_doors(*seed.HOMES)
    step.say("Ana's cameras and Omar's record into their own homes, sealed with their own keys.")
    if source.codec != footage.RELEASED_AS:
        step.say(f"Her porch camera gives {source.codec}: kept as it came, turned into H.264 only in a clip.")


def ask_too_much(story: Story, step: Step) -> None:
    """A too-wide appeal is refused with its clauses."""
    town = story.town
    cells = streets.around(streets.WIDE_RINGS)
    draft = deeds.appeal(story, cells)
    said = refused(lambda: town.visit("diaz").ask("POST", DRAFTS, draft), "portal.appeal-forbidden")
    expect(said.get("clauses"), "the refusal named no clause")
    step.say(f"Det. Diaz asks for {len(cells)} cells, half the town. Refused as she submits it:")
    for clause in said["clauses"]:
        step.say(f"  {clause['sentence']} [{clause['id']}, {clause['cite']}]")


def ask(story: Story, step: Step) -> None:
    """A good appeal: Diaz signs, Kim countersigns, it is recorded and co-signed."""
    # An appeal asks about the past only, so the seconds that Ana will share must lie behind us. A file has no more
    # than it has: it was taken earlier.
    if not footage.is_earlier(story.town, "porch"):
        footage.await_recorded(story.town, "porch", story.options.seconds[1] + SPARE_SECONDS)
    step.once("appeal", lambda: deeds.publish(story, streets.around(streets.GOOD_RINGS)))
    step.say("Det. Diaz asks for one hour around Ana's street; Sgt. Kim, another person, countersigns.")
    step.say("Published at once, co-signed 3 of 4. They will never see who was asked.")


def notice(story: Story, step: Step) -> None:
    """Ana's hub matches at home; Omar's stays silent."""
    index, ana, omar = story.indices["appeal"], story.town.visit("ana"), story.town.visit("omar")
    is_there = f"a notice of appeal {index} in Ana's hub"
    ana.until("/api/v1/inbox", lambda found: any(n["appeal"] == index for n in found), WAIT_SECONDS, is_there)
    has_read = "reading the record in Omar's hub"
    read = omar.until("/api/v1/alarms", lambda said: said["record"]["size"] > index, WAIT_SECONDS, has_read)
    expect(not omar.ask("GET", "/api/v1/inbox"), "Omar's hub shows a notice that does not concern his home")
    expect(not read["alarms"], "Omar's hub raised an alarm")
    told = ana.ask("GET", f"/api/v1/inbox/{index}")
    step.say("Ana's hub found that it recorded that hour there. It tells her, in her own house only:")
    for sentence in told["sentences"]:
        step.say(f"  {sentence}")
    step.say("Omar's hub read the same record and has nothing to say. Nobody outside can tell the two apart.")


def share(story: Story, step: Step) -> None:
    """Ana shares A:B with a box over what need not be seen."""
    begin, stop = story.options.seconds
    first = footage.await_recorded(story.town, "porch", stop)
    ticks = (first + round(begin * footage.TICKS), first + round(stop * footage.TICKS))
    shared = deeds.share(story, story.indices["appeal"], "porch", ticks, story.findings.box)
    step.record("clip", shared.index)
    story.findings.clip = str(shared.shown)
    story.findings.released_clip_sha256 = shared.sha256
    story.findings.sealed_clip = str(shared.sealed)
    story.findings.people_covered = shared.people
    step.say(
        f"Ana chooses seconds {begin:g} to {stop:g}. Her hub finds {shared.people} people in them, and covers them."
    )
    step.say("She covers a corner besides, looks at the clip covered, and sends it.")
    step.say("Sealed in her house for Diaz' and Kim's devices; half of the key goes to the library.")


def open_it(story: Story, step: Step) -> None:
    """Diaz opens the clip: first the entry, then the key."""
    opened = tools.open_clip(story.town, "diaz", story.indices["clip"])
    step.record("opening", opened.access)
    story.findings.opened_clip = str(opened.file)
    story.findings.opened_clip_sha256 = sha256_of(opened.file)
    same = story.findings.opened_clip_sha256 == story.findings.released_clip_sha256
    expect(same, "what Diaz sees is not what Ana released")
    step.say("Det. Diaz opens it with `sunporch desk open`: her opening is on record before the key is given.")
    step.say(f"She sees what Ana released, byte for byte: SHA-256 {opened.sha256[:16]}...")


def check(story: Story, step: Step) -> None:
    """Ruth, a journalist without an account, checks everything."""
    step.say(f"Ruth, a journalist, runs `sunporch verify`: {deeds.in_words(tools.verify(story.town))}.")


def end(story: Story, step: Step) -> None:
    """Sixty-one days later the custodian's half is gone."""
    town, clip = story.town, story.indices["clip"]
    ends = town.record.read().fold.disclosures[clip].lease_end
    town.advance(max(0, ends + DAY - town.clock.now()))
    step.record("key destroyed", deeds.await_expiry(story, clip))
    said = refused(lambda: tools.open_clip(town, "kim", clip), "desk.clip-ended")
    story.findings.after_end = said
    step.say("The town clock moved 61 days. The key custodian destroyed its half and put that on record.")
    step.say(f"Sgt. Kim, who never opened it, tries: {said['what']} [{said['id']}]")


def withdraw(story: Story, step: Step) -> None:
    """Another appeal, another clip; Ana takes it back before anyone looked."""
    town, ana = story.town, story.town.visit("ana")
    outcome = e.Outcome(**common(town.clock.now()), request=story.indices["appeal"], code="not_useful", clips="<5")
    step.once("outcome", lambda: hand_in(town.portal, outcome, [town.keys_of("diaz").signer]).index)
    # Without a gap: the hub may have been away, and an appeal for an hour with no usable seconds cannot be mended.
    footage.await_recorded(town, "garage", 8.0)
    second = step.once("second appeal", lambda: deeds.publish(story, streets.around(streets.GOOD_RINGS)))
    ana.until(
        "/api/v1/inbox", lambda found: any(n["appeal"] == second for n in found), WAIT_SECONDS, "a second notice"
    )
    ticks = footage.newest(town, "garage", ana.ask("GET", f"/api/v1/inbox/{second}")["to"], 3.0)
    box = footage.corner(*footage.GARAGE_SIZE)
    clip = step.once("second clip", lambda: deeds.share(story, second, "garage", ticks, box).index)
    asked = {share["id"]: share["withdraw_asked_at"] for share in ana.ask("GET", "/api/v1/shares")}
    if asked.get(clip) is None:
        ana.ask("POST", f"/api/v1/shares/{clip}/withdraw")
    step.record("second key destroyed", deeds.await_expiry(story, clip))
    said = refused(lambda: tools.open_clip(town, "diaz", clip), "desk.clip-ended")
    step.say("Diaz says what became of the first appeal, and asks again. Ana shares another clip, and takes it back.")
    step.say(f"Det. Diaz tries to open it: {said['what']} [{said['id']}]")


def part(story: Story, step: Step) -> None:
    """The council ends the partnership; nobody may ask any more."""
    town = story.town
    entry = e.PartnershipCancel(
        **common(town.clock.now()), partnership=story.indices["partnership"], reason="Resolution 2026-31"
    )
    council = seed.community_signers(town.layout)
    step.once("end of partnership", lambda: hand_in(town.portal, entry, council).index)
    said = refused(lambda: deeds.publish(story, streets.around(streets.GOOD_RINGS)), "portal.partnership-ended")
    step.say(f"The council ends it by one act. Det. Diaz tries to ask: {said['what']} [{said['id']}]")


def check_again(story: Story, step: Step) -> None:
    """Ruth checks the whole record once more."""
    step.say(f"Ruth verifies the whole record again: {deeds.in_words(tools.verify(story.town))}.")


OPENING: Sequence[tuple[str, Scene]] = (
    ("A town is founded; nobody may ask", build),
    ("The council adopts rules and a partnership", adopt),
    ("The comment period passes", comment),
    ("Two homes begin to record", settle),
)
ALL: Sequence[tuple[str, Scene]] = (
    *OPENING,
    ("An appeal that asks for too much is refused", ask_too_much),
    ("A good appeal is countersigned and recorded", ask),
    ("Ana's hub matches, Omar's stays silent", notice),
    ("Ana shares a few seconds, covered where she wants", share),
    ("Det. Diaz opens the clip", open_it),
    ("Ruth verifies", check),
    ("Time passes; it can no longer be opened", end),
    ("Another clip is withdrawn", withdraw),
    ("The council ends the partnership", part),
    ("Ruth verifies again", check_again),
)
