# SPDX-License-Identifier: AGPL-3.0-or-later
"""The catalogues of the pages' languages: what must be translated, and the `.po` and `.mo` files that hold it.

`python -m tests.catalogues` brings every `.po` up to date with the source (new texts empty, gone ones removed) and
writes its `.mo`; a translator then fills in the `.po` and runs it again. It needs no GNU gettext.
"""

from __future__ import annotations

import ast
import importlib
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
    kinds: list[str] = []
    if app == "web":
        kinds = ["sunporch.web.errors"]
    elif app == "portal":
        kinds = ["sunporch.portal.errors"]
        for reason in importlib.import_module("sunporch.docket.void").Void:
            yield (reason.value,)
    elif app == "hub":
        kinds = ["sunporch.hub.errors", "sunporch.vault.errors"]
    for module in kinds:
        for value in vars(importlib.import_module(module)).values():
            if type(value).__name__ == "ErrorKind" and (app == "web" or _is_shown(value.id)):
                yield from ((value.what,), (value.next,))


# Of the portal's and the archive's own errors, those that a page shows.
SHOWN = ("portal.record-unreadable", "vault.footage-missing", "vault.footage-unfinished", "vault.footage-held")
# Of the hub's own errors, those that only its command line says.
SAID_BY_COMMANDS = ("hub.retention-missing", "hub.folder-occupied", "hub.schema-unknown")


def _is_shown(error_id: str) -> bool:
    return error_id in SHOWN or (error_id.startswith("hub.") and error_id not in SAID_BY_COMMANDS)


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
    for app in APPS:
        for language in LANGUAGES:
            for entry in update(app, language).untranslated_entries():
                print(f"{app} {language}: {entry.msgid!r}")


if __name__ == "__main__":
    main()
