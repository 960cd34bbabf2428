# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done to cameras: adding one, and writing down how its recording goes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from sunporch.base.errors import Error
from sunporch.hub.cameras.masks import check_masks
from sunporch.hub.cameras.models import ALL_ROUND, MAX_ADDRESS, Camera
from sunporch.hub.errors import CAMERA_ABSENT, CAMERA_REFUSED, CAMERA_REMOVED, PLACE_MALFORMED
from sunporch.recorder import CameraSource, CameraStatus, State, look, onvif
from sunporch.recorder.errors import SOURCE_REFUSED
from sunporch.recorder.recorder import MAX_CAMERAS
from sunporch.vault import TICKS, Left, Vault

MAX_RANGE_M = 300
MAX_NAME = 80
_DEGREES = re.compile(r"(-?)(\d{1,3})(?:\.(\d{1,7}))?", re.ASCII)


@dataclass(frozen=True)
class NewCamera:
    """What a resident says about a camera; `place` is latitude and longitude in degrees times 10^7."""

    name: str
    address: str
    username: str
    password: str
    start_s: int | None
    place: tuple[int, int]
    bearing: int
    field_of_view: int
    range_m: int
    indoor: bool
    sound: bool = False


def parse_place(untrusted_text: str) -> tuple[int, int]:
    """Return latitude and longitude times 10^7 from `LAT,LON` in degrees; raises `hub.place-malformed`."""
    parts = [_DEGREES.fullmatch(part.strip()) for part in untrusted_text.split(",")]
    if len(parts) != 2 or None in parts:
        raise PLACE_MALFORMED(text=untrusted_text, reason="it is not two numbers with a comma between")
    found = [
        (-1 if part[1] else 1) * (int(part[2]) * 10**7 + int((part[3] or "").ljust(7, "0"))) for part in parts if part
    ]
    if abs(found[0]) > 90 * 10**7 or abs(found[1]) > 180 * 10**7:
        raise PLACE_MALFORMED(text=untrusted_text, reason="there is no such place on Earth")
    return found[0], found[1]


def add(vault: Vault, new: NewCamera) -> Camera:
    """Add a camera to archive and list; raises `hub.camera-refused`, `recorder.source-refused`, `vault.` errors."""
    _refuse_wrong(
        (here().count() >= MAX_CAMERAS, f"{MAX_CAMERAS} cameras are the most"),
        _too_long(new.address),
        *_wrong(new.name, new.bearing, new.field_of_view, new.range_m, other_than=""),
        where=new.name,
    )
    CameraSource("", new.address).checked()
    return Camera.objects.create(
        id=vault.add_camera(new.name, indoor=new.indoor),
        name=new.name,
        address=new.address,
        username=new.username,
        password=new.password,
        start_s=new.start_s,
        lat_e7=new.place[0],
        lon_e7=new.place[1],
        bearing=new.bearing,
        field_of_view=new.field_of_view,
        range_m=new.range_m,
        indoor=new.indoor,
        sound=new.sound,
    )


def _wrong(
    name: str, bearing: int, field_of_view: int, range_m: int, *, other_than: str
) -> tuple[tuple[bool, str], ...]:
    """Return what can be wrong with a camera's name and place, each with whether it is."""
    taken = here().filter(name=name).exclude(id=other_than).exists()
    return (
        (not 1 <= len(name) <= MAX_NAME, f"its name needs 1 to {MAX_NAME} characters"),
        (taken, "another camera has this name"),
        (not 0 <= bearing < ALL_ROUND, "its bearing must be 0 to 359 degrees"),
        (not 1 <= field_of_view <= ALL_ROUND, "its field of view must be 1 to 360 degrees"),
        (not 1 <= range_m <= MAX_RANGE_M, f"its range must be 1 to {MAX_RANGE_M} metres"),
    )


def _too_long(address: str) -> tuple[bool, str]:
    return len(address) > MAX_ADDRESS, f"its address is longer than {MAX_ADDRESS} characters"


def _refuse_wrong(*refusals: tuple[bool, str], where: str) -> None:
    for wrong, reason in refusals:
        if wrong:
            raise CAMERA_REFUSED(where=where, reason=reason)


@dataclass(frozen=True)
class Place:
    """What a resident may change about a camera; `place` as in `NewCamera`."""

    name: str
    place: tuple[int, int]
    bearing: int
    field_of_view: int
    range_m: int
    indoor: bool


def change(camera_id: str, to: Place) -> Camera:
    """Change a camera's name and place; raises `hub.camera-absent`, `hub.camera-removed`, `hub.camera-refused`."""
    camera = find_here(camera_id)
    _refuse_wrong(*_wrong(to.name, to.bearing, to.field_of_view, to.range_m, other_than=camera.id), where=to.name)
    Camera.objects.filter(id=camera.id).update(
        name=to.name,
        lat_e7=to.place[0],
        lon_e7=to.place[1],
        bearing=to.bearing,
        field_of_view=to.field_of_view,
        range_m=to.range_m,
        indoor=to.indoor,
    )
    return find(camera_id)


@dataclass(frozen=True)
class Connection:
    """How a camera is reached; an empty `password` stands for the one that it had."""

    address: str
    username: str
    password: str
    sound: bool


