"""A win by its products: what each makes of the amount, and what everybody who is credited has of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from quotaloom.achievements.entries import Credit
from quotaloom.achievements.splits import CreditKind, credit_money
from quotaloom.funnels.deal_lines import DealLine, amount_of_lines
from quotaloom.platform.amounts import apportion


def sold_products(lines: Sequence[DealLine], product_id: int | None, amount: int) -> list[tuple[int | None, int]]:
    """The products of a won deal with what each makes of `amount`, in the order of the lines.

    All of it is of the deal's own product (or of none) where there are no lines, or several products and no amounts;
    the lines' amounts make the deal's.
    """
    products = dict.fromkeys(line.product_id for line in lines)
    if len(products) == 1:
        return [(product, amount) for product in products]
    if amount_of_lines(lines) is None:
        return [(product_id, amount)]
    return [(product, sum(line.amount or 0 for line in lines if line.product_id == product)) for product in products]


def credits_of_parts(parts: Sequence[int], credits: Sequence[Credit]) -> list[tuple[Credit, ...]]:
    """The credits of each part of an amount, such that all of it is exact in both directions.

    Everybody has of the parts together just what he would have of the whole, and the direct credits of a part add up to
    the part. Parts are taken in their order, each divided in proportion to what is left to everybody, by largest
    remainder. Raises what `split_amount` raises.
    """
    whole = credit_money(sum(parts), [(credit.kind, credit.share) for credit in credits])
    left = [amount if kind is CreditKind.DIRECT else 0 for kind, amount in whole]
    overlays = [apportion(amount, parts) if kind is CreditKind.OVERLAY else [] for kind, amount in whole]
    found = []
    for place, part in enumerate(parts):
        direct = apportion(part, left)
        left = [before - taken for before, taken in zip(left, direct, strict=True)]
        amounts = [of_overlay[place] if of_overlay else own for of_overlay, own in zip(overlays, direct, strict=True)]
        found.append(tuple(_having(credit, amount, part) for credit, amount in zip(credits, amounts, strict=True)))
    return found


def _having(credit: Credit, amount: int, part: int) -> Credit:
    return replace(credit, share=Fraction(amount, part)) if part else credit
