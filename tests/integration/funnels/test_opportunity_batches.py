"""Many opportunities at once, as another system knows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.batches import Inserted
from quotaloom.funnels.commands.stage_changes import reopen_opportunity
from quotaloom.funnels.deals import OpportunityRow, PastMove
from quotaloom.funnels.opportunity_batches import insert_opportunities
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.unit_of_work import Transaction
from tests.integration.funnels.floors import Floor, furnish

APRIL, MAY = date(2026, 4, 10), date(2026, 5, 20)


async def insert(floor: Floor, *rows: OpportunityRow) -> Inserted:
    return await floor.work.write(lambda transaction: insert_opportunities(transaction, floor.work.company, rows))


def won(floor: Floor, position: str = "ann", **values: Any) -> OpportunityRow:
    return OpportunityRow(floor.deal(position, stage_id=floor.stages["won"], **values), closed_on=MAY)


async def test_open_won_and_lost_deals_come_with_their_moves_and_postings(database: Database) -> None:
    """Of three deals the won one posts 1,000.00 and one order; each has the moves that are known, undated too."""
    floor = await furnish(database)
    offered = (PastMove(floor.stages["offer"], APRIL), PastMove(floor.stages["won"], MAY))
    inserted = await insert(
        floor,
        OpportunityRow(floor.deal("ann", key="a", amount=None)),
        replace(won(floor, key="b", opened_on=APRIL), moves=offered),
        OpportunityRow(floor.deal("cem", key="c", stage_id=floor.stages["lost"]), MAY, "no budget"),
    )
    assert inserted.created == (True, True, True)
    rows = await floor.rows(
        "SELECT opportunity.key, stage.key AS stage, moved_on FROM stage_move"
        " JOIN opportunity ON opportunity.id = opportunity_id JOIN stage ON stage.id = to_stage_id"
        " ORDER BY stage_move.id"
    )
    assert [tuple(row) for row in rows] == [
        ("a", "lead", None),
        ("b", "offer", APRIL),
        ("b", "won", MAY),
        ("c", "lost", MAY),
    ]
    assert await floor.ledger() == {"ann": (1_000_00, 0)}
    assert await floor.ledger("orders") == {"ann": (1, 0)}
    stored = await floor.rows("SELECT id, wins, closed_on, lost_reason FROM opportunity ORDER BY key")
    assert [tuple(row) for row in stored] == [
        (inserted.ids[0], 0, None, None),
        (inserted.ids[1], 1, MAY, None),
        (inserted.ids[2], 0, MAY, "no budget"),
    ]


async def test_the_same_batch_again_changes_nothing(database: Database) -> None:
    """Stored keys keep their ids, and nothing is posted again; a new row among them is created."""
    floor = await furnish(database)
    rows = (won(floor, key="a"), won(floor, "bob", key="b"))
    first = await insert(floor, *rows)
    again = await insert(floor, *rows, won(floor, "cem", key="c", amount=5_00))
    assert again.ids[:2] == first.ids
    assert again.created == (False, False, True)
    assert await floor.ledger() == {"ann": (1_000_00, 0), "bob": (1_000_00, 0), "cem": (5_00, 0)}
    assert len(await floor.rows("SELECT FROM stage_move")) == 3


async def test_a_deal_that_came_won_can_be_reopened(database: Database) -> None:
    """It goes back to the stage it is known to have come from, and its revenue is reversed."""
    floor = await furnish(database)
    moves = (PastMove(floor.stages["offer"], None), PastMove(floor.stages["won"], MAY))
    inserted = await insert(floor, replace(won(floor), moves=moves))
    await reopen_opportunity(floor.work, inserted.ids[0])
    assert (await floor.one("SELECT stage_id FROM opportunity"))["stage_id"] == floor.stages["offer"]
    assert await floor.ledger() == {"ann": (0, 0)}


async def test_a_batch_takes_the_same_statements_however_long(database: Database) -> None:
    """Two rows and two hundred, with splits and wins among them, take equally many statements."""
    floor = await furnish(database)

    async def statements(count: int, prefix: str) -> int:
        splits = [floor.split("ann", "0.5"), floor.split("bob", "0.5"), floor.split("eve", "1", CreditKind.OVERLAY)]
        rows = [won(floor, key=f"{prefix}{number}", splits=splits) for number in range(count)]

        async def apply(transaction: Transaction) -> int:
            counted = CountingTransaction(transaction.company_id, transaction.writer, transaction._client)
            await insert_opportunities(counted, floor.work.company, rows)
            return counted.statements

        return await floor.work.write(apply)

    assert await statements(2, "few-") == await statements(200, "many-")


class CountingTransaction(Transaction):
    """A transaction that counts its statements."""

    statements = 0

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        self.statements += 1
        return await super().fetch(sql, *arguments)

    async def execute(self, sql: str, *arguments: Any) -> str:
        self.statements += 1
        return await super().execute(sql, *arguments)


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"closed_on": None}, "CLOSE_DATE_NEEDED", (1, "closedOn")),
        ({"closed_on": date(2026, 4, 9)}, "CLOSED_BEFORE_OPENED", (1, "closedOn")),
        ({"amount": None}, "AMOUNT_NEEDED", (1, "amount")),
        ({"key": "first"}, "DUPLICATE_KEY", (1, "key")),
        ({"funnel_id": 999}, "UNKNOWN_FUNNEL", (1, "funnelId")),
        ({"customer_id": 999}, "UNKNOWN_CUSTOMER", (1, "customerId")),
        ({"currency": "EUR"}, "MISSING_RATE", (1, "currency")),
        ({"stage_id": None}, "NOT_CLOSED", (1, "closedOn")),
        ({"moves": [PastMove(999, None)]}, "UNKNOWN_STAGE", (1, "moves", 0, "stageId")),
        ({"moves": "lead"}, "BAD_MOVES", (1, "moves")),
        ({"position": "empty"}, "NO_HOLDER", (1, "positionId")),
    ],
)
async def test_a_batch_with_a_bad_row_is_refused_as_a_whole(
    database: Database, change: dict[str, Any], code: str, path: tuple[str | int, ...]
) -> None:
    """The error names the row and the field, and nothing is written, not even the good row."""
    floor = await furnish(database)
    row = won(floor, opened_on=APRIL)
    if "moves" in change:
        moves = [PastMove(floor.stages["lead"], None)] if change["moves"] == "lead" else change["moves"]
        row = replace(row, moves=moves)
    elif "closed_on" in change:
        row = replace(row, **change)
    elif "position" in change:
        row = replace(row, deal=replace(row.deal, position_id=floor.units[change["position"]]))
    else:
        row = replace(row, deal=replace(row.deal, **change))
    with pytest.raises(InputError) as caught:
        await insert(floor, won(floor, "bob", key="first"), row)
    assert not isinstance(caught.value, ManyRefused)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert await floor.rows("SELECT FROM opportunity") == []
    assert await floor.ledger() == {}


async def test_every_win_that_the_ledger_refuses_is_told(database: Database) -> None:
    """Two rows without a rate are two errors, each with its row."""
    floor = await furnish(database)
    with pytest.raises(ManyRefused) as caught:
        await insert(floor, won(floor), won(floor, currency="EUR"), won(floor, currency="USD"))
    assert [(error.code, error.path) for error in caught.value.errors] == [
        ("MISSING_RATE", (1, "currency")),
        ("MISSING_RATE", (2, "currency")),
    ]
