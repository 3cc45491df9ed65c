from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from quotaloom.ownership.rules import Rule
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import NO_COMPANY
from quotaloom.pool.claim_limits import ClaimLimit, Claims, Window
from quotaloom.pool.cooldown import Cooldown, cooldown_refusal, waiting

TODAY = date(2026, 6, 10)
"""A Wednesday."""


def limit(key: str, count: int, window: Window, pool: int | None = None, level: int | None = None) -> Rule[ClaimLimit]:
    return Rule(count, key, key.title(), pool, level, False, ClaimLimit(count, window))


def claims(limits: list[Rule[ClaimLimit]], *taken: tuple[int, int | None, date]) -> Claims:
    windows = {window: window.around(NO_COMPANY, TODAY) for window in Window}
    return Claims(limits, windows, TODAY, Counter(taken))


@pytest.mark.parametrize(
    ("window", "first_that_counts", "possible_on"),
    [
        (Window.DAY, date(2026, 6, 10), date(2026, 6, 11)),
        (Window.WEEK, date(2026, 6, 8), date(2026, 6, 15)),
        (Window.MONTH, date(2026, 6, 1), date(2026, 7, 1)),
    ],
)
def test_a_window_counts_from_its_first_day(window: Window, first_that_counts: date, possible_on: date) -> None:
    """A claim of that day takes a place until the window is over, one of the day before takes none."""
    rule = limit("one", 1, window)
    before = (
        first_that_counts.replace(day=first_that_counts.day - 1) if first_that_counts.day > 1 else date(2026, 5, 31)
    )
    assert claims([rule], (7, None, before)).refusal(7, None) is None
    refusal = claims([rule], (7, None, first_that_counts)).refusal(7, None)
    assert refusal is not None
    assert (refusal.used, refusal.limit, refusal.possible_on) == (1, 1, possible_on)


def test_a_month_is_one_of_the_companys_calendar() -> None:
    """In a year of 4, 4 and 5 weeks the sixth month has five of them: from 25 May to 28 June."""
    month = Window.MONTH.around(replace(NO_COMPANY, calendar_pattern="4-4-5"), TODAY)
    assert (month.starts_on, month.ends_on) == (date(2026, 5, 25), date(2026, 6, 29))


def test_of_several_reached_limits_the_one_that_lasts_the_longest_is_told() -> None:
    """The day's and the month's are both reached: tomorrow the month's would still refuse."""
    rules = [limit("daily", 1, Window.DAY), limit("monthly", 2, Window.MONTH)]
    refusal = claims(rules, (7, None, date(2026, 6, 2)), (7, None, TODAY)).refusal(7, None)
    assert refusal is not None
    assert (refusal.rule_id, refusal.possible_on) == (2, date(2026, 7, 1))
    assert refusal.message == "Monthly (monthly): 2 of 2 a month are claimed already; possible on 2026-07-01"


def test_a_limit_counts_what_it_is_about() -> None:
    """Claims of another pool or level take no place in the limit of a pool or level."""
    rules = [limit("pool", 1, Window.DAY, pool=7), limit("level", 1, Window.DAY, level=3)]
    assert claims(rules, (8, 4, TODAY)).refusal(7, 3) is None
    assert claims(rules, (8, 3, TODAY)).refusal(7, 4) is None
    found = claims(rules, (8, 3, TODAY)).refusal(7, 3)
    assert found is not None
    assert found.message.startswith("Level")


def test_a_limit_of_nothing_has_no_day() -> None:
    """Zero a day is zero tomorrow."""
    refusal = claims([limit("none", 0, Window.DAY)]).refusal(7, None)
    assert refusal is not None
    assert (refusal.used, refusal.limit, refusal.possible_on) == (0, 0, None)


def test_a_cooldown_ends_when_its_days_are_full() -> None:
    """Left on 3 June with 7 days: refused on the 9th, free on the 10th."""
    rules = [Rule(1, "cool", "Cool", None, None, False, Cooldown(7))]
    wait = waiting(rules, 7, None, date(2026, 6, 3))
    refusal = cooldown_refusal(wait, date(2026, 6, 9))
    assert refusal is not None
    assert (refusal.used, refusal.limit, refusal.possible_on) == (6, 7, TODAY)
    assert cooldown_refusal(wait, TODAY) is None


def test_a_closer_cooldown_stands_in_for_a_longer_one() -> None:
    """The pool's 2 days instead of everybody's 7, and none at all while the pool's rests."""
    everybody = Rule(1, "all", "All", None, None, False, Cooldown(7))
    own = Rule(2, "own", "Own", 7, None, False, Cooldown(2))
    left = date(2026, 6, 3)
    both = waiting([everybody, own], 7, None, left)
    elsewhere = waiting([everybody, own], 8, None, left)
    assert both is not None
    assert elsewhere is not None
    assert (both.free_on, elsewhere.free_on) == (date(2026, 6, 5), TODAY)
    assert waiting([everybody, replace(own, paused=True)], 7, None, left) is None


@pytest.mark.parametrize(
    ("given", "place"), [({"count": 1}, "window"), ({"window": "DAY"}, "count"), ({"days": 1}, "days")]
)
def test_limits_that_are_none(given: dict[str, object], place: str) -> None:
    """Each is refused where it stands."""
    with pytest.raises(InputError) as caught:
        ClaimLimit.read(given)
    assert (caught.value.code, caught.value.path) == ("BAD_PARAMETERS", (place,))
