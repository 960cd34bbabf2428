# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can go wrong at any site, whatever it is about."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

PAGE_ABSENT = ErrorKind(
    "web.page-absent",
    what="There is nothing at this address.",
    next="Check the address, or start from the first page.",
)
METHOD_REFUSED = ErrorKind(
    "web.method-refused",
    what="{method} is not something that can be done at this address.",
    next="Use one of: {allowed}.",
)
INPUT_REFUSED = ErrorKind(
    "web.input-refused",
    what="What was sent is not in the form that is expected: {reason}.",
    next="Correct {where_named} and send it again; /api/v1/openapi.json describes the form.",
)
BODY_TOO_LARGE = ErrorKind(
    "web.body-oversize",
    what="What was sent is larger than {limit} bytes.",
    next="Send less at once.",
)
SIGN_IN_NEEDED = ErrorKind(
    "web.session-absent",
    what="This needs a signed-in person.",
    next="Sign in with your password and your second factor, then ask again.",
)
FORM_FOREIGN = ErrorKind(
    "web.form-foreign",
    what="This did not come from a page of this site that you opened in this browser.",
    next="Open the page anew and try again; nothing was changed.",
)
SECOND_FACTOR_MISSING = ErrorKind(
    "web.factor-missing",
    what="This account has no second factor, so it can do nothing.",
    next="Ask the operator to set up your second factor.",
)
RATE_EXCEEDED = ErrorKind(
    "web.rate-exceeded",
    what="Too many requests came from your address: at most {most} in {seconds} seconds.",
    next="Wait {wait} seconds and try again.",
)
RANGE_REFUSED = ErrorKind(
    "web.range-refused",
    what="The file has {size} bytes; the part asked for lies outside.",
    next="Ask for a part within the file.",
)
SERVER_FAILED = ErrorKind(
    "web.server-failed",
    what="The site could not do this because of a fault of its own.",
    next="Try again in a minute; if it stays so, tell the operator.",
)
REQUEST_REFUSED = ErrorKind(
    "web.request-refused",
    what="The request was refused: {reason}.",
    next="Start again from the first page.",
)
CHILD_STOPPED = ErrorKind(
    "web.child-stopped",
    what="The process {child} ended {times} times, so the site stops.",
    next="Read the lines it wrote before this one, remove the cause and start again.",
)
WAYS_EXCEEDED = ErrorKind(
    "web.ways-exceeded",
    what="Notices go out by at most {most} ways to one person.",
    next="Remove one that you do not need, then add this one.",
)
MAIL_UNSENT = ErrorKind(
    "web.mail-unsent",
    what="The mail server did not take the last notice: {reason}.",
    next="It is tried again for a day. Check the address; if it is right, tell whoever runs this site.",
)
PUSH_REFUSED = ErrorKind(
    "web.push-refused",
    what="This browser's notices cannot be turned on: {reason}.",
    next="Use another browser or another way; whoever runs this site can add a push service to its settings.",
)
PUSH_UNSENT = ErrorKind(
    "web.push-unsent",
    what="The browser's push service did not take the last notice: {reason}.",
    next="It is tried again for a day. If it stays so, remove this browser here and add it anew in that browser.",
)
PUSH_GONE = ErrorKind(
    "web.push-gone",
    what="This browser takes no notices any more.",
    next="Remove it here and turn notices on again in that browser.",
)
APPRISE_REFUSED = ErrorKind(
    "web.apprise-refused",
    what="This Apprise address cannot be used: {reason}.",
    next="Correct the address; whoever runs this site can allow other beginnings in its settings.",
)
APPRISE_UNSENT = ErrorKind(
    "web.apprise-unsent",
    what="The service behind this Apprise address did not take the last notice.",
    next="It is tried again for a day. Check the address and the service.",
)
WAY_PROXIED = ErrorKind(
    "web.way-proxied",
    what="All that leaves here goes through a proxy, and this way cannot; so nothing was sent.",
    next="Remove this way and turn on the notices of a browser instead.",
)
