# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words that templates of the hub use."""

from __future__ import annotations

import datetime

from django import template

register = template.Library()


@register.filter
def moment(seconds: int) -> datetime.datetime:
    """Return Unix seconds as an instant that templates can print (UTC)."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
