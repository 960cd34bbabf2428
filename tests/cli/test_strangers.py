# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ruth is handed damaged copies of a record: each time she is told which step and file, and what to do about it."""

from __future__ import annotations

import http.server
import shutil
import threading

import pytest

from sunporch.cli.main import main
from sunporch.client.log import MAX_LOG_FILE
from tests.cli.test_commands import run
from tests.verify.town import LogTown


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


DAMAGES = {
    "flipped at its beginning": lambda data: flipped(data, 0),
    "flipped in its middle": lambda data: flipped(data, len(data) // 2),
    "flipped at its end": lambda data: flipped(data, len(data) - 1),
    "empty": lambda _: b"",
    "half": lambda data: data[: len(data) // 2],
    "gone": lambda _: None,
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A copied record of a few checkpoints, and its pin file."""
    folder = tmp_path_factory.mktemp("sound")
    town = LogTown(folder / "log").found()
    town.ask()
    town.cosign()
    town.share(1)
    town.cosign()
    (folder / "pin.json").write_text(town.pin.to_json())
    town.close()
    return folder


@pytest.fixture
def copy(sound, tmp_path):
    shutil.copytree(sound, tmp_path / "copy")
    return tmp_path / "copy"


def told(capsys, copy, step: int, where: str) -> None:
    """She is told the step, the file and what to do, in the last lines, and nothing after the alarm line by line."""
    code, out, err = run(capsys, "verify", copy, "--pin", copy / "pin.json")
    lines = out.splitlines()
    assert (code, err) == (1, "")
    assert lines[-2] == f"ALARM at step {step}: {where}"
    assert lines[-1].startswith("What to do: ")
    assert lines[-1].endswith(".")
    assert ".." not in out
    assert sum(": not checked" in line for line in lines) == 0


def public_files(folder):
    return [path for path in sorted((folder / "log").rglob("*")) if path.is_file() and path.name[0] != "."]


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_happened_to_one_file_ruth_is_told_which_file_it_was(copy, capsys, damage):
    newest = max(int(path.name) for path in (copy / "log" / "checkpoints").iterdir() if path.name.isdigit())
    for path in public_files(copy):
        data, name = path.read_bytes(), path.relative_to(copy / "log").as_posix()
        changed = DAMAGES[damage](data)
        if changed is None:
            path.unlink()
        else:
            path.write_bytes(changed)
        code, out, _ = run(capsys, "verify", copy, "--pin", copy / "pin.json")
        unfinished = name.startswith("tile/") and name.rpartition("/")[2] != str(newest)
        if damage == "gone" and unfinished:
            assert code == 0, name  # a log may let go of the unfinished files of older sizes
        else:
            alarm, advice = out.splitlines()[-2:]
            assert code == 1, name
            # A list that names a checkpoint that never was is found out by that checkpoint.
            assert alarm.endswith(f": {name}") or (name.endswith("sizes") and ": checkpoints/" in alarm), (
                name,
                alarm,
            )
            assert advice.startswith("What to do: ")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    assert run(capsys, "verify", copy, "--pin", copy / "pin.json")[0] == 0


def swap(copy, one: str, two: str) -> None:
    left, right = copy / "log" / one, copy / "log" / two
    data = left.read_bytes()
    left.write_bytes(right.read_bytes())
    right.write_bytes(data)


def test_files_that_changed_places_are_named(copy, capsys):
    sizes = (copy / "log/checkpoints/sizes").read_text().split()
    swap(copy, f"checkpoints/{sizes[0]}", f"checkpoints/{sizes[1]}")
    told(capsys, copy, 4, f"checkpoints/{sizes[0]}")
    swap(copy, f"checkpoints/{sizes[0]}", f"checkpoints/{sizes[1]}")
    bundle = f"tile/entries/000.p/{sizes[-1]}"
    swap(copy, bundle, f"tile/0/000.p/{sizes[-1]}")
    told(capsys, copy, 1, bundle)


def test_entries_that_changed_places_are_named(copy, capsys):
    size = int((copy / "log/checkpoints/sizes").read_text().split()[-1])
    path = copy / f"log/tile/entries/000.p/{size}"
    data, leaves = path.read_bytes(), []
    while data:
        end = 2 + int.from_bytes(data[:2], "big")
        leaves.append(data[:end])
        data = data[end:]
    leaves[3], leaves[4] = leaves[4], leaves[3]
    path.write_bytes(b"".join(leaves))
    told(capsys, copy, 5, f"tile/entries/000.p/{size}")


@pytest.mark.parametrize(
    ("lost", "where"),
    [("tile", "tile/entries/000.p"), ("checkpoints", "checkpoints/sizes"), ("checkpoint", "checkpoint")],
)
def test_a_copy_that_broke_off_is_told_from_a_place_without_a_log(copy, capsys, lost, where):
    path = copy / "log" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, out, _ = run(capsys, "verify", copy, "--pin", copy / "pin.json")
    assert code == 1
    assert f"ALARM at step 1: {where}" in out


def test_a_file_beyond_all_measure_is_not_read_to_its_end(copy, capsys):
    (copy / "log/checkpoint").write_bytes(b"x" * (MAX_LOG_FILE + 1))
    code, out, err = run(capsys, "verify", copy, "--pin", copy / "pin.json")
    assert code == 1
    assert "checkpoint" in out + err
    (copy / "log/checkpoint").write_bytes(b"x\n" * 2**19)
    told(capsys, copy, 1, "checkpoint")


def test_a_file_that_cannot_be_read_is_named(copy, capsys):
    sizes = copy / "log/checkpoints/sizes"
    sizes.unlink()
    sizes.symlink_to(sizes.name)  # a link to itself; permissions would not stop a tester who is root
    code, _, err = run(capsys, "verify", copy, "--pin", copy / "pin.json")
    assert (code, "client.file-unreadable" in err, str(sizes) in err) == (1, True, True)


@pytest.mark.parametrize("place", ["empty", "file", "nowhere"])
def test_a_place_that_never_held_a_log_is_named_with_what_to_give(tmp_path, capsys, place):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("{}")
    code, _, err = run(capsys, "verify", tmp_path / place)
    assert (code, "client.log-absent" in err, "a folder with a log's files" in err) == (1, True, True)


class Site(http.server.BaseHTTPRequestHandler):
    """Some other web site: the same page under every address, or only refusals."""

    status = 200

    def do_GET(self):
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"<html><body>Welcome to Maple Street</body></html>")

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, "ALARM at step 1: checkpoint"), (404, "client.log-absent"), (500, "client.answer-refused")],
)
def test_an_address_that_is_no_log_is_named(capsys, status, said):
    kind = type("Other", (Site,), {"status": status})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code, out, err = run(capsys, "verify", f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
    assert (code, said in out + err) == (1, True)
    assert "What to do: " in out or "next: " in err


def test_times_are_told_as_dates_and_spans_in_words(sound, capsys):
    assert main(["verify", str(sound), "--pin", str(sound / "pin.json")]) == 0
    out = capsys.readouterr().out
    assert "time: 20" in out
    assert "+00:00" in out
    assert " minutes old" not in out
