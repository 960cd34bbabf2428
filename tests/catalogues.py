# SPDX-License-Identifier: AGPL-3.0-or-later
"""The catalogues of the pages' languages: what must be translated, and the `.po` and `.mo` files that hold it.

`python -m tests.catalogues` brings every `.po` up to date with the source (new texts empty, gone ones removed) and
writes its `.mo`; a translator then fills in the `.po` and runs it again. It needs no GNU gettext. What refusals say
goes to the browser too, as a module by id: `web/static/web/js/refusals.<language>.js`.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "sunporch"
# The pages of both sites, and each site.
APPS = ("web", "portal", "hub")
LANGUAGES = ("es",)
_CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
_LITERAL = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_IN_MODULE = re.compile(r'\bkind\(\s*"([a-z0-9.-]+)",\s*("(?:[^"\\]|\\.)*"),\s*("(?:[^"\\]|\\.)*"),?\s*\)')
_IN_TEMPLATE = re.compile(rf"\b(?:_|n?gettext)\({_LITERAL}(?:,\s*{_LITERAL})?")

type Text = tuple[str, ...]  # one text, or singular and plural


def file_of(app: str, language: str) -> Path:
    """Return the app's `.po` of the language; its `.mo` lies beside it."""
    return SOURCE / app / "locale" / language / "LC_MESSAGES" / "django.po"


def texts_of(app: str) -> dict[Text, str]:
    """Return everything that the app's pages say, with the file where it stands."""
    found: dict[Text, str] = {}
    folder = SOURCE / app
    for path in sorted(folder.rglob("*.py")):
        found |= dict.fromkeys(_of_python(path.read_text(encoding="utf-8")), path.relative_to(ROOT).as_posix())
    for path in sorted(folder.rglob("*.html")):
        found |= dict.fromkeys(_of_template(path.read_text(encoding="utf-8")), path.relative_to(ROOT).as_posix())
    return found | dict.fromkeys(_said_by_data(app), "by its id")


def _of_python(source: str) -> Iterator[Text]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
            parts = node.args[: _CALLS[node.func.id]]
            if all(isinstance(part, ast.Constant) for part in parts):
                yield tuple(part.value for part in parts)


def _of_template(source: str) -> Iterator[Text]:
    for match in _IN_TEMPLATE.finditer(templatize(source)):
        yield tuple(ast.literal_eval(part) for part in match.groups() if part is not None)


def _said_by_data(app: str) -> Iterator[Text]:
    """Yield the sentences that pages look up by what they show: errors, and why an entry counts for nothing."""
    if app == "portal":
        for reason in importlib.import_module("sunporch.docket.void").Void:
            yield (reason.value,)
    if app == "web":
        for sentences in said_by_modules().values():
            yield from ((sentence,) for sentence in sentences)
    for sentences in said_by_programs(app).values():
        yield from ((sentence,) for sentence in sentences)


# The errors that an app's pages can show lie in these modules.
_ERRORS = {
    "web": ("sunporch.web.errors", "sunporch.custodian.errors"),
    "portal": ("sunporch.portal.errors",),
    "hub": ("sunporch.hub.errors", "sunporch.vault.errors", "sunporch.recorder.errors", "sunporch.redact.errors"),
}
# Of the errors of the rooms below a site, those that a page shows.
SHOWN = (
    *("vault.footage-missing", "vault.footage-unfinished", "vault.footage-held", "vault.key-locked"),
    *("vault.segment-damaged", "redact.source-unreadable"),
    *("recorder.source-refused", "recorder.camera-unreachable", "recorder.camera-password-refused"),
    *("recorder.camera-stream-refused", "recorder.camera-closed", "recorder.camera-frozen"),
    *("recorder.stream-unreadable", "recorder.cameras-unfound", "recorder.onvif-absent", "recorder.streams-absent"),
    *("recorder.frigate-absent", "recorder.frigate-refused", "recorder.frigate-streamless"),
    *("custodian.record-unreachable", "custodian.record-stale", "custodian.key-unenrolled"),
    *("custodian.table-unreadable", "custodian.rootkey-unreadable", "custodian.calls-too-many"),
    *("custodian.call-malformed", "custodian.call-oversize", "custodian.proof-refused", "custodian.access-void"),
    *("custodian.access-repeated", "custodian.lease-ended", "custodian.half-unknown"),
)
# Of the sites' own errors, those that only a command line says.
SAID_BY_COMMANDS = (
    *("hub.retention-missing", "hub.folder-occupied", "hub.schema-unknown"),
    *("portal.data-present", "portal.data-absent", "portal.schema-other", "portal.store-refused"),
    *("portal.sequencer-running", "portal.log-key-missing", "portal.log-key-early", "portal.log-behind"),
    *("portal.account-taken", "portal.account-absent", "portal.founding-refused"),
    *("portal.file-present", "portal.backup-running", "portal.backup-unwritten", "portal.backup-locked"),
    *("portal.backup-refused", "portal.key-unreadable", "portal.folder-occupied"),
    *("portal.source-older", "portal.source-other", "portal.source-damaged", "portal.source-textless"),
    "portal.testmail-refused",
)


