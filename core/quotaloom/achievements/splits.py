"""Who gets how much: exact splits of money, and counts, which are not split."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from quotaloom.platform.amounts import half_up
from quotaloom.platform.errors import InputError

Share = Fraction | Decimal


class CreditKind(StrEnum):
    """Direct credit rolls up; overlay credit counts for the position and the member, never above them."""

    DIRECT = "direct"
    OVERLAY = "overlay"


def split_amount(amount: int, shares: Sequence[Share]) -> list[int]:
    """Parts of `amount` (minor units) by direct shares, adding up to it exactly, in the order of the shares.

    Everyone gets his share rounded down; all that remains goes to the largest share, ties to the first named.
    A negative amount is the mirror image of the positive one. Raises `InputError` BAD_SHARE for a share outside
    0 to 1 and SHARES_DO_NOT_ADD_UP where they are not exactly 1 together.
    """
    exact = [known_share(share) for share in shares]
    if sum(exact) != 1:
        raise InputError(
            "SHARES_DO_NOT_ADD_UP", f"direct shares add up to {_spelled(sum(exact, Fraction()))}; they must make 1"
        )
    if amount < 0:
        return [-part for part in split_amount(-amount, exact)]
    parts = [amount * share.numerator // share.denominator for share in exact]
    parts[largest(exact)] += amount - sum(parts)
    return parts


def overlay_amount(amount: int, share: Share) -> int:
    """An overlay share of `amount` (minor units), half up; it comes on top and takes nothing from anybody."""
    return half_up(amount * known_share(share))


def credit_money(amount: int, credits: Sequence[tuple[CreditKind, Share]]) -> list[tuple[CreditKind, int]]:
    """What each credit gets of an amount of money: the direct ones split it, the overlay ones come on top."""
    direct = iter(split_amount(amount, [share for kind, share in credits if kind is CreditKind.DIRECT]))
    return [
        (kind, next(direct) if kind is CreditKind.DIRECT else overlay_amount(amount, share)) for kind, share in credits
    ]


def credit_count(amount: int, credits: Sequence[tuple[CreditKind, Share]]) -> list[tuple[CreditKind, int]]:
    """What each credit gets of a count: the whole of it, direct for the largest direct share, overlay for others.

    Raises as `split_amount` does.
    """
    places = [place for place, (kind, _) in enumerate(credits) if kind is CreditKind.DIRECT]
    direct = [known_share(share) for _, share in credits]
    split_amount(0, [direct[place] for place in places])
    winner = max(places, key=lambda place: (direct[place], -place))
    return [(CreditKind.DIRECT if place == winner else CreditKind.OVERLAY, amount) for place in range(len(credits))]


def largest(shares: Sequence[Fraction]) -> int:
    """The place of the largest share, of the first named among equals."""
    return max(range(len(shares)), key=lambda place: (shares[place], -place))


def known_share(share: Share) -> Fraction:
    """The share as an exact fraction; raises `InputError` BAD_SHARE outside 0 to 1."""
    exact = Fraction(share) if not isinstance(share, Decimal) or share.is_finite() else Fraction(-1)
    if not 0 <= exact <= 1:
        raise InputError("BAD_SHARE", f"a share is a number from 0 to 1, not {share}")
    return exact


def _spelled(share: Fraction) -> str:
    decimal = Decimal(share.numerator) / Decimal(share.denominator)
    return str(decimal) if Fraction(decimal) == share else str(share)
