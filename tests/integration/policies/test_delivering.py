"""Event listeners are told of what was committed: in order, at least once, and none holds up another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest

from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.jobs.failures import dismiss_job, failed_jobs, retry_job
from quotaloom.platform.jobs.handlers import Handlers, JobHandler
from quotaloom.platform.jobs.worker import JobWorker
from quotaloom.platform.notifications import listening
from quotaloom.platform.unit_of_work import EVENTS_CHANNEL, OUTBOX, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.courier import EventCourier
from quotaloom.policies.delivering import DELIVERY, deliver, leave_out
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom_sdk import Event, EventListener, Parameters
from tests.founding import at, found
from tests.graph_client import Moment
from tests.integration.jobs.doing import HASTE, until
from tests.integration.policies.served import installed


@dataclass
class Ear:
    """A listener for customers that notes what it is told, and raises for those that it cannot stand."""

    key: str
    hated: set[str] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)
    topics: tuple[str, ...] = ("customer.created",)

    def listen(self, event: Event[Any]) -> None:
        """Take an event."""
        if event.id in self.hated or "all" in self.hated:
            raise RuntimeError("that one I cannot stand")
        self.heard.append(event.id)

    @property
    def definition(self) -> EventListener[Any]:
        """The listener as a plugin has it."""
        return EventListener(
            key=self.key,
            title="Ear",
            description="Listens.",
            parameters=Parameters,
            topics=self.topics,
            listen=self.listen,
        )


@asynccontextmanager
async def delivering(database: Database, url: str, host: PolicyHost, work: Work) -> AsyncIterator[None]:
    """One process that delivers events, in haste, at the moment of the work."""
    clock = Moment(work.now)
    handlers = Handlers([JobHandler(DELIVERY, partial(deliver, host), HASTE)])
    async with AsyncExitStack() as stack:
        courier = await stack.enter_async_context(EventCourier(database, host.registry, clock))
        tellers = {EVENTS_CHANNEL: courier.told}
        await stack.enter_async_context(listening(url, tellers, began=courier.missed))
        await stack.enter_async_context(JobWorker(database, url, handlers, clock=clock, poll_seconds=0.1))
        yield


@pytest.fixture
async def work(database: Database) -> Work:
    """A company."""
    return await found(database)


async def events(work: Work) -> list[str]:
    """The ids of the company's events of new customers, in their order."""
    async with work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT id FROM outbox_event WHERE topic = 'customer.created' ORDER BY id")
    return [str(row["id"]) for row in rows]


async def customer(work: Work, name: str) -> str:
    """Enter a customer; the id of the event."""
    await create_customer(work, NewCustomer(name))
    return (await events(work))[-1]


async def failures(work: Work) -> list[Any]:
    """The company's failed jobs."""
    async with work.snapshot() as snapshot:
        return await failed_jobs(snapshot)


async def test_a_listener_is_told_in_order_of_what_happens_while_it_is_on(
    database: Database, database_url: str, work: Work
) -> None:
    """Nothing of before, all twelve of afterwards, each once; nothing of another company, nor once it is off."""
    ear, other = Ear("ear"), await found(database, key="other")
    host = installed(ear.definition)
    await customer(work, "Early")
    await switch_policy(_later(work), host, PolicyChange("acme.ear", active=True))
    work = _later(work)
    async with delivering(database, database_url, host, work):
        await customer(other, "Elsewhere")
        for number in range(12):
            await customer(work, f"Customer {number}")
        await until(lambda: len(ear.heard) == 12)
        assert ear.heard == (await events(work))[1:]
        await switch_policy(work, host, PolicyChange("acme.ear", active=False))
        await customer(work, "Late")
        await asyncio.sleep(1)
    assert len(ear.heard) == 12


async def test_what_happened_while_nobody_delivered_is_told_later(
    database: Database, database_url: str, work: Work
) -> None:
    """Sixty events, more than are read at a time, are told when a process comes; by two processes, none twice."""
    ear = Ear("ear")
    host = installed(ear.definition)
    await switch_policy(work, host, PolicyChange("acme.ear", active=True))
    ids = [await customer(work, f"Customer {number}") for number in range(60)]
    async with (
        delivering(database, database_url, host, work),
        delivering(database, database_url, host, work),
    ):
        await until(lambda: len(ear.heard) >= 60)
        ids.append(await customer(work, "Last"))
        await until(lambda: len(ear.heard) >= 61)
        await asyncio.sleep(1)
    assert ear.heard == ids


