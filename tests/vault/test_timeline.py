# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spans and gaps are the wall time, whatever was recorded, lost, erased or set back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sunporch.vault import TICKS, Cause, Gap, Span, Vault, tiles_exactly
from sunporch.vault.timeline import lay_out
from tests.vault.conftest import NOW, record

times = st.integers(0, 400)
stretches = st.tuples(times, st.integers(1, 80))
spans = st.lists(st.builds(lambda at, run: Span(at[0], at[0] + at[1], run), stretches, st.sampled_from("ab")))
gaps = st.lists(
    st.builds(lambda at, cause: Gap(at[0], at[0] + at[1], cause), stretches, st.sampled_from(list(Cause)))
)


@settings(max_examples=500, deadline=None)
@given(spans, gaps, times, times, times, times)
def test_spans_and_gaps_are_exactly_the_wall_time(
    recorded: list[Span], missing: list[Gap], start: int, end: int, first: int, now: int
):
    timeline = lay_out(recorded, missing, start, end, first, now)
    assert tiles_exactly(timeline)
    covered = {tick for span in recorded for tick in range(span.start_90k, span.end_90k)}
    shown = {tick for span in timeline.spans for tick in range(span.start_90k, span.end_90k)}
    assert shown == covered & set(range(start, end))


@settings(max_examples=200, deadline=None)
@given(spans, times, st.integers(1, 400))
def test_time_that_was_recorded_twice_is_said(recorded: list[Span], start: int, length: int):
    timeline = lay_out(recorded, [], start, start + length, 0, 500)
    counted = sum(max(0, min(span.end_90k, start + length) - max(span.start_90k, start)) for span in recorded)
    twice = sum(span.end_90k - span.start_90k for span in timeline.overlaps)
    assert timeline.recorded_90k + twice == counted


def causes(vault: Vault, camera: str, start: int, end: int) -> list[tuple[int, int, Cause]]:
    """Return the gaps in seconds from now."""
    timeline = vault.timeline(camera, NOW + start, NOW + end)
    assert tiles_exactly(timeline)
    return [(gap.start_90k // TICKS - NOW, gap.end_90k // TICKS - NOW, gap.cause) for gap in timeline.gaps]


def test_a_gap_begins_when_it_is_noticed_and_ends_when_recording_goes_on(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 10)
    vault.gap_begin(camera, Cause.FROZEN, (NOW - 90) * TICKS)
    vault.gap_begin(camera, Cause.FROZEN, (NOW - 85) * TICKS)  # the same gap, still
    vault.gap_begin(camera, Cause.REFUSED, (NOW - 80) * TICKS)
    record(vault, camera, NOW - 70, 10)
    assert causes(vault, camera, -100, -60) == [(-90, -80, Cause.FROZEN), (-80, -70, Cause.REFUSED)]


def test_time_that_nobody_accounts_for_is_the_hub_being_off(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 10)
    record(vault, camera, NOW - 70, 10)
    assert causes(vault, camera, -110, 10) == [
        (-110, -100, Cause.NOT_RECORDED),
        (-90, -70, Cause.HUB_OFF),
        (-60, 0, Cause.HUB_OFF),
        (0, 10, Cause.NOT_RECORDED),
    ]


def test_a_pause_by_the_resident_is_a_normal_state_of_its_own(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 10)
    vault.gap_begin(camera, Cause.PAUSED_BY_RESIDENT, (NOW - 90) * TICKS)
    vault.gap_end(camera, (NOW - 50) * TICKS)
    assert causes(vault, camera, -100, -50) == [(-90, -50, Cause.PAUSED_BY_RESIDENT)]


def test_a_day_of_segments_is_one_span(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 60)
    assert len(vault.timeline(camera, NOW - 200, NOW).spans) == 1
