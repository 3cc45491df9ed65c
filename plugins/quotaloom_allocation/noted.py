"""Numbers that a company notes of its units, as policies go by them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from quotaloom_allocation.explaining import shown
from quotaloom_sdk import CannotDecide, InvalidRequest, UnitFact

AttributeKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""The key of an attribute."""

UnitKey = Annotated[str, Field(min_length=1, max_length=100)]
"""The key of a unit."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and where it is from, in a few words."""

    value: Decimal
    origin: str


def noted(unit: UnitFact, key: str | None, least: int, most: int) -> Figure | None:
    """The number that is noted of the unit, or the nearest from `least` to `most`; None where there is none.

    Raises `CannotDecide` for an attribute that is no number.
    """
    try:
        number = None if key is None else unit.attributes.number(key)
    except InvalidRequest:
        raise CannotDecide(
            f"The attribute {key!r} of {unit.name} is no number. Name a number attribute in the parameters, or none."
        ) from None
    if number is None:
        return None
    value = min(max(number, Decimal(least)), Decimal(most))
    return Figure(value, "as noted" if value == number else f"noted as {shown(number)}")
