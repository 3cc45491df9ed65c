"""From a posting to its entries: converted once, split exactly, each for the member who held the position."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from asyncpg import Record

from quotaloom.achievements.entries import Credit, Draft, Posting, entry_key
from quotaloom.achievements.posting_facts import PostingFacts
from quotaloom.achievements.postings import parts_of
from quotaloom.metrics.currencies import currency_scale
from quotaloom.metrics.rates import RateKind, convert
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import InputError, NotFound, Path


def unknown_metric() -> InputError:
    """The refusal of a metric that does not exist."""
    return NotFound("UNKNOWN_METRIC", "there is no such metric", ("metricId",))


def fact_faults(posting: Posting, facts: PostingFacts) -> list[InputError]:
    """Whatever the posting names that is not there, or not on its day; paths from the posting on."""
    found = []
    if posting.business_date > facts.today:
        message = f"{posting.business_date} is after today, {facts.today}: post what has been achieved"
        found.append(InputError("IN_THE_FUTURE", message, ("businessDate",)))
    metric = facts.metrics[posting.metric_id]
    if metric["kind"] == "count" and posting.currency is not None:
        message = f"{metric['name']} is a count: it has no currency"
        found.append(InputError("CURRENCY_OF_A_COUNT", message, ("currency",)))
    positions, members = facts.names["position"], facts.names["member"]
    for place, credit in enumerate(posting.credits):
        if credit.position_id not in positions:
            found.append(_unknown("position", ("credits", place, "positionId")))
        if credit.member_id is not None and credit.member_id not in members:
            found.append(_unknown("member", ("credits", place, "memberId")))
    if posting.customer_id is not None and posting.customer_id not in facts.names["customer"]:
        found.append(_unknown("customer", ("customerId",)))
    if posting.product_id is not None and posting.product_id not in facts.names["product"]:
        found.append(_unknown("product", ("productId",)))
    if posting.opportunity_id is not None and posting.opportunity_id not in facts.names["opportunity"]:
        found.append(_unknown("opportunity", ("opportunityId",)))
    for place, credit in enumerate(posting.credits):
        if credit.position_id in positions:
            found += _credit_faults(credit, posting.business_date, facts, ("credits", place))
    return found


def _unknown(kind: str, path: Path) -> InputError:
    return NotFound(f"UNKNOWN_{kind.upper()}", f"there is no such {kind}", path)


def _credit_faults(credit: Credit, day: date, facts: PostingFacts, path: Path) -> list[InputError]:
    found = []
    position, open_ = facts.names["position"][credit.position_id], facts.open[credit.position_id]
    if not open_.start <= day < open_.end:
        message = f"{position} exists {open_}, not on {day}: credit a position that is open on the business date"
        found.append(InputError("POSITION_CLOSED", message, (*path, "positionId")))
    elif credit.member_id is None and facts.holder(credit.position_id, day) is None:
        message = f"nobody held {position} on {day}: name the member, or enter who held it"
        found.append(InputError("NO_HOLDER", message, (*path, "positionId")))
    if credit.member_id in facts.names["member"] and not facts.has_held(credit.position_id, credit.member_id):
        member = facts.names["member"][credit.member_id]
        message = f"{member} neither holds nor has held {position}: name somebody who does, or enter who held it"
        found.append(InputError("NEVER_HELD", message, (*path, "memberId")))
    return found


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
        kind, part = parts[number]
        # In the order of the fields: naming each would take longer than all else here.
        draft = Draft(
            posting.metric_id,
            credit.position_id,
            _credited_member(credit, posting.business_date, facts),
            posting.business_date,
            kind,
            part,
            originals[number][1],
            currency,
            rate,
            posting.source,
            posting.source_key,
            entry_key(posting.idempotency_key, number),
            None,
            posting.opportunity_id,
            posting.customer_id,
            posting.product_id,
        )
        drafts.append(draft)
    return drafts


def _credited_member(credit: Credit, day: date, facts: PostingFacts) -> int:
    member_id = credit.member_id or facts.holder(credit.position_id, day)
    assert member_id is not None, "a posting without faults has a holder"
    return member_id


def is_money(metric: Record) -> bool:
    """Whether the metric is in money, which is split, or a count, which is not."""
    return bool(metric["kind"] == "money")
