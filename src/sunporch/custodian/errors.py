# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every way in which the key custodian refuses. A refusal never gives out a key and never loses a live one."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

_ASK_OPERATOR = "Tell the custodian's operator; no key was given out."

# Its own store ------------------------------------------------------------------------------------------------------

ROOTKEY_UNREADABLE = ErrorKind(
    "custodian.rootkey-unreadable",
    what="The custodian's root key cannot be used: {reason}.",
    next="The custodian stays closed. If the file is lost, so are all keys: begin anew in a new folder, and record a "
    "breach.",
)
TABLE_UNREADABLE = ErrorKind(
    "custodian.table-unreadable",
    what="The custodian's table cannot be used: {reason}.",
    next="The custodian stays closed. Restore table and root key of the same moment, or record a breach.",
)
TABLE_BUSY = ErrorKind(
    "custodian.table-busy",
    what="Another custodian already runs on this folder.",
    next="Stop that one first, or give this one its own folder; two on one folder would destroy each other's keys.",
)
MIRROR_UNWRITABLE = ErrorKind(
    "custodian.mirror-unwritable",
    what="The custodian cannot write its copy of the log: {reason}.",
    next="Make room on its disk. It goes on without the copy and writes it later; if this stays, start it again.",
)
HALVES_EXHAUSTED = ErrorKind(
    "custodian.halves-exhausted",
    what="The custodian keeps {most} halves already and takes no more.",
    next="Try again tomorrow, when some have ended; nothing left your home.",
)
FOLDER_USED = ErrorKind(
    "custodian.folder-used",
    what="There is already a custodian in this folder.",
    next="Choose another folder; making it again would destroy every key it keeps.",
)
DISK_UNSUITABLE = ErrorKind(
    "custodian.disk-unsuitable",
    what="On this disk an overwritten key may survive: {reason}.",
    next="Put the data folder on plain ext4 or xfs (without inline_data and data=journal), or use a hardware key.",
)
KEY_MISNAMED = ErrorKind(
    "custodian.key-misnamed",
    what="The key in the folder is named {found!r}, the settings say {wanted!r}.",
    next="Correct `name` in the settings, or use the folder that belongs to it.",
)

# Time and the record ------------------------------------------------------------------------------------------------

RECORD_UNREACHABLE = ErrorKind(
    "custodian.record-unreachable",
    what="The custodian cannot read the public record now: {reason}",
    next="Try again in a few minutes; no key is given out without the record.",
)
RECORD_STALE = ErrorKind(
    "custodian.record-stale",
    what="The newest co-signed state of the record is {age} seconds old; nothing is opened after {most}.",
    next="Wait until enough co-signers answer again, then ask again with the same entry.",
)

KEY_UNENROLLED = ErrorKind(
    "custodian.key-unenrolled",
    what="The community has not enrolled this custodian's key, or ended it.",
    next="Ask the clerk to record the key that `sunporch custodian init` printed.",
)

# Taking a half ------------------------------------------------------------------------------------------------------

CALL_MALFORMED = ErrorKind(
    "custodian.call-malformed",
    what="This is not a call the custodian understands: {reason}.",
    next="Update the software that sent it; spec/lease.md says what the custodian takes.",
)
CLIP_MISMATCHED = ErrorKind(
    "custodian.clip-mismatched",
    what="Header, sealed file and salt do not give the clip's name that was sent.",
    next="Seal the clip anew and send it again; nothing was kept.",
)
APPEAL_CLOSED = ErrorKind(
    "custodian.appeal-closed",
    what="The appeal that this clip answers is not open: {reason}.",
    next="Nothing was kept. Look at the appeal's page; you need not do anything.",
)
EXPIRY_MISMATCHED = ErrorKind(
    "custodian.expiry-mismatched",
    what="The clip says it ends at {given}; the town's rules say {wanted}.",
    next="Seal the clip anew with the end that the rules give; nothing was kept.",
)
HALF_EXISTS = ErrorKind(
    "custodian.half-exists",
    what="Another half is kept for this clip already.",
    next="Seal the clip anew and send it again.",
)
CALLS_TOO_MANY = ErrorKind(
    "custodian.calls-too-many",
    what="Too many calls came from this address within the hour.",
    next="Try again in an hour.",
)

CALL_OVERSIZE = ErrorKind(
    "custodian.call-oversize",
    what="The call is larger than {most} bytes, or took longer than {seconds} seconds.",
    next="Send what spec/lease.md says, and nothing more.",
)

# Giving one out -----------------------------------------------------------------------------------------------------

PROOF_REFUSED = ErrorKind(
    "custodian.proof-refused",
    what="The proof that the opening is on record does not hold: {reason}.",
    next="Fetch the proof again after the entry is recorded and co-signed.",
)
ACCESS_VOID = ErrorKind(
    "custodian.access-void",
    what="This opening is not in force: {reason}",
    next="Sign a new opening once the reason is gone.",
)
ACCESS_REPEATED = ErrorKind(
    "custodian.access-repeated",
    what="This opening was answered before, and its ten minutes are over.",
    next="Sign a new opening; it will be on record too.",
)
LEASE_ENDED = ErrorKind(
    "custodian.lease-ended",
    what="This clip can no longer be opened: {reason}.",
    next="Ask the resident, or go by legal process; the key will not come back.",
)
HALF_UNKNOWN = ErrorKind(
    "custodian.half-unknown",
    what="The custodian keeps no half of this clip.",
    next=_ASK_OPERATOR,
)

# Withdrawing --------------------------------------------------------------------------------------------------------

WITHDRAWAL_REFUSED = ErrorKind(
    "custodian.withdrawal-refused",
    what="This is not a withdrawal by the key that shared the clip: {reason}.",
    next="Use the withdrawal on the receipt of that share.",
)
