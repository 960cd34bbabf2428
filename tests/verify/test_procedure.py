# SPDX-License-Identifier: AGPL-3.0-or-later
"""One test for each numbered step: what it refuses or lists. The numbers are those of spec/verification.md."""

from __future__ import annotations

import json
import random

import pytest

from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.client import LogReader
from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.tlog.checkpoints import cosign
from sunporch.tlog.notes import sign
from sunporch.verify import content, procedure
from sunporch.verify.procedure import MOST_IDLE
from sunporch.verify.report import Level, Step
from sunporch.verify.tail import Tail, blob_path
from tests.client.test_server import failing
from tests.verify.town import COMPLAINT, DAY, LOG_KEY, ORIGIN, WITNESSES, LogTown, one_time, person


@pytest.fixture
def town(tmp_path):
    town = LogTown(tmp_path / "log").found()
    yield town
    town.close()


def report_of(town, **changed):
    """Verify the log with some files changed: path -> bytes, or None for a file that is gone."""
    changed = {path.replace("__", "/"): data for path, data in changed.items()}
    return procedure.run(lambda path: changed[path] if path in changed else town.fetch(path), town.pin, town.now)


def verified(town):
    town.cosign()
    return report_of(town)


def findings(report, step):
    return [(finding.level, finding.id, finding.where) for finding in report.steps[step].findings]


def flipped(data, place=0):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def newest(town):
    return f"checkpoints/{town.size}"


def test_a_sound_log_passes_every_step(town):
    town.ask()
    index = town.share()
    town.open(index)
    report = verified(town)
    assert report.ok
    assert report.first_wrong() is None
    assert report.facts["size"] == town.size
    assert report.as_text().endswith("All is sound.")
    assert len(report.as_text(verbose=True).splitlines()) == 5 + len(Step) + 1
    assert json.loads(json.dumps(report.as_json()))["ok"] is True


def test_without_a_pin_the_report_says_that_it_trusts_on_first_use(town):
    report = procedure.run(town.fetch)
    assert (report.ok, report.pinned, report.facts["leaf0"]) == (True, False, town.pin.leaf0_hash.hex())
    assert "Trust on first use" in report.as_text()


def test_a_dead_network_is_no_verdict_about_the_log(town):
    with failing("client.server-unreachable"):
        procedure.run(LogReader("http://127.0.0.1:1").fetch)


# Steps 1 to 5 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("checkpoint", None),
        ("checkpoint", b"no note"),
        ("checkpoints/sizes", None),
        ("checkpoints/sizes", b"7\n5\n"),
        ("checkpoints/7", None),
        ("tile/entries/000.p/12", None),
        ("tile/entries/000.p/12", b"\x00"),
        ("tile/0/000.p/12", None),
        ("tile/0/000.p/12", b"short"),
    ],
)
def test_step_1_a_file_that_is_gone_or_not_in_form_is_named(town, path, data):
    report = report_of(town, **{path: data})
    assert report.first_wrong() is Step.STRUCTURE
    [(level, _, where)] = findings(report, Step.STRUCTURE)
    assert level is Level.ALARM
    assert where.partition(".p")[0] == path.partition(".p")[0]
    assert not report.steps[Step.FOLD].checked
    assert "ALARM at step 1: " in report.as_text()


@pytest.mark.parametrize("cut", [b"\n", b"12\n"])
def test_step_1_a_list_of_checkpoints_that_lacks_its_end_is_refused(town, cut):
    sizes = town.fetch("checkpoints/sizes")
    assert sizes.endswith(b"12\n")
    report = report_of(town, **{"checkpoints/sizes": sizes.removesuffix(cut)})
    assert report.first_wrong() is Step.STRUCTURE


def test_step_2_a_checkpoint_without_the_logs_signature_is_refused(town):
    note = town.writer.sign_checkpoint(LOG_KEY)
    other = sign(note.text, [SignerKey(ORIGIN, bytes(32))])
    other = other.with_signatures(*(cosign(key, note.text, town.now) for key in WITNESSES)).encode()
    assert report_of(town, **{newest(town): other}).first_wrong() is Step.LOG_SIGNATURE


def test_step_2_a_wrong_signature_of_the_log_is_refused(town):
    note = town.fetch(newest(town))
    place = note.index(f"{ORIGIN} ".encode(), note.index(b"\n\n")) + len(ORIGIN) + 20
    wrong = note[:place] + (b"A" if note[place : place + 1] != b"A" else b"B") + note[place + 1 :]
    assert report_of(town, **{newest(town): wrong}).first_wrong() is Step.LOG_SIGNATURE


def test_step_2_a_checkpoint_of_another_log_is_refused(town, tmp_path):
    report = report_of(town, **{newest(town): town.fetch(newest(town)).replace(ORIGIN.encode(), b"demo.elm-street")})
    assert report.first_wrong() is Step.LOG_SIGNATURE


