# SPDX-License-Identifier: AGPL-3.0-or-later
"""The push service that a real Firefox speaks to in tests, in place of Mozilla's "autopush".

To the browser it speaks Mozilla's push protocol over a WebSocket (`dom.push.serverURL` names it): hello, register,
unregister, notification, ack. To sites it is a push service (RFC 8030) that takes a word only with a token signed by
the key to which the browser bound its subscription (RFC 8292). It opens nothing: the browser alone has the keys.
"""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
import uuid
from dataclasses import dataclass, field

from aiohttp import web

from tests.outside import WAIT_SECONDS, refusal_of

# What a browser says of a word that it got, and why it ended a subscription.
DELIVERED, NOT_OPENED, BY_HAND = ("ack", 100), ("ack", 101), ("unregister", 200)
NO_SUBSCRIPTION = "no such subscription"


@dataclass
class Autopush:
    """A push service for one Firefox.

    `keys`: for each subscription that is alive, the site's key that the browser named (base64url). `heard` is what
    the browser said back, `refused` why no word was taken. While `spoils`, one bit of each word is flipped.
    """

    keys: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[str, int]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    spoils: bool = False

    def __post_init__(self) -> None:
        self._arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._browser: web.WebSocketResponse | None = None
        self._runner, port = asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(WAIT_SECONDS)
        self.host = f"127.0.0.1:{port}"

    async def _begin(self) -> tuple[web.AppRunner, int]:
        site = web.Application()
        site.router.add_get("/", self._talk)
        site.router.add_post("/wpush/v2/{channel}", self._take)
        runner = web.AppRunner(site, shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, runner.addresses[0][1]

    def wait_for(self, *wanted: tuple[str, int]) -> None:
        """Wait until the browser said all this since it was last asked, in this order, and forget it."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self.heard) >= len(wanted), WAIT_SECONDS)
            assert self.heard == list(wanted)
            self.heard = []

    def end_all(self) -> None:
        """End every subscription, as a service does with those of a browser that was long away."""
        self.keys.clear()

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        browser = web.WebSocketResponse(protocols=("push-notification",))
        await browser.prepare(request)
        self._browser = browser
        async for frame in browser:
            told = json.loads(frame.data)
            answer = self._answer(told)
            if answer is not None:
                await browser.send_json(answer)
        return browser

    def _answer(self, told: dict) -> dict | None:
        kind, channel = told.get("messageType", "ping"), told.get("channelID", "")
        match kind:
            case "ping":
                return {}
            case "hello":
                known = told.get("uaid") or uuid.uuid4().hex
                return {"messageType": kind, "uaid": known, "status": 200, "use_webpush": True, "broadcasts": {}}
            case "register":
                self.keys[channel] = told["key"].rstrip("=")
                endpoint = f"http://{self.host}/wpush/v2/{channel}"
                return {"messageType": kind, "channelID": channel, "status": 200, "pushEndpoint": endpoint}
            case "unregister":
                self.keys.pop(channel, None)
                self._hear(kind, told["code"])
                return {"messageType": kind, "channelID": channel, "status": 200}
            case "ack":
                for update in told["updates"]:
                    self._hear(kind, update["code"])
            case "nack":
                self._hear(kind, told["code"])
        return None

    def _hear(self, kind: str, code: int) -> None:
        with self._arrived:
            self.heard.append((kind, code))
            self._arrived.notify_all()

    async def _take(self, request: web.Request) -> web.Response:
        channel, headers = (
            request.match_info["channel"],
            {name.lower(): text for name, text in request.headers.items()},
        )
        if channel not in self.keys:
            self.refused.append(NO_SUBSCRIPTION)
            return web.Response(status=410)
        refusal = refusal_of(headers, self.keys[channel], f"http://{self.host}", time.time())
        if refusal:
            self.refused.append(refusal)
            return web.Response(status=401)
        word = bytearray(await request.read())
        if self.spoils:
            word[-1] ^= 1
        number = uuid.uuid4().hex
        await self._browser.send_json(
            {
                "messageType": "notification",
                "channelID": channel,
                "version": number,
                "data": base64.urlsafe_b64encode(word).decode(),
                "headers": {"encoding": headers.get("content-encoding", "")},
            }
        )
        return web.Response(status=201, headers={"Location": f"/m/{number}", "TTL": headers["ttl"]})

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(WAIT_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
