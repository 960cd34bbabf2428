# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody holds fast about a community's log before believing anything it says."""

from __future__ import annotations

from dataclasses import dataclass

from sunporch.base.digests import HASH_SIZE, from_hex
from sunporch.base.errors import Error
from sunporch.base.notekeys import check_name
from sunporch.base.strictjson import dumps, loads
from sunporch.tlog.policies import TrustPolicy
from sunporch.verify.errors import PIN_MALFORMED

FIELDS = {"origin", "leaf0", "tlog_policy"}


@dataclass(frozen=True)
class Pin:
    """The log's origin, the RFC 6962 leaf hash of its entry 0 (32 bytes), and a trust policy (C2SP tlog-policy).

    The policy is that of entry 0 or of a later `trust` entry that this log must contain.
    """

    origin: str
    leaf0_hash: bytes
    tlog_policy: str

    @classmethod
    def parse(cls, untrusted_json: str | bytes) -> Pin:
        """Return the pin of a pin file, or raise `verify.pin-malformed`."""
        try:
            value = loads(untrusted_json)
            if set(value) != FIELDS or not all(isinstance(item, str) for item in value.values()):
                raise PIN_MALFORMED(reason="it is not exactly origin, leaf0 and tlog_policy, each a text")
            TrustPolicy.parse(value["tlog_policy"])
            leaf0 = from_hex(value["leaf0"], HASH_SIZE, "leaf0")
            return cls(check_name(value["origin"]), leaf0, value["tlog_policy"])
        except Error as error:
            if error.kind is PIN_MALFORMED:
                raise
            raise PIN_MALFORMED(reason=error.what.rstrip(".")) from error

    def to_json(self) -> str:
        """Return the pin file's content, one line."""
        return dumps({"origin": self.origin, "leaf0": self.leaf0_hash.hex(), "tlog_policy": self.tlog_policy})