def test_step_3_two_cosignatures_of_four_are_no_quorum(town):
    note = town.writer.sign_checkpoint(LOG_KEY)
    weak = note.with_signatures(*(cosign(key, note.text, town.now) for key in WITNESSES[:2])).encode()
    report = report_of(town, **{newest(town): weak})
    assert report.first_wrong() is Step.QUORUM
    assert findings(report, Step.QUORUM)[0][1] == "tlog.quorum-missing"


def test_step_3_a_wrong_cosignature_is_refused(town):
    note = town.writer.sign_checkpoint(LOG_KEY)
    wrong = cosign(WITNESSES[0], note.text + "x\n", town.now)
    full = note.with_signatures(wrong, *(cosign(key, note.text, town.now) for key in WITNESSES[1:])).encode()
    assert report_of(town, **{newest(town): full}).first_wrong() is Step.QUORUM


def test_step_3_a_signature_by_somebody_unknown_is_an_alarm(town):
    note = town.writer.sign_checkpoint(LOG_KEY)
    stranger = SignerKey("stranger", bytes(32), COSIGNATURE)
    full = note.with_signatures(*(cosign(key, note.text, town.now) for key in (*WITNESSES, stranger))).encode()
    report = report_of(town, **{newest(town): full})
    assert findings(report, Step.QUORUM) == [(Level.ALARM, "signer-unknown", newest(town))]
    assert report.first_wrong() is Step.QUORUM


def test_step_3_a_record_that_nobody_saw_for_hours_is_noted(town):
    town.wait(seconds=MOST_IDLE + 1)
    report = report_of(town)
    assert findings(report, Step.QUORUM) == [(Level.OWED, "checkpoint-stale", "checkpoint")]
    assert report.ok


def test_step_4_another_story_about_the_same_entries_is_a_fork(town, tmp_path):
    other = LogTown(tmp_path / "other")
    for _ in range(7):
        other.small()
    other.cosign()
    report = report_of(town, **{"checkpoints/7": other.fetch("checkpoints/7")})
    assert report.first_wrong() is Step.CONSISTENCY
    assert findings(report, Step.CONSISTENCY)[0][2] == "checkpoints/7"
    other.close()


def test_step_4_another_first_entry_than_the_pinned_one_is_refused(town, tmp_path):
    other = LogTown(tmp_path / "other").found()
    report = procedure.run(other.fetch, town.pin)
    assert findings(report, Step.CONSISTENCY)[0][1] == "verify.pin-broken"
    other.close()


@pytest.mark.parametrize("path", ["tile/entries/000.p/12", "tile/0/000.p/12"])
def test_step_5_a_byte_changed_in_a_bundle_or_tile_is_found(town, path):
    report = report_of(town, **{path: flipped(town.fetch(path), -40)})
    assert report.first_wrong() is Step.TREE
    assert findings(report, Step.TREE)[0][2] == path


@pytest.mark.parametrize("path", ["tile/entries/000.p/7", "tile/0/000.p/7"])
def test_step_5_an_older_unfinished_file_may_be_gone_but_not_changed(town, path):
    assert report_of(town, **{path: None}).ok
    report = report_of(town, **{path: flipped(town.fetch(path), 40)})
    assert findings(report, Step.TREE) == [(Level.ALARM, "verify.beginning-differs", path)]


def test_step_5_unfinished_files_of_higher_levels_are_checked_too(town):
    for _ in range(3):
        for _ in range(90):
            town.small()
        town.cosign()
    for _ in range(300):
        town.small()
    town.cosign()
    town.small()
    town.cosign()
    assert report_of(town).ok
    report = report_of(town, **{"tile/1/000.p/1": flipped(town.fetch("tile/1/000.p/1"))})
    assert findings(report, Step.TREE) == [(Level.ALARM, "verify.beginning-differs", "tile/1/000.p/1")]


def test_a_place_that_holds_no_log_at_all_fails_at_step_1():
    report = procedure.run(lambda _: None)
    assert (report.first_wrong(), "origin" in report.facts) == (Step.STRUCTURE, False)


# Steps 6 to 14 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leaf", [b"no time", b"1\nno note"])
def test_step_6_a_leaf_that_is_no_entry_is_an_alarm(town, leaf):
    index = town.append_leaf(leaf)
    report = verified(town)
    assert findings(report, Step.ENTRIES) == [(Level.ALARM, "void-form", f"entry {index}")]
    assert report.first_wrong() is Step.ENTRIES


