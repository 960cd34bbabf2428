# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a clip does not open, in the words of the officer who sits before it."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

KEY_MALFORMED = ErrorKind(
    "desk.keyfile-malformed",
    what="This is not an officer's key file: {reason}.",
    next="Use the file that `sunporch desk key` made when this device was enrolled.",
)
PIN_MISSING = ErrorKind(
    "desk.pin-missing",
    what="The pin file of your community's record cannot be read: {reason}.",
    next="Take it from the community or from somebody you trust, not from the portal.",
)
NOTE_MISSING = ErrorKind(
    "desk.note-missing",
    what="The text to sign cannot be read: {reason}.",
    next="Take it from the page that waits for your signature.",
)
OUTPUT_EXISTS = ErrorKind(
    "desk.output-exists",
    what="There is a file of that name already, and nothing is overwritten.",
    next="Choose another name with --out; nothing was put on record.",
)
OUTPUT_UNWRITABLE = ErrorKind(
    "desk.output-unwritable",
    what="The clip cannot be written there: {reason}.",
    next="Choose a folder with room that you may write to. What was opened is not left behind; within ten minutes "
    "the same command asks for the same key again, without a second opening on record.",
)
SHARE_UNKNOWN = ErrorKind(
    "desk.share-unknown",
    what="Entry {index} of the record is not a shared clip.",
    next="Use the number that the portal's list of clips shows.",
)
RECIPIENT_OTHER = ErrorKind(
    "desk.recipient-other",
    what="This clip was sealed to other devices, not to {name}.",
    next="Ask a colleague named in the appeal to re-seal it for your device; nothing was put on record.",
)
CLIP_ENDED = ErrorKind(
    "desk.clip-ended",
    what="This clip can no longer be opened: {reason}.",
    next="Its key does not come back. Ask the resident anew, or go by legal process.",
)
CLIP_FROZEN = ErrorKind(
    "desk.clip-frozen",
    what="The time of this clip is over; it is only preserved until {until} and does not open for the agency alone.",
    next="Whoever froze it (court, prosecutor, defence office, reviewer) must sign the opening too.",
)
QUORUM_MISSING = ErrorKind(
    "desk.quorum-missing",
    what="Too few independent co-signers confirm the public record now, so no key is given out: {reason}.",
    next="Wait until the co-signers answer again, then run the same command; your opening is not lost.",
)
CUSTODIAN_DOWN = ErrorKind(
    "desk.custodian-down",
    what="Your opening is on record as entry {index}, but the key custodian gives no key now: {reason}.",
    next="Run the same command later; it asks with the same entry, so nothing is recorded twice.",
)
ALREADY_GIVEN = ErrorKind(
    "desk.half-given",
    what="The custodian answered this opening before, and its ten minutes are over.",
    next="Run the command again: it signs a new opening, which will be on record too.",
)
OPENING_VOID = ErrorKind(
    "desk.opening-void",
    what="Your opening does not count: {reason}.",
    next="Clear the reason with your supervisor or registrar; the clip stays closed until then.",
)
OPENING_LATE = ErrorKind(
    "desk.opening-late",
    what="Your opening was handed in, but is not on record after {seconds} seconds.",
    next="Run the same command in a minute; it goes on with the same opening.",
)
RECORD_DIFFERS = ErrorKind(
    "desk.record-differs",
    what="The portal says your opening is entry {index}, but the record that others see does not hold it there.",
    next="Do not go on. Keep this message and tell the community: somebody shows you another record.",
)
MEDIA_DIFFERS = ErrorKind(
    "desk.media-differs",
    what="The video inside the clip is not the one that its own index describes.",
    next="Do not use it. Ask the resident to share it again.",
)
CALLER_FOREIGN = ErrorKind(
    "desk.caller-foreign",
    what="Another page, or another name, asked this desk: {reason}.",
    next="Open {address} in this machine's own browser; close the page that you came from.",
)
CALL_OVERSIZE = ErrorKind(
    "desk.call-oversize",
    what="More than {most} bytes were sent at once; the viewer never does that.",
    next="Load the page again.",
)
