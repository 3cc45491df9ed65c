"""Where a company's event listeners stand in the outbox: from the switch on, and only while they are on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quotaloom.platform.unit_of_work import OUTBOX, Record, Transaction

KIND: Final = "listener"

_IN_FORCE = """
SELECT policy, parameters, revision, plugin_version,
    greatest(changed_at, valid_from::timestamp AT TIME ZONE company.time_zone) AS since, (
        SELECT lower(days)::timestamp AT TIME ZONE company.time_zone FROM unnest((
            SELECT range_agg(daterange(own.valid_from, own.valid_to)) FROM policy_setting AS own
            WHERE own.company_id = $1 AND own.policy = policy_setting.policy AND own.active)) AS days
        WHERE days @> ($2::timestamptz AT TIME ZONE company.time_zone)::date) AS on_since
FROM policy_setting JOIN company ON company.id = policy_setting.company_id
WHERE policy_setting.company_id = $1 AND kind = 'listener' AND active
    AND daterange(valid_from, valid_to) @> ($2::timestamptz AT TIME ZONE company.time_zone)::date
ORDER BY ordinal, policy
"""

# Where one stands that was on before, and off on some day since then, while nobody looked.
_FORGET = """
DELETE FROM listener_position USING unnest($2::text[], $3::timestamptz[]) AS own (listener, on_since)
WHERE company_id = $1 AND listener_position.listener = own.listener AND since < own.on_since
"""

# Before the first event from then on, whatever its number: one that is older may have been stored, and numbered, later.
_BEGIN = """
INSERT INTO listener_position (company_id, listener, since, last_event)
SELECT $1, fresh.listener, fresh.since, coalesce(
    (SELECT min(id) - 1 FROM outbox_event WHERE company_id = $1 AND at >= fresh.since),
    (SELECT max(id) FROM outbox_event WHERE company_id = $1), 0)
FROM unnest($2::text[], $3::timestamptz[]) AS fresh (listener, since)
WHERE NOT EXISTS (
    SELECT FROM listener_position AS known WHERE known.company_id = $1 AND known.listener = fresh.listener)
"""

_FROM_HERE = """
INSERT INTO listener_position (company_id, listener, since, last_event)
SELECT $1, $2, $3, coalesce((SELECT max(id) FROM outbox_event WHERE company_id = $1), 0)
"""


async def listeners_in_force(transaction: Transaction) -> list[Record]:
    """The settings of the listeners that are on at the transaction's moment, the first by ordinal first.

    `since` is from when on the setting is in force, `on_since` the beginning of the days, without a gap, on which the
    listener is on.
    """
    return await transaction.fetch(_IN_FORCE, transaction.company_id, transaction.now)


async def begin(transaction: Transaction, settings: Sequence[Record]) -> None:
    """Let those listeners that stand nowhere begin with the first event since they are on; whoever calls has `OUTBOX`.

    That is for those that a day switches on, also where they were on before and nobody has looked since then. Whoever
    is switched on at once stands where `switched` puts him.
    """
    names, since = [row["policy"] for row in settings], [row["since"] for row in settings]
    await transaction.execute(_FORGET, transaction.company_id, names, [row["on_since"] for row in settings])
    await transaction.execute(_BEGIN, transaction.company_id, names, since)


async def about_to_switch(transaction: Transaction, listener: str) -> bool:
    """Whether a listener is on, which then stands somewhere. No event is stored from here to the transaction's end."""
    await transaction.lock(OUTBOX)
    found = [row for row in await listeners_in_force(transaction) if row["policy"] == listener]
    await begin(transaction, found)
    return bool(found)


async def switched(transaction: Transaction, listener: str, *, was_on: bool) -> None:
    """Put a listener that was switched on behind the last event, and forget where one stood that was switched off."""
    is_on = any(row["policy"] == listener for row in await listeners_in_force(transaction))
    if is_on and was_on:
        return
    await transaction.execute(
        "DELETE FROM listener_position WHERE company_id = $1 AND listener = $2", transaction.company_id, listener
    )
    if is_on:
        await transaction.execute(_FROM_HERE, transaction.company_id, listener, transaction.now)
