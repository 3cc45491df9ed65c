"""A sales floor with a pool of customers and deals, of which East's people are members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from quotaloom.activities.commands import log_activity
from quotaloom.activities.facts import Moment, NewActivity, Particulars, Subjects
from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels.commands.customers import NewCustomer, insert_customers
from quotaloom.ownership.ledger import Handing, hand_over, hold_records
from quotaloom.ownership.owners import Movement, Owner, RecordKind, RecordName
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.access import Scope
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.claiming import claim_records
from quotaloom.pool.commands import create_pool
from quotaloom.pool.giving import Giving, Recipient, assign_records, transfer_records
from quotaloom.pool.moving import Outcome
from quotaloom.pool.nightly import recycle_due
from quotaloom.pool.pools import HideableField, NewPool
from quotaloom.pool.releasing import release_records
from quotaloom.pool.rule_commands import NewRule, create_rule
from tests.founding import at
from tests.integration.funnels.floors import Floor, furnish

START = date(2026, 6, 1)


@dataclass
class Sea:
    """The floor and its pool; `day` is the business date of whatever is done next."""

    floor: Floor
    pool: int
    day: date = START

    @property
    def work(self) -> Work:
        """The work of an admin, today."""
        return self._today(self.floor.work)

    def of(self, who: str) -> Work:
        """The work of a member, today."""
        return self._today(self.floor.as_member(who))

    def service(self) -> Work:
        """The work of a service that may move records, today."""
        return self._today(self.floor.as_service(Scope.POOL))

    def _today(self, work: Work) -> Work:
        now = datetime.combine(self.day, self.floor.work.now.timetz())
        return at(work, now)

    def passes(self, days: int) -> None:
        """So many days pass."""
        self.day += timedelta(days)

    async def customers(self, count: int, pool: int | None = None) -> list[RecordName]:
        """So many new customers that wait in the pool, in the order in which they came."""
        rows = [NewCustomer(f"Customer {number}") for number in range(count)]
        work, target = self.work, Owner(pool or self.pool)

        async def apply(transaction: Transaction) -> Sequence[int]:
            ids = (await insert_customers(transaction, work.company, rows)).ids
            held = await hold_records(transaction, RecordKind.CUSTOMER, ids)
            handings = [Handing(held[number], target, Movement.RELEASE, "New") for number in ids]
            await hand_over(transaction, handings, work.today)
            return ids

        return [RecordName(RecordKind.CUSTOMER, number) for number in await work.write(apply)]

    async def deal(self, position: str = "ann", **values: Any) -> RecordName:
        """A deal of a position that belongs to no pool."""
        return RecordName(RecordKind.OPPORTUNITY, await self.floor.open(position, **values))

    async def rule(self, kind: RuleKind, parameters: Mapping[str, Any], key: str | None = None, **more: Any) -> int:
        """A rule of the pool; its key is its kind unless given."""
        name = (key or kind).replace("_", " ").title()
        return await create_rule(
            self.work, NewRule(key or kind, name, kind, parameters, **{"pool_id": self.pool, **more})
        )

    async def claim(self, who: str, *records: RecordName) -> list[str | None]:
        """What refuses each claim, None for those that are done."""
        return codes((await claim_records(self.of(who), records)).outcomes)

    async def release(self, who: str | None, *records: RecordName, pool: int | None = None) -> list[str | None]:
        """Give records back, as a member or an admin."""
        work = self.work if who is None else self.of(who)
        return codes(await release_records(work, records, "No time", pool))

    async def assign(self, to: str, *records: RecordName, by: Work | None = None, **how: Any) -> list[str | None]:
        """Assign records to a member."""
        recipient = Recipient(self.floor.members[to])
        return codes(await assign_records(by or self.work, records, recipient, Giving(Movement.ASSIGN, **how)))

    async def transfer(self, to: str, *records: RecordName, by: Work | None = None, **how: Any) -> list[str | None]:
        """Transfer records to a member."""
        recipient = Recipient(self.floor.members[to])
        return codes(await transfer_records(by or self.work, records, recipient, Giving(Movement.TRANSFER, **how)))

    async def call(self, who: str, record: RecordName) -> None:
        """Somebody calls a customer, today."""
        subjects = Subjects(customer_id=record.id)
        new = NewActivity(ActivityKind.CALL, subjects, Particulars("A call"), Moment(on=self.day))
        await log_activity(self.of(who), new)

    async def recycle(self) -> int:
        """Recycle what is due today."""
        return await recycle_due(self.work)

    async def holders(self) -> dict[RecordName, str | None]:
        """Who holds each customer and deal, None where it waits or is nobody's."""
        rows = await self.floor.rows(
            "SELECT kind, coalesce(customer_id, opportunity_id) AS record_id, member.key FROM ownership"
            " LEFT JOIN member ON member.id = ownership.member_id"
        )
        return {RecordName(RecordKind(row["kind"]), row["record_id"]): row["key"] for row in rows}


def codes(outcomes: Sequence[Outcome]) -> list[str | None]:
    """The code of each refusal, None for what was done."""
    return [None if one.refusal is None else one.refusal.code for one in outcomes]


async def sea_for(database: Database, **facts: Any) -> Sea:
    """The floor with a pool whose members are East's people, and which Wu looks after."""
    floor = await furnish(database, **facts)
    new = NewPool(
        "sea",
        "Sea",
        [RecordKind.CUSTOMER, RecordKind.OPPORTUNITY],
        hidden_fields=[HideableField.PHONE],
        unit_ids=[floor.units["east"]],
        admin_ids=[floor.members["wu"]],
    )
    return Sea(floor, await create_pool(floor.work, new))
