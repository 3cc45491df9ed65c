"""What a posting must look like before anything is looked up, and whether it is the same as an earlier one."""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg import Record

from quotaloom.achievements.entries import Credit, PostedEntry, Posting, entry_key
from quotaloom.achievements.splits import CreditKind, credit_count, credit_money
from quotaloom.calendars.periods import known_day
from quotaloom.metrics.built_in import MAY_BE_NEGATIVE
from quotaloom.metrics.currencies import known_currency
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import InputError

LONGEST_KEY = 240
"""Characters of an idempotency key."""

LONGEST_SOURCE_KEY = 200
"""Characters of a source key."""


def faults(posting: Posting) -> list[InputError]:
    """Whatever is wrong with the posting itself, paths from the posting on."""
    found = key_faults(posting.idempotency_key, posting.source_key)
    if abs(posting.amount) > LARGEST:
        message = f"{posting.amount} does not fit into 64 bits of minor units"
        found.append(InputError("TOO_LARGE", message, ("amount",)))
    try:
        known_day(posting.business_date)
    except InputError as error:
        found.append(error.at("businessDate"))
    if posting.currency is not None:
        try:
            known_currency(str(posting.currency))
        except InputError as error:
            found.append(error.at("currency"))
    try:
        parts_of(True, 0, posting.credits)
    except InputError as error:
        found.append(error.at("credits"))
    return found + _double_credits(posting.credits) if len(posting.credits) > 1 else found


def _double_credits(credits: Sequence[Credit]) -> list[InputError]:
    places: dict[int, int] = {}
    message = "a position is credited once per posting: add its shares together"
    return [
        InputError("DUPLICATE_CREDIT", message, ("credits", place, "positionId"))
        for place, credit in enumerate(credits)
        if places.setdefault(credit.position_id, place) != place
    ]


def key_faults(idempotency_key: str, source_key: str) -> list[InputError]:
    """Whatever is wrong with the keys of a posting or reversal."""
    found = []
    if not 1 <= len(idempotency_key) <= LONGEST_KEY or "\0" in idempotency_key:
        message = f"an idempotency key has 1 to {LONGEST_KEY} characters, not {len(idempotency_key)}"
        found.append(InputError("BAD_KEY", message, ("idempotencyKey",)))
    if not 1 <= len(source_key) <= LONGEST_SOURCE_KEY or "\0" in source_key:
        message = f"a source key has 1 to {LONGEST_SOURCE_KEY} characters, not {len(source_key)}"
        found.append(InputError("BAD_KEY", message, ("sourceKey",)))
    return found


def parts_of(money: bool, amount: int, credits: Sequence[Credit]) -> list[tuple[CreditKind, int]]:
    """What each credit gets of `amount`, in the order of the credits; counts are not split."""
    if len(credits) == 1 and credits[0].kind is CreditKind.DIRECT and credits[0].share == 1:
        return [(CreditKind.DIRECT, amount)]
    share_out = credit_money if money else credit_count
    return share_out(amount, [(credit.kind, credit.share) for credit in credits])


def probed_keys(posting: Posting) -> list[str]:
    """The keys of the posting's entries, and the one after: it stands there if an earlier posting had more."""
    return [entry_key(posting.idempotency_key, number) for number in range(len(posting.credits) + 1)]


def is_replay(
    posting: Posting, currency: str | None, parts: Sequence[tuple[CreditKind, int]], stored: Sequence[PostedEntry]
) -> bool:
    """Whether the entries under the posting's keys are what it would have made.

    `currency` is the posting's, the company's own filled in. Neither the rate nor a holder that was looked up is
    compared: both may have been edited since, which changes nothing that was posted.
    """
    return len(stored) == len(posting.credits) and all(
        _same(posting, currency, credit, part, entry)
        for credit, part, entry in zip(posting.credits, parts, stored, strict=True)
    )


def key_reused(key: str) -> InputError:
    """The refusal of an idempotency key that stands for something else."""
    return InputError(
        "IDEMPOTENCY_KEY_REUSED",
        f"the idempotency key {key!r} was used for something else before: send what was sent then, or another key",
        ("idempotencyKey",),
    )


def _same(
    posting: Posting, currency: str | None, credit: Credit, part: tuple[CreditKind, int], entry: PostedEntry
) -> bool:
    return (
        credit.member_id in (None, entry.member_id)
        and entry.reverses_id is None
        and (posting.metric_id, currency, posting.business_date, credit.position_id, *part)
        == (
            *(entry.metric_id, entry.currency, entry.business_date, entry.position_id),
            *(entry.credit, entry.original_amount),
        )
        and (posting.source, posting.source_key, posting.customer_id, posting.product_id, posting.opportunity_id)
        == (entry.source, entry.source_key, entry.customer_id, entry.product_id, entry.opportunity_id)
    )


def metric_faults(posting: Posting, metric: Record) -> list[InputError]:
    """Whatever the metric does not take, paths from the posting on."""
    found = []
    if metric["of_metric_id"] is not None:
        message = f"{metric['name']} counts what is posted to another metric for its products: post to that one"
        found.append(InputError("OF_PRODUCTS", message, ("metricId",)))
    if posting.amount < 0 and metric["key"] not in MAY_BE_NEGATIVE:
        message = "an amount starts at 0: reverse the entry that it corrects"
        found.append(InputError("NEGATIVE_AMOUNT", message, ("amount",)))
    return found