def test_step_6_a_wrong_signature_on_an_entry_is_an_alarm(town):
    note = town.note(e.Complaint, person("portal"), agency="", about=-1, code="filmed", received=1, text="")
    town.append(note.replace(b'"received":1', b'"received":2'))
    assert findings(verified(town), Step.ENTRIES)[0][1] == "void-signature"


def test_step_7_an_entry_whose_time_nobody_saw_is_an_alarm(town):
    town.wait(seconds=1_000)
    index = town.small()
    town.cosign(time=town.now + 400)
    report = report_of(town)
    assert findings(report, Step.TIMES) == [(Level.ALARM, "void-time", f"entry {index}")]


def test_step_7_an_entry_earlier_than_the_one_before_is_an_alarm(town):
    town.small()
    index = town.append(town.note(e.Complaint, person("portal"), **COMPLAINT), town.now - 100)
    assert findings(verified(town), Step.TIMES) == [(Level.ALARM, "void-time-backwards", f"entry {index}")]


def test_step_8_a_text_that_is_withheld_or_changed_is_an_alarm(town):
    index = town.ask()
    town.cosign()
    tail = Tail(town.pin)
    tail.advance(town.fetch)
    path = blob_path(tail.fold.requests[index].entry.narrative)
    other = Blob(bytes(16), "Another story.").to_json().encode()
    for data, word in (
        (None, "verify.path-missing"),
        (b"{}", "docket.blob-malformed"),
        (other, "docket.blob-mismatched"),
    ):
        report = report_of(town, **{path: data})
        assert findings(report, Step.BLOBS) == [(Level.ALARM, word, path)]
        assert report.first_wrong() is Step.BLOBS
    town.put(e.Takedown, person("okafor"), blob=path.removeprefix("blob/"), reason="names-a-child")
    town.cosign()
    assert report_of(town, **{path: None}).ok


def test_step_8_without_the_rules_nothing_after_it_is_claimed(town):
    report = report_of(town, **{blob_path(town.bundle.commitment): None})
    assert report.first_wrong() is Step.BLOBS
    assert not report.steps[Step.TREE].checked
    assert not report.steps[Step.DECIDE].checked


def test_step_9_what_does_not_count_is_listed_and_is_no_alarm(town):
    index = town.put(e.Outcome, person("diaz"), request=99, code="charged", clips="<5")
    town.append(sign(f'sunporch/entry/v1\n{ORIGIN}\n{{"type":"parade","v":1}}\n', [person("portal")]).encode())
    report = verified(town)
    assert findings(report, Step.FOLD) == [
        (Level.NOTE, "void-reference", f"entry {index}"),
        (Level.NOTE, "type", f"entry {index + 1}"),
    ]
    assert report.ok
    assert "parade" in report.as_text(verbose=True)
    assert "parade" not in report.as_text()


@pytest.mark.promise(6)
def test_step_10_an_appeal_that_the_rules_forbid_is_an_alarm_that_names_the_clauses(town):
    index = town.ask(offence="90Z")
    report = verified(town)
    [finding] = report.steps[Step.DECIDE].findings
    assert (finding.level, finding.id, finding.where) == (Level.ALARM, "void-rules", f"entry {index}")
    assert "[" in finding.sentence
    assert report.first_wrong() is Step.DECIDE


def test_step_10_rules_that_are_too_new_for_this_software_are_noted(town):
    bundle = Blob(b"\x03" * 16, '{"format":"sunporch/policy/v99"}')
    fields = {"bundle": town.blob(bundle), "in_force_from": town.now + 7 * DAY, "open_requests": "keep"}
    policy = town.put(e.Policy, person("bell-1"), person("bell-2"), **fields)
    town.cosign()
    town.wait(days=8)
    index = town.ask(policy=policy)
    report = verified(town)
    assert findings(report, Step.DECIDE) == [(Level.NOTE, "cannot_check", f"entry {index}")]
    assert report.ok


def expire(town, *disclosures, generation=1):
    return town.put(e.Expiry, person("library"), disclosures=disclosures, generation=generation)


def test_step_11_a_key_that_outlives_its_share_is_an_alarm(town):
    town.ask()
    index = town.share()
    town.cosign()
    town.wait(days=60)
    town.wait(seconds=-(town.now % DAY) + content.MOST_EXPIRY_DELAY)
    assert verified(town).steps[Step.LEASES].findings == []
    town.wait(seconds=1)
    report = verified(town)
    assert findings(report, Step.LEASES) == [(Level.ALARM, "expiry-missing", f"entry {index}")]
    expire(town, index)
    report = verified(town)
    assert findings(report, Step.LEASES) == [(Level.OWED, "expiry-late", f"entry {index}")]
    assert report.ok


def test_step_11_a_key_destroyed_before_its_end_is_an_alarm(town):
    town.ask()
    index = town.share()
    early = expire(town, index)
    report = verified(town)
    assert findings(report, Step.LEASES) == [(Level.ALARM, "expiry-early", f"entry {early}")]


