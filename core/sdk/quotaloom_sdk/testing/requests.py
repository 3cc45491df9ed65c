"""Requests of all kinds but allocation, with plain values where nothing is said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from quotaloom_sdk.crediting import Credit, CreditingRequest
from quotaloom_sdk.exactness import Share
from quotaloom_sdk.facts import DealFact, LineFact, MemberFact, PeriodFact
from quotaloom_sdk.gating import GateRequest, StageFact
from quotaloom_sdk.incentives import EntryFact, IncentiveLine, IncentiveRequest, ReviewFact, TeamFact
from quotaloom_sdk.listening import Event
from quotaloom_sdk.policies import Parameters
from quotaloom_sdk.pooling import CandidateFact, PoolRequest, RecordFact
from quotaloom_sdk.reviewing import ReviewPart, ReviewRequest

P = TypeVar("P", bound=Parameters)

MARCH = PeriodFact("2017-03", date(2017, 3, 1), date(2017, 4, 1), workdays=23)
"""March 2017."""

MEMBER = MemberFact("ann", "Ann", ("east",))
"""Ann, who holds the position `east`."""

NOON = datetime(2017, 3, 15, 12, tzinfo=UTC)
"""Noon of 15 March 2017, UTC."""

_PROPOSAL = StageFact("proposal", "Proposal", 1, "open")
_WON = StageFact("won", "Won", 2, "won")


def deal(amount: int | None = 100_000, **changes: Any) -> DealFact:
    """A deal of the position `east`, closed on 15 March 2017 in EUR; `changes` are fields of `DealFact`."""
    known: dict[str, Any] = {
        "id": "deal",
        "name": "Deal",
        "amount": amount,
        "currency": "EUR",
        "position_id": "east",
        "member_id": "ann",
        "closed_on": NOON.date(),
    }
    return DealFact(**{**known, **changes})


def crediting_request(*named: Credit, parameters: P, of: DealFact | None = None) -> CreditingRequest[P]:
    """A request to credit a deal that has the splits `named`."""
    return CreditingRequest(deal() if of is None else of, named, parameters)


def incentive_request(
    *lines: LineFact,
    parameters: P,
    earlier: Sequence[IncentiveLine] = (),
    carried: int = 0,
    corrected: int = 0,
    advanced: int = 0,
    entries: Sequence[EntryFact] = (),
    team: Sequence[TeamFact] = (),
    reviews: Sequence[ReviewFact] = (),
) -> IncentiveRequest[P]:
    """A request for Ann's statement of March 2017, in EUR."""
    return IncentiveRequest(
        member=MEMBER,
        period=MARCH,
        currency="EUR",
        lines=lines,
        parameters=parameters,
        earlier=tuple(earlier),
        carried=carried,
        corrected=corrected,
        advanced=advanced,
        entries=tuple(entries),
        team=tuple(team),
        reviews=tuple(reviews),
    )


def record(id: str, **changes: Any) -> RecordFact:
    """A lead that is named by its id and came into the pool at noon; `changes` are fields of `RecordFact`."""
    known: dict[str, Any] = {"kind": "lead", "name": id, "entered_at": NOON}
    return RecordFact(id, **{**known, **changes})


def pool_request(
    records: Sequence[RecordFact | str], candidates: Sequence[CandidateFact | str], *, parameters: P, memory: str = ""
) -> PoolRequest[P]:
    """A request to hand out the pool's records; a text stands for a plain record or candidate of that id."""
    return PoolRequest(
        pool_key="pool",
        at=NOON,
        today=NOON.date(),
        records=tuple(record(one) if isinstance(one, str) else one for one in records),
        candidates=tuple(CandidateFact(one, one) if isinstance(one, str) else one for one in candidates),
        parameters=parameters,
        memory=memory,
    )


def gate_request(of: DealFact | None = None, *, parameters: P, **changes: Any) -> GateRequest[P]:
    """A request to let a deal pass from proposal to won; `changes` are fields of `GateRequest`."""
    known: dict[str, Any] = {
        "deal": deal() if of is None else of,
        "funnel_key": "sales",
        "leaving": _PROPOSAL,
        "entering": _WON,
        "entered_on": date(2017, 3, 1),
        "today": NOON.date(),
    }
    return GateRequest(**{**known, **changes}, parameters=parameters)


def review_request(
    *parts: ReviewPart, parameters: P, most: Share = Decimal(100), earlier: Sequence[Share] = ()
) -> ReviewRequest[P]:
    """A request to score Ann's review of March 2017, which gives up to 100."""
    return ReviewRequest(MEMBER, MARCH, "monthly", parts, most, parameters, tuple(earlier))


def event(topic: str, payload: Mapping[str, Any], *, parameters: P, id: str = "1") -> Event[P]:
    """An event of that topic, at noon."""
    return Event(id, topic, NOON, json.dumps(payload), parameters)
