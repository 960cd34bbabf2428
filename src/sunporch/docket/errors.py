# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every way in which what arrives as an entry, a leaf, a blob or a question about the record is refused."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

_WRITE_AGAIN = "Write the entry again as spec/entries.md says, and sign it again."

TEXT_MALFORMED = ErrorKind(
    "docket.text-malformed",
    what="This is not the text of an entry: {reason}.",
    next=_WRITE_AGAIN,
)
FIELD_UNKNOWN = ErrorKind(
    "docket.field-unknown",
    what="An entry of type {type} has no field {field!r}.",
    next=_WRITE_AGAIN,
)
FIELD_MISSING = ErrorKind(
    "docket.field-missing",
    what="The entry of type {type} lacks the field {field!r}.",
    next=_WRITE_AGAIN,
)
FIELD_MISTYPED = ErrorKind(
    "docket.field-mistyped",
    what="The field {field!r} of the {type} entry must be {wanted}.",
    next=_WRITE_AGAIN,
)
FIELD_OUTSIDE = ErrorKind(
    "docket.field-outside",
    what="The field {field!r} of the {type} entry is outside what is allowed: {wanted}.",
    next=_WRITE_AGAIN,
)
LEAF_MALFORMED = ErrorKind(
    "docket.leaf-malformed",
    what="This is not a leaf of the public record: {reason}.",
    next="Fetch the log's entries again; if it stays so, tell the town: its log does not follow the format.",
)
BLOB_MALFORMED = ErrorKind(
    "docket.blob-malformed",
    what="This is not a published text with its salt: {reason}.",
    next="Fetch it again; if it stays so, the portal serves a damaged file.",
)
BLOB_MISMATCHED = ErrorKind(
    "docket.blob-mismatched",
    what="The published text is not the one that the record commits to.",
    next="Fetch it again; if it stays so, the text was changed after it was recorded: tell the town.",
)
INDEX_SKIPPED = ErrorKind(
    "docket.index-skipped",
    what="The record must be read in order: expected entry {expected}, was given {given}.",
    next="Read the log from the entry that is expected.",
)
TIMES_REVERSED = ErrorKind(
    "docket.times-reversed",
    what="The window of time ends before it begins.",
    next="Give the earlier time first.",
)