def test_step_11_a_frozen_key_may_be_kept_and_must_not_be_destroyed(town):
    town.ask()
    index = town.share()
    freeze = town.put(e.Freeze, person("reyes"), disclosure=index, until=town.now + 90 * DAY)
    town.cosign()
    town.wait(days=70)
    assert verified(town).ok
    early = expire(town, index)
    assert findings(verified(town), Step.LEASES) == [(Level.ALARM, "expiry-early", f"entry {early}")]
    town.put(e.Unfreeze, person("reyes"), freeze=freeze)
    assert len(verified(town).steps[Step.LEASES].findings) == 1  # the duty begins with the unfreezing
    town.wait(seconds=content.MOST_EXPIRY_DELAY + 1)
    assert findings(verified(town), Step.LEASES)[1][1] == "expiry-missing"


def test_step_11_a_withdrawn_share_must_be_destroyed_at_once(town):
    town.ask()
    index = town.share(5)
    town.put(e.Withdrawal, one_time(5), disclosure=index)
    expire(town, index)
    assert verified(town).steps[Step.LEASES].findings == []


def test_step_11_a_freeze_that_ran_out_ends_the_keeping(town):
    town.ask()
    index = town.share()
    town.put(e.Freeze, person("reyes"), disclosure=index, until=town.now + 70 * DAY)
    town.cosign()
    town.wait(days=70, seconds=60)
    assert verified(town).ok
    town.wait(seconds=content.MOST_EXPIRY_DELAY)
    assert findings(verified(town), Step.LEASES) == [(Level.ALARM, "expiry-missing", f"entry {index}")]


def test_step_12_an_outcome_that_is_owed_is_listed(town):
    index = town.ask()
    town.cosign()
    town.wait(days=5 + town.rules.outcome_days + 2)
    report = verified(town)
    assert findings(report, Step.OUTCOMES) == [(Level.OWED, "outcome-overdue", f"entry {index}")]
    assert "2 days overdue" in report.as_text()


@pytest.mark.requirement("R29")
def test_step_13_a_sealed_request_past_its_date_is_listed(town):
    index = town.put(
        e.SealedRequest,
        person("hall"),
        person("diaz"),
        agency="MA0120100",
        process="warrant",
        unseal_by=town.now + 30 * DAY,
        cameras=1,
        seconds=60,
        sealed_content="ab" * 32,
    )
    assert verified(town).steps[Step.UNSEALS].findings == []
    town.wait(days=31)
    assert findings(verified(town), Step.UNSEALS) == [(Level.OWED, "unseal-overdue", f"entry {index}")]


def test_step_14_a_breach_on_record_is_listed(town):
    index = town.put(e.Breach, person("library"), code="backup-restored", clips=3, since=town.now, text="")
    report = verified(town)
    assert findings(report, Step.BREACHES) == [(Level.NOTE, "breach-recorded", f"entry {index}")]
    assert "backup-restored, 3 clips" in report.as_text(verbose=True)


def test_a_flood_of_findings_is_bounded(town, monkeypatch):
    monkeypatch.setattr(content, "MOST_FINDINGS", 2)
    for _ in range(4):
        town.put(e.Outcome, person("diaz"), request=99, code="charged", clips="<5")
    assert len(verified(town).steps[Step.FOLD].findings) == 2


# One flipped byte ---------------------------------------------------------------------------------------------------

FLIPS_PER_FILE = 9


@pytest.mark.promise(11)
def test_one_flipped_byte_in_any_file_of_the_log_is_an_alarm_with_its_step(tmp_path, soak, capsys):
    town = LogTown(tmp_path / "log").found()
    town.ask()
    town.cosign()
    town.open(town.share())
    town.cosign()
    chosen = random.Random(20261123)
    files = sorted(p.relative_to(town.folder).as_posix() for p in town.folder.rglob("*") if p.is_file())
    files = [path for path in files if not path.startswith(".")]
    steps: dict[str, set[int]] = {}
    trials = 0
    for path in files:
        data = town.fetch(path)
        places = range(len(data)) if soak else sorted(chosen.sample(range(len(data)), min(FLIPS_PER_FILE, len(data))))
        for place in places:
            changed = data[:place] + bytes([data[place] ^ (1 << chosen.randrange(8))]) + data[place + 1 :]
            report = report_of(town, **{path: changed})
            trials += 1
            assert not report.ok, (path, place)
            assert report.first_wrong() is not None, (path, place)
            steps.setdefault(path.partition("/")[0], set()).add(report.first_wrong().number)
    town.close()
    with capsys.disabled():
        print(f"\n{trials} flipped bytes in {len(files)} files, 0 unseen; steps by kind of file: {steps}")
