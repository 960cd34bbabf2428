# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that can go wrong at home, in sentences for the resident who reads them at the door of the day."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

RETENTION_MISSING = ErrorKind(
    "hub.retention-missing",
    what="This hub has no limit for what it keeps: {reason}.",
    next="Set retention_days and retention_bytes in the hub's settings file; both must be at least 1.",
)
FOLDER_OCCUPIED = ErrorKind(
    "hub.folder-occupied",
    what="The folder for the hub already holds something.",
    next="Name an empty folder, or start the hub that is there with `sunporch hub run`.",
)
SCHEMA_UNKNOWN = ErrorKind(
    "hub.schema-unknown",
    what="The hub's database was made by another version of Sunporch.",
    next="Before version 1.0 no data is carried over: make a new hub with `sunporch hub init` (demo: --fresh).",
)
ACCOUNT_EXISTS = ErrorKind(
    "hub.account-exists",
    what="There is already a resident with this name.",
    next="Choose another name for signing in.",
)
ADULT_ABSENT = ErrorKind(
    "hub.adult-absent",
    what="This home has no such person.",
    next="Choose somebody from the list under Settings, or by the name for signing in.",
)
ADULT_LAST = ErrorKind(
    "hub.adult-last",
    what="Nobody else can sign in here: without this person nobody could share, stop or erase anything.",
    next="Add another adult first.",
)
PLACE_MALFORMED = ErrorKind(
    "hub.place-malformed",
    what="{text!r} is not a place: {reason}.",
    next="Write degrees north and east with at most 7 decimals, like 39.7589123,-84.1916069.",
)
CAMERA_REFUSED = ErrorKind(
    "hub.camera-refused",
    what="The camera cannot be saved like this: {reason}.",
    next="Correct it and try again.",
)
CAMERA_ABSENT = ErrorKind(
    "hub.camera-absent",
    what="There is no such camera in this home.",
    next="Choose one from the list of cameras.",
)
CAMERA_REMOVED = ErrorKind(
    "hub.camera-removed",
    what="This camera was removed from this home.",
    next="To record it again, add it again; what it recorded until then stays under its old name.",
)
CAMERA_INDOOR = ErrorKind(
    "hub.camera-indoor",
    what="This camera hangs indoors; what it recorded is never shared from here.",
    next="Choose a camera that hangs outdoors.",
)
APPEAL_ABSENT = ErrorKind(
    "hub.appeal-absent",
    what="No such appeal concerns this home.",
    next="Look into the inbox for those that do.",
)
APPEAL_ENDED = ErrorKind(
    "hub.appeal-ended",
    what="This appeal is not open any more, so nothing can be shared for it.",
    next="Nothing is left to do; you owe nobody an answer.",
)
APPEAL_FORBIDDEN = ErrorKind(
    "hub.appeal-forbidden",
    what="An appeal that the town's rules forbid was published all the same.",
    next="Do not answer it. Tell the town's reviewers; the clauses that forbid it are listed here.",
)
WINDOW_OUTSIDE = ErrorKind(
    "hub.window-outside",
    what="The appeal asks for {asked_from} to {asked_to}; the clip reaches outside.",
    next="Choose seconds inside the hours that the appeal names.",
)
CLIP_LENGTH = ErrorKind(
    "hub.clip-length",
    what="A clip must last from {least} second to {most} seconds, this one has {seconds}.",
    next="Choose a shorter stretch, or share two clips.",
)
BOX_REFUSED = ErrorKind(
    "hub.box-refused",
    what="Box {number} to cover cannot be used: {reason}.",
    next="Draw it again inside the picture and the clip.",
)
COVERING_ABSENT = ErrorKind(
    "hub.covering-absent",
    what="There is no such draft; one that nobody shares is erased after a day.",
    next="Choose the seconds again.",
)
COVERING_UNREADY = ErrorKind(
    "hub.covering-unready",
    what="The hub still looks for people in these seconds.",
    next="Look again in a moment; nothing leaves before it has looked.",
)
COVERING_FAILED = ErrorKind(
    "hub.covering-failed",
    what="The hub could not look for people in these seconds, so they cannot be shared: {said}",
    next="Choose other seconds; nothing has left this house.",
)
COVERING_RELEASED = ErrorKind(
    "hub.covering-released",
    what="This draft was shared, so it cannot be changed any more.",
    next="If the clip still waits, take it back and choose the seconds again.",
)
COVERINGS_FULL = ErrorKind(
    "hub.coverings-full",
    what="Already {most} drafts wait to be shared.",
    next="Share or erase one of them; each goes by itself after a day.",
)
TRACK_ABSENT = ErrorKind(
    "hub.track-absent",
    what="Nobody with the number {track} was found in these seconds.",
    next="Look at the list of who was found.",
)
UNCOVERING_REFUSED = ErrorKind(
    "hub.uncovering-refused",
    what="Person {track} stays covered: nobody said that they match the appeal.",
    next="Leave covered whom the appeal is not about. Only somebody who matches it can be left visible.",
)
SEARCHES_SPENT = ErrorKind(
    "hub.searches-spent",
    what="The hub looked for people {times} times and never came to an end.",
    next="Choose fewer seconds, or others.",
)
RELEASES_FULL = ErrorKind(
    "hub.releases-full",
    what="Already {most} clips wait to leave this house.",
    next="Wait until they are shared, or take one back.",
)
RELEASE_ABSENT = ErrorKind(
    "hub.release-absent",
    what="There is no such clip on its way.",
    next="Look at the list of what is shared.",
)
RELEASE_LEFT = ErrorKind(
    "hub.release-left",
    what="This clip cannot be taken back any more: it is {state}.",
    next="If it is shared, stop sharing it: then its key is destroyed.",
)
RELEASE_NOT_WAITING = ErrorKind(
    "hub.release-moving",
    what="This clip does not wait any more: it is {state}.",
    next="Nothing is left to do; look at its state.",
)
RECORD_UNREAD = ErrorKind(
    "hub.record-unread",
    what="The hub has not been able to read the town's record, so it cannot tell whether the appeal still stands.",
    next="Nothing leaves until the record can be read again; recording goes on.",
)
RECORD_MISTIMED = ErrorKind(
    "hub.record-mistimed",
    what="An entry of the town's record has a time that its co-signers did not see.",
    next="It counts for nothing. Tell the town's reviewers that the record was dated wrongly.",
)
RECORD_OMITTED = ErrorKind(
    "hub.record-omitted",
    what="The portal says that your clip is on the record, and the record does not show it.",
    next="Tell the town's reviewers; the clip goes on waiting here.",
)
TEXT_WITHHELD = ErrorKind(
    "hub.text-withheld",
    what="A text that belongs to the town's record is not given out: {reason}",
    next="If it stays so, tell the town's reviewers; a text may only go with a reviewer's takedown.",
)
CLOCK_BEHIND = ErrorKind(
    "hub.clock-behind",
    what="This hub's clock is {seconds} seconds behind the town's co-signers.",
    next="Set the clock. What is recorded until then stands under no date: no appeal is matched with it.",
)
CLOCK_AHEAD = ErrorKind(
    "hub.clock-ahead",
    what="This hub's clock is {seconds} seconds ahead of the town's co-signers.",
    next="Set the clock; until then nothing recorded has a date. If it is right, the record comes late: tell the "
    "reviewers.",
)
RECORD_STALE = ErrorKind(
    "hub.record-stale",
    what="The town's record was last co-signed {hours} hours ago, or this hub's clock is ahead.",
    next="Check the hub's clock; if it is right, the town's record stands still: tell the reviewers.",
)
PORTAL_UNREACHABLE = ErrorKind(
    "hub.portal-unreachable",
    what="The town's portal does not answer: {reason}",
    next="The clip waits here and goes on by itself when the portal is back; recording goes on.",
)
CUSTODIAN_UNREACHABLE = ErrorKind(
    "hub.custodian-unreachable",
    what="The key custodian does not answer: {reason}",
    next="The clip cannot be opened by anyone yet; it goes on by itself when the custodian is back.",
)
QUORUM_MISSING = ErrorKind(
    "hub.quorum-missing",
    what="Too few independent co-signers are awake, so nothing can be put on the record now.",
    next="The clip cannot be opened by anyone yet; it goes on by itself when enough of them are back.",
)
PORTAL_REFUSED = ErrorKind(
    "hub.portal-refused",
    what="The portal refused the clip: {said}",
    next="Nobody can open it. You can choose the seconds again and share once more.",
)
CUSTODIAN_REFUSED = ErrorKind(
    "hub.custodian-refused",
    what="The key custodian refused to keep half of the clip's key: {said}",
    next="Nobody can open the clip. You can share once more; if it happens again, tell the town's reviewers.",
)
RECEIPT_REFUSED = ErrorKind(
    "hub.receipt-refused",
    what="The key custodian's receipt is not valid: {reason}.",
    next="Nobody can open the clip. Tell the town's reviewers that the key custodian gave a false receipt.",
)
CUSTODIAN_ABSENT = ErrorKind(
    "hub.custodian-absent",
    what="The town has no key custodian, so no clip can be shared.",
    next="Nothing has left this house; try again when the town has one.",
)
RECIPIENTS_ABSENT = ErrorKind(
    "hub.recipients-absent",
    what="None of the devices that the appeal names can receive a clip any more.",
    next="Nothing has left this house; nothing is left to do.",
)
ATTEMPTS_SPENT = ErrorKind(
    "hub.attempts-spent",
    what="The clip was sealed {times} times and never came on the record.",
    next="Nobody can open it. Choose the seconds again when the portal works.",
)
SHARE_ABSENT = ErrorKind(
    "hub.share-absent",
    what="There is no such clip among what this home shared.",
    next="Look at the list of what is shared.",
)
SHARE_ENDED = ErrorKind(
    "hub.share-ended",
    what="This clip is not shared any more: {state}.",
    next="Nothing is left to do: its key is destroyed or about to be.",
)
PROOF_ABSENT = ErrorKind(
    "hub.proof-absent",
    what="What proves this clip's original is not here any more: it was erased with it, a year after the outcome.",
    next="Nothing is left to do; a proof that you handed over before stays as good as it was.",
)
MESSAGE_REFUSED = ErrorKind(
    "hub.message-refused",
    what="The message cannot be sent: {reason}.",
    next="Change it and send it again.",
)
INBOX_LOCKED = ErrorKind(
    "hub.inbox-locked",
    what="The inbox opens after your PIN.",
    next="Give the PIN that you set; it is asked once an hour.",
)
PIN_WRONG = ErrorKind(
    "hub.pin-wrong",
    what="That is not your PIN.",
    next="Try again.",
)
PIN_SPENT = ErrorKind(
    "hub.pin-spent",
    what="The PIN was wrong too often.",
    next="Wait {minutes} minutes and try again.",
)
PIN_REFUSED = ErrorKind(
    "hub.pin-refused",
    what="A PIN has {least} to {most} digits and nothing else.",
    next="Choose another one.",
)
PICTURE_ABSENT = ErrorKind(
    "hub.picture-absent",
    what="There is no picture of this moment.",
    next="Choose a moment that was recorded.",
)
WATCH_LENGTH = ErrorKind(
    "hub.watch-length",
    what="At most {most} minutes can be watched or taken out at once.",
    next="Choose a shorter stretch.",
)
WORKER_SILENT = ErrorKind(
    "hub.worker-silent",
    what="The part of the hub that records does not answer.",
    next="It is started again by itself; if it stays so, start the hub anew.",
)
LIVE_AWAY = ErrorKind(
    "hub.live-away",
    what="There is no live picture at this moment.{because}",
    next="The hub tries again and again by itself.",
)
LIVE_PAUSED = ErrorKind(
    "hub.live-paused",
    what="This camera is paused: it records nothing and shows nothing.",
    next="It goes on when an adult of this home presses “Go on recording”.",
)
LIVE_CROWDED = ErrorKind(
    "hub.live-crowded",
    what="{most} pages show live pictures already.",
    next="Close one of them; this page goes on by itself.",
)
LINK_ABSENT = ErrorKind(
    "hub.link-absent",
    what="This link shows nothing.",
    next="It may have ended, or it may be mistyped. Ask whoever gave it to you.",
)
LINK_REFUSED = ErrorKind(
    "hub.link-refused",
    what="The link cannot be made: {reason}.",
    next="Change it and try again.",
)
LINKS_FULL = ErrorKind(
    "hub.links-full",
    what="There are {most} links already.",
    next="End one of them first.",
)
SETUP_CODE_WRONG = ErrorKind(
    "hub.setupcode-wrong",
    what="That is not the set-up code.",
    next="Read it again in the terminal where the hub was started last.",
)
SETUP_CODE_SPENT = ErrorKind(
    "hub.setupcode-spent",
    what="The set-up code was wrong too often.",
    next="Wait {minutes} minutes, or start the hub anew: it writes another code.",
)
ADULT_PRESENT = ErrorKind(
    "hub.adult-present",
    what="Somebody was added to this home meanwhile.",
    next="Sign in, or let an adult of this home add you in the settings.",
)
LIMITS_BEYOND = ErrorKind(
    "hub.limits-beyond",
    what="The disk has room for {room} GB of footage.",
    next="Choose no more than that, or make room on the disk first.",
)
LIMITS_FIXED = ErrorKind(
    "hub.limits-fixed",
    what="Whoever started the hub fixed these limits with {variable}.",
    next="Start it without that, and then change them here.",
)
RECOVERY_KEYLESS = ErrorKind(
    "hub.recovery-keyless",
    what="There is no recovery key yet.",
    next="Make one first, and write it down.",
)
RECOVERY_KEY_MALFORMED = ErrorKind(
    "hub.recoverykey-malformed",
    what="This is not a recovery key: something in it is mistyped or missing.",
    next="Type all of it again, from AGE-SECRET-KEY-1 on; spaces and small letters do not matter.",
)
RECOVERY_KEY_WRONG = ErrorKind(
    "hub.recoverykey-wrong",
    what="This recovery key does not open this file.",
    next="Look for the key that was shown before the file was made, or for a file that was made after this key.",
)
RECOVERY_DAMAGED = ErrorKind(
    "hub.recovery-damaged",
    what="This is no recovery file, or it was cut short or changed.",
    next="Copy it again from where you keep it, or take another one that was made for the same key.",
)
RECOVERY_UNKNOWN = ErrorKind(
    "hub.recovery-unknown",
    what="The recovery file was made by another version of Sunporch.",
    next="Restore it with the version that made it; `age` and `tar` open it, too.",
)
ARCHIVE_BUSY = ErrorKind(
    "hub.archive-busy",
    what="A hub still records into this archive.",
    next="Turn the old hub off for good, then restore.",
)
RELEASE_UNSURE = ErrorKind(
    "hub.release-unsure",
    what="This clip was on its way when the recovery file was made. What became of it after that is not known here.",
    next="If the record shows that it left, it comes back among your shares. To share it, choose the seconds again.",
)
