"""Requests of every kind as the product may send them, generated; all carry every input that their kind offers.

`narrowed` takes away what a policy does not declare to need. Parameters are put in where a policy is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from quotaloom_sdk.allocation import AllocationRequest, AllocationRule
from quotaloom_sdk.crediting import Credit, CreditingRequest, CreditingRule
from quotaloom_sdk.explanations import Explanation
from quotaloom_sdk.facts import PeriodFact, UnitFact
from quotaloom_sdk.gating import ActivityFact, ApprovalFact, GateRequest, StageFact, StageGate
from quotaloom_sdk.incentives import (
    EntryFact,
    IncentiveLine,
    IncentiveRequest,
    IncentiveRule,
    ReviewFact,
    TeamFact,
)
from quotaloom_sdk.policies import Parameters, PolicyDefinition
from quotaloom_sdk.pooling import Absence, CandidateFact, PoolPolicy, PoolRequest, RecordFact
from quotaloom_sdk.reviewing import ReviewPart, ReviewRequest, ReviewScorer
from quotaloom_sdk.testing.allocation import months_before
from quotaloom_sdk.testing.conformance.facts import (
    PERIODS,
    deals,
    distinct,
    fiscal_years,
    line_sets,
    lines,
    loads,
    members,
    tuples_of,
    units,
)
from quotaloom_sdk.testing.conformance.values import (
    LARGEST_PAYABLE,
    Known,
    amounts,
    attributes,
    currencies,
    days,
    ids,
    instants,
    keys,
    names,
    optional,
    shares,
    spans,
)

NONE_YET = Parameters()
"""Stands where a policy's parameters will be."""

_BELOW = ("department", "team", "position")


@st.composite
def allocation_requests(draw: DrawFn, known: Known) -> AllocationRequest[Any]:
    """A unit with no to six children, or, seldom, with thirty, over the twelve months of a fiscal year."""
    year = draw(fiscal_years())
    count = draw(st.sampled_from((1, 0, 2, 30, 3, 6)))
    unit_id, *child_ids = draw(distinct(ids, count + 1, count + 1))
    drawn = [draw(units(known, _BELOW)) for _ in child_ids[:6]]
    return AllocationRequest(
        unit=_named(draw(units(known, ("company", *_BELOW))), unit_id),
        children=tuple(_named(drawn[place % 6], id_) for place, id_ in enumerate(child_ids)),
        months=year,
        metric_key=draw(keys),
        parameters=NONE_YET,
        recent_months=months_before(year),
    )


def _named(unit: UnitFact, id_: str) -> UnitFact:
    return replace(unit, id=id_, key=f"unit-{id_}")


@st.composite
def crediting_requests(draw: DrawFn, known: Known) -> CreditingRequest[Any]:
    """A deal that is about to be credited, with no splits, or with some whose direct shares sum to 1."""
    deal = draw(deals(known, amounts(), days))
    named = draw(_SPLITS)
    his: bool = draw(st.booleans())
    if his and named and all(one.position_id != deal.position_id for one in named):
        named = (replace(named[0], position_id=deal.position_id), *named[1:])
    return CreditingRequest(deal, named, NONE_YET)


@st.composite
def _splits(draw: DrawFn) -> tuple[Credit, ...]:
    """Up to four direct shares of eight places that sum to 1, and up to two on top, each of another position."""
    direct = draw(st.integers(0, 4))
    if direct == 0:
        return ()
    cuts = sorted(draw(distinct(_CUTS, direct - 1, direct - 1)))
    parts = [Fraction(end - start, 10**8) for start, end in zip([0, *cuts], [*cuts, 10**8], strict=True)]
    on_top = [Fraction(share, 100) for share in draw(tuples_of(_PERCENT, 2))]
    given = [(share, False) for share in parts] + [(share, True) for share in on_top]
    positions = draw(distinct(ids, len(given), len(given)))
    return tuple(
        Credit(position, share, overlay, draw(ids)) for position, (share, overlay) in zip(positions, given, strict=True)
    )


_CUTS = st.integers(1, 10**8 - 1)
_PERCENT = st.integers(1, 100)
_SPLITS = _splits()


