"""Records that come in with a holder: whether he may hold them."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.ownership.holding_caps import Incoming, load_caps, load_holdings, lock_holdings
from quotaloom.ownership.ledger import owned_records
from quotaloom.ownership.owners import RecordKind
from quotaloom.ownership.subjects import subjects_of
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction


async def require_room_for_new(transaction: Transaction, kind: RecordKind, records: Sequence[tuple[int, int]]) -> None:
    """Raise `InputError` HOLDING_CAP for the first of these new records that its holder may not hold.

    `records` are the numbers of rows, which come first in the path of the error, and the ids of what was stored of
    them; their ownership has begun in this transaction. Holding caps bind imports as they bind claims.
    """
    caps = await load_caps(transaction)
    if not caps or not records:
        return
    owned = await owned_records(transaction, kind, [record_id for _, record_id in records])
    members = {one.owner.member_id for one in owned.values() if one.owner.member_id is not None}
    await lock_holdings(transaction, members)
    subjects = await subjects_of(transaction, [one.id for one in owned.values()])
    holdings = await load_holdings(transaction, members, caps)
    arriving = []
    for number, record_id in records:
        one = owned[record_id]
        if one.owner.member_id is not None and not subjects[one.id].closed:
            arriving.append((number, one.owner.member_id, Incoming(kind, one.owner.pool_id, subjects[one.id])))
    for _, member_id, incoming in arriving:
        holdings.remove(member_id, incoming)
    for number, member_id, incoming in arriving:
        refusal = holdings.refusal(member_id, incoming)
        if refusal is not None:
            raise InputError(refusal.code, refusal.message, (number, "positionId"))
        holdings.add(member_id, incoming)
