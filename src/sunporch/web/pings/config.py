# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings that both sites have for pings: their mail server, the push services, what Apprise may reach."""

from __future__ import annotations

from dataclasses import dataclass, field

from sunporch.base.clock import LOOPBACK
from sunporch.base.config import VALUE_REFUSED

# The file of a site's key for push services.
KEY_FILE = "vapid.key"
SECURITIES = ("starttls", "tls", "none")
# The push services of Chromium, Firefox, Safari and Edge: what a browser names as its own is asked only there.
PUSH_SERVICES = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "*.notify.windows.com",
)


@dataclass(frozen=True, kw_only=True)
class PingSettings:
    """By which ways a site can reach people who are elsewhere."""

    site_url: str = field(
        default="", metadata={"doc": "address under which people open this site, for links; empty: localhost"}
    )
    smtp_host: str = field(default="", metadata={"doc": "mail server that takes notices; empty: no email"})
    smtp_port: int = field(default=587, metadata={"doc": "its port"})
    smtp_security: str = field(
        default="starttls", metadata={"doc": "`starttls`, `tls`, or `none` (only to this machine itself)"}
    )
    smtp_username: str = field(default="", metadata={"doc": "name at the mail server; empty: no sign-in"})
    smtp_password: str = field(default="", metadata={"secret": True, "doc": "password at the mail server"})
    smtp_from: str = field(default="", metadata={"doc": "address from which notices come"})
    push_services: list[str] = field(
        default_factory=lambda: list(PUSH_SERVICES),
        metadata={"doc": "hosts that a browser may name as its push service; `*.` stands for any names before"},
    )
    push_contact: str = field(
        default="mailto:nobody@localhost",
        metadata={"doc": "whom a push service may write to (RFC 8292), `mailto:` or `https://`; Apple's insists"},
    )
    apprise_schemes: list[str] = field(
        default_factory=list,
        metadata={
            "doc": "what Apprise addresses may begin with, as `ntfys`; empty: none. The site's machine asks them"
        },
    )


def check(settings: PingSettings) -> None:
    """Raise `config.value-refused` for a mail server that cannot be meant, or one that is told secrets in clear."""
    if settings.smtp_security not in SECURITIES:
        wanted = ", ".join(SECURITIES)
        raise VALUE_REFUSED(key="smtp_security", wanted=f"one of {wanted}", value=settings.smtp_security)
    if settings.smtp_security == "none" and settings.smtp_host not in (*LOOPBACK, ""):
        raise VALUE_REFUSED(key="smtp_security", wanted="starttls or tls for another machine", value="none")
    if settings.smtp_host and not settings.smtp_from:
        raise VALUE_REFUSED(key="smtp_from", wanted="an address where smtp_host is set", value="")
