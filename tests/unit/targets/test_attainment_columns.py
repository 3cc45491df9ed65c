"""Rows of attainment, column by column."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from quotaloom.calendars.periods import Period
from quotaloom.targets.attainment import NO_LINES, AttainmentStatus, Lines, Sums
from quotaloom.targets.attainment_columns import answered
from quotaloom.targets.attainments import AskedPeriod, AttainmentQuestion, Figures
from tests.turns import counted_turns

MARCH = Period("2017-03", None, date(2017, 3, 1), date(2017, 4, 1))
QUESTION = AttainmentQuestion(1, "revenue", 2, False, (MARCH,), date(2017, 3, 10))


def figures(achieved: int, lines: Lines, question: AttainmentQuestion = QUESTION) -> Figures:
    """The row of unit 7, after 8 of 23 working days, with 5 of overlay."""
    return Figures(AskedPeriod(question, False, MARCH, 8, 23), 7, Sums(achieved, 5, lines), None)


async def test_each_column_is_in_its_output_form() -> None:
    """90.00 of 100.00: 0.9, 10.00 to go, 34.78 expected, a pace of 2.587694; without a target none of these."""
    rows = [figures(9_000, Lines(10_000, 8_000, None, 250)), figures(-7, NO_LINES), figures(1, Lines(0))]
    table: dict[str, list[Any]] = {
        "unit_id": [7, 7, 7],
        "member_id": [None, None, None],
        "period": ["2017-03", "2017-03", "2017-03"],
        "starts_on": ["2017-03-01", "2017-03-01", "2017-03-01"],
        "ends_on": ["2017-04-01", "2017-04-01", "2017-04-01"],
        "target": ["100.00", None, "0.00"],
        "assessment": ["80.00", None, None],
        "stretch": [None, None, None],
        "relief": ["2.50", "0.00", "0.00"],
        "achieved": ["90.00", "-0.07", "0.01"],
        "overlay": ["0.05", "0.05", "0.05"],
        "gap": ["10.00", None, "-0.01"],
        "rate": ["0.900000", None, None],
        "status": [AttainmentStatus.BELOW_TARGET, None, None],
        "expected": ["34.78", None, "0.00"],
        "pace": ["2.587694", None, None],
        "elapsed_days": [8, 8, 8],
        "working_days": [23, 23, 23],
    }
    assert await answered(rows, frozenset(table)) == [
        {name: column[place] for name, column in table.items()} for place in range(3)
    ]
    assert await answered(rows, frozenset({"gap"})) == [{"gap": "10.00"}, {"gap": None}, {"gap": "-0.01"}]


async def test_a_lower_is_better_metric_is_turned_round() -> None:
    """90 complaints where 100 are allowed: the target is met; in whole numbers, without a point."""
    fewer = replace(QUESTION, scale=0, lower_is_better=True)
    (row,) = await answered([figures(90, Lines(100), fewer)], frozenset({"status", "achieved"}))
    assert row == {"status": AttainmentStatus.AT_TARGET, "achieved": "90"}


async def test_whoever_needs_the_rows_themselves_has_them() -> None:
    """What is not known, or is told of the row as a whole, comes as it is."""
    rows = [figures(1, NO_LINES)]
    assert await answered(rows, None) == rows
    assert await answered(rows, frozenset({"figures", "rate"})) == rows
    assert await answered([], frozenset({"rate"})) == []


async def test_others_have_their_turn_while_many_rows_are_told() -> None:
    """30,000 rows of two columns come in eight pieces, with seven turns for others between them; three rows in one."""
    async with counted_turns() as turns:
        for rows, between in ((3, 0), (30_000, 7)):
            turns.clear()
            found = await answered([figures(1, Lines(100))] * rows, frozenset({"rate", "achieved"}))
            assert found == [{"rate": "0.010000", "achieved": "0.01"}] * rows
            assert len(turns) == between
