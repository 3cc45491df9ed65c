from __future__ import annotations

from typing import Any

import pytest

from quotaloom_incentives.team_override import TEAM_OVERRIDE
from quotaloom_sdk import CannotDecide, LineFact, TeamFact
from tests.unit.plugins.rewarding import amounts, revenue, rewarded, shown


def member(name: str, level: int, achieved: int, target: int | None = None, **values: Any) -> TeamFact:
    return TeamFact(name.lower(), name, level, (LineFact("visits", 4), revenue(achieved, target, **values)))


TEAM = [
    member("Ann", 1, 40_000_00, 50_000_00),
    member("Bob", 1, -5_000_00, 30_000_00),
    member("Cem", 2, 20_000_00, 20_000_00),
    member("Dee", 3, 90_000_00),
    TeamFact("eve", "Eve", 1, ()),
]
"""Two below and one below them, a third level, and somebody who has nothing of the metric."""


def test_a_manager_gets_a_part_of_each_level() -> None:
    """1 % of 40,000 - 5,000 are 350, 0.5 % of 20,000 are 100; what is deeper does not count."""
    (line,) = rewarded(TEAM_OVERRIDE, team=TEAM, level_rates=[1, "0.5"]).lines
    assert (line.key, line.amount) == ("override", 450_00)
    assert shown(line.explanation) == [
        "A part of what the people below achieved of revenue."
        " [achieved 5500000, targets 10000000, attained in percent 55]",
        "  Level 1 below. [members 2, counted 3500000, rate in percent 1, comes to 35000]",
        "    Ann [achieved 4000000]",
        "    Bob [achieved -500000]",
        "  Level 2 below. [members 1, counted 2000000, rate in percent 0.5, comes to 10000]",
        "    Cem [achieved 2000000]",
    ]


def test_what_he_achieved_himself_does_not_count() -> None:
    """Only his people do, at the first level alone unless more is said."""
    assert amounts(rewarded(TEAM_OVERRIDE, revenue(10**9, 10**9), team=TEAM)) == {"override": 350_00}


@pytest.mark.parametrize(("least", "paid"), [(55, {"override": 550_00}), ("55.0001", {})])
def test_a_team_may_have_to_reach_a_part_of_its_targets(least: object, paid: dict[str, int]) -> None:
    """55,000 of 100,000 in all are 55 %: exactly that is enough."""
    assert amounts(rewarded(TEAM_OVERRIDE, team=TEAM, level_rates=[1, 1], least_percent=least)) == paid


@pytest.mark.parametrize("target", [None, 0])
def test_a_team_without_targets_reaches_no_part_of_them(target: int | None) -> None:
    """It is paid where no part is asked for."""
    team = [member("Ann", 1, 100_00, target)]
    assert amounts(rewarded(TEAM_OVERRIDE, team=team)) == {"override": 1_00}
    assert rewarded(TEAM_OVERRIDE, team=team, least_percent=0).lines == ()


def test_refunds_beyond_sales_are_taken_back() -> None:
    """-5,000 at 1 %."""
    assert amounts(rewarded(TEAM_OVERRIDE, team=[TEAM[1]])) == {"override": -50_00}


@pytest.mark.parametrize("team", [[], [TEAM[4]], [TEAM[3]]])
def test_without_people_there_is_nothing_to_pay(team: list[TeamFact]) -> None:
    """Nobody below, nobody with anything of the metric, or only somebody deeper than what is paid."""
    result = rewarded(TEAM_OVERRIDE, team=team)
    assert (result.lines, result.explanation.text) == ((), "Nobody below has anything of revenue that counts.")


def test_a_metric_of_which_less_is_better_is_refused() -> None:
    """A manager would be paid for his team's complaints."""
    with pytest.raises(CannotDecide, match="Of revenue less is better, and an override pays more for more"):
        rewarded(TEAM_OVERRIDE, team=[member("Ann", 1, 3, lower_is_better=True)])


def test_a_large_team_is_explained_as_far_as_there_is_room() -> None:
    """All 3,000 are paid for; how many are not listed is told."""
    team = [member(f"Member number {number}", 1, 1_00) for number in range(3000)]
    (line,) = rewarded(TEAM_OVERRIDE, team=team).lines
    assert line.amount == 30_00
    (level,) = line.explanation.items
    assert level.items[-1].text == f"Not listed, for want of room: {3001 - len(level.items)} of the members."
