"""How decimals are read and written: exactly."""

from __future__ import annotations

from decimal import Decimal, DecimalException
from typing import Any, Final

from graphql import FloatValueNode, GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

EXACT_DIGITS: Final = 15
"""Up to so many digits a JSON number with a point is exactly what was written."""


def shortest(value: Decimal) -> str:
    """Without zeros at the end, and never with an exponent: 7.1870000000 is "7.187".

    Rates and shares are written so; amounts have the decimal places of their metric or currency instead.
    """
    return format(value.normalize(), "f")


def _from_json(value: object) -> Decimal:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return _from_text(str(value))
    if isinstance(value, float):
        number = _from_text(repr(value))
        if len(number.normalize().as_tuple().digits) > EXACT_DIGITS:
            message = (
                f"{value!r} may not be what you wrote, for it has more than {EXACT_DIGITS} digits: send it as text"
            )
            raise GraphQLError(message)
        return number
    raise GraphQLError(f"{str(value)[:60]} is no decimal number")


def _from_document(node: ValueNode, variables: Any = None) -> Decimal:
    if isinstance(node, (StringValueNode, IntValueNode, FloatValueNode)):
        return _from_text(node.value)
    raise GraphQLError("a decimal number is expected here", node)


def _from_text(text: str) -> Decimal:
    try:
        return Decimal(text)
    except DecimalException:
        raise GraphQLError(f"{text[:60]!r} is no decimal number") from None


EXACT_DECIMAL: Final = ScalarDefinition(
    name="Decimal",
    description='A decimal number, exact. It is answered as text, such as `"83333.34"`; send it as text too, or as a'
    f" number of up to {EXACT_DIGITS} digits.",
    specified_by_url=None,
    serialize=str,
    parse_value=_from_json,
    parse_literal=_from_document,
    origin=Decimal,
)
"""The scalar `Decimal`, which refuses a number that passing through a float may have changed."""