@st.composite
def incentive_requests(draw: DrawFn, known: Known) -> IncentiveRequest[Any]:
    """A member and a period, as the ledger, the plan, the team and the reviews stand, after other policies' lines."""
    period = draw(PERIODS)
    return IncentiveRequest(
        member=draw(members(known)),
        period=period,
        currency=draw(currencies),
        lines=draw(line_sets(LARGEST_PAYABLE)),
        parameters=NONE_YET,
        earlier=draw(_EARLIER),
        carried=-draw(_MONEY),
        corrected=draw(_EITHER_WAY),
        advanced=draw(_MONEY),
        entries=_within(period, draw(_ENTRIES)),
        team=draw(_TEAM),
        reviews=draw(_REVIEWS),
    )


@st.composite
def _entries(draw: DrawFn) -> tuple[EntryFact, ...]:
    """Entries on the first days of 2017; some take back a part of the one before."""
    found: list[EntryFact] = []
    for number, offset in enumerate(sorted(draw(st.lists(st.integers(0, 30), max_size=5))), start=1):
        entry = replace(draw(_ENTRY), id=str(number), business_date=_DAY_ONE + timedelta(days=offset))
        reverses: bool = draw(st.booleans())
        if found and reverses:
            taken = min(entry.amount, abs(found[-1].amount))
            entry = replace(
                entry, metric_key=found[-1].metric_key, amount=-taken, source="refund", reverses=found[-1].id
            )
        found.append(entry)
    return tuple(found)


def _within(period: PeriodFact, entries: tuple[EntryFact, ...]) -> tuple[EntryFact, ...]:
    """The entries moved into the period, in their order."""
    last = period.ends_on - timedelta(days=1)
    return tuple(
        replace(one, business_date=min(period.starts_on + (one.business_date - _DAY_ONE), last)) for one in entries
    )


_DAY_ONE = date(2017, 1, 1)
_MONEY = amounts(0, LARGEST_PAYABLE)
_EITHER_WAY = amounts(-LARGEST_PAYABLE, LARGEST_PAYABLE)
_ENTRY: SearchStrategy[EntryFact] = st.builds(
    EntryFact,
    id=st.just(""),
    metric_key=keys,
    amount=_MONEY,
    business_date=st.just(_DAY_ONE),
    source=st.sampled_from(("opportunity", "order", "payment", "import", "activity")),
    overlay=st.booleans(),
    deal_id=st.one_of(st.none(), ids),
    customer_id=st.one_of(st.none(), ids),
    product_key=st.one_of(st.none(), keys),
)
_ENTRIES = _entries()
_EARLIER = st.lists(
    st.builds(
        IncentiveLine,
        st.sampled_from(("base", "bonus", "below", "奖金")),
        names,
        _EITHER_WAY,
        st.just(Explanation("As another policy computed it.")),
        policy=st.sampled_from(("incentives.tiers", "incentives.flat_rate", "acme.accelerator")),
        rule=st.sampled_from(("commission", "extras", "2017-sales")),
    ),
    max_size=3,
    unique_by=lambda line: (line.rule, line.key),
).map(tuple)
_TEAM = tuples_of(st.builds(TeamFact, ids, names, st.integers(1, 4), line_sets(LARGEST_PAYABLE)), 3)
_REVIEWS = tuples_of(st.builds(ReviewFact, keys, shares(100), st.sampled_from((None, "A", "优"))), 2)


@st.composite
def pool_requests(draw: DrawFn, known: Known) -> PoolRequest[Any]:
    """Records for candidates, either of which there may be none of; the pool's first request, with no memory yet."""
    at = draw(instants)
    record_ids, member_ids = draw(distinct(ids, 6)), draw(distinct(ids, 5))
    return PoolRequest(
        pool_key=draw(keys),
        at=at,
        today=at.date(),
        records=tuple(replace(draw(_records(known)), id=id_) for id_ in record_ids),
        candidates=tuple(replace(draw(_candidates(known)), member_id=id_) for id_ in member_ids),
        parameters=NONE_YET,
    )


@cache
def _records(known: Known) -> SearchStrategy[RecordFact]:
    return st.builds(
        RecordFact,
        id=st.just(""),
        kind=st.sampled_from(("lead", "customer", "opportunity")),
        name=names,
        entered_at=instants,
        source=st.sampled_from((None, "web", "展会")),
        amount=optional(amounts()),
        product_key=st.one_of(st.none(), keys),
        customer_level=st.sampled_from((None, "A", "重点")),
        earlier_holders=distinct(ids, 3),
        attributes=attributes(known),
    )


