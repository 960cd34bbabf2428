# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pings by Web Push (RFC 8030): sealed for one browser (RFC 8291), signed by the site's own key (RFC 8292).

A push service sees which browser, when, and a fixed number of bytes. Only the services of the settings are asked, so
that nobody can make the site's machine ask an address of their choice.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from sunporch.base import durable
from sunporch.base.clock import LOOPBACK, SystemClock
from sunporch.base.errors import Error
from sunporch.client.server import Server
from sunporch.web.errors import PUSH_GONE, PUSH_REFUSED, PUSH_UNSENT
from sunporch.web.pings.message import Message

# Every word has this many bytes before it is sealed, whatever it says.
WORD_BYTES = 1024
# A push service keeps a word for a browser that is away for so long (seconds).
KEPT_SECONDS = 86_400
# A token of the site is good for so long; RFC 8292 allows a day.
TOKEN_SECONDS = 12 * 3600
SEND_SECONDS = 20.0
MOST_ANSWER = 64 * 1024
_POINT_BYTES, _SECRET_BYTES = 65, 16
_GONE = (404, 410)
# Push services judge a token by the world's clock; a demo's town clock would make it old.
_WALL = SystemClock()


def make_key(path: Path) -> None:
    """Make the site's key for push services (0600)."""
    made = ec.generate_private_key(ec.SECP256R1())
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    durable.write(path, made.private_bytes(pem, form, serialization.NoEncryption()))


def public_key(path: Path) -> str:
    """Return what browsers bind a subscription to: the key's public point, base64url without padding."""
    point = _signer(path).public_key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def _signer(path: Path) -> Any:
    return Vapid02.from_pem(durable.read_private(path))


def check(untrusted_subscription: str, services: list[str]) -> str:
    """Return a browser's subscription in our spelling, or raise `web.push-refused`."""
    try:
        given = json.loads(untrusted_subscription)
        endpoint, keys = str(given["endpoint"]), given["keys"]
        point, secret = (_decoded(str(keys[name])) for name in ("p256dh", "auth"))
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        parts = urlsplit(endpoint)
        port = parts.port
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise PUSH_REFUSED(reason="it is not a subscription") from error
    if (len(point), len(secret)) != (_POINT_BYTES, _SECRET_BYTES):
        raise PUSH_REFUSED(reason="its keys have the wrong size")
    host = parts.hostname or ""
    named = f"{host}:{port}" if port else host
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    if not secure or parts.username or not any(_is(named, service) for service in services):
        raise PUSH_REFUSED(reason=f"{named[:80]} is not among the services that this site asks")
    return json.dumps({"endpoint": endpoint, "keys": {name: str(keys[name]) for name in ("p256dh", "auth")}})


def browser_of(target: str) -> str:
    """Return by what a browser finds its own subscription in a page: the endpoint's SHA-256 (itself a secret)."""
    return hashlib.sha256(json.loads(target)["endpoint"].encode()).hexdigest()


def _is(host: str, service: str) -> bool:
    return host.endswith(service[1:]) if service.startswith("*.") else host == service


def _decoded(untrusted_text: str) -> bytes:
    text = untrusted_text.rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def send(key_file: Path, contact: str, proxy: str, target: str, message: Message) -> None:
    """Seal a message for a browser and hand it to its push service. Raises `web.push-unsent`, `web.push-gone`."""
    from pywebpush import WebPusher  # noqa: PLC0415 - it loads two HTTP clients, and most processes send nothing

    subscription = json.loads(target)
    parts = urlsplit(subscription["endpoint"])
    origin = f"{parts.scheme}://{parts.netloc}"
    claims = {"aud": origin, "exp": _WALL.now() + TOKEN_SECONDS, "sub": contact}
    headers = {
        **_signer(key_file).sign(claims),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(KEPT_SECONDS),
    }
    word = json.dumps({"title": message.title, "text": message.text, "path": message.path})
    sealed = WebPusher(subscription).encode(word.encode().ljust(WORD_BYTES), "aes128gcm")["body"]
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    server = Server(origin, proxy)
    try:
        answer = server.ask(
            "POST", path, content=sealed, headers=headers, limit=MOST_ANSWER, seconds=SEND_SECONDS, accepted=_GONE
        )
    except Error as error:
        raise PUSH_UNSENT(where=parts.hostname or "", reason=error.what.rstrip(".")) from error
    finally:
        server.close()
    if answer.status in _GONE:
        raise PUSH_GONE(where=parts.hostname or "")
