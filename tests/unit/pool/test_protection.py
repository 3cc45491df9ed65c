from __future__ import annotations

from datetime import date

import pytest

from quotaloom.platform.errors import InputError
from quotaloom.pool.protection import Protection

RULE = Protection(days=10, activity_days=3, max_days=20)


@pytest.mark.parametrize(
    ("activity", "last"),
    [
        (None, date(2019, 4, 4)),
        (date(2019, 3, 28), date(2019, 4, 4)),
        (date(2019, 4, 2), date(2019, 4, 5)),
        (date(2019, 4, 5), date(2019, 4, 8)),
        (date(2019, 4, 13), date(2019, 4, 14)),
        (date(2019, 5, 30), date(2019, 4, 14)),
    ],
)
def test_an_activity_protects_from_its_own_day(activity: date | None, last: date) -> None:
    """Default 10 days, an activity 3, at most 20, since 25 March 2019: never past 14 April."""
    assert RULE.last_day(date(2019, 3, 25), activity) == last


def test_without_a_maximum_activities_protect_for_ever() -> None:
    """The hundredth activity still adds its days."""
    assert Protection(10, 3).last_day(date(2019, 3, 25), date(2020, 1, 1)) == date(2020, 1, 4)


def test_without_days_for_activities_they_add_nothing() -> None:
    """The record is protected for its days, and until the last activity."""
    rule = Protection.read({"days": 2})
    assert rule.last_day(date(2019, 3, 25), date(2019, 3, 26)) == date(2019, 3, 27)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({}, "days"),
        ({"days": -1}, "days"),
        ({"days": True}, "days"),
        ({"days": 3651}, "days"),
        ({"days": 10, "maxDays": 9}, "maxDays"),
        ({"days": 10, "activityDays": "3"}, "activityDays"),
        ({"days": 10, "hours": 3}, "hours"),
    ],
)
def test_parameters_that_are_none(given: dict[str, object], place: str) -> None:
    """Each is refused where it stands."""
    with pytest.raises(InputError) as caught:
        Protection.read(given, ("parameters",))
    assert (caught.value.code, caught.value.path) == ("BAD_PARAMETERS", ("parameters", place))
