# SPDX-License-Identifier: AGPL-3.0-or-later
"""GStreamer's RTSP server as a camera that nobody of this project wrote: `/usr/bin/python3 gstcam.py PIPELINE`.

It runs under the system's Python (Debian: python3-gi, gir1.2-gst-rtsp-server-1.0), prints its address as one line
and ends when standard input closes.
"""

from __future__ import annotations

import argparse
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")

from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 - versions are chosen first

ROLE = "household"
REALM = "gst"


def guard(server: GstRtspServer.RTSPServer, factory: GstRtspServer.RTSPMediaFactory, kind: str, login: str) -> None:
    """Ask for `name:password`, by the method of that name."""
    name, _, password = login.partition(":")
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", ROLE)
    method = GstRtsp.RTSPAuthMethod.DIGEST if kind == "digest" else GstRtsp.RTSPAuthMethod.BASIC
    auth.set_supported_methods(method)
    if kind == "digest":
        auth.add_digest(name, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(name, password), token)
    server.set_auth(auth)
    allowed = "media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
    factory.add_role_from_structure(Gst.Structure.new_from_string(f"{ROLE}, {allowed}"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pipeline", help="payloaders named pay0, pay1")
    parser.add_argument("--auth", choices=["basic", "digest"])
    parser.add_argument("--login", default="")
    parser.add_argument("--port", default="0")
    options = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(options.port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {options.pipeline} )")
    factory.set_shared(True)
    if options.auth:
        guard(server, factory, options.auth, options.login)
    server.get_mount_points().add_factory("/cam", factory)
    server.attach(None)
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    print(f"rtsp://127.0.0.1:{server.get_bound_port()}/cam", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
