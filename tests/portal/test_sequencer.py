# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from sunporch.docket import entries
from sunporch.portal.board import store


def test_an_entry_handed_in_is_recorded_once_co_signed_and_shown(street):
    size = street.state().size
    index = street.record(street.signed(entries.KeyEnd, "registrar-1", key=street.index_of("nowak-11aa"), reason="left"))
    assert index == size
    assert street.state().live_key("nowak-11aa") is None
    assert store.shown().size == size + 1
