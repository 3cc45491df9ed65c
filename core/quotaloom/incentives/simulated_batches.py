"""Some members' periods, by the rules in force and by others: read at one moment, then computed period by period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from quotaloom.calendars.company_calendar import load_calendar
from quotaloom.calendars.periods import Period
from quotaloom.incentives.chains import TERMS, Chain, chains_of, needs_of
from quotaloom.incentives.computing import Case, RunFailed, compute
from quotaloom.incentives.gathering import gather_requests
from quotaloom.incentives.simulated_rules import SimulatedPeriod
from quotaloom.incentives.simulation_results import MemberMonth, Side
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts
from quotaloom.policies.host import PolicyHost
from quotaloom_sdk import IncentiveRequest

MOST_FAILURES: Final = 20
"""How many members whose policies fail end a simulation: so many say that a rule is wrong, and not a member."""

# Of members: those who stand below a unit at the end of a period, or stood there last; as in runs.
_BELOW = f"""
WITH {TERMS} SELECT DISTINCT place.member_id FROM place
JOIN unit_path AS path ON path.company_id = place.company_id AND path.unit_id = place.unit_id
    AND path.valid_from < place.reach AND place.reach <= path.valid_to
WHERE path.ancestor_id = $3
"""  # noqa: S608 (a constant)

# What was left over after the last period before a day that was paid.
_BALANCES = """
SELECT DISTINCT ON (statement.member_id) statement.member_id, statement.carried_out, statement.advanced_after
FROM incentive_statement AS statement
JOIN incentive_run AS run ON run.company_id = statement.company_id AND run.id = statement.run_id
WHERE statement.member_id = ANY ($1::bigint[]) AND run.status = 'paid' AND run.grain = $2 AND run.ends_on <= $3
ORDER BY statement.member_id, run.starts_on DESC
"""

_PAID = """
SELECT statement.member_id, run.label, statement.total FROM incentive_statement AS statement
JOIN incentive_run AS run ON run.company_id = statement.company_id AND run.id = statement.run_id
WHERE statement.member_id = ANY ($1::bigint[]) AND run.status = 'paid' AND run.label = ANY ($2::text[])
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """A policy that failed: which plugin and rule, for whom, is in the text."""

    member_id: int
    period: str
    side: str
    text: str

    def to_json(self) -> dict[str, Any]:
        """What is stored of it."""
        return {"member_id": self.member_id, "period": self.period, "side": self.side, "text": self.text}


