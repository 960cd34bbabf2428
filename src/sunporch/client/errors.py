# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ways in which a question to another machine, or to a folder with its files, can fail."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

SERVER_UNREACHABLE = ErrorKind(
    "client.server-unreachable",
    what="The server does not answer: {reason}.",
    next="Check that the address is right and the machine is on, then try again; nothing was lost.",
)
ANSWER_REFUSED = ErrorKind(
    "client.answer-refused",
    what="The server refused ({status}): {said}",
    next="{advice}",
)
ANSWER_OVERSIZE = ErrorKind(
    "client.answer-oversize",
    what="The server's answer is larger than the {limit} bytes that this question allows.",
    next="Do not use this server; tell its operator and the community.",
)
ANSWER_MALFORMED = ErrorKind(
    "client.answer-malformed",
    what="The server's answer is not what Sunporch expects: {reason}.",
    next="Check that the address is that of a Sunporch server; if it is, tell its operator.",
)
ADDRESS_REFUSED = ErrorKind(
    "client.address-refused",
    what="{address!r} is not an address that can be asked: {reason}.",
    next="Write it as http://host:port or https://host, and a proxy as socks5h://host:port.",
)
LOG_ABSENT = ErrorKind(
    "client.log-absent",
    what="There is no log at this address or in this folder.",
    next="Give a portal's address (https://portal), its log's (https://portal/log), or a folder with a log's files.",
)
FILE_UNREADABLE = ErrorKind(
    "client.file-unreadable",
    what="The file of a log cannot be read: {reason}.",
    next="Check what stands in its place and that you may read it.",
)
