# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from sunporch.base import durable
from sunporch.client import CustodianClient, LogReader, PortalClient
from sunporch.desk import keyfile
from sunporch.desk.opening import Addresses, Desk
from sunporch.desk.output import Output
from sunporch.desk.pending import Openings
from tests.desk.neighbours import Neighbours
from tests.verify.town import person


@pytest.fixture
def around(tmp_path):
    folder = tmp_path / "log"
    folder.mkdir(mode=0o700)
    around = Neighbours(folder)
    yield around
    around.close()


def key_file(folder, name, private):
    path = folder / f"{name}.key"
    durable.write(path, f"{person(name).secret_text()}\n{private}\n".encode())
    return path


class Officer:
    """Somebody at their own machine, with a key file and a place for clips."""

    def __init__(self, around, folder, name="diaz"):
        self.around, self.folder, self.name = around, folder / name, name
        self.folder.mkdir(mode=0o700)
        self.key_file = key_file(self.folder, name, around.private[name])
        self.out = self.folder / "clip.mp4"

    def open(self, index=None):
        around = self.around
        portal, log = PortalClient(around.doors.url("portal")), LogReader(around.doors.url("portal") + "/log")
        try:
            portal.sign_in(self.name, "password", "123456")
            to = Addresses(portal, log, CustodianClient)
            key = keyfile.read(self.key_file)
            desk = Desk(key, Openings(self.key_file), around.pin, to, around.town.clock)
            with Output(self.out) as output:
                return desk.open(around.shared if index is None else index, output)
        finally:
            portal.close()
            log.close()

    @property
    def left_behind(self):
        """Every file in the officer's folder but the key."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.name for path in files if path != self.key_file)


@pytest.fixture
def diaz(around, tmp_path):
    return Officer(around, tmp_path)
