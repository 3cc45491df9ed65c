"""The demo company that is made up for a day."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from quotaloom.achievements.splits import CreditKind
from quotaloom.demo.dealing import LOST, WON
from quotaloom.demo.generating import tell_story
from quotaloom.demo.story import DemoStory, Duty

TODAY = date(2026, 11, 23)
STORY = tell_story(TODAY)


def won_by(position_key: str) -> int:
    return sum(deal.stage_key == WON and deal.position_key == position_key for deal in STORY.deals)


def test_the_same_day_gives_the_same_company() -> None:
    """Telling the story of a day again tells the very same."""
    assert tell_story(TODAY) == STORY


def test_another_process_tells_the_same() -> None:
    """Nothing hangs on how a process happens to order its sets."""
    program = (
        "import hashlib; from datetime import date; from quotaloom.demo.generating import tell_story;"
        "print(hashlib.sha256(repr(tell_story(date(2026, 11, 23)).deals).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == hashlib.sha256(repr(STORY.deals).encode()).hexdigest()


def test_a_day_later_the_story_goes_on() -> None:
    """Deals that are closed stay as they were."""
    closed = {deal for deal in STORY.deals if deal.closed_on is not None}
    assert closed <= set(tell_story(TODAY + timedelta(days=30)).deals)


def test_the_years_are_the_last_complete_one_and_the_present_one() -> None:
    """In November 2026, with years that start in April, these are 2025 and 2026."""
    assert (STORY.last_year.label, STORY.present_year.label) == ("2025", "2026")
    assert (STORY.last_year.starts_on, STORY.present_year.ends_on) == (date(2025, 4, 1), date(2027, 4, 1))


def test_the_organization_has_the_promised_size() -> None:
    """Three regions, ten teams, sixty positions: 59 from the beginning and one that is opened."""
    kinds = Counter(unit.kind for unit in STORY.organization.units)
    opened = [change.opens for change in STORY.organization.changes if change.opens]
    assert kinds == {"department": 3, "team": 10, "position": 59}
    assert [unit.kind for unit in opened] == ["position"]


def test_keys_and_addresses_are_given_once() -> None:
    """No two units, members, customers or deals are mixed up."""
    joined = [change.joins for change in STORY.organization.changes if change.joins]
    members = [*STORY.organization.members, *joined]
    for keys in (
        [unit.key for unit in STORY.organization.units],
        [member.key for member in members],
        [member.email for member in members],
        [customer.key for customer in STORY.customers],
        [deal.key for deal in STORY.deals],
    ):
        assert len(keys) == len(set(keys))


def test_names_are_chinese_and_english() -> None:
    """Units carry both languages; of the members about a third has an English name."""
    english = [member for member in STORY.organization.members if member.name.isascii()]
    assert 20 <= len(english) <= 30
    assert len(STORY.organization.members) == 73
    assert all(not unit.name.isascii() and unit.name[0].isascii() for unit in STORY.organization.units)


def test_people_leave_positions_move_and_seats_fall_vacant() -> None:
    """There are leavers, a position that moves and holders and heads that change in the middle of a month."""
    changes = STORY.organization.changes
    assert sum(change.leaves is not None for change in changes) >= 3
    assert [(change.on, change.moves) for change in changes if change.moves] == [
        (date(2025, 10, 16), ("nanjing-2", "suzhou"))
    ]
    mid_month = [change.appoints for change in changes if change.appoints and change.on.day == 16]
    assert {one.unit_key for one in mid_month} >= {"shanghai-2", "shenzhen-8", "hangzhou"}
    assert any(seat.absences for seat in STORY.organization.seats)


def test_nothing_closes_on_a_vacant_position() -> None:
    """While nobody holds it, a position closes no deal."""
    seats = {seat.key: seat for seat in STORY.organization.seats}
    for deal in STORY.deals:
        if deal.closed_on is not None:
            for key in (deal.position_key, *(split.position_key for split in deal.splits)):
                assert seats[key].held_on(deal.closed_on)


def test_some_have_zero() -> None:
    """Trainees work on deals and win none; engineers have no deals of their own."""
    duties = {seat.key: seat.duty for seat in STORY.organization.seats}
    trainees = [key for key, duty in duties.items() if duty is Duty.TRAINEE]
    assert len(trainees) == 2
    assert [won_by(key) for key in trainees] == [0, 0]
    assert all(any(deal.position_key == key for deal in STORY.deals) for key in trainees)
    assert not [deal for deal in STORY.deals if duties[deal.position_key] is Duty.ENGINEER]


def test_december_and_march_are_the_busiest_months() -> None:
    """In the last complete year more deals close in December and in March than in any other month."""
    months = Counter(
        deal.closed_on.month for deal in STORY.deals if deal.closed_on is not None and deal.closed_on in STORY.last_year
    )
    assert len(months) == 12
    assert {month for month, _ in months.most_common(2)} == {12, 3}


def test_about_sixty_percent_are_won() -> None:
    """Of the deals that are closed between 55 and 65 percent are won, and every lost one says why."""
    stages = Counter(deal.stage_key for deal in STORY.deals)
    assert 55 <= 100 * stages[WON] / (stages[WON] + stages[LOST]) <= 65
    assert all((deal.lost_reason is not None) == (deal.stage_key == LOST) for deal in STORY.deals)


def test_there_are_enough_deals_of_every_sort() -> None:
    """About 2,500 deals: some under way in every open stage, some in US dollars, some shared, some with overlay."""
    assert 2000 <= len(STORY.deals) <= 3000
    open_stages = Counter(deal.stage_key for deal in STORY.deals if deal.closed_on is None)
    assert set(open_stages) == {"qualified", "solution", "proposal", "negotiation"}
    assert 50 <= sum(deal.currency == "USD" for deal in STORY.deals) <= 300
    kinds = Counter(split.kind for deal in STORY.deals for split in deal.splits if split.share < 1)
    assert kinds[CreditKind.DIRECT] >= 100
    assert kinds[CreditKind.OVERLAY] >= 100


def test_direct_shares_make_one() -> None:
    """The direct shares of a deal that is shared sum to exactly 1."""
    for deal in STORY.deals:
        direct = [split.share for split in deal.splits if split.kind is CreditKind.DIRECT]
        assert not deal.splits or sum(direct) == Decimal(1)


def test_one_deal_is_refunded_in_part_and_one_wholly() -> None:
    """The refunds are of won deals in the company's currency, and come after them."""
    deals = {deal.key: deal for deal in STORY.deals}
    whole, part = STORY.refunds
    assert whole.amount is None
    assert part.amount is not None
    assert 0 < part.amount < deals[part.deal_key].amount
    for refund in STORY.refunds:
        deal = deals[refund.deal_key]
        assert (deal.stage_key, deal.currency, deal.splits) == (WON, "CNY", ())
        assert deal.closed_on is not None
        assert deal.closed_on < refund.on


