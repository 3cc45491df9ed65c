"""What a period's figures are made of is added up once, however many of them follow from it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quotaloom.calendars.periods import date_range
from quotaloom.funnels.figures.answers import Answer
from quotaloom.funnels.figures.days import DaySpread
from quotaloom.funnels.figures.deal_facts import DealFacts, PeriodFacts
from quotaloom.funnels.figures.questions import Asked, FunnelQuestion, FunnelStage, FunnelStages, Whose
from quotaloom.funnels.figures.rates import velocity
from quotaloom.funnels.figures.sums import DealSums
from quotaloom_graphql.funnel_figures import _SHOWN

OUTCOMES = ("open", "won", "won", "lost", "lost", "invalid")
STAGES = tuple(
    FunnelStage(number, outcome, outcome, outcome, number, None, {}) for number, outcome in enumerate(OUTCOMES)
)


@pytest.fixture
def additions(monkeypatch: pytest.MonkeyPatch) -> list[DealSums]:
    """The sums of deals that others are added to, as it happens."""
    added: list[DealSums] = []
    add = DealSums.__add__

    def counted(one: DealSums, other: DealSums) -> DealSums:
        added.append(one)
        return add(one, other)

    monkeypatch.setattr(DealSums, "__add__", counted)
    return added


def closed(*of_stages: DealSums) -> PeriodFacts:
    """A period with these deals in the stages that close one."""
    facts = PeriodFacts()
    facts.closed.update(enumerate(of_stages, 1))
    return facts


def answers() -> list[Answer]:
    """A funnel in January and February."""
    periods = tuple(date_range(date(2017, month, 1), date(2017, month + 1, 1)) for month in (1, 2))
    january = closed(DealSums(2, 100_00), DealSums(1, 50_00), DealSums(1, 9_00), DealSums(0), DealSums(3, 1_00))
    february = closed(DealSums(1, 7_00), DealSums(0), DealSums(1, 2_00), DealSums(2, 3_00), DealSums(0))
    facts = DealFacts((january, february))
    facts.open[0] = DealSums(4, 80_00)
    asked = Asked(Whose((1,)), FunnelQuestion(periods, date(2017, 2, 1)), FunnelStages({1: STAGES}, ()))
    return [Answer(asked, (1, None), number, facts) for number in range(2)]


def test_deals_that_ended_are_added_up_once_for_each_period(additions: list[DealSums]) -> None:
    """Two stages of won deals, two of lost ones and one of others are five additions, and the open ones are a sixth.

    January: 3 of 4 won, worth 150.00 together; February: 1 of 4, worth 7.00. Velocity asks for both once more: 4 open
    ones × 3/4 × 50.00 ÷ 10 days are 15.00 a day, 4 × 1/4 × 7.00 ÷ 10 are 0.70, and another sum of the open ones each.
    """
    found: list[dict[str, Any]] = []
    for answer in answers():
        found.append({name: make(answer, 2) for name, make in _SHOWN.items()})
        assert len(additions) == 6
        cycle = DaySpread(1, 10)
        found[-1]["velocity"] = velocity(answer.open.count, answer.ended("won"), answer.ended("lost"), cycle)
        assert len(additions) == 7
        additions.clear()
    assert [
        (one["won"]["count"], one["won"]["amount"], one["lost"]["count"], one["invalid"]["count"]) for one in found
    ] == [(3, "150.00", 1, 3), (1, "7.00", 3, 0)]
    assert [(one["win_rate"], one["average_won"], one["velocity"]) for one in found] == [
        (Decimal("0.75"), "50.00", 15_00),
        (Decimal("0.25"), "7.00", 70),
    ]


def test_nothing_is_added_up_before_it_is_asked_for(additions: list[DealSums]) -> None:
    """Whoever asks for the lost deals alone has those of two stages added, and no others."""
    january, _ = answers()
    assert _SHOWN["lost"](january, 2)["count"] == 1
    assert len(additions) == 2
