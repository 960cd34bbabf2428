# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch verify --viewer URL`: a portal that serves another viewer than this release's is named."""

from __future__ import annotations

import json
import shutil
from importlib.resources import files

import pytest

from sunporch.base.errors import Error
from sunporch.cli import verify
from sunporch.web.viewer_files import viewer_files
from tests.web.modules import served

PAGE = '<!doctype html><title>record</title><script type="module" src="/static/web/js/check.js"></script>'


@pytest.fixture
def folder(tmp_path):
    """A copy of what a site serves."""
    (tmp_path / "static").mkdir()
    shutil.copytree(str(files("sunporch.web") / "static" / "web"), tmp_path / "static" / "web")
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "index.html").write_text(PAGE)
    return tmp_path


def compared(folder, capsys, *more):
    with served(folder) as url:
        code = verify.command(["--viewer", url, *more])
    return code, capsys.readouterr().out


def test_the_viewer_of_this_release_is_found_to_be_so(folder, capsys):
    code, said = compared(folder, capsys)
    assert (code, f"All {len(viewer_files())} files of the viewer are those of sunporch" in said) == (0, True)


def test_one_changed_byte_a_missing_file_and_a_foreign_script_are_each_named(folder, capsys):
    keys = folder / "static" / "web" / "js" / "keys.js"
    keys.write_bytes(keys.read_bytes().replace(b"false, [", b"true, [", 1))
    (folder / "static" / "web" / "viewer.css").unlink()
    more = '<script src="/static/evil.js"></script><script src="https://x.example/y.js"></script><script>1</script>'
    (folder / "record" / "index.html").write_text(PAGE + more + '<script type="application/json">{}</script>')
    code, said = compared(folder, capsys, "--json")
    found = json.loads(said)
    assert (code, found["ok"]) == (1, False)
    assert found["different"] == ["js/keys.js"]
    assert found["absent"] == ["viewer.css"]
    assert found["foreign"] == ["/static/evil.js", "https://x.example/y.js", "inline"]
    code, said = compared(folder, capsys)
    assert code == 1
    assert "js/keys.js is not the file of this release." in said
    assert "use `sunporch desk serve`" in said


def test_a_site_without_the_page_and_one_that_does_not_answer(folder, capsys):
    shutil.rmtree(folder / "record")
    assert compared(folder, capsys)[0] == 0
    with served(folder) as url:
        pass
    with pytest.raises(Error, match=r"client\.server-unreachable"):
        verify.command(["--viewer", url])


def test_a_viewer_and_a_log_are_not_checked_in_one_command(capsys):
    with pytest.raises(SystemExit):
        verify.command(["http://localhost:1", "--viewer", "http://localhost:1"])
    assert "give one of" in capsys.readouterr().err


def test_a_page_that_runs_one_more_script_is_not_this_releases(folder, capsys):
    (folder / "record" / "index.html").write_text(PAGE + '<script src="/static/evil.js"></script>')
    code, said = compared(folder, capsys)
    assert (code, "/static/evil.js is a script that this release does not have." in said) == (1, True)
