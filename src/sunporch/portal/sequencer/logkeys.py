# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keys with which this portal signs its log: the one of now and, while it changes, the next one.

Which of them signs is not a state of its own: the community's record says it. So a kill at any instant of a change
needs no repair. A change is three acts: `make_next`, a `trust` entry that names the new key, `activate`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sunporch.base import durable
from sunporch.base.notekeys import SignerKey
from sunporch.docket.entries import Trust
from sunporch.portal import founding
from sunporch.portal.config import Settings
from sunporch.portal.errors import LOG_KEY_EARLY, LOG_KEY_MISSING
from sunporch.tlog.policies import TrustPolicy

NEXT_LOG_KEY = "log.next.key"
FOREIGN_LOG_KEY = "Its trust policy names no log key that this portal holds, so the log could not go on"


class LogKeys:
    """The log keys in this portal's folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._held = read(settings)

    def signers(self, policies: Sequence[TrustPolicy]) -> tuple[SignerKey, ...]:
        """Return a signer for each policy, in their order, each once; the key of now before there is a policy.

        Raises `portal.log-key-missing` if a policy names none that is here.
        """
        if not policies:
            return self._held[:1]
        found: dict[SignerKey, None] = {}
        for policy in policies:
            signer = self._of(policy)
            if signer is None:
                raise LOG_KEY_MISSING(where=str(self._settings.keys_dir))
            found[signer] = None
        return tuple(found)

    def objection(self, entry: Trust) -> str:
        """Return why the log could not go on under the trust policy of an entry in force; empty if it can."""
        return "" if self._of(TrustPolicy.parse(entry.tlog_policy)) is not None else FOREIGN_LOG_KEY

    def _of(self, policy: TrustPolicy) -> SignerKey | None:
        signer = _named(policy, self._held)
        if signer is None:
            self._held = read(self._settings)  # the next key may have been made since
            signer = _named(policy, self._held)
        return signer


def _named(policy: TrustPolicy, held: Sequence[SignerKey]) -> SignerKey | None:
    return next((signer for signer in held if signer.verifier in policy.logs), None)


def read(settings: Settings) -> tuple[SignerKey, ...]:
    """Return the key of now and, during a change, the next; raises as `founding.read_key` does."""
    files = [settings.keys_dir / founding.LOG_KEY]
    if (settings.keys_dir / NEXT_LOG_KEY).exists():
        files.append(settings.keys_dir / NEXT_LOG_KEY)
    return tuple(founding.read_key(file) for file in files)


def make_next(settings: Settings) -> SignerKey:
    """Return the next log key, made and durable where there is none yet: asking twice changes nothing."""
    file = settings.keys_dir / NEXT_LOG_KEY
    if not file.exists():
        durable.write(file, SignerKey.generate(settings.origin).secret_text().encode())
    return founding.read_key(file)


def activate(settings: Settings, trust_policy_text: str) -> SignerKey:
    """Put the next key in the place of the old one, which is gone then. One rename: a kill leaves one or the other.

    Raises `portal.log-key-early` unless the trust policy in force names the next key and not the old one.
    """
    old, *following = read(settings)
    if not following:
        raise LOG_KEY_EARLY(where=str(settings.keys_dir), reason="there is no next key")
    logs = TrustPolicy.parse(trust_policy_text).logs if trust_policy_text else ()
    if following[0].verifier not in logs:
        raise LOG_KEY_EARLY(where=str(settings.keys_dir), reason="the trust policy in force does not name it")
    if old.verifier in logs:
        raise LOG_KEY_EARLY(where=str(settings.keys_dir), reason="the trust policy in force names the old key too")
    (settings.keys_dir / NEXT_LOG_KEY).replace(settings.keys_dir / founding.LOG_KEY)
    durable.sync_directory(settings.keys_dir)
    return following[0]