async def test_a_company_that_cannot_be_looked_after_holds_up_no_other(database_url: str, work: Work) -> None:
    """While somebody writes events of the first company for long, the second's listener is told; the first's later."""
    ear, busy = Ear("ear"), work
    host = installed(ear.definition)
    hasty = Database(database_url, statement_timeout_ms=300)
    await hasty.connect()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(hasty.close)
        works = [busy, await found(busy.database, key="other")]
        for one in works:
            await switch_policy(one, host, PolicyChange("acme.ear", active=True))
        first, second = [await customer(one, "Customer") for one in works]
        holding, release = asyncio.Event(), asyncio.Event()

        async def hold(transaction: Transaction) -> None:
            await transaction.lock(OUTBOX, shared=True)
            holding.set()
            await release.wait()

        writing = asyncio.create_task(busy.write(hold))
        await holding.wait()
        async with delivering(hasty, database_url, host, works[1]):
            await until(lambda: ear.heard == [second])
            release.set()
            await writing
            await until(lambda: ear.heard == [second, first])


async def test_a_listener_that_fails_holds_up_nobody_but_itself(
    database: Database, database_url: str, work: Work
) -> None:
    """It stands at the second event and is shown to the admin, while the other hears all; tried again, it hears all."""
    good, bad = Ear("good"), Ear("bad")
    host = installed(good.definition, bad.definition)
    for key in ("acme.good", "acme.bad"):
        await switch_policy(work, host, PolicyChange(key, active=True))
    first = await customer(work, "First")
    second = await customer(work, "Second")
    bad.hated.add(second)
    async with delivering(database, database_url, host, work):
        (failed,) = await until(lambda: failures(work))
        third = await customer(work, "Third")
        await until(lambda: len(good.heard) == 3)
        assert (failed["name"], failed["about"], failed["attempts"]) == (DELIVERY, "acme.bad", 3)
        assert "that one I cannot stand" in failed["reason"]
        assert bad.heard == [first]
        assert len(await failures(work)) == 1
        bad.hated.clear()
        await retry_job(work, failed["id"])
        await until(lambda: len(bad.heard) == 3)
    assert good.heard == bad.heard == [first, second, third]


async def test_an_event_is_left_out_when_its_failed_job_is_put_away(
    database: Database, database_url: str, work: Work
) -> None:
    """The listener goes on with the event after the one that it cannot stand, and hears of it never more."""
    ear = Ear("ear")
    host = installed(ear.definition)
    await switch_policy(work, host, PolicyChange("acme.ear", active=True))
    first, second, third = [await customer(work, name) for name in ("First", "Second", "Third")]
    ear.hated.add(second)
    async with delivering(database, database_url, host, work):
        (failed,) = await until(lambda: failures(work))
        await dismiss_job(work, failed["id"], {DELIVERY: leave_out})
        await until(lambda: len(ear.heard) == 2)
    assert ear.heard == [first, third]
    assert await failures(work) == []


async def test_an_event_of_a_transaction_that_commits_late_is_told_in_its_turn(
    database: Database, database_url: str, work: Work, admin_url: str
) -> None:
    """While one who publishes has not committed yet, later events wait behind his; none is passed over."""
    ear = Ear("ear")
    host = installed(ear.definition)
    await switch_policy(work, host, PolicyChange("acme.ear", active=True))
    admin = await asyncpg.connect(**credentials(admin_url))
    await admin.execute(_SLOW_COMMITS)
    async with delivering(database, database_url, host, work):
        slow = asyncio.ensure_future(create_customer(work, NewCustomer("Slow")))
        await until(lambda: admin.fetchval("SELECT count(*) > 0 FROM pg_stat_activity WHERE query = 'COMMIT;'"))
        await create_customer(work, NewCustomer("Quick"))
        await slow
        await until(lambda: len(ear.heard) == 2)
    await admin.close()
    assert ear.heard == await events(work)


async def test_what_began_before_the_switch_and_committed_after_it_hides_nothing(
    database: Database, database_url: str, work: Work
) -> None:
    """A customer's transaction begins before the switch, waits, and commits after the next one: nobody delivers until
    then, and both customers are heard of."""
    ear = Ear("ear")
    host = installed(ear.definition)
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def enter_slowly(transaction: Transaction) -> None:
        begun.set()
        await goes_on.wait()
        transaction.publish("customer.created", id=1)

    slow = asyncio.ensure_future(work.write(enter_slowly))
    await begun.wait()
    later = _later(work)
    await switch_policy(later, host, PolicyChange("acme.ear", active=True))
    await create_customer(later, NewCustomer("First"))
    goes_on.set()
    await slow
    async with delivering(database, database_url, host, later):
        await until(lambda: len(ear.heard) == 2)
    assert ear.heard == await events(work)


async def test_a_listener_hears_of_its_own_switch_first(database: Database, database_url: str, work: Work) -> None:
    """The event that tells of the switch is the first, whatever happened just before, at the same moment."""
    ear = Ear("ear", topics=("customer.created", "policy.switched"))
    host = installed(ear.definition)
    await create_customer(work, NewCustomer("Early"))
    await switch_policy(work, host, PolicyChange("acme.ear", active=True))
    await create_customer(work, NewCustomer("Later"))
    async with work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT id FROM outbox_event ORDER BY id DESC LIMIT 2")
    async with delivering(database, database_url, host, work):
        await until(lambda: len(ear.heard) == 2)
    assert ear.heard == [str(row["id"]) for row in reversed(rows)]


