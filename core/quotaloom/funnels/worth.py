"""What deals are worth in the company's currency: the same arithmetic wherever deals are added up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel.numbers import list_currencies

from quotaloom.metrics.currencies import currency_scale


@dataclass(frozen=True, slots=True)
class Unconverted:
    """Deals whose currency has no rate; `amount` is their sum in minor units of that currency."""

    currency: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Worth:
    """The pieces of a statement that work out what each `deal` is worth.

    A deal in another currency is converted at the rate of its close date, or of `today` while it is open, half up; its
    worth is null where there is no rate, or no amount. The fields are the names of the statement's parameters;
    `currencies` and `factors` are what `currency_factors` gives for the `own` currency, `kind` is of which rates.
    """

    company: str
    own: str
    today: str
    currencies: str
    factors: str
    kind: str

    @property
    def column(self) -> str:
        """The column `worth`, in minor units of the company's currency."""
        return (
            f"CASE WHEN deal.currency = {self.own} THEN deal.amount"
            " ELSE round(deal.amount * exchange.rate * given.factor) END AS worth"
        )

    @property
    def joins(self) -> str:
        """What the column needs to be joined to `deal`."""
        return f"""
        LEFT JOIN unnest({self.currencies}::text[], {self.factors}::numeric[]) AS given (currency, factor)
            ON given.currency = deal.currency
        LEFT JOIN LATERAL (
            SELECT rate FROM exchange_rate WHERE deal.currency <> {self.own} AND company_id = {self.company}
                AND kind = {self.kind} AND exchange_rate.currency = deal.currency
                AND valid_from <= coalesce(deal.closed_on, {self.today}::date) ORDER BY valid_from DESC LIMIT 1
        ) AS exchange ON true
        """  # noqa: S608 (names of parameters)


@cache
def currency_factors(own_currency: str) -> tuple[list[str], list[Decimal]]:
    """By what a minor unit of each currency is multiplied, besides the rate, to be one of the company's."""
    currencies = sorted(list_currencies())
    own = currency_scale(own_currency)
    return currencies, [Decimal(10) ** (own - currency_scale(currency)) for currency in currencies]
