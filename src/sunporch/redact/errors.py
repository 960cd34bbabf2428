# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ways in which covering a clip can fail."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

PLAN_REFUSED = ErrorKind(
    "redact.plan-refused",
    what="The covering cannot be done as planned: {reason}.",
    next="Correct the seconds or the boxes and preview again; nothing was rendered.",
)
TRACKS_MALFORMED = ErrorKind(
    "redact.tracks-malformed",
    what="The saved tracks cannot be read: {reason}.",
    next="Go back to the covering step and save them again.",
)
SOURCE_UNREADABLE = ErrorKind(
    "redact.source-unreadable",
    what="The recording cannot be decoded: {reason}.",
    next="Choose other seconds; if the whole recording is unreadable it is damaged, encrypted, or of a form not "
    "known here.",
)
FRAMES_MISSING = ErrorKind(
    "redact.frames-missing",
    what="No picture was recorded in the seconds chosen.",
    next="Choose seconds inside a recorded stretch of the timeline.",
)
ENCODER_FAILED = ErrorKind(
    "redact.encoder-failed",
    what="The covered clip could not be encoded: {reason}.",
    next="Try again; if it stays so, report it with the camera's picture size and codec.",
)
PICTURE_OVERSIZE = ErrorKind(
    "redact.picture-oversize",
    what="The picture is {width} x {height}; at most {most} pixels a frame are rendered.",
    next="Use the camera's smaller stream.",
)
OUTPUT_UNWRITABLE = ErrorKind(
    "redact.output-unwritable",
    what="The result cannot be written there: {reason}.",
    next="Choose a folder with room that you may write to; nothing was left behind.",
)
MODEL_DAMAGED = ErrorKind(
    "redact.model-damaged",
    what="The weights that find people cannot be used: {reason}.",
    next="Install sunporch again; until then nobody is found, and nothing is shared.",
)
PEOPLE_MANY = ErrorKind(
    "redact.people-many",
    what="More people were found in these seconds than can be covered one by one.",
    next="Choose fewer seconds, or draw a box over the part of the picture where they are.",
)
