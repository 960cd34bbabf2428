# SPDX-License-Identifier: AGPL-3.0-or-later
"""A language that nobody speaks: every text of ours 40 % longer, accented and in brackets.

What stands on a page without brackets never went through a catalogue; what does not fit would not fit in German. The
language is made from the catalogues at run time and takes Spanish's place for one test; nobody can choose it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import trans_real

from tests.catalogues import APPS, texts_of

LANGUAGE = "es"
OPEN, CLOSE = "⟦", "⟧"
_KEPT = re.compile(r"(%\(\w+\)[sd]|%[sd%]|\{\w+\}|<[^>]*>|&\w+;)")
# Each vowel twice: words grow where words grow.
_LETTERS = {letter: accented * 2 for letter, accented in zip("aeiouAEIOU", "åéîöûÅÉÎÖÛ", strict=True)}
_ACCENTED = str.maketrans(_LETTERS | dict(zip("cnsyCNSY", "çñšýÇÑŠÝ", strict=True)))


def stretched(text: str) -> str:
    """Return the text in the language that nobody speaks; what is filled in and its tags stay."""
    parts = _KEPT.split(text)
    parts[::2] = [part.translate(_ACCENTED) for part in parts[::2]]
    return f"{OPEN}{''.join(parts)}{CLOSE}"


class Catalogue:
    """Stands where Django keeps a language's texts; what is Django's own stays as it is there."""

    def __init__(self, before: Any) -> None:
        self._before = before
        self._texts = {texts[0]: texts for app in APPS for texts in texts_of(app)}

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the text, as `gettext` asks for it."""
        text = key[0] if isinstance(key, tuple) else key
        return stretched(self._texts[text][0]) if text in self._texts else self._before.get(key, default)

    def plural(self, text: str, number: int) -> Any:
        """Return the singular or plural, as `ngettext` asks for it."""
        if text not in self._texts:
            return self._before.plural(text, number)
        return stretched(self._texts[text][0 if number == 1 else -1])


@contextmanager
def spoken() -> Iterator[None]:
    """Let this process speak it in the place of Spanish."""
    language = trans_real.translation(LANGUAGE)
    before = language._catalog
    language._catalog = Catalogue(before)
    try:
        yield
    finally:
        language._catalog = before


# Texts in the order of the page, each element's on a line of its own.
SHOWN = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let before = null;
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("script, style, template, noscript, code, pre, [lang]:not(html)")) {
      continue;
    }
    const block = element.closest("p, li, h1, h2, h3, h4, dt, dd, td, th, label, button, a, div, option, legend");
    found.push((block === before ? " " : "\\n") + node.data.replace(/\\s+/g, " "));
    before = block;
  }
  for (const name of ["aria-label", "placeholder", "title", "alt"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      if (!element.closest("[lang]:not(html)")) found.push(`\\n${element.getAttribute(name)}`);
    }
  }
  return `${document.title}\\n${found.join("")}`;
}"""

# Text that is cut off: by a box that hides what is too long, or by a button or field that does not grow.
CUT_OFF = """() => {
  const cut = (element) => {
    const style = getComputedStyle(element);
    if (element.closest("[hidden]") || style.clipPath !== "none" || !element.getClientRects().length) return false;
    const field = element.matches("button, .button, summary, select, input:not([type=hidden])");
    const wide = element.scrollWidth > element.clientWidth + 1 && (field || /hidden|clip/.test(style.overflowX));
    const high = element.scrollHeight > element.clientHeight + 1 && (field || /hidden|clip/.test(style.overflowY));
    return (wide || high) && style.display !== "inline" && element.textContent.trim() !== "";
  };
  return [...document.body.querySelectorAll("*")].filter(cut).map((element) => element.outerHTML.slice(0, 120));
}"""

_MARKED = re.compile(rf"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
# Times, addresses, keys and numbers, and what browsers say of a time by themselves.
_DATA = re.compile(
    r"\d+ de [a-z]+ de \d{4}( a las)?|\bUTC\b|\d+ segundos?|https?://\S+|\b[0-9a-f]{8,}\b|\bR\d+\.[\w-]+"
    r"|\bportal-\w+|\bSHA-\d+"
)
_WORD = re.compile(r"[^\W\d_]{3,}")


def unmarked(shown: str, data: list[str]) -> list[str]:
    """Return each line of what a page shows that has words outside the brackets and outside the data."""
    while _MARKED.search(shown):
        shown = _MARKED.sub("", shown)
    for text in sorted(data, key=len, reverse=True):
        shown = shown.replace(text, "")
    shown = _DATA.sub("", shown)
    return [line.strip() for line in shown.split("\n") if _WORD.search(line)]
