# SPDX-License-Identifier: AGPL-3.0-or-later
"""The virtual camera: `python -m sunporch.town.camera --file X.mp4 --port N` serves a clip over RTSP on 127.0.0.1.

Another project's server (aio-rtsp-toolkit) sends the packets, so that the recorder is not tested against ourselves.
The stream's address is printed as one line when it can be asked, and loops for ever.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aio_rtsp_toolkit.server as rtsp
import aio_rtsp_toolkit.server_rtp as rtp

from sunporch.base.clock import system_clock

HOST = "127.0.0.1"
MAX_VIEWERS = 64


class _Silence:
    """Takes the server's log lines away: they would fill the pipe of whoever started this process."""

    def log(self, level: str, message: str) -> None:
        """Print warnings and errors only."""
        if level in ("WARNING", "ERROR"):
            print(level, message, file=sys.stderr)

    def debug(self, message: str) -> None:
        """Drop it."""

    def info(self, message: str) -> None:
        """Drop it."""

    def warning(self, message: str) -> None:
        """Print it."""
        self.log("WARNING", message)

    def error(self, message: str) -> None:
        """Print it."""
        self.log("ERROR", message)


class _TownTime:
    """The toolkit's `time` module, with the town's time of day: a camera whose clock is wrong is a fault at home."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._clock = system_clock()

    def time(self) -> float:
        """Return Unix seconds of the town."""
        return self._clock.now_ns() / 10**9

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def address(port: int, file: Path, *, loop: bool = True) -> str:
    """Return the stream's RTSP address."""
    return f"rtsp://{HOST}:{port}/{quote(file.name)}" + ("?play_count=0" if loop else "")


async def serve(file: Path, port: int, *, loop: bool, parent_pipe: bool) -> None:
    """Serve until ended, or until standard input closes where that is asked for; port 0 lets the system choose."""
    rtsp.logger = _Silence()
    rtp.time = _TownTime(rtp.time)
    # The toolkit keeps one pool thread for each viewer; the default pool is full after a handful.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MAX_VIEWERS))
    # control_port=None: the toolkit would otherwise open an HTTP port beside it.
    server = rtsp.RtspServer(directory=str(file.parent), host=HOST, port=port, control_port=None)
    await server.start()
    chosen = server._server.sockets[0].getsockname()[1]  # the toolkit has no public way to ask
    print(address(chosen, file, loop=loop), flush=True)
    if parent_pipe:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await server.close()
    else:
        await server.serve_forever()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the camera until it is ended by its process id."""
    parser = argparse.ArgumentParser(prog="python -m sunporch.town.camera", description=__doc__)
    parser.add_argument("--file", type=Path, required=True, help="an MP4 or MKV with H.264 or HEVC")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--once", action="store_true", help="play once and close, instead of looping")
    parser.add_argument("--parent-pipe", action="store_true", help="end when standard input closes")
    options = parser.parse_args(arguments)
    if not options.file.is_file():
        print(f"no such file: {options.file}", file=sys.stderr)
        return 2
    asyncio.run(serve(options.file.resolve(), options.port, loop=not options.once, parent_pipe=options.parent_pipe))
    return 0


if __name__ == "__main__":
    sys.exit(main())