async def test_what_happens_while_a_listener_is_off_is_never_told(
    database: Database, database_url: str, work: Work
) -> None:
    """Switched off and on again while nobody looks: of the three customers it hears of the first and the last; and what
    it had not heard when it was switched off, it does not hear either."""
    ear = Ear("ear")
    host = installed(ear.definition)
    await switch_policy(work, host, PolicyChange("acme.ear", active=True))
    first = await customer(work, "First")
    async with delivering(database, database_url, host, work):
        await until(lambda: ear.heard == [first])
    await switch_policy(work, host, PolicyChange("acme.ear", active=False))
    await customer(work, "Unheard")
    await switch_policy(work, host, PolicyChange("acme.ear", active=True))
    last = await customer(work, "Last")
    async with delivering(database, database_url, host, work):
        await until(lambda: len(ear.heard) == 2)
    assert ear.heard == [first, last]


async def test_other_parameters_leave_a_listener_where_it_stands(
    database: Database, database_url: str, work: Work
) -> None:
    """Switched on once more while it is on and nobody delivers: what happened before is told all the same."""
    ear = Ear("ear")
    host = installed(ear.definition)
    await switch_policy(work, host, PolicyChange("acme.ear", active=True))
    first = await customer(work, "First")
    await switch_policy(_later(work), host, PolicyChange("acme.ear", active=True, ordinal=3))
    second = await customer(_later(work), "Second")
    async with delivering(database, database_url, host, _later(work)):
        await until(lambda: len(ear.heard) == 2)
    assert ear.heard == [first, second]


async def test_a_listener_that_a_day_switches_on_hears_from_then_on(
    database: Database, database_url: str, work: Work
) -> None:
    """On for two days, and nobody looks before: it hears of everything from the first event of these days on, what was
    stored late included; after them it stands nowhere, and hears nothing."""
    ear = Ear("ear")
    host = installed(ear.definition)
    day = work.today
    change = PolicyChange("acme.ear", active=True, valid_from=day + timedelta(days=2), valid_to=day + timedelta(days=4))
    await switch_policy(work, host, change)
    works = [at(work, work.now + timedelta(days=days)) for days in range(5)]
    heard = [await customer(works[2], "Third")]
    await create_customer(works[1], NewCustomer("Second"))
    heard.append(await customer(works[3], "Fourth"))
    async with delivering(database, database_url, host, works[3]):
        await until(lambda: set(heard) <= set(ear.heard))
    assert sorted(ear.heard, key=int) == await events(work)
    async with delivering(database, database_url, host, works[4]):
        await until(lambda: _stands_nowhere(work))
        await create_customer(works[4], NewCustomer("Fifth"))
        await asyncio.sleep(1)
    assert len(ear.heard) == 3


async def test_what_happens_between_two_times_that_days_switch_on_is_never_told(
    database: Database, database_url: str, work: Work
) -> None:
    """On for a day, off for a day, and on again: nobody delivers before the third day, nor looks, and it hears of that
    day's events alone; where one setting follows the other without a gap, it goes on where it stands."""
    ear = Ear("ear")
    host = installed(ear.definition)
    day = work.today
    for first, last in ((0, 1), (2, 3), (3, 4)):
        start, end = day + timedelta(days=first), day + timedelta(days=last)
        await switch_policy(work, host, PolicyChange("acme.ear", active=True, valid_from=start, valid_to=end))
    works = [at(work, work.now + timedelta(days=days)) for days in range(4)]
    async with delivering(database, database_url, host, work):
        heard = [await customer(work, "First")]
        await until(lambda: ear.heard == heard)
    await create_customer(works[1], NewCustomer("Second"))
    heard.append(await customer(works[2], "Third"))
    async with delivering(database, database_url, host, works[2]):
        await until(lambda: len(ear.heard) >= 2)
    heard.append(await customer(works[2], "Late on the third day"))
    heard.append(await customer(works[3], "Fourth"))
    async with delivering(database, database_url, host, works[3]):
        await until(lambda: len(ear.heard) >= 4)
    assert ear.heard == heard


async def _stands_nowhere(work: Work) -> bool:
    async with work.snapshot() as snapshot:
        return not await snapshot.fetch("SELECT FROM listener_position")


# The first transaction that publishes of a new customer takes two seconds to commit.
_SLOW_COMMITS = """
CREATE SEQUENCE slow_commits;
GRANT USAGE ON slow_commits TO quotaloom_app;
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.topic = 'customer.created' AND nextval('slow_commits') = 1 THEN PERFORM pg_sleep(2); END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER dawdling AFTER INSERT ON outbox_event DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION dawdle();
"""


def _later(work: Work) -> Work:
    return at(work, work.now + timedelta(minutes=1))
