"""Companies on which a job has something to do: one for each job that there is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final

from quotaloom.achievements.ledger import Reversal, reverse
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.incentives.running import COMPUTE
from quotaloom.incentives.runs import start_run
from quotaloom.incentives.simulated_rules import SimulatedChange
from quotaloom.incentives.simulations import KEPT as SIMULATIONS_KEPT
from quotaloom.incentives.simulations import SIMULATE, SimulationRequest, start_simulation
from quotaloom.leads.commands import create_lead
from quotaloom.leads.records import NewLead
from quotaloom.ownership.arrivals import HAND_OUT
from quotaloom.ownership.owners import RecordKind
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.database import Database
from quotaloom.platform.jobs.storage import LOG
from quotaloom.platform.kept_answers import RequestKey
from quotaloom.platform.once import KEPT as ANSWERS_KEPT
from quotaloom.platform.once import once
from quotaloom.platform.work import Work
from quotaloom.policies.delivering import DELIVERY, ask_for_deliveries
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.pool.commands import create_pool, update_pool
from quotaloom.pool.pools import NewPool
from quotaloom.pool.rule_commands import NewRule, create_rule
from quotaloom.reviews.steps import Overdue, Step, StepRule
from quotaloom_sdk import Event, EventListener, Parameters
from tests.founding import at, found
from tests.integration.action_plans.acting import plan_of, todo
from tests.integration.funnels.floors import HOST, Floor, furnish
from tests.integration.incentives.payroll import Payroll, open_payroll
from tests.integration.platform.killed_once import enter_zoe
from tests.integration.policies.served import installed
from tests.integration.reviews.judging import ReviewOffice, timed
from tests.integration.targets.planning import POLICIES

DAY: Final = timedelta(days=1)

# Two o'clock in the night of the eleventh of June in Shanghai, ten days after leads were entered on the first.
ELEVENTH: Final = datetime(2026, 6, 10, 18, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Due:
    """A company on which a job, with this payload, has something to do at each of some moments."""

    work: Work
    moments: Sequence[datetime]
    host: PolicyHost = HOST
    payload: Mapping[str, Any] = field(default_factory=dict)


async def _pool(database: Database) -> Floor:
    floor = await furnish(database)
    pool = NewPool("north", "North", [RecordKind.LEAD], unit_ids=[floor.units["east"]])
    floor.units["north"] = await create_pool(floor.work, pool)
    return floor


async def records_go_back(database: Database, days_before: int = 0) -> Due:
    """A lead that goes back to its pool in the night of the eleventh, after ten days without follow-up."""
    floor = await _pool(database)
    rule = {"when": {"noFollowUp": {"days": 10}}, "remindDays": [3]}
    await create_rule(floor.work, NewRule("back", "Back", RuleKind.RECYCLING, rule))
    new = NewLead("Globex", position_id=floor.units["ann"], pool_id=floor.units["north"])
    await create_lead(floor.work, new)
    return Due(floor.work, [ELEVENTH - days_before * DAY])


async def leads_wait(database: Database) -> Due:
    """A lead in a pool that hands out by itself."""
    floor = await _pool(database)
    await update_pool(floor.work, floor.units["north"], {"hands_out": True})
    await switch_policy(floor.work, HOST, PolicyChange("assignment.round_robin", active=True))
    await create_lead(floor.work, NewLead("Globex", pool_id=floor.units["north"]))
    return Due(floor.work, [floor.work.now], payload={"pool": floor.units["north"]})


async def items_are_due(database: Database) -> Due:
    """Something that is to be done by the third: it is due in that night, and overdue in the next."""
    floor = await furnish(database)
    await plan_of(floor, items=[todo(first=2, last=3)])
    return Due(floor.work, [datetime(2026, 6, day, 18, tzinfo=UTC) for day in (2, 3)])


async def reviews_wait(database: Database) -> Due:
    """A self score: reminded of on the sixth, skipped on the ninth; then a manager who is late, and waited for."""
    office = await ReviewOffice.furnish(database)
    await office.open(rules={**timed(), Step.MANAGER: StepRule(7, Overdue.WAIT)})
    return Due(office.work(), [office.work(day=day).now for day in (6, 9, 17)], POLICIES)


async def _sold(database: Database, policy: str = "pay.rate") -> Payroll:
    """Ann sells something in March, and takes it back in April."""
    payroll = await open_payroll(database, policy, reversal_date="own")
    await payroll.rule("rule", policy)
    await payroll.order("march", "ann", 1_000)
    undoing = Reversal(payroll.entries["march"], 1_000_00, "back", "back", business_date=date(2026, 4, 10))
    await payroll.work.write(lambda transaction: reverse(transaction, payroll.work.company, [undoing]))
    return payroll


async def a_run_is_to_be_computed(database: Database, label: str = "2026-03", policy: str = "pay.rate") -> Due:
    """A run of a month."""
    payroll = await _sold(database, policy)
    run_id = await start_run(payroll.as_member("ada"), payroll.host, label)
    return Due(payroll.work, [payroll.work.now], payroll.host, {"run": run_id, "attempt": 1})


async def a_simulation_is_to_be_computed(database: Database) -> Due:
    """A simulation of March."""
    payroll = await _sold(database)
    asked = SimulationRequest((SimulatedChange("x", "pay.rate"),), first="2026-03", last="2026-03")
    simulation_id = await start_simulation(payroll.work, payroll.host, asked)
    return Due(payroll.work, [payroll.work.now], payroll.host, {"simulation": simulation_id})


async def a_simulation_is_old(database: Database) -> Due:
    """The same, long ago."""
    due = await a_simulation_is_to_be_computed(database)
    return replace(due, moments=[due.work.now + SIMULATIONS_KEPT + DAY], payload={})


async def an_answer_is_old(database: Database) -> Due:
    """An answer that was kept a week ago for whoever asks again."""
    work = await found(database)
    await once(work, RequestKey("7c1e", "0" * 64, "createMember"), enter_zoe)
    return Due(work, [datetime.now(UTC) + ANSWERS_KEPT + DAY])


async def a_listener_has_events(database: Database) -> Due:
    """A customer was entered of whom a listener has not been told."""
    ear: EventListener[Any] = EventListener(
        key="ear",
        title="Ear",
        description="Listens.",
        parameters=Parameters,
        topics=("customer.created",),
        listen=_hear,
    )
    host, work = installed(ear), await found(database)
    await switch_policy(work, host, PolicyChange("acme.ear", active=True))
    later = at(work, work.now + timedelta(minutes=1))
    await create_customer(later, NewCustomer("Globex"))
    await later.write(partial(ask_for_deliveries, registry=host.registry))
    return Due(later, [later.now], host, {"listener": "acme.ear"})


def _hear(event: Event[Any]) -> None:
    assert event.topic == "customer.created"


async def the_log_is_old(database: Database) -> Due:
    """A line of the log of jobs, of a year ago."""
    work = await found(database)

    async def log(transaction: Any) -> None:
        await transaction.execute(
            f"INSERT INTO {LOG} (created, job_id, status, priority, entrypoint)"
            " VALUES ($1, 1, 'successful', 0, 'note')",
            work.now - 365 * DAY,
        )

    await work.write(log)
    return Due(work, [work.now])


JOBS: Final[Mapping[str, Sequence[Callable[[Database], Awaitable[Due]]]]] = {
    "jobs.purge": [the_log_is_old],
    "pool.recycle": [records_go_back],
    "pool.remind": [partial(records_go_back, days_before=3)],
    "action_plans.remind": [items_are_due],
    "review.deadlines": [reviews_wait],
    "incentives.forget_simulations": [a_simulation_is_old],
    "answers.forget": [an_answer_is_old],
    DELIVERY: [a_listener_has_events],
    HAND_OUT: [leads_wait],
    COMPUTE: [a_run_is_to_be_computed, partial(a_run_is_to_be_computed, label="2026-04", policy="pay.picky")],
    SIMULATE: [a_simulation_is_to_be_computed],
}
"""What each job that there is finds to do; a run may also fail, by a rule that cannot decide."""
