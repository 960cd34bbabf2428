# SPDX-License-Identifier: AGPL-3.0-or-later
"""Notes, checkpoints and policies beyond the vectors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunporch.base.errors import Error
from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.tlog import notes
from sunporch.tlog.checkpoints import Checkpoint, cosign, cosigned_at
from sunporch.tlog.notes import MAX_NOTE, MAX_SIGNATURES, Note, Signature
from sunporch.tlog.policies import SignedCheckpoint, TrustPolicy
from tests.tlog.logs import LOG_KEY, NOON, ORIGIN, POLICY, POLICY_TEXT, WITNESSES

DIAZ = SignerKey("diaz-4f2a", b"\x41" * 32)
KIM = SignerKey("kim-0c11", b"\x42" * 32)
HEAD = Checkpoint(ORIGIN, 3, b"\x07" * 32)


def cosigned(*times: int) -> Note:
    note = notes.sign(HEAD.encode(), [LOG_KEY])
    return note.with_signatures(*(cosign(key, note.text, time) for key, time in zip(WITNESSES, times, strict=False)))


def test_two_people_sign_one_text_and_both_are_known_in_order():
    note = Note.parse(notes.sign("a text\n", [KIM, DIAZ]).encode())
    assert note.verified([DIAZ.verifier, KIM.verifier]) == (KIM.verifier, DIAZ.verifier)
    assert note.verified([DIAZ.verifier]) == (DIAZ.verifier,)
    assert note.verified([]) == ()


def test_a_known_name_over_a_changed_text_is_refused_and_not_ignored():
    note = notes.sign("a text\n", [DIAZ])
    with pytest.raises(Error, match=r"tlog\.signature-wrong"):
        replace(note, text="another text\n").verified([DIAZ.verifier])


@pytest.mark.parametrize("blob", [b"x", b"x" * 63, b"x" * 64, b"x" * 65, b"x" * 72])
def test_a_known_name_with_any_other_bytes_is_refused(blob):
    forged = Signature(DIAZ.name, DIAZ.verifier.key_id, blob)
    with pytest.raises(Error, match=r"tlog\.signature-wrong"):
        notes.sign("a text\n", [DIAZ]).with_signatures(forged).verified([DIAZ.verifier])


def test_a_signature_that_shares_only_the_name_is_ignored():
    other = SignerKey(DIAZ.name, b"\x43" * 32)
    note = notes.sign("a text\n", [DIAZ, other])
    assert note.verified([DIAZ.verifier]) == (DIAZ.verifier,)


def test_adding_a_signature_twice_adds_it_once():
    note = notes.sign("a text\n", [DIAZ])
    assert note.with_signatures(*note.signatures, *notes.sign("a text\n", [KIM]).signatures) == notes.sign(
        "a text\n", [DIAZ, KIM]
    )


@pytest.mark.parametrize("text", ["no newline", "a\tb\n", "half \ud800\n"])
def test_a_text_that_no_reader_would_take_is_not_signed(text):
    with pytest.raises(Error, match=r"tlog\.note-malformed"):
        notes.sign(text, [DIAZ])


def test_a_co_signers_key_signs_no_plain_note_and_a_plain_key_no_cosignature():
    with pytest.raises(Error, match=r"tlog\.note-malformed"):
        notes.sign("a text\n", [WITNESSES[0]])
    with pytest.raises(Error, match=r"tlog\.checkpoint-malformed"):
        cosign(DIAZ, "a text\n", NOON)


def test_notes_are_bounded_in_bytes_and_signatures():
    many = tuple(Signature(f"k{number}", b"1234", b"x") for number in range(MAX_SIGNATURES))
    full = Note("a\n", many)
    assert Note.parse(full.encode()) == full
    with pytest.raises(Error, match=r"tlog\.note-malformed"):
        Note.parse(full.with_signatures(Signature("one-more", b"1234", b"x")).encode())
    with pytest.raises(Error, match=r"tlog\.note-malformed"):
        Note.parse(Note("a" * MAX_NOTE + "\n", many[:1]).encode())
    with pytest.raises(Error, match=r"tlog\.note-malformed"):
        Note.parse(b"\xff\n\n" + str(many[0]).encode())


@given(st.binary(max_size=400))
def test_whatever_arrives_is_a_note_or_a_named_error(data):
    for untrusted in (data, b"text\n\n" + data, data + b"\n\n" + str(Signature("a", b"1234", b"x")).encode()):
        try:
            assert Note.parse(untrusted).encode() == untrusted
        except Error as error:
            assert error.id == "tlog.note-malformed"


def test_a_cosignature_tells_its_time_and_only_over_its_checkpoint():
    note = cosigned(NOON)
    key = WITNESSES[0].verifier
    assert cosigned_at(note, key) == NOON
    assert cosigned_at(note, WITNESSES[1].verifier) is None
    with pytest.raises(Error, match=r"tlog\.signature-wrong"):
        cosigned_at(replace(note, text=replace(HEAD, size=4).encode()), key)
    moved = note.signatures[1].blob
    later = Signature(key.name, key.key_id, (NOON + 1).to_bytes(8, "big") + moved[8:])
    with pytest.raises(Error, match=r"tlog\.signature-wrong"):
        cosigned_at(Note(note.text, (later,)), key)


def test_a_cosignature_beyond_2_to_the_63_is_refused():
    with pytest.raises(Error, match=r"tlog\.signature-wrong"):
        cosigned_at(cosigned(2**63), WITNESSES[0].verifier)


def test_of_two_cosignatures_by_one_co_signer_the_later_counts():
    note = cosigned(NOON).with_signatures(cosign(WITNESSES[0], HEAD.encode(), NOON + 60))
    assert cosigned_at(note, WITNESSES[0].verifier) == NOON + 60


def test_extension_lines_are_kept():
    head = replace(HEAD, extensions=("more", "and more"))
    assert Checkpoint.parse(head.encode()) == head


@pytest.mark.requirement("R13")
def test_three_of_four_co_signers_are_enough_and_two_are_not():
    assert POLICY.open(cosigned(1, 2, 3).encode(), ORIGIN).times == {"w1": 1, "w2": 2, "w3": 3}
    with pytest.raises(Error, match=r"tlog\.quorum-missing") as caught:
        POLICY.open(cosigned(1, 2).encode(), ORIGIN)
    assert caught.value.what == "2 of 4 co-signers answered; 3 are needed."
    assert POLICY.open_signed(cosigned(1, 2).encode(), ORIGIN).times == {"w1": 1, "w2": 2}


@pytest.mark.parametrize(("times", "median"), [((9,), 9), ((9, 5), 5), ((1, 9, 5), 5), ((4, 9, 1, 5), 4)])
def test_the_median_time_is_the_middle_one_or_the_lower_of_two(times, median):
    assert POLICY.open_signed(cosigned(*times).encode(), ORIGIN).median_time == median


def test_without_co_signers_there_is_no_time():
    policy = TrustPolicy.parse(f"log {LOG_KEY.verifier}\nquorum none\n")
    opened = policy.open(cosigned().encode(), ORIGIN)
    with pytest.raises(Error, match=r"tlog\.time-missing"):
        _ = opened.median_time


def test_a_checkpoint_of_another_log_or_without_the_logs_signature_is_refused():
    with pytest.raises(Error, match=r"tlog\.origin-other"):
        POLICY.open(cosigned(1, 2, 3).encode(), "demo.elm-street")
    bare = replace(cosigned(1, 2, 3), signatures=cosigned(1, 2, 3).signatures[1:])
    with pytest.raises(Error, match=r"tlog\.signature-missing"):
        POLICY.open(bare.encode(), ORIGIN)
    impostor = SignerKey(ORIGIN, b"\x66" * 32)
    with pytest.raises(Error, match=r"tlog\.signature-missing"):
        POLICY.open_signed(notes.sign(HEAD.encode(), [impostor]).encode(), ORIGIN)


def test_one_forged_cosignature_spoils_the_checkpoint_even_beyond_the_quorum():
    key = WITNESSES[3].verifier
    note = cosigned(1, 2, 3).with_signatures(Signature(key.name, key.key_id, b"\x00" * 72))
    with pytest.raises(Error, match=r"tlog\.signature-wrong"):
        POLICY.open(note.encode(), ORIGIN)


def test_a_quorum_of_one_co_signer_needs_that_one():
    policy = TrustPolicy.parse(POLICY_TEXT.replace("quorum most", "quorum w2"))
    assert policy.open(cosigned(1, 2).encode(), ORIGIN).checkpoint == HEAD
    with pytest.raises(Error, match=r"tlog\.quorum-missing") as caught:
        policy.open(cosigned(1).encode(), ORIGIN)
    assert caught.value.what == "0 of 1 co-signers answered; 1 are needed."


def test_groups_within_groups_are_met_one_by_one_and_the_unmet_one_is_named():
    text = (Path(__file__).resolve().parents[2] / "spec/vectors/log/nested.policy").read_text()
    policy = TrustPolicy.parse(text)
    head = Checkpoint("demo.vectors", 3, b"\x07" * 32)
    note = notes.sign(head.encode(), [SignerKey("demo.vectors", b"\x01" * 32)])
    of = {number: cosign(WITNESSES[number - 1], note.text, NOON) for number in range(1, 5)}

    def opened(*numbers: int) -> SignedCheckpoint:
        return policy.open(note.with_signatures(*(of[number] for number in numbers)).encode(), "demo.vectors")

    assert opened(1, 2, 4).checkpoint == head
    with pytest.raises(Error, match=r"tlog\.quorum-missing") as caught:
        opened(1, 2)
    assert (caught.value.where, caught.value.params["answered"]) == ("south, checkpoint of 3 entries", 0)
    with pytest.raises(Error, match=r"tlog\.quorum-missing") as caught:
        opened(1, 3, 4)
    assert caught.value.what == "1 of 2 co-signers answered; 2 are needed."
    assert caught.value.where.startswith("north")


def test_a_key_that_cosigns_under_two_names_is_counted_once_because_the_policy_refuses_it():
    twin = SignerKey("twin.example", WITNESSES[0].seed, COSIGNATURE)
    with pytest.raises(Error, match=r"tlog\.policy-malformed") as caught:
        TrustPolicy.parse(POLICY_TEXT.replace("group", f"witness w5 {twin.verifier}\ngroup"))
    assert caught.value.where == "line 6"
