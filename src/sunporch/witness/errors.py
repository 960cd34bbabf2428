# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that a co-signer refuses, and everything that keeps it from answering."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

REQUEST_MALFORMED = ErrorKind(
    "witness.request-malformed",
    what="The request is not an old size, a proof and a checkpoint: {reason}.",
    next="Send it as C2SP tlog-witness describes.",
)
BODY_OVERSIZED = ErrorKind(
    "witness.body-oversized",
    what="The request has more than {most} bytes.",
    next="A checkpoint and its proof are far smaller; send only these.",
)
BODY_LATE = ErrorKind(
    "witness.body-late",
    what="The request did not arrive within {seconds} seconds.",
    next="Send it again over a faster connection.",
)
ORIGIN_UNKNOWN = ErrorKind(
    "witness.origin-unknown",
    what="This co-signer does not watch the log {origin}.",
    next="Ask its operator to watch it, or use another co-signer.",
)
LOG_UNSIGNED = ErrorKind(
    "witness.log-unsigned",
    what="The checkpoint is not signed by the key of the log {origin}.",
    next="Sign it with the log's own key.",
)
SIZE_REFUSED = ErrorKind(
    "witness.size-refused",
    what="The old size {old} is above the checkpoint's size {new}.",
    next="Send the checkpoint of a log that has grown.",
)
PROOF_WRONG = ErrorKind(
    "witness.proof-wrong",
    what="The proof does not show that the log of {new} entries continues the one of {old}.",
    next="Send the proof from the size this co-signer knows; if there is none, the log was forked.",
)
ROOT_SECOND = ErrorKind(
    "witness.root-second",
    what="This co-signer already signed another root for {size} entries.",
    next="Keep both checkpoints as evidence: the log was forked.",
)
STATE_UNWRITABLE = ErrorKind(
    "witness.state-unwritable",
    what="The co-signer cannot store what it signs: {reason}.",
    next="Its operator has to free space or repair the disk; nothing was signed.",
)
STATE_ABSENT = ErrorKind(
    "witness.state-absent",
    what="The co-signer's memory of what it signed is not in its folder: {reason}.",
    next="Bring it back from a copy, or make a new co-signer under another name with `sunporch witness init`.",
)
STATE_BUSY = ErrorKind(
    "witness.state-busy",
    what="Another process already uses this co-signer's memory.",
    next="Stop the other one first: two with one key could sign two stories.",
)
DATA_PRESENT = ErrorKind(
    "witness.data-present",
    what="There is a co-signer in this folder already.",
    next="Choose an empty folder; a co-signer's key and memory belong together.",
)
KEY_UNSUITABLE = ErrorKind(
    "witness.key-unsuitable",
    what="The key cannot be used: {reason}.",
    next="Correct the settings; `--check-config` tells without starting.",
)
