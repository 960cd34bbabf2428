# SPDX-License-Identifier: AGPL-3.0-or-later
"""A page in a real browser that imports the shared modules, from a server on this machine alone."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from sunporch import web
from tests.firefox import Tab

MODULES = Path(web.__file__).parent / "static" / "web" / "js"
VECTORS = Path(__file__).resolve().parents[2] / "spec" / "vectors"

# What the functions of a test see: every module by its name, and how a refusal is told from a fault of ours.
_PRELUDE = """async ({code, given}) => {
  const names = ["bytes", "hpke", "strictjson", "note", "entry", "tlog", "trust", "clip", "chunks", "keys", "store",
    "record", "enrolled", "mp4", "arriving", "player", "refusal", "film"];
  const all = {};
  for (const name of names) all[name] = await import(`/${name}.js`);
  const refusal = async (act) => {
    try { await act(); } catch (error) {
      if (error.name === "Refusal" && error.what && error.next && !/\\{\\w+\\}/.test(error.what)) return error.id;
      return `no refusal: ${error.name} ${error.stack}`;
    }
    return "accepted";
  };
  const each = async (cases, act) => {
    const found = {};
    for (const [name, value] of Object.entries(cases)) found[name] = await refusal(() => act(value, name));
    return found;
  };
  const act = new Function("m", "given", "tools", `return (async () => {${code}})()`);
  return act(all, given, {refusal, each});
}"""


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {".js": "text/javascript", "": "application/octet-stream"}  # noqa: RUF012  # http.server's form

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!doctype html><html lang=en><title>modules</title><link rel=icon href='data:,'>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path = MODULES) -> Iterator[str]:
    """Serve the modules on this machine and yield the address."""
    handler = functools.partial(_Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


class Modules:
    """The modules as a page sees them."""

    def __init__(self, page: Page | Tab) -> None:
        self.page = page

    def run(self, code: str, given: Any = None) -> Any:
        """Run the body of an async function: `m.NAME` are the modules, `tools.refusal` and `tools.each` help."""
        return self.page.evaluate(_PRELUDE, {"code": code, "given": given})
