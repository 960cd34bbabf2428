# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every way in which a town's rules cannot be read or made."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

_ASK_THE_TOWN = "Ask the town for its rules again; the clerk makes them with `sunporch policy`."

BUNDLE_MALFORMED = ErrorKind(
    "policy.bundle-malformed",
    what="These are not a town's rules as spec/policy-bundle.md describes them: {reason}.",
    next=_ASK_THE_TOWN,
)
FORMAT_NEWER = ErrorKind(
    "policy.format-unknown",
    what="The town's rules are in a format that this software does not know ({format}).",
    next="Install a newer Sunporch: until then it says `cannot check`, not `forbidden`.",
)
RULES_REFUSED = ErrorKind(
    "policy.cedar-refused",
    what="The town's rules do not pass the check of their own language (Cedar): {reason}.",
    next=_ASK_THE_TOWN,
)
LIMIT_UNKNOWN = ErrorKind(
    "policy.limit-unknown",
    what="There is no limit called {name!r}.",
    next="Use one of: {known}.",
)
LIMIT_OUTSIDE = ErrorKind(
    "policy.limit-outside",
    what="The limit {name!r} must be a whole number from {least} to {most}, not {value}.",
    next="Choose a value within these bounds.",
)
LIMITS_CROSSED = ErrorKind(
    "policy.limits-crossed",
    what="The limit {low!r} is {least}, more than {high!r}, which is {most}: nothing lies between them.",
    next="Make the first one smaller, or the second one greater.",
)
PRESET_UNKNOWN = ErrorKind(
    "policy.preset-unknown",
    what="There are no rules called {name!r}.",
    next="Choose one of: {known}. None is the default: the town's elected body chooses.",
)
LANGUAGE_UNKNOWN = ErrorKind(
    "policy.language-unknown",
    what="The sentences of the rules are not there in the language {language!r}.",
    next="Choose from: {known}; or add a translation of the sentences to the bundle.",
)
NARRATIVE_LONG = ErrorKind(
    "policy.narrative-long",
    what="The account is {length} characters long; {most} are allowed.",
    next="Say what happened in fewer words: residents read it on a phone.",
)
