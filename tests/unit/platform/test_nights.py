"""At which moment a night's work became due, by the clock of a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from quotaloom.platform.jobs.schedule import latest_night

TWO, HALF_PAST_ONE = time(2), time(1, 30)


@pytest.mark.parametrize(
    ("now", "zone", "at", "night"),
    [
        # In Shanghai, eight hours ahead, it is 01:59 and 02:00 on the second of June.
        ("2026-06-01T17:59", "Asia/Shanghai", TWO, "2026-05-31T18:00"),
        ("2026-06-01T18:00", "Asia/Shanghai", TWO, "2026-06-01T18:00"),
        # In New York, four hours behind in summer.
        ("2026-06-01T05:59", "America/New_York", TWO, "2026-05-31T06:00"),
        ("2026-06-01T06:00", "America/New_York", TWO, "2026-06-01T06:00"),
        # On 8 March New York's clocks go from 02:00 to 03:00, which is 07:00 UTC; on 1 November they show 01:30 twice.
        ("2026-03-08T06:59", "America/New_York", TWO, "2026-03-07T07:00"),
        ("2026-03-08T07:00", "America/New_York", TWO, "2026-03-08T07:00"),
        ("2026-11-01T05:30", "America/New_York", HALF_PAST_ONE, "2026-11-01T05:30"),
        ("2026-11-01T06:30", "America/New_York", HALF_PAST_ONE, "2026-11-01T05:30"),
    ],
)
def test_the_latest_night_goes_by_the_clock_on_the_wall(now: str, zone: str, at: time, night: str) -> None:
    """A night's moment is that of the local clock, which is not the same in UTC all year round."""
    found = latest_night(datetime.fromisoformat(now).replace(tzinfo=UTC), zone, at)
    assert found == datetime.fromisoformat(night).replace(tzinfo=UTC)
