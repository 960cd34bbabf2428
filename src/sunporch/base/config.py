# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings of a door: one frozen dataclass, a TOML file, and `SUNPORCH_<DOOR>_<KEY>` over it.

An unknown key is an error, never a silent default. Fields may be `str`, `int`, `bool`, `Path`, `list[str]`;
a field whose metadata has `secret=True` is masked when printed.
"""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
import typing
from pathlib import Path
from typing import Any

from sunporch.base.errors import ErrorKind

KEY_UNKNOWN = ErrorKind(
    "config.key-unknown",
    what="The setting {key} does not exist.",
    next="Known settings: {known}.",
)
KEY_MISSING = ErrorKind(
    "config.key-missing",
    what="The setting {key} is needed and has no default.",
    next="Write it into the file or set {variable}.",
)
VALUE_REFUSED = ErrorKind(
    "config.value-refused",
    what="The setting {key} must be {wanted}, not {value!r}.",
    next="Correct it and start again; `--check-config` tells without starting.",
)
FILE_UNREADABLE = ErrorKind(
    "config.file-unreadable",
    what="The settings file cannot be read: {reason}.",
    next="Correct the file; its form is TOML.",
)


def load[T](kind: type[T], door: str, path: Path | None) -> T:
    """Return the door's settings from file and environment; raise a `config.` error naming the key."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise FILE_UNREADABLE(where=str(path), reason=str(error)) from error
    fields = {field.name: field for field in dataclasses.fields(typing.cast("Any", kind))}
    prefix = f"SUNPORCH_{door.upper()}_"
    for name, text in os.environ.items():
        if name.startswith(prefix):
            values[name.removeprefix(prefix).lower()] = text
    where = str(path or f"environment {prefix}*")
    types = typing.get_type_hints(kind)
    result: dict[str, Any] = {}
    for name, value in values.items():
        if name not in fields:
            raise KEY_UNKNOWN(where=where, key=name, known=", ".join(sorted(fields)))
        result[name] = _convert(name, value, types[name], where)
    for name, field in fields.items():
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if needed and name not in result:
            raise KEY_MISSING(where=where, key=name, variable=prefix + name.upper())
    return kind(**result)


def _convert(name: str, value: Any, wanted: Any, where: str) -> Any:
    """Return the value as the field's type; text from the environment is parsed."""
    if wanted is bool and value in ("true", "false"):
        return value == "true"
    if wanted is int and isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    if wanted is Path and isinstance(value, str) and value:
        return Path(value)
    if wanted == list[str] and isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    if wanted == list[str] and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    if wanted in (str, int, bool) and type(value) is wanted:
        return value
    spelled = {bool: "true or false", int: "a whole number", str: "text", Path: "a path"}
    raise VALUE_REFUSED(where=where, key=name, wanted=spelled.get(wanted, "a list of texts"), value=value)


def printable(settings: Any) -> dict[str, str]:
    """Return the settings as text, secrets masked, for `--print-config`."""
    return {
        field.name: "********" if field.metadata.get("secret") else str(getattr(settings, field.name))
        for field in dataclasses.fields(settings)
    }
