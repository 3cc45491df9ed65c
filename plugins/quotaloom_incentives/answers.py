"""Answers of one line, or of none, with their explanation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from quotaloom_incentives.quantities import half_up, plain
from quotaloom_sdk import CannotDecide, Explanation, IncentiveLine, IncentiveResult

Value = str | int | Decimal | Fraction
"""What stands beside an explanation."""

LARGEST = 2**63 - 1
"""The largest amount that can be paid: 64 bits of the currency's smallest unit."""

MOST_CHARACTERS = 60_000
"""What the parts of a line's explanation may take as JSON; the whole may be somewhat longer."""


def nothing(why: str, *values: tuple[str, Value]) -> IncentiveResult:
    """No line, and why."""
    return IncentiveResult(lines=(), explanation=Explanation(why, values))


def one_line(
    key: str,
    title: str,
    amount: Fraction | int,
    why: Explanation,
    *,
    base: int | None = None,
    rate: Fraction | None = None,
    entries: tuple[str, ...] = (),
    carry: int = 0,
    advance: int = 0,
) -> IncentiveResult:
    """A line of the amount, rounded once, halves away from zero; none where that is 0.

    `rate` goes with `base`: where there is a rate the amount is the one times the other. Raises `CannotDecide` for an
    amount that nobody can be paid.
    """
    rounded = half_up(Fraction(amount))
    if abs(rounded) > LARGEST:
        raise CannotDecide(f"{title} comes to {rounded}, which is more than can be paid. Check rates and metric.")
    if Fraction(amount) != rounded:
        values = (("exactly", plain(Fraction(amount))), ("rounded half up", rounded))
        why = Explanation(why.text, why.values, (*why.items, Explanation("The sum is rounded once.", values)))
    if not rounded:
        return IncentiveResult(lines=(), carry=carry, advance=advance, explanation=why)
    line = IncentiveLine(key, title, rounded, why, base=base, rate=rate, entries=entries)
    return IncentiveResult(
        lines=(line,), carry=carry, advance=advance, explanation=Explanation(why.text, (("amount", rounded),))
    )


def times(text: str, base: Fraction | int, rate: Fraction, *values: tuple[str, Value]) -> Explanation:
    """A part that is `base` times `rate`, a share: what counts, at how many percent, and what it comes to."""
    return Explanation(
        text,
        (
            *values,
            ("counted", plain(Fraction(base))),
            ("rate in percent", plain(rate * 100)),
            ("comes to", plain(base * rate)),
        ),
    )


def each(text: str, count: int, amount: int, *values: tuple[str, Value]) -> Explanation:
    """A part that is so much for each: how many count, what each is, and what it comes to."""
    return Explanation(text, (*values, ("counted", count), ("each", amount), ("comes to", count * amount)))


def fitting(items: Sequence[Explanation], what: str, lists: int = 1) -> tuple[Explanation, ...]:
    """The items as far as there is room for them; then one that says how many of `what` are left out.

    `lists` is among how many of such lists the room is shared.
    """
    kept: list[Explanation] = []
    room = MOST_CHARACTERS // lists
    for item in items:
        room -= len(json.dumps(item.to_json(), ensure_ascii=False)) + 2
        if room < 0:
            return (*kept, Explanation(f"Not listed, for want of room: {len(items) - len(kept)} of the {what}."))
        kept.append(item)
    return tuple(kept)
