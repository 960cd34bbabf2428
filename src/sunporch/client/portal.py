# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks the portal: entries, drafts, uploads, clips, mailbox. Officers sign in with password and code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO, Any

from sunporch.client.errors import ANSWER_MALFORMED
from sunporch.client.server import TRANSFER_SECONDS, Json, Server

API = "/api/v1"
SIGN_IN = "/_allauth/app/v1/auth"
HTTP_UNAUTHORIZED = 401
# Less than the silence after which a connection counts as dead (`connection.IDLE_SECONDS`).
MAX_WAIT_SECONDS = 15
MAX_HEADER = 64 * 2**10
# A sealed clip of 15 minutes at 20 Mbit/s, and room to spare.
MAX_SEALED = 4 * 2**30


class PortalClient:
    """The portal at `base_url`. `sign_in` is needed for what only officers may do."""

    def __init__(self, base_url: str, proxy: str = "") -> None:
        self._server = Server(base_url, proxy)
        self._session: dict[str, str] = {}

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    # Sign-in (allauth.headless, app client) ---------------------------------------------------------------------

    def sign_in(self, username: str, password: str, code: str) -> None:
        """Sign in with password and six-digit code; raises `client.answer-refused` if either is wrong."""
        login = {"username": username, "password": password}
        answer = self._server.ask_json("POST", f"{SIGN_IN}/login", json=login, accepted=(HTTP_UNAUTHORIZED,))
        self._session = self._session_of(answer)
        answer = self._server.ask_json(
            "POST", f"{SIGN_IN}/2fa/authenticate", json={"code": code}, headers=self._session
        )
        self._session = self._session_of(answer)

    def _session_of(self, untrusted_answer: Any) -> dict[str, str]:
        """Return the header that carries the session; an answer without a new token keeps the present one."""
        meta = untrusted_answer.get("meta") if isinstance(untrusted_answer, dict) else None
        token = meta.get("session_token") if isinstance(meta, dict) else None
        if isinstance(token, str) and token:
            return {"X-Session-Token": token}
        if self._session:
            return self._session
        raise ANSWER_MALFORMED(where=self._server.base_url, reason="the sign-in gave no session")

    def _ask(self, method: str, path: str, json: Json = None, headers: dict[str, str] | None = None) -> Json:
        return self._server.ask_json(method, API + path, json=json, headers=self._session | (headers or {}))

    # Entries ----------------------------------------------------------------------------------------------------

    def post_entry(self, note: str, blobs: Sequence[dict[str, str]] = ()) -> Json:
        """Hand in a signed entry with the blobs that it commits to; returns `{"id", "state"}`."""
        return self._ask("POST", "/entries", {"note": note, "blobs": list(blobs)})

    def entry(self, entry_id: str, wait: int = 0) -> Json:
        """Return an entry's state, waiting up to `wait` seconds (at most 30) for it to be recorded."""
        return self._ask("GET", f"/entries/{entry_id}?wait={min(wait, MAX_WAIT_SECONDS)}")

    # Rules and drafts -------------------------------------------------------------------------------------------

    def rules(self) -> Json:
        """Return the policy bundle in force."""
        return self._ask("GET", "/rules")

    def check_rules(self, fields: Json) -> Json:
        """Return what the rules say to the fields of an unsigned request, and what they still allow."""
        return self._ask("POST", "/rules/check", fields)

    def drafts(self) -> Json:
        """Return the drafts that the signed-in person may see."""
        return self._ask("GET", "/drafts")

    def draft(self, draft_id: str) -> Json:
        """Return one draft with its verdict."""
        return self._ask("GET", f"/drafts/{draft_id}")

    def post_draft(self, draft: Json) -> Json:
        """Hand in a draft signed by its officer; a forbidden one raises with the clauses in the server's error."""
        return self._ask("POST", "/drafts", draft)

    def sign_draft(self, draft_id: str, action: str, note: str) -> Json:
        """Add a signature: `action` is `countersign` (supervisor) or `review` (reviewer)."""
        return self._ask("POST", f"/drafts/{draft_id}/{action}", {"note": note})

    def return_draft(self, draft_id: str, reason: str) -> Json:
        """Send a draft back to its officer."""
        return self._ask("POST", f"/drafts/{draft_id}/return", {"reason": reason})

    # Clips ------------------------------------------------------------------------------------------------------

    def upload_header(self, c: str, header: bytes) -> None:
        """Upload the header of the sealed clip `c`."""
        self._server.ask("PUT", f"{API}/uploads/{c}/header", content=header)

    def upload_sealed(self, c: str, pieces: Iterable[bytes], size: int) -> None:
        """Upload the sealed file, `size` bytes, piece by piece."""
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        self._server.ask(
            "PUT", f"{API}/uploads/{c}/sealed", content=pieces, headers=headers, seconds=TRANSFER_SECONDS
        )

    def clips(self) -> Json:
        """Return the clips of which the signed-in person is a recipient."""
        return self._ask("GET", "/clips")

    def clip_header(self, disclosure: int) -> bytes:
        """Return the header of a shared clip."""
        path = f"{API}/clips/{disclosure}/header"
        return self._server.ask("GET", path, headers=self._session, limit=MAX_HEADER).body

    def download_sealed(self, disclosure: int, sink: IO[bytes]) -> int:
        """Write the sealed file to `sink`; returns its size in bytes."""
        path = f"{API}/clips/{disclosure}/sealed"
        return self._server.download(path, sink, limit=MAX_SEALED, headers=self._session)

    def rewraps(self, disclosure: int) -> Json:
        """Return the re-sealings for further devices."""
        return self._ask("GET", f"/clips/{disclosure}/rewraps")

    def post_rewrap(self, disclosure: int, rewrap: Json) -> Json:
        """Add a re-sealing for a further device."""
        return self._ask("POST", f"/clips/{disclosure}/rewraps", rewrap)

    # Thread -----------------------------------------------------------------------------------------------------

    def mailbox(self, c: str, authorization: str = "") -> Json:
        """Return the messages about clip `c`; a hub shows `authorization` (`Sunporch-D ...`), an officer none."""
        return self._ask("GET", f"/mailbox/{c}", headers=_authorization(authorization))

    def post_message(self, c: str, message: Json, authorization: str = "") -> Json:
        """Leave a sealed message about clip `c`."""
        return self._ask("POST", f"/mailbox/{c}", message, headers=_authorization(authorization))


def _authorization(value: str) -> dict[str, str]:
    return {"Authorization": value} if value else {}
