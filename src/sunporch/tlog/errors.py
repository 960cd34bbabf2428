# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that can be wrong with a log, in sentences that say which file and what follows."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

_AGAIN = "Fetch it again; if it stays so, this server does not keep a log in the published form."
_ALARM = "Keep both answers as evidence and tell the community: a log that is honest never does this."

NOTE_MALFORMED = ErrorKind("tlog.note-malformed", what="The signed note is not in C2SP form: {reason}.", next=_AGAIN)
SIGNATURE_WRONG = ErrorKind(
    "tlog.signature-wrong",
    what="The signature that claims to be by {name} is not by that key.",
    next="Do not rely on this text; ask its author to sign it again.",
)
SIGNATURE_MISSING = ErrorKind(
    "tlog.signature-missing",
    what="The checkpoint does not carry the signature of the log {origin}.",
    next="Check that this address belongs to your community's log.",
)
CHECKPOINT_MALFORMED = ErrorKind(
    "tlog.checkpoint-malformed", what="The checkpoint is not in C2SP form: {reason}.", next=_AGAIN
)
ORIGIN_OTHER = ErrorKind(
    "tlog.origin-other",
    what="This checkpoint belongs to the log {found}, not to {wanted}.",
    next="Check that this address belongs to your community's log.",
)
POLICY_MALFORMED = ErrorKind(
    "tlog.policy-malformed",
    what="The list of logs and co-signers is not in C2SP form: {reason}.",
    next="Take the list again from the community's record.",
)
QUORUM_MISSING = ErrorKind(
    "tlog.quorum-missing",
    what="{answered} of {all} co-signers answered; {needed} are needed.",
    next="Nothing new is in force until enough co-signers answer again; try again in a minute.",
)
TIME_MISSING = ErrorKind(
    "tlog.time-missing",
    what="No co-signer says when it saw this checkpoint.",
    next="Use a checkpoint that co-signers have signed.",
)
TILE_MALFORMED = ErrorKind(
    "tlog.tile-malformed", what="This file is not the part of a log that its name says: {reason}.", next=_AGAIN
)
PATH_MALFORMED = ErrorKind(
    "tlog.path-malformed",
    what="This is not the name of a tile or bundle of a log.",
    next="Names look like tile/0/x001/234 or tile/entries/000.p/17.",
)
FILE_MISSING = ErrorKind(
    "tlog.file-missing",
    what="The log does not have a file that its checkpoint promises.",
    next="Fetch it again; if it stays away, the log withholds entries: tell the community.",
)
LEAF_REFUSED = ErrorKind(
    "tlog.leaf-refused",
    what="An entry of {size} bytes does not fit into the log; {most} are the most.",
    next="Shorten the entry.",
)
INDEX_OUTSIDE = ErrorKind(
    "tlog.index-outside",
    what="The log of {size} entries cannot prove {wanted}.",
    next="Use a newer checkpoint, or correct the number.",
)
INCLUSION_WRONG = ErrorKind(
    "tlog.inclusion-wrong",
    what="The proof does not show that entry {index} stands in the log of {size} entries.",
    next="Ask for the receipt again; if it stays so, the entry is not in the public record.",
)
CONSISTENCY_WRONG = ErrorKind(
    "tlog.consistency-wrong",
    what="The proof does not show that the log of {new} entries continues the one of {old}.",
    next=_ALARM,
)
RECEIPT_MALFORMED = ErrorKind(
    "tlog.receipt-malformed",
    what="The receipt is not in the form c2sp.org/tlog-proof@v1: {reason}.",
    next="Ask for the receipt again.",
)
BUNDLE_DIFFERS = ErrorKind(
    "tlog.bundle-differs",
    what="Entry {index} in this file is not the one that the log's tree covers.",
    next=_ALARM,
)
TILE_DIFFERS = ErrorKind(
    "tlog.tile-differs",
    what="Hash {position} in this file is not the hash of what lies below it.",
    next=_ALARM,
)
ROOT_DIFFERS = ErrorKind(
    "tlog.root-differs",
    what="The files of the log do not add up to the checkpoint of {size} entries.",
    next=_ALARM,
)
FORK_FOUND = ErrorKind(
    "tlog.fork-found",
    what="The log now tells another story about its first {size} entries than before.",
    next=_ALARM,
)
ROLLBACK_FOUND = ErrorKind(
    "tlog.rollback-found",
    what="The log shows {new} entries although it had {old} before.",
    next=_ALARM,
)
SIZES_MALFORMED = ErrorKind(
    "tlog.sizes-malformed",
    what="The list of kept checkpoints is not a list of growing sizes: {reason}.",
    next=_AGAIN,
)
WRITER_SECOND = ErrorKind(
    "tlog.writer-second",
    what="Another process already writes this log.",
    next="Let the other one go on, or stop it before this one starts.",
)
WRITER_STOPPED = ErrorKind(
    "tlog.writer-stopped",
    what="The log was not written on because the disk refused: {reason}.",
    next="Free space or check the disk, then start the log again; nothing acknowledged is lost.",
)
QUEUE_FULL = ErrorKind(
    "tlog.queue-full",
    what="{most} entries already wait to be written.",
    next="Try again in a few seconds.",
)
JOURNAL_DAMAGED = ErrorKind(
    "tlog.journal-damaged",
    what="The log's own journal was changed or spoiled: {reason}.",
    next="Bring the log's folder back from a copy; do not start an empty one under the same name.",
)
HISTORY_CHANGED = ErrorKind(
    "tlog.history-changed",
    what="The log once signed {signed} entries and its files now say something else: {reason}.",
    next="Bring the log's folder back from a copy; signing now would fork the log.",
)
CHECKPOINT_FOREIGN = ErrorKind(
    "tlog.checkpoint-foreign",
    what="The co-signed checkpoint of {size} entries is not one of this log: {reason}.",
    next="Give the checkpoint that this log itself signed last.",
)
