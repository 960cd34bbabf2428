# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ways in which a sealed clip can be wrong."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

HEADER_MALFORMED = ErrorKind(
    "clip.header-malformed",
    what="The clip's header is not in the form of spec/sealed-clip.md: {reason}.",
    next="Fetch the clip again; if it stays so, ask the resident to share it again.",
)
INDEX_MALFORMED = ErrorKind(
    "clip.index-malformed",
    what="The index inside the clip is not in the form of spec/sealed-clip.md: {reason}.",
    next="Ask the resident to share the clip again; their hub made something this program cannot read.",
)
PROOF_MALFORMED = ErrorKind(
    "clip.proof-malformed",
    what="The proof of the original is not in the form of spec/sealed-clip.md: {reason}.",
    next="Ask the resident for the file that their hub gives out at this clip.",
)
KEY_MALFORMED = ErrorKind(
    "clip.key-malformed",
    what="This is not an X25519 key: 32 bytes in lower-case hexadecimal, and not one that anybody could open.",
    next="Use the key file that your device made when it was enrolled.",
)
RECIPIENT_UNKNOWN = ErrorKind(
    "clip.recipient-unknown",
    what="The clip was not sealed to {name}.",
    next="Ask a colleague whose device is named in the appeal to re-seal it for yours.",
)
ENCAPSULATION_REFUSED = ErrorKind(
    "clip.encapsulation-refused",
    what="The part of the key meant for {name} does not open with this device's key.",
    next="Check that this is the device named in the appeal; otherwise ask a colleague to re-seal the clip for it.",
)
HALF_REFUSED = ErrorKind(
    "clip.half-refused",
    what="The custodian's half of the key does not open with this opening's key, or belongs to another opening.",
    next="Ask the custodian again within ten minutes of the opening's record; after that, file a new opening.",
)
COMMITMENT_MISMATCH = ErrorKind(
    "clip.commitment-mismatch",
    what="Header and sealed file are not those that the record commits to.",
    next="Do not use them. Fetch the clip again; if it stays so, tell the reviewer: someone changed it.",
)
FILE_DAMAGED = ErrorKind(
    "clip.file-damaged",
    what="The sealed file was changed or cut short at or before byte {at}.",
    next="Fetch the clip again; nothing after that byte can be trusted or shown.",
)
CLIP_OVERSIZE = ErrorKind(
    "clip.media-oversize",
    what="The clip has more than {most} bytes.",
    next="Share fewer seconds at a time.",
)
