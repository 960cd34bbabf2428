# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a camera is to the recorder: an address, and perhaps a name and a password."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from sunporch.recorder.errors import SOURCE_REFUSED


@dataclass(frozen=True)
class CameraSource:
    """A camera of the vault and where its pictures come from.

    `address` is an rtsp:// address or the path of a video file, which is taken into the archive once, as it is;
    `start_s` says when a file's first picture was taken (default: it ends now). `sound` asks for the camera's
    microphone, too; a file keeps what it holds.
    """

    camera: str
    address: str = field(repr=False)
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    start_s: int | None = None
    sound: bool = False

    @property
    def is_file(self) -> bool:
        """Whether the address is the path of a file."""
        return "://" not in self.address

    def path(self) -> Path:
        """Return the file's path."""
        return Path(self.address)

    def checked(self) -> CameraSource:
        """Return the source itself, or raise `recorder.source-refused`."""
        if self.is_file:
            return self
        parts = urlsplit(self.address)
        if parts.scheme != "rtsp" or not parts.hostname:
            raise SOURCE_REFUSED(where=self.shown(), reason="its address is not of the form rtsp://host/path")
        return self

    def connectable(self) -> str:
        """Return the address with the name and password percent-encoded (RFC 3986); never to be shown or logged."""
        if not self.username:
            return self.address
        parts = urlsplit(self.address)
        host = parts.netloc.rpartition("@")[2]
        login = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{login}@{host}"))

    def shown(self) -> str:
        """Return the address without name, password and query, for people and logs."""
        if self.is_file:
            return self.address
        parts = urlsplit(self.address)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
