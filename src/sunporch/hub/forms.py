# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the forms of all pages of the hub share: their methods, what was sent, why something is refused."""

from __future__ import annotations

import math
from collections.abc import Callable

from django.forms import Form
from django.http import HttpRequest, QueryDict
from django.views.decorators.http import require_http_methods

from sunporch.base.errors import Error
from sunporch.web.answers import said

# In front of a page with a form: it is looked at and sent.
form_page = require_http_methods(["GET", "HEAD", "POST"])


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what the form sent, also where it sent nothing; None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


def number(untrusted_text: str) -> float:
    """Return a number that a form sent; what is none becomes one that every check refuses."""
    try:
        value = float(untrusted_text)
    except ValueError:
        return -1
    return value if math.isfinite(value) else -1


def refused[Made](form: Form, field: str | None, act: Callable[[], Made]) -> Made | None:
    """Return what the act returns, or None where it refuses: then the form says why, at the top and at the field."""
    try:
        return act()
    except Error as error:
        told = said(error)
        form.add_error(field, f"{told['what']} {told['next']}")
        return None
