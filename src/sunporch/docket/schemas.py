# SPDX-License-Identifier: AGPL-3.0-or-later
"""JSON schemas (draft 2020-12) of all entry types, generated from the dataclasses.

`python -m sunporch.docket.schemas` writes spec/schemas. What a schema cannot say (sorted cells, a key's hash) stands
in spec/entries.md.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from sunporch.docket.entries import KINDS, TYPES, VERSION, Signed
from sunporch.docket.wire import MOST_LEAF

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path("spec/schemas")


def schema(entry_type: type[Signed]) -> dict[str, Any]:
    """Return the schema of one entry type's JSON line."""
    fields = {name: kind.schema() for name, (_, kind) in KINDS[entry_type.TYPE].items()}
    properties = {"type": {"const": entry_type.TYPE}, "v": {"const": VERSION}, **fields}
    return {
        "$schema": DIALECT,
        "title": entry_type.TYPE,
        "description": f"{(entry_type.__doc__ or '').strip()} The leaf around it is at most {MOST_LEAF} bytes.",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def files() -> dict[str, str]:
    """Return every schema file's content by name."""
    return {f"{name}.json": _pretty(schema(entry_type)) + "\n" for name, entry_type in TYPES.items()}


def _pretty(value: dict[str, Any]) -> str:
    # Not strictjson: a schema needs `false`, and nobody signs it.
    return json.dumps(value, indent=2, ensure_ascii=False)


def main() -> None:
    """Write all schemas into the folder (default spec/schemas)."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
