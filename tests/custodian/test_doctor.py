# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import errno
import fcntl
import struct

import pytest

from sunporch.custodian import doctor
from tests.client.test_server import failing

TABLE = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,data=ordered
30 22 8:2 / /srv rw,relatime shared:2 - ext4 /dev/sda2 rw,data=journal
31 22 0:33 / /srv/key\\040house rw - btrfs /dev/sdb rw,compress=zstd
32 22 0:34 / /over rw - overlay overlay rw,lowerdir=/a
33 22 0:35 / /far rw - fuse.sshfs host: rw
"""


@pytest.fixture
def plain(monkeypatch):
    """A file system that answers as ext4 does: one extent, always the same."""
    answers = {"extents": [(4096, 8192, 1)], "moves": False, "calls": 0}

    def ioctl(handle, request, buffer):
        if isinstance(answers["extents"], OSError):
            raise answers["extents"]
        answers["calls"] += 1
        shift = 65536 * answers["calls"] if answers["moves"] else 0
        struct.pack_into("=L", buffer, 20, len(answers["extents"]))
        for number, (physical, length, flags) in enumerate(answers["extents"]):
            extent = struct.pack("=QQQ16xL12x", 0, physical + shift, length, flags)
            buffer[32 + number * 56 : 32 + (number + 1) * 56] = extent

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    return answers


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/home", "ext4"), ("/srv/x", "ext4"), ("/srv/key house/x", "btrfs"), ("/over", "overlay"), ("/srvx", "ext4")],
)
def test_the_mount_that_holds_a_folder_is_found(tmp_path, folder, kind):
    assert doctor.mount_of(type(tmp_path)(folder), TABLE).kind == kind


def test_a_plain_disk_passes(tmp_path, plain):
    assert doctor.complaints(tmp_path, TABLE) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("rw,relatime - btrfs /dev/sda1 rw", "btrfs"),
        ("rw,relatime - zfs tank rw", "zfs"),
        ("rw,relatime - overlay overlay rw", "overlay"),
        ("rw,relatime - fuse.sshfs host: rw", "fuse.sshfs"),
        ("rw,relatime - ext4 /dev/sda1 rw,data=journal", "data=journal"),
    ],
)
def test_a_disk_that_keeps_old_blocks_is_refused_and_only_warned_about_in_a_demo(
    tmp_path, plain, monkeypatch, line, word
):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 8:1 / / {line}\n")
    monkeypatch.setattr(doctor, "MOUNTS", mounts)
    assert word in doctor.check_disk(tmp_path, "demo.maple-street")[0]
    with failing("custodian.disk-unsuitable") as caught:
        doctor.check_disk(tmp_path, "maple-street")
    assert word in caught.value.what


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"extents": []}, "no blocks of its own"),
        ({"extents": [(0, 8192, 0x200)]}, "inline_data"),
        ({"extents": [(4096, 8192, 0x2000)]}, "sharing"),
        ({"moves": True}, "moved"),
        ({"extents": OSError(errno.EOPNOTSUPP, "Operation not supported")}, "does not tell"),
    ],
)
def test_a_probe_that_does_not_stay_where_it_was_is_told(tmp_path, plain, change, word):
    plain.update(change)
    assert word in doctor.complaints(tmp_path, TABLE)[0]


def test_this_machine_gets_an_answer_one_way_or_the_other(tmp_path):
    assert isinstance(doctor.check_disk(tmp_path, "demo.maple-street"), list)
