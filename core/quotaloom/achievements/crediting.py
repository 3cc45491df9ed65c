"""From a posting to its entries: converted once, split exactly, each for the member who held the position."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from asyncpg import Record

from quotaloom.achievements.entries import Credit, Draft, Posting, entry_key
from quotaloom.achievements.posting_facts import PostingFacts, references
from quotaloom.achievements.postings import parts_of
from quotaloom.metrics.currencies import currency_scale
from quotaloom.metrics.rates import RateKind, convert
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import InputError, NotFound, Path


def unknown_metric() -> InputError:
    """The refusal of a metric that does not exist."""
    return NotFound("UNKNOWN_METRIC", "there is no such metric", ("metricId",))


def fact_faults(posting: Posting, facts: PostingFacts) -> Iterator[InputError]:
    """Whatever the posting names that is not there, or not on its day; paths from the posting on."""
    if posting.business_date > facts.today:
        message = f"{posting.business_date} is after today, {facts.today}: post what has been achieved"
        yield InputError("IN_THE_FUTURE", message, ("businessDate",))
    metric = facts.metrics[posting.metric_id]
    if metric["kind"] == "count" and posting.currency is not None:
        message = f"{metric['name']} is a count: it has no currency"
        yield InputError("CURRENCY_OF_A_COUNT", message, ("currency",))
    for kind, id_, path in references(posting):
        if (kind, id_) not in facts.names:
            yield NotFound(f"UNKNOWN_{kind.upper()}", f"there is no such {kind}", path)
    for place, credit in enumerate(posting.credits):
        if ("position", credit.position_id) in facts.names:
            yield from _credit_faults(credit, posting.business_date, facts, ("credits", place))


def _credit_faults(credit: Credit, day: date, facts: PostingFacts, path: Path) -> Iterator[InputError]:
    position, open_ = facts.names["position", credit.position_id], facts.open[credit.position_id]
    if not open_.covers(day):
        message = f"{position} exists {open_}, not on {day}: credit a position that is open on the business date"
        yield InputError("POSITION_CLOSED", message, (*path, "positionId"))
    elif credit.member_id is None and (credit.position_id, day) not in facts.holders:
        message = f"nobody held {position} on {day}: name the member, or enter who held it"
        yield InputError("NO_HOLDER", message, (*path, "positionId"))
    member = facts.names.get(("member", credit.member_id or 0))
    if member is not None and (credit.position_id, credit.member_id) not in facts.held:
        message = f"{member} neither holds nor has held {position}: name somebody who does, or enter who held it"
        yield InputError("NEVER_HELD", message, (*path, "memberId"))


def conversion(posting: Posting, facts: PostingFacts, own_currency: str) -> tuple[int, str | None, Decimal | None]:
    """The posting's amount in minor units of the metric, its currency and the rate; both null for a count.

    Raises `InputError` MISSING_RATE, or TOO_LARGE where it does not fit into 64 bits.
    """
    metric = facts.metrics[posting.metric_id]
    if metric["kind"] == "count":
        return posting.amount, None, None
    currency = posting.currency or own_currency
    try:
        rate = facts.rates.rate(currency, RateKind.BOOKING, posting.business_date)
    except InputError as error:
        raise error.at("currency") from None
    if rate == 1 and currency_scale(currency) == metric["scale"]:
        return posting.amount, currency, rate
    amount = convert(posting.amount, rate, currency_scale(currency), metric["scale"])
    if abs(amount) > LARGEST:
        raise InputError("TOO_LARGE", f"{amount} does not fit into 64 bits of minor units", ("amount",))
    return amount, currency, rate


def drafts_of(posting: Posting, facts: PostingFacts, own_currency: str) -> list[Draft]:
    """The posting's entries, one for each credit; both the original and the converted amount add up exactly.

    Raises as `conversion` does; the posting has no `fact_faults`.
    """
    amount, currency, rate = conversion(posting, facts, own_currency)
    money = is_money(facts.metrics[posting.metric_id])
    originals = parts_of(money, posting.amount, posting.credits)
    parts = originals if amount == posting.amount else parts_of(money, amount, posting.credits)
    drafts = []
    for number, credit in enumerate(posting.credits):
        member_id = credit.member_id or facts.holders[credit.position_id, posting.business_date]
        drafts.append(
            Draft(
                metric_id=posting.metric_id,
                position_id=credit.position_id,
                member_id=member_id,
                business_date=posting.business_date,
                credit=parts[number][0],
                amount=parts[number][1],
                original_amount=originals[number][1],
                currency=currency,
                rate=rate,
                source=posting.source,
                source_key=posting.source_key,
                idempotency_key=entry_key(posting.idempotency_key, number),
                opportunity_id=posting.opportunity_id,
                customer_id=posting.customer_id,
                product_id=posting.product_id,
            )
        )
    return drafts


def is_money(metric: Record) -> bool:
    """Whether the metric is in money, which is split, or a count, which is not."""
    return bool(metric["kind"] == "money")
