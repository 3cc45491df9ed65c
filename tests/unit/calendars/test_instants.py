"""The day an instant falls on."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.instants import business_date, time_zone
from quotaloom.platform.errors import InputError


def test_one_instant_falls_into_different_fiscal_years_in_different_zones() -> None:
    """2026-03-31T16:30Z is 1 April in Shanghai and 31 March in New York; the fiscal year starts in April."""
    instant = datetime(2026, 3, 31, 16, 30, tzinfo=UTC)
    shanghai = business_date(instant, "Asia/Shanghai")
    new_york = business_date(instant, "America/New_York")
    assert (shanghai, new_york) == (date(2026, 4, 1), date(2026, 3, 31))
    calendar = FiscalCalendar(start_month=4)
    assert (calendar.year_of(shanghai), calendar.year_of(new_york)) == (2026, 2025)


def test_the_offset_an_instant_came_with_does_not_matter() -> None:
    """00:30 on 1 April at +08:00 is 16:30Z on 31 March, which is 31 March in New York."""
    instant = datetime(2026, 4, 1, 0, 30, tzinfo=timezone(timedelta(hours=8)))
    assert business_date(instant, "America/New_York") == date(2026, 3, 31)


def test_daylight_saving_time_moves_midnight() -> None:
    """04:30Z is 23:30 the day before in a New York winter (-05:00) and 00:30 in summer (-04:00)."""
    assert business_date(datetime(2026, 1, 15, 4, 30, tzinfo=UTC), "America/New_York") == date(2026, 1, 14)
    assert business_date(datetime(2026, 7, 15, 4, 30, tzinfo=UTC), "America/New_York") == date(2026, 7, 15)


def test_a_date_is_never_shifted() -> None:
    """A value without a time is the business date itself, in every zone."""
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        assert business_date(date(2026, 3, 31), zone) == date(2026, 3, 31)


def test_an_instant_without_an_offset_is_refused() -> None:
    """Without an offset nobody can say which day it is elsewhere."""
    naive = datetime(2026, 3, 31, 16, 30, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(InputError, match="2026-03-31T16:30:00 has no offset from UTC") as caught:
        business_date(naive, "Asia/Shanghai")
    assert caught.value.code == "NAIVE_INSTANT"


def test_an_instant_at_the_edge_of_time_is_refused() -> None:
    """The last hour of year 9999 has no date further east."""
    with pytest.raises(InputError, match="has no date in Asia/Shanghai"):
        business_date(datetime.max.replace(tzinfo=UTC), "Asia/Shanghai")


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "America", "../../etc/passwd", "/etc/localtime", "UTC\0", "+08:00"]
)
def test_a_name_that_is_no_time_zone_is_refused(name: str) -> None:
    """The message names the kind of name that is allowed."""
    with pytest.raises(InputError, match="use an IANA name such as Asia/Shanghai") as caught:
        time_zone(name)
    assert caught.value.code == "BAD_TIME_ZONE"


def test_a_time_zone_is_known_by_its_name() -> None:
    """The zone that is found carries the name it was asked by."""
    assert time_zone("Asia/Shanghai").key == "Asia/Shanghai"