def connect(camera_id: str, to: Connection) -> Camera:
    """Change how a camera is reached, once it gave a picture so; the worker takes it up within a second.

    Raises `hub.camera-absent`, `hub.camera-removed`, `hub.camera-refused`, and what `tried` says.
    """
    camera = find_here(camera_id)
    _refuse_wrong(
        (source_of(camera).is_file, "it is a film that was taken in"),
        _too_long(to.address),
        where=camera.name,
    )
    password = (to.password or camera.password) if to.username else ""
    new = tried(CameraSource(camera.id, to.address, to.username, password, sound=to.sound))
    Camera.objects.filter(id=camera.id).update(
        address=new.address, username=new.username, password=new.password, sound=new.sound
    )
    return find(camera_id)


def written_place(camera: Camera) -> str:
    """Return where a camera hangs as `parse_place` reads it."""
    return ",".join(f"{value / 10**7:.7f}".rstrip("0").rstrip(".") for value in (camera.lat_e7, camera.lon_e7))


def tried(source: CameraSource) -> CameraSource:
    """Return a camera of the network that gave a picture; raises the `recorder.` error that says why none came."""
    if source.is_file:
        raise SOURCE_REFUSED(where=source.shown(), reason="its address is not of the form rtsp://host/path")
    found = streaming(source)
    look(found)
    return found


def streaming(source: CameraSource) -> CameraSource:
    """Return the source with its stream's address: one that begins with http:// or https:// is asked for it by ONVIF.

    Raises what `recorder.onvif.stream_of` says.
    """
    return (
        replace(source, address=onvif.stream_of(source))
        if source.address.startswith(("http://", "https://"))
        else source
    )


def mask(camera_id: str, boxes: Sequence[Mapping[str, float]]) -> Camera:
    """Replace a camera's masks by boxes in per cent of the picture; raises `hub.camera-absent`, `hub.box-refused`."""
    Camera.objects.filter(id=find(camera_id).id).update(masks=check_masks(boxes))
    return find(camera_id)


def pause(camera_id: str, *, paused: bool) -> Camera:
    """Let the worker stop or go on recording a camera; raises `hub.camera-absent`, `hub.camera-removed`."""
    Camera.objects.filter(id=find_here(camera_id).id).update(paused=paused)
    return find(camera_id)


def remove(camera_id: str, now: int, *, erasing: bool) -> None:
    """Record a camera no more and forget its address and login; `erasing`: also erase what it recorded.

    What is held stays until its hold ends. Raises `hub.camera-absent`, `hub.camera-removed`.
    """
    Camera.objects.filter(id=find_here(camera_id).id).update(
        removed_at=now, erasing=erasing, paused=True, address="", username="", password="", **_trouble(None)
    )


def removed(vault: Vault) -> list[tuple[Camera, Left]]:
    """Return the removed cameras of which something is left, and what."""
    found = [(camera, vault.left(camera.id)) for camera in Camera.objects.exclude(removed_at=None).order_by("name")]
    return [(camera, left) for camera, left in found if left.segments]


def erase_removed(vault: Vault) -> None:
    """Erase what removed cameras recorded, where a resident wanted it so; raises `vault.` errors."""
    for camera in Camera.objects.filter(erasing=True):
        vault.erase_unheld(camera.id)
        if not vault.left(camera.id).segments:
            Camera.objects.filter(id=camera.id).update(erasing=False)


def here() -> QuerySet[Camera]:
    """Return the cameras of this home, without those that were removed."""
    return Camera.objects.filter(removed_at=None)


def find_here(camera_id: str) -> Camera:
    """Return the camera, or raise `hub.camera-absent`, `hub.camera-removed`."""
    camera = find(camera_id)
    if camera.removed_at is not None:
        raise CAMERA_REMOVED(where=camera.name)
    return camera


def find(camera_id: str) -> Camera:
    """Return the camera, also one that was removed, or raise `hub.camera-absent`."""
    camera = Camera.objects.filter(id=camera_id).first()
    if camera is None:
        raise CAMERA_ABSENT(where=camera_id)
    return camera


def find_named(name: str) -> Camera:
    """Return the camera of this name, or raise `hub.camera-absent`."""
    camera = here().filter(name=name).first()
    if camera is None:
        raise CAMERA_ABSENT(where=name)
    return camera


def source_of(camera: Camera) -> CameraSource:
    """Return what the recorder needs to know of the camera."""
    return CameraSource(camera.id, camera.address, camera.username, camera.password, camera.start_s, camera.sound)


def shown(status: CameraStatus) -> tuple[object, ...]:
    """Return what of a status is written down."""
    trouble = status.error or status.warning
    until = None if status.recorded_90k is None else status.recorded_90k // TICKS
    return status.state.value, trouble.id if trouble else "", trouble.what if trouble else "", until


def note_status(status: CameraStatus, *, taken_in: bool) -> None:
    """Write down how a camera's recording goes, and whether a file is taken in for good."""
    trouble: Error | None = status.error or status.warning
    fields = {} if status.recorded_90k is None else {"recorded_until": status.recorded_90k // TICKS}
    Camera.objects.filter(id=status.camera).update(
        state=status.state.value, taken_in=taken_in, **_trouble(trouble), **fields
    )


def note_refusal(camera_id: str, error: Error) -> None:
    """Write down why a camera cannot even be tried."""
    Camera.objects.filter(id=camera_id).update(state=State.BLOCKED.value, **_trouble(error))


def _trouble(error: Error | None) -> dict[str, str]:
    return {
        "error_id": error.id if error else "",
        "error_what": error.what if error else "",
        "error_next": error.next if error else "",
    }