@pytest.mark.parametrize(
    "today", [date(2026, 4, 1), date(2026, 3, 31), date(2027, 1, 1), date(2028, 2, 29), date(2041, 6, 15)]
)
def test_the_story_ends_today(today: date) -> None:
    """Whatever the day, nothing has happened after it, and the last year is complete."""
    story = tell_story(today)
    for deal in story.deals:
        days = [day for _, day in deal.moves]
        assert days == sorted(days)
        assert days[0] == deal.opened_on
        assert days[-1] <= today
        assert deal.closed_on in (None, days[-1])
    assert all(rate.valid_from <= today for rate in story.rates)
    assert len(months_with_wins(story)) == 12


def months_with_wins(story: DemoStory) -> set[int]:
    closings = [deal.closed_on for deal in story.deals if deal.stage_key == WON]
    return {day.month for day in closings if day is not None and day in story.last_year}


def test_holidays_are_chinese_and_two_days_a_year_are_made_up() -> None:
    """In 2026 the Spring Festival is on 17 February; a Sunday before and a Saturday in October are worked."""
    days = {day.day: day.working for day in STORY.holidays}
    assert [days[date(2026, 2, 16) + timedelta(days=step)] for step in range(8)] == [False] * 8
    assert days[date(2026, 4, 5)] is False
    assert [days[date(2026, 10, 1) + timedelta(days=step)] for step in range(7)] == [False] * 7
    made_up = [day for day, working in days.items() if working and day.year == 2026]
    assert made_up == [date(2026, 2, 15), date(2026, 10, 10)]