class TooManyFailures(Exception):
    """The policies of so many members failed that the simulation ends: the message tells the first of them."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        first = failures[0]
        super().__init__(
            f"policies failed for {len(failures)} members; the first of them, in {first.period}: {first.text}"
        )


@dataclass(frozen=True, slots=True)
class GatheredPeriod:
    """What the policies of some members are asked in a period, and by which chains on both sides."""

    period: Period
    requests: Mapping[int, IncentiveRequest[Any]]
    now: Mapping[int, Chain]
    then: Mapping[int, Chain]


@dataclass(frozen=True, slots=True)
class GatheredBatch:
    """All periods of some members, of one moment; what was carried and advanced before the first; what was paid."""

    member_ids: Sequence[int]
    periods: Sequence[GatheredPeriod]
    before: Mapping[int, Side]
    paid: Mapping[tuple[int, str], int]


async def gather_batch(
    snapshot: Snapshot,
    company: CompanyFacts,
    host: PolicyHost,
    periods: Sequence[SimulatedPeriod],
    unit_id: int | None,
    member_ids: Sequence[int],
) -> GatheredBatch:
    """Read what the periods of these members follow from, in as many statements for one member as for hundreds."""
    first = periods[0].period
    assert first.grain is not None
    balances = await snapshot.fetch(_BALANCES, list(member_ids), first.grain.value, first.starts_on)
    paid = await snapshot.fetch(_PAID, list(member_ids), [one.period.label for one in periods])
    calendar = await load_calendar(snapshot, company)
    gathered = []
    for one in periods:
        ids = await _of_scope(snapshot, member_ids, one.period, unit_id)
        now = await chains_of(snapshot, one.now, ids, one.period)
        then = await chains_of(snapshot, one.then, ids, one.period)
        needs = {
            member_id: needs_of((*now[member_id], *then[member_id]), host.registry)
            for member_id in ids
            if now[member_id] or then[member_id]
        }
        requests = await gather_requests(snapshot, company, calendar, one.period, needs)
        gathered.append(GatheredPeriod(one.period, requests, now, then))
    return GatheredBatch(
        member_ids,
        gathered,
        {row["member_id"]: Side(0, row["carried_out"], row["advanced_after"]) for row in balances},
        {(row["member_id"], row["label"]): row["total"] for row in paid},
    )


async def _of_scope(
    snapshot: Snapshot, member_ids: Sequence[int], period: Period, unit_id: int | None
) -> Sequence[int]:
    if unit_id is None:
        return member_ids
    rows = await snapshot.fetch(_BELOW, list(member_ids), period.ends_on, unit_id)
    return sorted(row["member_id"] for row in rows)


Months = dict[int, dict[str, MemberMonth]]
"""What each member gets, by the label of the period."""


async def compute_batch(
    host: PolicyHost, gathered: GatheredBatch, failures: list[Failure], *, company_id: int
) -> Months:
    """Ask the policies period by period, each side with what it carried and advanced before; outside any transaction.

    Each period stands for itself: nothing corrects an earlier one. Whoever's policy fails is left out, and the failure
    is added to `failures`. Raises `TooManyFailures` where there are `MOST_FAILURES` of them.
    """
    months: Months = defaultdict(dict)
    before = [dict(gathered.before), dict(gathered.before)]
    gone: set[int] = set()
    for one in gathered.periods:
        left = [member_id for member_id in one.requests if member_id not in gone]
        found = await _sides(_Asking(host, one, company_id, failures), left, before)
        found.update(_without_rules(gathered, one, before))
        gone.update(member_id for member_id in left if member_id not in found)
        for member_id, (now, then) in found.items():
            paid = gathered.paid.get((member_id, one.period.label))
            months[member_id][one.period.label] = MemberMonth(now, then, paid)
            before[0][member_id], before[1][member_id] = now, then
    return {member_id: of_member for member_id, of_member in months.items() if member_id not in gone}


def _without_rules(
    gathered: GatheredBatch, one: GatheredPeriod, before: Sequence[Mapping[int, Side]]
) -> dict[int, tuple[Side, Side]]:
    """Those who were paid in the period though they have no rules in it: what was paid is to be complete."""
    paid = [member_id for member_id in one.now if (member_id, one.period.label) in gathered.paid]
    without = [member_id for member_id in paid if member_id not in one.requests]
    return {member_id: (_nothing(before[0], member_id), _nothing(before[1], member_id)) for member_id in without}


def _nothing(before: Mapping[int, Side], member_id: int) -> Side:
    """What a member gets without rules: what was carried and advanced stays."""
    return replace(before.get(member_id, _NOTHING), total=0)


async def _sides(
    asking: _Asking, member_ids: Sequence[int], before: Sequence[Mapping[int, Side]]
) -> dict[int, tuple[Side, Side]]:
    """What both sides come to; where rules and balances are the same on both, they are asked once."""
    one = asking.gathered
    now = await asking.ask("now", one.now, before[0], member_ids)
    same = {
        member_id
        for member_id in now
        if one.now[member_id] == one.then[member_id]
        and _balance(before[0], member_id) == _balance(before[1], member_id)
    }
    others = [member_id for member_id in now if member_id not in same]
    then = await asking.ask("then", one.then, before[1], others)
    return {
        member_id: (now[member_id], now[member_id] if member_id in same else then[member_id])
        for member_id in now
        if member_id in same or member_id in then
    }


def _balance(before: Mapping[int, Side], member_id: int) -> tuple[int, int]:
    side = before.get(member_id, _NOTHING)
    return side.carried, side.advanced


_NOTHING: Final = Side()


@dataclass(slots=True)
class _Asking:
    """Asks the chains of one side of a period; members whose policies fail are set apart from the others."""

    host: PolicyHost
    gathered: GatheredPeriod
    company_id: int
    failures: list[Failure]

    async def ask(
        self, side: str, chains: Mapping[int, Chain], before: Mapping[int, Side], member_ids: Sequence[int]
    ) -> dict[int, Side]:
        """What each member gets; one without rules gets nothing, and what was carried stays."""
        asked = [
            Case(member_id, self._request(member_id, before), chains[member_id])
            for member_id in member_ids
            if chains[member_id]
        ]
        found = {member_id: _nothing(before, member_id) for member_id in member_ids if not chains[member_id]}
        for case in await self._computed(side, asked):
            total = case.asked.carried + sum(line.amount for line in case.lines)
            found[case.member_id] = Side(total, case.carried_out, case.advanced_after)
        return {member_id: found[member_id] for member_id in member_ids if member_id in found}

    def _request(self, member_id: int, before: Mapping[int, Side]) -> IncentiveRequest[Any]:
        carried, advanced = _balance(before, member_id)
        return replace(self.gathered.requests[member_id], carried=carried, corrected=0, advanced=advanced)

    async def _computed(self, side: str, cases: Sequence[Case]) -> list[Case]:
        """The cases that could be computed: where one of them fails, both halves are asked apart."""
        fresh = [Case(case.member_id, case.asked, case.chain) for case in cases]
        try:
            await compute(self.host, fresh, company_id=self.company_id)
        except RunFailed as error:
            if len(cases) > 1:
                middle = len(cases) // 2
                first = await self._computed(side, cases[:middle])
                return [*first, *await self._computed(side, cases[middle:])]
            self.failures.append(Failure(cases[0].member_id, self.gathered.period.label, side, str(error)))
            if len(self.failures) >= MOST_FAILURES:
                raise TooManyFailures(self.failures) from None
            return []
        return fresh
