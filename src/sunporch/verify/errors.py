# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stops a tail or a receipt's check. What a verification finds without being stopped is in its report."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

PATH_MISSING = ErrorKind(
    "verify.path-missing",
    what="The log does not give the file that its record needs.",
    next="Fetch it again; if it stays away, the log withholds something: tell the community.",
)
BEGINNING_DIFFERS = ErrorKind(
    "verify.beginning-differs",
    what="This older file is not the beginning of the one that the checkpoints cover now.",
    next="Keep both files as evidence and tell the community: a log that is honest never changes what it showed.",
)
PIN_MALFORMED = ErrorKind(
    "verify.pin-malformed",
    what="This is not a pin of a community's log: {reason}.",
    next="Take the pin file again from the community or from somebody you trust.",
)
PIN_BROKEN = ErrorKind(
    "verify.pin-broken",
    what="This is not the log that was pinned: {reason}.",
    next="Check the address. If it is right, somebody shows you another record than others: tell the community.",
)
GENESIS_MALFORMED = ErrorKind(
    "verify.genesis-malformed",
    what="The log does not begin with a community's own entry: {reason}.",
    next="Check that this address belongs to a Sunporch log.",
)
INDEX_UNKNOWN = ErrorKind(
    "verify.index-unknown",
    what="The record has no entry {index} up to where it was read ({size} entries).",
    next="Read the log on, then ask again.",
)
RECEIPT_MALFORMED = ErrorKind(
    "verify.receipt-malformed",
    what="This is not a receipt of a share: {reason}.",
    next="Use the file as your home hub saved it.",
)
RECEIPT_REFUSED = ErrorKind(
    "verify.receipt-refused",
    what="The receipt does not hold: {reason}.",
    next="Compare it with the share in your home hub and with the public record.",
)
FILM_PROOF_MALFORMED = ErrorKind(
    "verify.film-proof-malformed",
    what="This is not the proof of a film: {reason}.",
    next="Choose the file that ends in .proof and came together with the film.",
)
FILM_FOREIGN = ErrorKind(
    "verify.film-foreign",
    what="Another hub signed this proof: {key}.",
    next="Ask whoever gave you the film which hub made it, and check it there.",
)
FILM_ALTERED = ErrorKind(
    "verify.film-altered",
    what="The film is not the one that the hub signed: its bytes differ.",
    next="Ask for the film again; a messenger may have changed it. Do not rely on this copy.",
)
