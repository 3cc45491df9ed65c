"""What is told when a run is paid."""

from __future__ import annotations

from asyncpg import Record

from quotaloom.metrics.currencies import currency_scale
from quotaloom.notifications.telling import Note, notify
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.unit_of_work import Transaction


async def tell_paid(transaction: Transaction, run: Record) -> None:
    """Publish each statement of a run that is being paid, and tell its member."""
    rows = await transaction.fetch(
        "SELECT id, member_id, total, currency FROM incentive_statement WHERE run_id = $1 ORDER BY id", run["id"]
    )
    for row in rows:
        transaction.publish("statement.paid", id=row["id"], run=run["id"], member=row["member_id"])
    notes = [
        Note(
            row["member_id"],
            "statement.paid",
            {
                "period": run["label"],
                "total": format_amount(row["total"], currency_scale(row["currency"])),
                "currency": row["currency"],
            },
            "Statement",
            row["id"],
            f"statement.paid:{row['id']}",
        )
        for row in rows
    ]
    await notify(transaction, notes)
