"""Mutations of the ledger: posting what other systems know, and taking entries back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import strawberry

from quotaloom.achievements.commands import NewAchievement, NewReversal, post_achievements, reverse_achievement
from quotaloom.achievements.entries import Credit, EntrySource
from quotaloom.achievements.splits import CreditKind
from quotaloom.calendars.instants import business_date
from quotaloom.funnels.reads import customers_by_key
from quotaloom.metrics.built_in import COLLECTED_PAYMENTS, REVENUE
from quotaloom.metrics.reads import all_metrics, products_by_key
from quotaloom.organizations.reads import members_by_key, units_by_key
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.refusals import ManyRefused, raise_all
from quotaloom.platform.work import Work
from quotaloom_graphql.achievement_loaders import load_achievements, load_payload_achievements
from quotaloom_graphql.achievements import Achievement
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id
from strawberry_breadth import batch

NOTHING = -1
"""A number that no row has: what the caller names by it is refused like any unknown id."""

METRICS_OF_SOURCES: Final = {EntrySource.ORDER: REVENUE, EntrySource.PAYMENT: COLLECTED_PAYMENTS}
"""What a source counts for where no metric is named."""

MOST_PLACES = 20
"""Decimal places of a share."""


@strawberry.input(description="One position's part of a posting; name position and member by id or by key.")
class CreditInput:
    """A credit."""

    position_id: strawberry.ID | None = strawberry.field(default=None, description="The position.")
    position_key: str | None = strawberry.field(default=None, description="Or its key.")
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="The member; who held the position on the business date if not given."
    )
    member_key: str | None = strawberry.field(default=None, description="Or the member's key.")
    share: Decimal = strawberry.field(default=Decimal(1), description="0 to 1; direct shares make exactly 1 together.")
    kind: CreditKind = strawberry.field(
        default=CreditKind.DIRECT, description="Overlay credit comes on top and does not roll up."
    )


@strawberry.input(
    description="An order, payment or activity of another system; name customer and product by id or by key."
)
class PostAchievementItem:
    """An item."""

    metric: str | None = strawberry.field(
        default=None,
        description="The key of a metric; `revenue` for an `ORDER` and `collected_payments` for a `PAYMENT` if not"
        " given. An `ACTIVITY` names its own.",
    )
    amount: Decimal = strawberry.field(
        description="Zero or more, in `currency`, or a count; of `gross_margin` less than zero where it was sold at a"
        " loss."
    )
    currency: str | None = strawberry.field(
        default=None, description="ISO 4217 code; the company's currency if not given, never for a count."
    )
    business_date: date | None = strawberry.field(default=None, description="The day it counts for.")
    occurred_at: datetime | None = strawberry.field(
        default=None, description="Or the moment, with its offset; the company's time zone makes the day of it."
    )
    source: EntrySource = strawberry.field(description="`ORDER`, `PAYMENT` or `ACTIVITY`, such as a visit or a call.")
    source_key: str = strawberry.field(description="What the other system calls it.")
    idempotency_key: str = strawberry.field(
        description="Unique for what is posted: the same again changes nothing and answers with the first entries."
    )
    credits: list[CreditInput] = strawberry.field(description="Who gets how much of it.")
    customer_id: strawberry.ID | None = strawberry.field(default=None, description="The customer.")
    customer_key: str | None = strawberry.field(default=None, description="Or its key.")
    product_id: strawberry.ID | None = strawberry.field(default=None, description="What was sold.")
    product_key: str | None = strawberry.field(default=None, description="Or its key.")
    opportunity_id: strawberry.ID | None = strawberry.field(default=None, description="The deal it belongs to.")


@strawberry.input(description="What to post, all or none.")
class PostAchievementsInput:
    """Items."""

    items: list[PostAchievementItem] = strawberry.field(description="1 to 1,000 items.")


@strawberry.type(description="The entries that were posted.")
class PostAchievementsPayload:
    """Entries, or what was wrong."""

    achievements: list[Achievement] = batch(
        load_payload_achievements,
        description="The entries that you may see, in the order of the items, one for each credit.",
    )
    posted: int | None = strawberry.field(description="How many entries are new.")
    replayed: int | None = strawberry.field(description="How many stood there before, from the same request.")
    errors: list[UserError] = strawberry.field(description="Everything that was wrong; empty where it was done.")


@strawberry.input(description="An entry to take back, wholly or partly.")
class ReverseAchievementInput:
    """A reversal."""

    entry_id: strawberry.ID = strawberry.field(description="The entry.")
    idempotency_key: str = strawberry.field(description="Unique for this reversal: the same again changes nothing.")
    reason: str = strawberry.field(description="Why; it is kept in the audit record.")
    amount: Decimal | None = strawberry.field(
        default=None, description="How much, in the entry's own currency; all that is left if not given."
    )
    source_key: str | None = strawberry.field(
        default=None, description="What the other system calls it; as the entry's if not given."
    )
    business_date: date | None = strawberry.field(
        default=None, description="The day it counts for; by the company's setting if not given."
    )


@strawberry.type(description="The reversal.")
class ReverseAchievementPayload:
    """A negative entry, or what was wrong."""

    achievement: Achievement | None = batch(
        load_achievements, key="achievement_id", by="id", one=True, description="The negative entry."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _post_achievements(work: Work, input: PostAchievementsInput, _: Services) -> dict[str, Any]:
    known = await _known(work, input.items)
    read = [_ItemReader(work, known, item, place) for place, item in enumerate(input.items)]
    items = [reader.read() for reader in read]
    try:
        entries = await post_achievements(work, items)
    except InputError as error:
        told = error.errors if isinstance(error, ManyRefused) else (error,)
        raise_all(_in_order([fault for reader in read for fault in reader.faults], told, read))
        raise
    replayed = {entry.id for entry in entries if entry.replayed}
    numbers = list(dict.fromkeys(entry.id for entry in entries))
    return {"achievement_ids": numbers, "posted": len(set(numbers) - replayed), "replayed": len(replayed)}


async def _reverse_achievement(work: Work, input: ReverseAchievementInput, _: Services) -> dict[str, Any]:
    entry_id = decode_id(input.entry_id, "Achievement", ("entryId",))
    reversal = NewReversal(
        entry_id, input.idempotency_key, input.reason, input.amount, input.source_key, input.business_date
    )
    return {"achievement_id": (await reverse_achievement(work, reversal)).id}


@strawberry.type
class AchievementMutation:
    """Mutations of the ledger."""

    post_achievements: PostAchievementsPayload = mutation(
        _post_achievements, description="Post orders, payments and activities of other systems, each once."
    )
    reverse_achievement: ReverseAchievementPayload = mutation(
        _reverse_achievement, description="Take an entry back, wholly or partly; the entry itself stays as it is."
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """The numbers of what the items name by key."""

    metrics: dict[str, int]
    positions: dict[str, int]
    members: dict[str, int]
    customers: dict[str, int]
    products: dict[str, int]


async def _known(work: Work, items: list[PostAchievementItem]) -> _Known:
    credits = [credit for item in items for credit in item.credits]
    async with work.snapshot() as snapshot:
        return _Known(
            _numbers(await all_metrics(snapshot)),
            _numbers(await units_by_key(snapshot, _keys(credit.position_key for credit in credits))),
            _numbers(await members_by_key(snapshot, _keys(credit.member_key for credit in credits))),
            _numbers(await customers_by_key(snapshot, _keys(item.customer_key for item in items))),
            _numbers(await products_by_key(snapshot, _keys(item.product_key for item in items))),
        )


def _keys(keys: Iterable[str | None]) -> list[str]:
    return sorted({key for key in keys if key is not None and "\0" not in key})


def _numbers(rows: Iterable[Any]) -> dict[str, int]:
    return {row["key"]: row["id"] for row in rows}


@dataclass(slots=True)
class _ItemReader:
    """Makes an item what the domain takes; `faults` is what it could not read.

    An item with faults gets no metric, so that it is refused in any case, together with what else is wrong.
    """

    work: Work
    known: _Known
    item: PostAchievementItem
    place: int
    faults: list[InputError] = field(default_factory=list)

    def read(self) -> NewAchievement:
        """The item; raises nothing."""
        item, known = self.item, self.known
        if self.metric is None:
            self._fault("METRIC_NEEDED", "say which metric it counts for, such as `visits`", "metric")
        day = self._day()
        credits = tuple(self._credit(credit, place) for place, credit in enumerate(item.credits))
        customer_id = self._one_of(item.customer_id, item.customer_key, known.customers, "Customer", "customerId")
        product_id = self._one_of(item.product_id, item.product_key, known.products, "Product", "productId")
        opportunity_id = self._one_of(item.opportunity_id, None, {}, "Opportunity", "opportunityId")
        return NewAchievement(
            metric_id=NOTHING if self.faults else known.metrics.get(self.metric or "", NOTHING),
            amount=item.amount,
            business_date=day,
            source=item.source,
            source_key=item.source_key,
            idempotency_key=item.idempotency_key,
            credits=credits,
            currency=item.currency,
            customer_id=customer_id,
            product_id=product_id,
            opportunity_id=opportunity_id,
        )

    @property
    def metric(self) -> str | None:
        """The key of the metric: as it is named, or as the source has it."""
        return self.item.metric or METRICS_OF_SOURCES.get(self.item.source)

    def named(self, error: InputError) -> InputError | None:
        """An error of the domain with the names that the caller used; None where it only follows from a fault."""
        path = error.path[2:]
        if path == ("metricId",) and error.code != "UNKNOWN_METRIC":
            path = ("metric",)
        elif path == ("metricId",):
            if self.metric is None or self.metric in self.known.metrics:
                return None
            message = f"there is no metric {self.metric[:60]!r}; there are {', '.join(self.known.metrics)}"
            return NotFound(error.code, message, (*error.path[:2], "metric"))
        if error.code == "BAD_SHARE" and any(fault.code == "BAD_SHARE" for fault in self.faults):
            return None
        if path == ("businessDate",) and self.item.business_date is None:
            path = ("occurredAt",)
        elif path in (("customerId",), ("productId",)) and getattr(self.item, f"{path[0][:-2]}_key") is not None:
            path = (f"{path[0][:-2]}Key",)
        elif len(path) == 3 and path[2] in ("positionId", "memberId"):
            credit, kind = self.item.credits[int(path[1])], str(path[2])[:-2]
            if getattr(credit, f"{kind}_key") is not None:
                path = (*path[:2], f"{kind}Key")
        return type(error)(error.code, error.message, (*error.path[:2], *path))

    def _fault(self, code: str, message: str, *path: str | int) -> None:
        self.faults.append(InputError(code, message, ("items", self.place, *path)))

    def _day(self) -> date:
        given, moment = self.item.business_date, self.item.occurred_at
        day = given or moment
        if day is None or (given is not None and moment is not None):
            self._fault("ONE_DATE", "give businessDate or occurredAt, one of them", "businessDate")
            return self.work.today
        try:
            return business_date(day, self.work.company.time_zone)
        except InputError as error:
            self._fault(error.code, error.message, "occurredAt")
            return self.work.today

    def _credit(self, credit: CreditInput, place: int) -> Credit:
        path = ("credits", place)
        position_id = self._one_of(
            credit.position_id, credit.position_key, self.known.positions, "OrgUnit", *path, "positionId", nothing=place
        )
        if position_id is None:
            self._fault("ID_OR_KEY", "give the position's id or its key", *path, "positionId")
        member_id = self._one_of(credit.member_id, credit.member_key, self.known.members, "Member", *path, "memberId")
        share = credit.share
        if share.is_finite() and 0 <= share <= 1 and int(share.as_tuple().exponent) >= -MOST_PLACES:
            return Credit(position_id or NOTHING - place, Fraction(share), credit.kind, member_id)
        message = f"a share lies between 0 and 1 and has up to {MOST_PLACES} decimal places"
        self._fault("BAD_SHARE", message, *path, "share")
        return Credit(position_id or NOTHING - place, Fraction(-1), credit.kind, member_id)

    def _one_of(
        self,
        given_id: str | None,
        key: str | None,
        known: dict[str, int],
        type_name: str,
        *path: str | int,
        nothing: int = 0,
    ) -> int | None:
        if given_id is not None and key is not None:
            self._fault("ID_OR_KEY", "give the id or the key, not both", *path)
        if key is not None:
            return known.get(key, NOTHING - nothing)
        if given_id is None:
            return None
        try:
            return decode_id(given_id, type_name)
        except NotFound:
            return NOTHING - nothing


def _in_order(faults: list[InputError], told: Iterable[InputError], readers: list[_ItemReader]) -> list[InputError]:
    """Faults and the domain's errors together, by item; an error of no item stands alone."""
    found = list(faults)
    for error in told:
        if len(error.path) < 2:
            return [error]
        named = readers[int(error.path[1])].named(error)
        found += [] if named is None else [named]
    return sorted(found, key=lambda error: int(error.path[1]))
