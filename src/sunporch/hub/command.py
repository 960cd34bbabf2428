# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch hub ...`: make a hub, run it, add residents and cameras."""

from __future__ import annotations

import argparse
import functools
import getpass
import ipaddress
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core import checks

from sunporch.base import config as base_config
from sunporch.base.clock import forbid_offset_outside_demo, system_clock
from sunporch.base.config import FILE_UNREADABLE
from sunporch.hub import checks as ours
from sunporch.hub import setup
from sunporch.hub.config import POLL_SECONDS, UNDO_RANDOM_SECONDS, UNDO_SECONDS, Settings, load
from sunporch.hub.errors import RETENTION_MISSING
from sunporch.hub.recovery import kit, restoring
from sunporch.service.parent import end_with_pipe
from sunporch.vault import Vault
from sunporch.verify.pin import Pin
from sunporch.web.children import Child, end_by_signal, run_family
from sunporch.web.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from sunporch.hub.recovery.settling import Settled

GIB = 2**30
_ADDRESSES = "rtsp://host/path, the http:// address that `camera find` printed"
DONE, WRONG = 0, 1


def command(arguments: list[str]) -> int:
    """Run `sunporch hub ARGUMENTS` and return the exit code (0 done, 1 named error, 2 wrong command line)."""
    options = _parser().parse_args(arguments)
    act: Callable[[argparse.Namespace], int] = options.act
    return act(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sunporch hub", description=__doc__)
    acts = parser.add_subparsers(required=True, metavar="ACTION")
    init = acts.add_parser("init", help="make a hub in an empty folder")
    init.set_defaults(act=_init)
    init.add_argument("--data", type=Path, required=True, help="an empty or absent folder")
    init.add_argument("--portal-url", required=True, help="address of the town's portal")
    init.add_argument("--pin", type=Path, required=True, help="the town's pin file")
    init.add_argument("--retention-days", type=int, default=7, help="footage older than this is erased (7)")
    init.add_argument(
        "--retention-gib", type=int, help="beyond this size the oldest footage goes (half of the disk's free room)"
    )
    init.add_argument("--listen-host", default="127.0.0.1")
    init.add_argument("--port", type=int, default=8401)
    init.add_argument("--poll-seconds", type=int, default=POLL_SECONDS)
    init.add_argument("--undo-seconds", type=int, default=UNDO_SECONDS)
    init.add_argument("--undo-random-seconds", type=int, default=UNDO_RANDOM_SECONDS)
    init.add_argument("--socks-proxy", default="", help="socks5h://host:port through which all leaves the house")
    back = acts.add_parser("restore", help="make an old home's hub anew from its recovery file; asks for the key")
    back.set_defaults(act=_restore)
    back.add_argument("file", type=Path, help="the recovery file")
    back.add_argument("--data", type=Path, required=True, help="an empty or absent folder")
    back.add_argument("--vault", type=Path, help="the old archive's folder with its footage; it stays where it is")
    run = acts.add_parser("run", help="run the hub: its pages and its worker")
    run.set_defaults(act=_run)
    _needs_settings(run)
    run.add_argument("--check-config", action="store_true", help="say whether the settings are good and stop")
    run.add_argument("--print-config", action="store_true", help="print the settings, secrets masked, and stop")
    for name, act in (("web", _web), ("worker", _worker)):
        part = acts.add_parser(name, help=f"the {name} alone (`run` starts it)")
        part.set_defaults(act=act)
        _needs_settings(part)
    account = acts.add_parser("account", help="residents of this home").add_subparsers(
        required=True, metavar="ACTION"
    )
    for name, told, act in (
        ("add", "add a resident", _account_add),
        ("renew", "give a resident another password and code; what they had is void", _account_renew),
        ("end", "end a resident's access", _account_end),
    ):
        part = account.add_parser(name, help=told)
        part.set_defaults(act=act)
        _needs_settings(part)
        part.add_argument("--username", required=True)
    add = account.choices["add"]
    add.add_argument("--name", default="", help="what the others of this home call them")
    _camera_parser(acts.add_parser("camera", help="cameras of this home"))
    return parser


def _camera_parser(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(required=True, metavar="ACTION")
    add = acts.add_parser("add", help="add a camera")
    add.set_defaults(act=_camera_add)
    _needs_settings(add)
    add.add_argument("--name", required=True)
    add.add_argument("--address", required=True, help=f"{_ADDRESSES}, or the path of a video file")
    add.add_argument("--username", default="", help="its password is read from standard input")
    add.add_argument(
        "--start", type=int, default=None, help="a file's first picture, Unix seconds (default: ends now)"
    )
    add.add_argument("--place", required=True, help="LATITUDE,LONGITUDE in degrees; stays in the hub")
    add.add_argument("--bearing", type=int, default=0, help="where it looks, degrees from north")
    add.add_argument("--field-of-view", type=int, default=360, help="degrees; 360 sees all round")
    add.add_argument("--range", type=int, default=30, help="metres")
    add.add_argument("--indoor", action="store_true", help="its pictures are never shared")
    add.add_argument("--sound", action="store_true", help="record its microphone, too (off by default)")
    find = acts.add_parser("find", help="look for cameras on this network (ONVIF) and print those that answer")
    find.set_defaults(act=_camera_find)
    find.add_argument("--frigate", default="", help="ask this Frigate instead, like https://192.168.1.5:8971")
    find.add_argument("--username", default="", help="at Frigate; its password is read from standard input")
    change = acts.add_parser("change", help="give a camera another address or login, once it gives a picture so")
    change.set_defaults(act=_camera_change)
    _needs_settings(change)
    change.add_argument("--name", required=True)
    change.add_argument("--address", required=True, help=_ADDRESSES)
    change.add_argument("--username", help="its password is read from standard input (default: the login stays)")


def _needs_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="the hub's settings file, DATA/hub.toml")
    parser.add_argument("--parent-pipe", action="store_true", help="end when standard input closes")


def _init(options: argparse.Namespace) -> int:
    pin = _read(options.pin)
    Pin.parse(pin)
    names = ("portal_url", "retention_days", "listen_host", "port", "poll_seconds", "undo_seconds")
    values: dict[str, Any] = {name: getattr(options, name) for name in (*names, "undo_random_seconds", "socks_proxy")}
    values["retention_bytes"] = (
        _most_bytes(options.data) if options.retention_gib is None else (options.retention_gib * GIB)
    )
    path = setup.make(options.data, pin, values)
    _say({"config": str(path)})
    return DONE


def _restore(options: argparse.Namespace) -> int:
    setup.check_empty(options.data)
    file = _read(options.file, kit.MOST_BYTES)  # what is longer is cut short, and refused as such
    # On a terminal nobody who looks over a shoulder reads it; a program or a file may give it on several lines.
    key = getpass.getpass("Recovery key: ") if sys.stdin.isatty() else sys.stdin.read(kit.MOST_KEY)
    found = kit.unseal(file, key)
    settled = restoring.restore(found, options.data, options.vault, system_clock())
    _write(_restored(options.data.resolve() / setup.SETTINGS_FILE, found.made_at, settled))
    return DONE


def _restored(config: Path, made_at: int, settled: Settled) -> str:
    """Return what to do with a home that was restored."""
    waited = f"clips on their way: {settled.clips}, messages: {settled.messages}, links: {settled.links}"
    return "\n".join(
        (
            f"This is the home as it was on {datetime.fromtimestamp(made_at, UTC):%d %B %Y, %H:%M} UTC.",
            f"What waited then does not go on; {waited}.",
            "1. Turn the old hub off for good. Two hubs with the same keys are one home twice.",
            f"2. Start this one: sunporch hub run --config {config}",
            "3. Sign in with the same password and code. Look at Cameras and Shares, then make a new recovery file.",
            "What was shared after the file was made ends by the stop code on its receipt alone.\n",
        )
    )


def _most_bytes(folder: Path) -> int:
    """Return half of the free room of the disk on which the folder will lie, in whole GiB."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    return max(1, shutil.disk_usage(there).free // 2 // GIB) * GIB


def _read(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise FILE_UNREADABLE(where=str(path), reason=str(error)) from error


def _ready(options: argparse.Namespace) -> Settings:
    """Enter the hub's Django, after everything that must hold before it may run or be changed."""
    hub = load(options.config)
    setup.enter(options.config)
    setup.check_schema(hub)
    return hub


def _run(options: argparse.Namespace) -> int:
    if options.print_config:
        _say(base_config.printable(load(options.config)))
        return DONE
    hub = _ready(options)
    _check(hub)
    if options.check_config:
        return DONE
    from sunporch.hub.inbox.actions import begin_reading  # noqa: PLC0415 - Django must know its settings first
    from sunporch.hub.welcome.actions import begin  # noqa: PLC0415 - likewise

    code = begin()
    if code:
        place = f"http://{browsable(hub.listen_host)}:{hub.port}/"
        _write(f"Nobody lives at this hub yet. Open {place} and type this set-up code: {code}\n")
    begin_reading()  # or the pages would call the hub ready by what an earlier one read
    line = ["--config", str(options.config.resolve()), "--parent-pipe"]
    children = [Child(name, functools.partial(command, [name, *line])) for name in ("web", "worker")]
    # Their code is not read here: numpy and onnxruntime start threads as soon as they are imported.
    run_family(children, hub.pids_file, parent_pipe=options.parent_pipe)
    return DONE


def browsable(host: str) -> str:
    """Return under which name a browser on this machine, or on its network, finds what listens there."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_loopback or address.is_unspecified:
        return "localhost"
    return f"[{address}]" if address.version == 6 else host


def _check(hub: Settings) -> None:
    """Raise the first thing for which this hub must not start."""
    if any(message.id == RETENTION_MISSING.id for message in checks.run_checks(tags=["hub"])):
        raise RETENTION_MISSING(reason=ours.missing_limits(hub))
    forbid_offset_outside_demo(Pin.parse(_read(hub.pin_file)).origin, [hub.listen_host])


def _web(options: argparse.Namespace) -> int:
    hub = _ready(options)
    _check(hub)
    serve("sunporch.hub.wsgi:application", hub.listen_host, hub.port, parent_pipe=options.parent_pipe)
    return DONE


def _worker(options: argparse.Namespace) -> int:
    hub = _ready(options)
    _check(hub)
    from sunporch.hub import worker  # noqa: PLC0415 - Django must know its settings first

    made = worker.Worker(hub, system_clock())
    end_by_signal(made.stop)
    if options.parent_pipe:
        end_with_pipe(made.stop)
    made.run()
    return DONE


def _account_add(options: argparse.Namespace) -> int:
    _ready(options)
    from sunporch.hub.preferences import actions  # noqa: PLC0415 - Django must know its settings first

    return _said_once(actions.add_resident(options.username, options.name))


def _account_renew(options: argparse.Namespace) -> int:
    _ready(options)
    from sunporch.hub.preferences import actions  # noqa: PLC0415 - Django must know its settings first

    return _said_once(actions.renew_access(actions.find_resident(username=options.username)))


def _account_end(options: argparse.Namespace) -> int:
    _ready(options)
    from sunporch.hub.preferences import actions  # noqa: PLC0415 - Django must know its settings first

    _say({"ended": actions.end_access(actions.find_resident(username=options.username)).get_username()})
    return DONE


def _said_once(made: tuple[str, str, str]) -> int:
    username, password, secret = made
    _say({"username": username, "password": password, "totp_secret": secret})
    return DONE


def _camera_add(options: argparse.Namespace) -> int:
    hub = _ready(options)
    from sunporch.hub.cameras import actions  # noqa: PLC0415 - Django must know its settings first
    from sunporch.recorder import CameraSource  # noqa: PLC0415 - media libraries are slow to read

    password = sys.stdin.readline().rstrip("\n") if options.username else ""
    source = actions.streaming(CameraSource("", options.address, options.username, password))
    with Vault.open(hub.vault_folder, system_clock()) as vault:
        camera = actions.add(
            vault,
            actions.NewCamera(
                name=options.name,
                address=source.address,
                username=source.username,
                password=source.password,
                start_s=options.start,
                place=actions.parse_place(options.place),
                bearing=options.bearing,
                field_of_view=options.field_of_view,
                range_m=options.range,
                indoor=options.indoor,
                sound=options.sound,
            ),
        )
    _say({"id": camera.id, "name": camera.name})
    return DONE


def _camera_find(options: argparse.Namespace) -> int:
    from sunporch.recorder import discovery, frigate, onvif  # noqa: PLC0415 - media libraries are slow to read

    if options.frigate:
        password = sys.stdin.readline().rstrip("\n") if options.username else ""
        found = frigate.streams_of(onvif.Service.parse(options.frigate), options.username, password)
    else:
        found = discovery.find()
    _say({"cameras": [{"address": one.address, "name": one.name, "hardware": one.hardware} for one in found]})
    return DONE


def _camera_change(options: argparse.Namespace) -> int:
    _ready(options)
    from sunporch.hub.cameras import actions  # noqa: PLC0415 - Django must know its settings first

    camera = actions.find_named(options.name)
    username = camera.username if options.username is None else options.username
    password = sys.stdin.readline().rstrip("\n") if options.username else ""
    changed = actions.connect(camera.id, actions.Connection(options.address, username, password, camera.sound))
    _say({"id": changed.id, "name": changed.name})
    return DONE


def _say(value: dict[str, Any]) -> None:
    """Print one JSON object, so that a program can read what was made."""
    _write(json.dumps(value, ensure_ascii=False) + "\n")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
