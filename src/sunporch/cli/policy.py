# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch policy`: the rules that a town can adopt as they are, and what is in a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path

from sunporch.base.errors import Error
from sunporch.cli.places import read_file
from sunporch.docket.blobs import Blob
from sunporch.policy import Bundle, parse_bundle, presets


def command(arguments: list[str]) -> int:
    """Run `sunporch policy ARGUMENTS`; raises the `policy.` errors for a bundle that is none."""
    parser = argparse.ArgumentParser(prog="sunporch policy", description="Look at a town's rules.")
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("presets", help="list the rules that can be adopted as they are")
    show = what.add_parser("show", help="show limits, offences and every clause's sentence")
    check = what.add_parser("check", help="check that a bundle can be read by this software")
    for command_parser in (show, check):
        command_parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="bundle text, or its blob file")
    show.add_argument("--language", default="en")
    given = parser.parse_args(arguments)
    if given.what == "presets":
        for name, title in presets.TITLES.items():
            print(f"{name:<14} {title}")
        return 0
    bundle, commitment = _read(given.bundle)
    if given.what == "check":
        print(f"This is a bundle of rules: {bundle.name} ({bundle.preset}). Commitment: {commitment or 'not salted'}")
        return 0
    print(_text(bundle, given.language))
    return 0


def _read(path: Path) -> tuple[Bundle, str]:
    """Return the bundle of a text or blob file, and the blob's commitment."""
    data = read_file(path)
    try:
        blob = Blob.parse(data)
    except Error:
        return parse_bundle(data.decode("utf-8", "replace")), ""
    return parse_bundle(blob.text), blob.commitment


def _text(bundle: Bundle, language: str) -> str:
    lines = [f"{bundle.name}: {bundle.preset}", "", "limits:"]
    lines += [f"  {name:<28} {value}" for name, value in sorted(bundle.limits.items())]
    lines += [f"  {'retention_days':<28} {bundle.retention_days}", f"  {'outcome_days':<28} {bundle.outcome_days}"]
    lines += ["", f"offences: {', '.join(sorted(bundle.offences))}", f"languages: {', '.join(bundle.languages)}"]
    sentences = bundle.sentences.get(language) or bundle.sentences[bundle.languages[0]]
    lines += ["", "clauses:", *(f"  {clause}: {sentence}" for clause, sentence in sorted(sentences.items()))]
    return "\n".join(lines)
