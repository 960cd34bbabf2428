# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why an entry counts for nothing: every reason once, with the sentence that people read."""

from __future__ import annotations

from enum import Enum


class Void(Enum):
    """A condition that failed at the entry's index. The value is its sentence; the name is stable."""

    # what comes from outside: the verifier hands these in as flaws
    FORM = "It is not in the form that entries of the public record have."
    TIME = "The log's time for it is not the time that the co-signers saw."
    SIGNATURE = "A signature on it is wrong."
    # what holds for every entry
    ORIGIN = "It was signed for the public record of another town."
    TIME_BACKWARDS = "The log's time for it is earlier than that of an entry before it."
    DUPLICATE = "The same entry was recorded before."
    TOO_LATE = "It was recorded after the time at which its author let it lapse; sign it again."
    NOT_AFTER_FAR = "It would stay valid for more than 24 hours after it was recorded."
    FIRST = "The first entry of a public record must be the community's own."
    REFERENCE = "It refers to something that is not in force in this record, or is not of the kind it needs."
    ALREADY = "What it would do is done already."
    # who signed
    SIGNER = "None of the keys that signed it may make such an entry."
    SIGNER_ENDED = "The key that signed it had ended."
    COMMUNITY_SIGNATURES = "Too few of the community's keys signed it."
    REGISTRAR_SIGNATURE = "The agency's registrar did not sign it."
    OFFICER_SIGNATURE = "No officer of the agency signed it."
    SUPERVISOR_SIGNATURE = "No supervisor of the agency, another person than the officer, signed it."
    REVIEWER_SIGNATURE = "The town's rules ask for a reviewer's signature on it, and there is none."
    HOLDER_SIGNATURE = "Its time is over and it is only preserved: whoever froze it must sign each opening too."
    # the town
    THRESHOLD = "It asks for more signatures than there are keys."
    PREDECESSOR = "It does not follow the trust in force."
    TLOG_POLICY = "Its trust policy cannot be read or names no key of this log, so nobody could read on."
    GRID = "The rules count other households than the grid that the community published."
    COMMENT_PERIOD = "The time for public comment is shorter than the community demands."
    AGENCY_KIND = "Federal and immigration agencies cannot be partners."
    HEARING = "The hearing is not held before the partnership begins."
    SPAN = "It ends before it begins."
    # keys
    KEY_NAME = "The name of the key was used before; names are never used twice."
    KEY_TWICE = "The same key is enrolled under another name."
    KEY_FIELDS = "Its fields do not fit the role of the key."
    # asking
    PARTNERSHIP = "The agency has no partnership in force."
    POLICY = "It does not cite the rules that are in force."
    RECIPIENTS = "A recipient is not a live device of the agency, a court, a prosecutor or a defence office."
    CLOSES = "It closes before it is recorded."
    RULES = "The town's rules forbid it."
    OUTCOME_EARLY = "The appeal has not closed yet."
    DAY = "The day is not over, or was reported before."
    TEXT_UNKNOWN = "No entry commits to this text."
    TEXT_OF_RULES = "The town's rules and its grid are never taken down."
    TARGET = "The action does not fit what it is aimed at."
    # clips
    CUSTODIAN = "The key custodian it names is not one of this town's."
    RECEIPT = "The key custodian's receipt does not belong to it."
    CLIP_TWICE = "The same clip was shared before."
    EXPIRES = "The end of the share is not a midnight UTC ahead."
    ENDED = "The time of the share is over."
    DESTROYED = "The key of the clip is destroyed."
    NOT_ENDED = "A clip that it names is still shared."
    FROZEN = "A clip that it names is frozen and must be preserved."
    FREEZE_SPAN = "A freeze must end later than now, and within two years."
    GENERATION = "The custodian's generation does not go up."
    # legal process
    UNSEAL_BY = "It would stay sealed for longer than 180 days, or its date is past."
    UNSEAL_OVERDUE = "The agency has a sealed request that should have been unsealed."
    CONTENT = "It is not the content that was sealed."
    BASIS = "Only an emergency request has an emergency review."

    @property
    def sentence(self) -> str:
        """The sentence for people."""
        return str(self.value)


class Unsettled(Enum):
    """Why this software cannot say whether an entry is in force."""

    TYPE = "This version of the software does not know entries of this type."
    CANNOT_CHECK = "The town's rules that it must be checked against are not here, or too new for this software."
    DEPENDS = "It refers to an entry that could not be checked."

    @property
    def sentence(self) -> str:
        """The sentence for people."""
        return str(self.value)


class Stopped(Exception):
    """Raised by a rule at the first condition that fails; the fold turns it into the record's reason."""

    def __init__(self, reason: Void | Unsettled) -> None:
        self.reason = reason
        super().__init__(reason.name)


def require(condition: object, reason: Void | Unsettled) -> None:
    """Stop with the reason unless the condition holds."""
    if not condition:
        raise Stopped(reason)