def said_by_programs(app: str) -> dict[str, Text]:
    """Return what happened and what to do next of each error in Python that a page of the app can show, by id."""
    return {
        kind.id: (kind.what, kind.next)
        for module in _ERRORS[app]
        for kind in vars(importlib.import_module(module)).values()
        if type(kind).__name__ == "ErrorKind" and _is_shown(kind.id)
    }


def _is_shown(error_id: str) -> bool:
    own = error_id.startswith(("web.", "portal.", "hub.")) and error_id not in SAID_BY_COMMANDS
    return own or error_id in SHOWN


def said_by_modules() -> dict[str, Text]:
    """Return the two sentences of each refusal that the browser's own modules declare, by id."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("static/**/*.js")))
    found = (match.groups() for text in texts for match in _IN_MODULE.finditer(text))
    return {error_id: (json.loads(what), json.loads(further)) for error_id, what, further in found}


def module_of(language: str) -> Path:
    """Return where the browser's table of refusals in this language lies."""
    return SOURCE / "web" / "static" / "web" / "js" / f"refusals.{language}.js"


def in_module(language: str) -> str:
    """Return the browser's table: of its own modules' refusals, and of what site and custodian may answer them."""
    known = {
        entry.msgid: entry.msgstr for app in ("web", "portal") for entry in polib.pofile(str(file_of(app, language)))
    }
    kinds = said_by_programs("portal") | said_by_programs("web") | said_by_modules()
    table = {error_id: [known[sentence] for sentence in kinds[error_id]] for error_id in sorted(kinds)}
    lines = "".join(f'  "{error_id}": {json.dumps(said, ensure_ascii=False)},\n' for error_id, said in table.items())
    return (
        "// SPDX-License-Identifier: AGPL-3.0-or-later\n"
        "/** What refusals say, by id; written by `python -m tests.catalogues` from the catalogues. */\n"
        f"export const SENTENCES = {{\n{lines}}};\n"
    )


def update(app: str, language: str) -> polib.POFile:
    """Bring the app's `.po` up to date, write its `.mo`, return the catalogue."""
    path = file_of(app, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    old = polib.pofile(str(path)) if path.exists() else polib.POFile()
    known = {(entry.msgid, entry.msgid_plural) if entry.msgid_plural else (entry.msgid,): entry for entry in old}
    new = polib.POFile(wrapwidth=110)
    new.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": language,
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for text, where in sorted(texts_of(app).items(), key=lambda item: (item[1], item[0])):
        entry = known.get(text) or polib.POEntry(msgid=text[0], msgid_plural=text[1] if len(text) > 1 else "")
        entry.occurrences = [(where, "")]
        entry.flags = []
        new.append(entry)
    new.save(str(path))
    new.save_as_mofile(str(path.with_suffix(".mo")))
    return new


def main() -> None:
    """Update all catalogues and name what nobody translated yet."""
    settings.configure(USE_I18N=False)
    for language in LANGUAGES:
        for app in APPS:
            for entry in update(app, language).untranslated_entries():
                print(f"{app} {language}: {entry.msgid!r}")
        module_of(language).write_text(in_module(language), encoding="utf-8")


if __name__ == "__main__":
    main()
