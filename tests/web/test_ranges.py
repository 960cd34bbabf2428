# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from sunporch.base.errors import Error
from sunporch.web.ranges import wanted_range


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 10)),
        ("bytes=-5", (95, 5)),
        ("bytes=-500", (0, 100)),
        ("bytes=95-900", (95, 5)),
        ("bytes=0-1,4-5", None),
        ("items=0-1", None),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
    ],
)
def test_a_range_is_read_as_rfc_9110_says(header, wanted):
    assert wanted_range(header, 100, "file") == wanted


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0", "bytes=200-300"])
def test_a_range_outside_the_file_is_a_named_error(header):
    with pytest.raises(Error) as raised:
        wanted_range(header, 100, "file")
    assert raised.value.id == "web.range-refused"