@cache
def _candidates(known: Known) -> SearchStrategy[CandidateFact]:
    return st.builds(
        CandidateFact,
        member_id=st.just(""),
        name=names,
        room=optional(st.integers(0, 5)),
        last_turn=optional(st.integers(1, 10_000)),
        load=loads,
        absences=tuples_of(spans().map(lambda span: Absence(*span)), 2),
        working=st.booleans(),
        lines=line_sets(LARGEST_PAYABLE),
        first_response_minutes=optional(st.integers(0, 100_000)),
        attributes=attributes(known),
    )


@st.composite
def gate_requests(draw: DrawFn, known: Known) -> GateRequest[Any]:
    """A deal, of an amount or none yet, between two stages of a funnel, forwards or back."""
    entered, today = draw(spans())
    leaving, entering = draw(distinct(st.integers(0, 9), 2, 2))
    return GateRequest(
        deal=draw(deals(known, optional(amounts()), st.one_of(st.none(), days))),
        funnel_key=draw(keys),
        leaving=StageFact(f"stage-{leaving}", draw(names), leaving, "open"),
        entering=StageFact(f"stage-{entering}", draw(names), entering, draw(_OUTCOMES)),
        entered_on=entered,
        today=today,
        parameters=NONE_YET,
        competitors=draw(distinct(names, 2)),
        next_step=draw(st.one_of(st.none(), names)),
        documents=draw(distinct(names, 2)),
        approvals=draw(_APPROVALS),
        activities=tuple(sorted(draw(_ACTIVITIES), key=lambda one: one.done_on)),
    )


_OUTCOMES = st.sampled_from(("open", "won"))
_APPROVALS = tuples_of(st.builds(ApprovalFact, ids, st.booleans(), days), 2)
_ACTIVITIES = tuples_of(
    st.builds(ActivityFact, st.sampled_from(("visit", "call", "meeting", "mail", "task")), days, ids, names), 4
)


@st.composite
def review_requests(draw: DrawFn, known: Known) -> ReviewRequest[Any]:
    """A review of no to four parts, whose weights may all be 0, with scores that may not be given yet."""
    return ReviewRequest(
        member=draw(members(known)),
        period=draw(PERIODS),
        form_key=draw(keys),
        parts=draw(_PARTS),
        most=draw(st.sampled_from((Decimal(100), Decimal(5), Decimal("1.2")))),
        parameters=NONE_YET,
        earlier=draw(tuples_of(shares(100), 3)),
    )


@st.composite
def _review_parts(draw: DrawFn) -> ReviewPart:
    key, title = draw(st.sampled_from(("sold", "team", "能力", "zeal"))), draw(names)
    most = draw(st.sampled_from((Decimal(100), Decimal(10), Decimal(1))))
    weight = draw(st.sampled_from((Decimal(1), Decimal(0), Decimal("0.25"), Decimal(40))))
    if draw(st.booleans()):
        line, lower = draw(lines(LARGEST_PAYABLE)), draw(st.booleans())
        return ReviewPart(key, title, "quantitative", weight, most, line=line, lower_is_better=lower)
    own, managers = (None if half is None else most * half / 2 for half in draw(_HALVES))
    return ReviewPart(key, title, "qualitative", weight, most, own, managers)


_HALVES = st.tuples(st.sampled_from((None, 0, 1, 2)), st.sampled_from((None, 0, 1, 2)))
_PARTS = st.lists(_review_parts(), max_size=4, unique_by=lambda part: part.key).map(tuple)


REQUESTS: Mapping[type[PolicyDefinition], Callable[[Known], SearchStrategy[Any]]] = MappingProxyType(
    {
        AllocationRule: allocation_requests,
        CreditingRule: crediting_requests,
        IncentiveRule: incentive_requests,
        PoolPolicy: pool_requests,
        StageGate: gate_requests,
        ReviewScorer: review_requests,
    }
)
"""Requests of each kind of policy, by the attributes that policies ask for; events are in `events`."""
