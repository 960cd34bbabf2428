# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera that fails on purpose: RTSP over TCP, one script per connection (RFC 2326, 3550, 6184, 2617).

It sends pictures whose squares say their number, thirty a second, and keeps the wall time at which each was sent,
so that a test knows the truth about every gap.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

from sunporch.recorder.units import nal_units

STEP = 3000  # RTP ticks from picture to picture: 30 a second, so a clip's GOP of 15 lasts half a second
MTU = 1400
NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
SOUND_BYTES = 160  # of A-law: 20 ms


def annexb_units(path: Path) -> list[bytes]:
    """Return the access units of an MP4 in Annex B form."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        to_annexb = BitStreamFilterContext("h264_mp4toannexb", stream)
        return [
            bytes(out)
            for packet in container.demux(stream)
            for out in to_annexb.filter(packet if packet.size else None)
        ]


class Session:
    """One connection that plays; a script calls these."""

    def __init__(self, camera: FaultCamera, writer: asyncio.StreamWriter) -> None:
        self.camera = camera
        self.writer = writer
        self._sequence = 0
        self._heard = 0
        self._due = time.monotonic()

    async def units(self, first: int, last: int, *, rtp: int | None = None, frozen: bool = False) -> None:
        """Send pictures [first, last) at thirty a second; `rtp` is the first one's timestamp."""
        for number in range(first, last):
            stamp = number * STEP if rtp is None else rtp + (0 if frozen else (number - first) * STEP)
            await self.unit(number, stamp)

    async def unit(self, number: int, stamp: int, nals: list[bytes] | None = None) -> None:
        """Send one picture when it is due."""
        self._due = max(self._due + STEP / 90_000, time.monotonic() - 1)
        await asyncio.sleep(max(0, self._due - time.monotonic()))
        pieces = nals or list(nal_units(self.camera.pictures[number]))
        for place, nal in enumerate(pieces):
            self.send(nal, stamp, marker=place == len(pieces) - 1)
        await self.writer.drain()
        self.camera.sent.append((number, time.time()))

    def report(self, stamp: int, camera_time: float) -> None:
        """Say by a sender report that the camera's clock showed this Unix time at this timestamp (RFC 3550)."""
        seconds, part = divmod(camera_time + NTP_EPOCH, 1)
        body = struct.pack(
            ">BBHIIIIII", 0x80, 200, 6, 0x5EED, int(seconds), int(part * 2**32), stamp & 0xFFFFFFFF, 1, 1
        )
        self.writer.write(b"$\1" + struct.pack(">H", len(body)) + body)

    async def with_sound(self, first: int, last: int) -> None:
        """Send pictures [first, last) with the sound that belongs to them (G.711 A-law, RFC 3551)."""
        for number in range(first, last):
            await self.unit(number, number * STEP)
            heard = (number - first + 1) * STEP * 8_000 // 90_000
            while self._heard + SOUND_BYTES <= heard:
                piece = self.camera.sound[self._heard : self._heard + SOUND_BYTES]
                head = struct.pack(">BBHII", 0x80, 8, self._heard // SOUND_BYTES & 0xFFFF, self._heard, 0x50)
                self.writer.write(b"$\2" + struct.pack(">H", 12 + len(piece)) + head + piece)
                self._heard += SOUND_BYTES

    def send(self, nal: bytes, stamp: int, *, marker: bool, cut: bool = False) -> None:
        """Send one NAL unit, whole or as FU-A (RFC 6184, 5.8); `cut` stops in the middle of it."""
        if len(nal) <= MTU:
            self._rtp(nal, stamp, marker=marker)
            return
        body = nal[1:]
        pieces = [body[at : at + MTU] for at in range(0, len(body), MTU)]
        for place, piece in enumerate(pieces):
            if cut and place > len(pieces) // 2:
                return
            last = place == len(pieces) - 1
            head = bytes([nal[0] & 0xE0 | 28, (0x80 if place == 0 else 0) | (0x40 if last else 0) | nal[0] & 0x1F])
            self._rtp(head + piece, stamp, marker=marker and last)

    def _rtp(self, payload: bytes, stamp: int, *, marker: bool) -> None:
        self._sequence += 1
        flags = 0x80 if marker else 0
        head = struct.pack(">BBHII", 0x80, flags | 96, self._sequence & 0xFFFF, stamp & 0xFFFFFFFF, 0x5EED)
        self.writer.write(b"$\0" + struct.pack(">H", 12 + len(payload)) + head + payload)

    async def silence(self) -> None:
        """Say nothing more, and keep the connection."""
        await asyncio.Event().wait()

    def reset(self) -> None:
        """End by RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Session], Awaitable[None]]


class FaultCamera:
    """The server; the n-th connection that plays gets the n-th script, the last script stays."""

    def __init__(
        self, pictures: list[bytes], *scripts: Script, login: tuple[str, str] | None = None, refuse: str = "",
        sound: bytes = b"",
    ) -> None:  # fmt: skip
        self.pictures = pictures
        self.sound = sound
        self.set_up: list[str] = []
        self.sent: list[tuple[int, float]] = []
        self.played = 0
        self.asked = 0
        self._scripts = scripts
        self._login = login
        self._refuse = refuse
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0

    def __enter__(self) -> FaultCamera:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        playing: asyncio.Task[None] | None = None
        try:
            while (request := await self._request(reader)) is not None:
                method, uri, headers = request
                if not self._allowed(method, headers):
                    challenge = 'Digest realm="cam", nonce="6e6f6e6365", algorithm="MD5"'
                    self._answer(writer, "401 Unauthorized", headers, {"WWW-Authenticate": challenge})
                    continue
                self._reply(writer, method, uri, headers)
                if method == "PLAY" and not self._refuse and playing is None:
                    script = self._scripts[min(self.played, len(self._scripts) - 1)]
                    self.played += 1
                    playing = asyncio.create_task(self._play(script, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            if playing is not None:
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._tasks.discard(task)

    async def _play(self, script: Script, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await script(Session(self, writer))
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]] | None:
        while first := await reader.read(1):
            if first == b"$":  # the client's RTCP
                (size,) = struct.unpack(">xH", await reader.readexactly(3))
                await reader.readexactly(size)
                continue
            lines = (first + await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, uri, _ = lines[0].split(" ")
            headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
            self.asked += 1
            return method, uri, headers
        return None

    def _allowed(self, method: str, headers: dict[str, str]) -> bool:
        if self._login is None or method == "OPTIONS":
            return True
        given = dict(re.findall(r'(\w+)="([^"]*)"', headers.get("Authorization", "")))
        if not given:
            return False

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        secret = md5(f"{self._login[0]}:cam:{self._login[1]}")
        return given["response"] == md5(f"{secret}:6e6f6e6365:{md5(f'{method}:{given["uri"]}')}")

    def _reply(self, writer: asyncio.StreamWriter, method: str, uri: str, headers: dict[str, str]) -> None:
        match method:
            case "DESCRIBE":
                body = self._sdp()
                kind = {
                    "Content-Type": "application/sdp",
                    "Content-Base": uri + "/",
                    "Content-Length": str(len(body)),
                }
                self._answer(writer, "200 OK", headers, kind, body)
            case "SETUP" if self._refuse:
                self._answer(writer, self._refuse, headers, {})
            case "SETUP":
                self.set_up.append(uri.rpartition("/")[2])
                channels = "2-3" if uri.endswith("track2") else "0-1"
                transport = {"Transport": f"RTP/AVP/TCP;unicast;interleaved={channels}", "Session": "1;timeout=60"}
                self._answer(writer, "200 OK", headers, transport)
            case _:
                self._answer(writer, "200 OK", headers, {"Session": "1", "Public": "DESCRIBE, SETUP, PLAY"})

    def _sdp(self) -> str:
        sets = [nal for nal in nal_units(self.pictures[0]) if nal[0] & 0x1F in (7, 8)]
        sprop = ",".join(base64.b64encode(nal).decode() for nal in sets)
        lines = [
            "v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=cam", "c=IN IP4 0.0.0.0", "t=0 0", "m=video 0 RTP/AVP 96",
            "a=rtpmap:96 H264/90000", f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sprop}",
            "a=control:track1", *(["m=audio 0 RTP/AVP 8", "a=control:track2"] if self.sound else []), "",
        ]  # fmt: skip
        return "\r\n".join(lines)

    def _answer(
        self, writer: asyncio.StreamWriter, status: str, headers: dict[str, str], more: dict[str, str], body: str = ""
    ) -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {headers.get('CSeq', '0')}"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
