"""The check that the stored balances are what the ledger makes of itself when it is read from the start."""

from __future__ import annotations

from asyncpg import Record

from quotaloom.platform.unit_of_work import Snapshot

_DIFFERENCES = """
WITH replayed AS (
    SELECT position_id, metric_id, business_date, member_id, posted_on, COALESCE(currency, '') AS currency,
        COALESCE(product_id, 0) AS product_id,
        COALESCE(sum(amount) FILTER (WHERE credit = 'direct'), 0) AS direct,
        COALESCE(sum(amount) FILTER (WHERE credit = 'overlay'), 0) AS overlay,
        COALESCE(sum(original_amount) FILTER (WHERE credit = 'direct'), 0) AS original_direct,
        COALESCE(sum(original_amount) FILTER (WHERE credit = 'overlay'), 0) AS original_overlay
    FROM achievement_entry GROUP BY 1, 2, 3, 4, 5, 6, 7
), stored AS (
    SELECT position_id, metric_id, business_date, member_id, posted_on, currency, product_id,
        direct, overlay, original_direct, original_overlay
    FROM achievement_balance
)
(SELECT 'replayed' AS side, * FROM (TABLE replayed EXCEPT TABLE stored) AS only_replayed)
UNION ALL
(SELECT 'stored', * FROM (TABLE stored EXCEPT TABLE replayed) AS only_stored)
ORDER BY position_id, metric_id, business_date, member_id, posted_on, currency, product_id, side
"""


async def verify_balances(snapshot: Snapshot) -> list[Record]:
    """Where the balances differ from the ledger replayed; nothing, when all is well.

    A balance that differs gives a row with `side` "replayed" and one with `side` "stored"; a balance that is
    missing or stands for no entry gives one of the two.
    """
    return await snapshot.fetch(_DIFFERENCES)
