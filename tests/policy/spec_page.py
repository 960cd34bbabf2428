# SPDX-License-Identifier: AGPL-3.0-or-later
"""The generated parts of spec/policy-bundle.md, limits and schema: `python -m tests.policy.spec_page`."""

from __future__ import annotations

import re
from pathlib import Path

from sunporch.policy import cedar
from sunporch.policy.limits import LIMITS

PAGE = Path(__file__).resolve().parents[2] / "spec" / "policy-bundle.md"
_HEAD = "| name | least | most | usual | meaning |\n|---|---|---|---|---|\n"


def filled(page: str) -> str:
    """Return the page with both parts as they are in the code."""
    rows = "".join(f"| `{n}` | {x.least} | {x.most} | {x.usual} | {x.meaning} |\n" for n, x in LIMITS.items())
    page = re.sub(r"(## 5\. Limits\n\n).*?(\n## 6)", lambda m: m[1] + _HEAD + rows + m[2], page, flags=re.DOTALL)
    schema = cedar.schema_text().rstrip("\n")
    return re.sub(r"(## 6\. Schema\n\n```\n).*?(\n```)", lambda m: m[1] + schema + m[2], page, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
