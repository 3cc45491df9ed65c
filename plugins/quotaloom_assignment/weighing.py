"""Handing out by weights, evenly mixed: who weighs twice as much gets every second one, not two in a row and then none.

Each candidate has a balance. With every record all who have room gain their weight, the one with the highest balance
gets it, and pays what all have gained. Balances are whole numbers and are remembered for the next time, so that many
small hand-outs come to the same shares as a large one. Who is away gains nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field

from quotaloom_assignment.candidates import Candidate, Hand
from quotaloom_sdk import CannotDecide, InvalidRequest, PoolRequest

ONE = 10**6
"""What a weight of 1 counts as: weights are kept to six decimal places."""

REMEMBERED = 2_500
"""How many balances are remembered at most, the largest first: a memory has room for no more."""

AttributeKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""The key of an attribute."""


def hand_out_by_weight(
    request: PoolRequest[Any], hand: Hand, weigh: Callable[[Candidate], Fraction | Decimal], reason: str
) -> str:
    """Give each record by weight; returns the balances, for the next time. Who weighs nothing gets nothing."""
    weights = {one.place: round(weigh(one) * ONE) for one in hand.candidates}
    earlier = _remembered(request.memory)
    balances = {place: earlier.get(request.candidates[place].member_id, 0) for place in weights}
    for record in request.records:
        able = [one for one in hand.candidates if one.free and weights[one.place] > 0]
        hand.give(record, _next(able, weights, balances), reason)
    # Who is no candidate for these records, because a cooldown keeps them from him, keeps what he has.
    kept = earlier | {request.candidates[place].member_id: balance for place, balance in balances.items()}
    largest = sorted(((member, balance) for member, balance in kept.items() if balance), key=lambda one: -abs(one[1]))
    return json.dumps(dict(largest[:REMEMBERED]))


def _next(able: Sequence[Candidate], weights: dict[int, int], balances: dict[int, int]) -> Candidate | None:
    if not able:
        return None
    total = 0
    for one in able:
        weight = weights[one.place]
        balances[one.place] += weight
        total += weight
    chosen = max(able, key=lambda one: (balances[one.place], -one.turn, -one.place))
    balances[chosen.place] -= total
    return chosen


def _remembered(memory: str) -> dict[str, int]:
    return json.loads(memory) if memory else {}


def noted_number(candidate: Candidate, key: str | None) -> Decimal | None:
    """The number that is noted of a member, 0 for one below; None where there is none.

    Raises `CannotDecide` for an attribute that is no number.
    """
    try:
        number = None if key is None else candidate.fact.attributes.number(key)
    except InvalidRequest:
        raise CannotDecide(
            f"The attribute {key!r} of {candidate.fact.name} is no number. Name a number attribute in the parameters,"
            " or none."
        ) from None
    return None if number is None else max(number, Decimal(0))
