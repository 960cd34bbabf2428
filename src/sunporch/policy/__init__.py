# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's rules: one bundle, one pure function `decide`, three presets to choose from."""

from sunporch.policy.bundle import Bundle, grid_text, parse_bundle
from sunporch.policy.decision import PolicyJudge, decide
from sunporch.policy.narrative import check_narrative
from sunporch.policy.room_left import Allowance, allowance

__all__ = [
    "Allowance",
    "Bundle",
    "PolicyJudge",
    "allowance",
    "check_narrative",
    "decide",
    "grid_text",
    "parse_bundle",
]
