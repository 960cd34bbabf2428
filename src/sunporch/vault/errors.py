# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that can go wrong with the home archive, in sentences for the resident who keeps it."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

FOLDER_OCCUPIED = ErrorKind(
    "vault.folder-occupied",
    what="A new archive needs an empty folder, and this one already holds something.",
    next="Choose an empty folder, or open the archive that is there.",
)
FOLDER_UNKNOWN = ErrorKind(
    "vault.folder-unknown",
    what="This folder is not a home archive that this version can open: {reason}.",
    next="Check the path, or bring back the archive's folder from its backup.",
)
HOUSEHOLD_FOREIGN = ErrorKind(
    "vault.household-foreign",
    what="This archive was recorded by another household: its keys are not those that were kept.",
    next="Name the archive's folder of the home that the keys belong to.",
)
PASSPHRASE_NEEDED = ErrorKind(
    "vault.passphrase-needed",
    what="A sealed archive needs a passphrase of at least {least} characters.",
    next="Choose one and keep a copy on paper: without it nobody, you included, can see the recordings.",
)
PASSPHRASE_WRONG = ErrorKind(
    "vault.passphrase-wrong",
    what="This passphrase does not open the archive.",
    next="Type it again; capital letters and spaces count.",
)
KEY_LOCKED = ErrorKind(
    "vault.key-locked",
    what="The archive is locked, so the hub cannot {what_for}.",
    next="Unlock the archive with your passphrase.",
)
CAMERA_UNKNOWN = ErrorKind(
    "vault.camera-unknown",
    what="The archive knows no camera {camera}.",
    next="Add the camera first, or choose one from the list of cameras.",
)
SEGMENT_DAMAGED = ErrorKind(
    "vault.segment-damaged",
    what="A recording was changed after it was made, or the disk spoiled it: {reason}.",
    next="Do not use it as evidence; check the disk, and bring the file back from a backup if you have one.",
)
SEGMENT_TRUNCATED = ErrorKind(
    "vault.segment-truncated",
    what="The end of a recording is missing, and the archive did not cut it off itself.",
    next="Do not use it as evidence; check the disk, and bring the file back from a backup if you have one.",
)
CHUNK_REFUSED = ErrorKind(
    "vault.chunk-refused",
    what="This piece of a recording cannot be stored: {reason}.",
    next="End this recording and begin a new one; if it comes again, report the camera's model.",
)
JOURNAL_DAMAGED = ErrorKind(
    "vault.journal-damaged",
    what="The archive's journal was changed or spoiled at byte {offset}.",
    next="Check the disk and bring the journal back from a backup; nothing is recorded over it meanwhile.",
)
DISK_FULL = ErrorKind(
    "vault.disk-full",
    what="The disk is full, so nothing more can be recorded.",
    next="Free some space, or allow the archive fewer days.",
)
DISK_FAILED = ErrorKind(
    "vault.disk-failed",
    what="The disk refused to store a recording: {reason}.",
    next="Check the disk and its cable; what was stored before is kept.",
)
SPAN_REFUSED = ErrorKind(
    "vault.span-refused",
    what="This stretch of time cannot be used: {reason}.",
    next="Choose a beginning before the end, and at most {most} days.",
)
FOOTAGE_MISSING = ErrorKind(
    "vault.footage-missing",
    what="Nothing is recorded between these times{because}.",
    next="Look at the timeline and choose a stretch that is shown as recorded.",
)
FOOTAGE_UNFINISHED = ErrorKind(
    "vault.footage-unfinished",
    what="The last seconds of this stretch are still being recorded.",
    next="Try again in a minute.",
)
FOOTAGE_HELD = ErrorKind(
    "vault.footage-held",
    what="This recording is kept for {holds}, so it was not deleted.",
    next="End the hold first, or say that you want it deleted all the same.",
)
HOLD_TAKEN = ErrorKind(
    "vault.hold-taken",
    what="The hold {hold} already keeps another stretch.",
    next="End it first, or choose another name.",
)
RETENTION_REFUSED = ErrorKind(
    "vault.retention-refused",
    what="The archive needs a limit of at least one day and one byte, not {days} days and {max_bytes} bytes.",
    next="Set how many days to keep and how much of the disk to use.",
)
IMPORT_EMPTY = ErrorKind(
    "vault.import-empty",
    what="The video file is empty (0 bytes).",
    next="Copy it again from the camera or the recorder.",
)
IMPORT_UNREADABLE = ErrorKind(
    "vault.import-unreadable",
    what="This is not a video that can be played: {reason}.",
    next="Check that it plays elsewhere; if it is encrypted, export it from its own program first.",
)
IMPORT_TRUNCATED = ErrorKind(
    "vault.import-truncated",
    what="The video breaks off after {readable} of {promised} seconds.",
    next="Copy it again from the camera or the recorder.",
)
IMPORT_REFUSED = ErrorKind(
    "vault.import-refused",
    what="This cannot be taken in: {reason}.",
    next="Import MP4, MKV, AVI, MOV or TS files, each of at most {most_gib} GiB and {most_hours} hours.",
)
PROOF_REFUSED = ErrorKind(
    "vault.proof-refused",
    what="The chain proof does not show that this recording is unaltered: {reason}.",
    next="Ask for the recording and its proof again; if it stays so, do not rely on it.",
)
