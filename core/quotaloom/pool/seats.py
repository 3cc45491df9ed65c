"""The position with which a member takes a record of a pool."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from quotaloom.platform.errors import InputError, NotFound, Path
from quotaloom.platform.unit_of_work import Snapshot, Transaction

_SEATS = """
SELECT holding.member_id, holding.position_id, ARRAY(
    SELECT pool_member.pool_id FROM pool_member JOIN unit_path AS path ON path.company_id = $1
        AND path.ancestor_id = pool_member.unit_id AND path.unit_id = holding.position_id
        AND path.valid_from <= $3 AND $3 < path.valid_to
    WHERE pool_member.company_id = $1
) AS pool_ids
FROM holding WHERE company_id = $1 AND daterange(valid_from, valid_to) @> $3::date
    AND (member_id = ANY ($2::bigint[]) OR position_id = ANY ($4::bigint[]))
ORDER BY member_id, position_id
"""


@dataclass(frozen=True, slots=True)
class Seats:
    """Positions that members hold on a day, and of which pools' units each is a part."""

    of_members: Mapping[int, Mapping[int, frozenset[int]]]

    def among(self, is_open: Callable[[int, int, frozenset[int]], bool]) -> Seats:
        """The same without what somebody may know nothing of: asked are member, position, and the pools it is of."""
        found = {
            member_id: {
                position_id: pools for position_id, pools in held.items() if is_open(member_id, position_id, pools)
            }
            for member_id, held in self.of_members.items()
        }
        return Seats({member_id: held for member_id, held in found.items() if held})

    def holder(self, position_id: int) -> int | None:
        """Who holds a position, None where it is vacant."""
        return next((member_id for member_id, held in self.of_members.items() if position_id in held), None)

    def position(self, member_id: int, pool_id: int | None, named: int | None, path: Path = ("positionId",)) -> int:
        """The position with which he takes a record of that pool.

        The one that is named; or the only one below the pool's units; or his only one. Raises `NotFound` for one that
        he does not hold today, `InputError` NO_POSITION and POSITION_NEEDED.
        """
        held = self.of_members.get(member_id, {})
        if named is not None:
            if named not in held:
                raise NotFound("NOT_FOUND", f"he holds no position {named} today", path)
            return named
        if not held:
            raise InputError("NO_POSITION", f"member {member_id} holds no position today, and so no records", path)
        fitting = [position_id for position_id, pool_ids in held.items() if pool_id in pool_ids]
        (one, *others) = fitting or list(held)
        if others:
            raise InputError("POSITION_NEEDED", f"member {member_id} holds several positions: name one", path)
        return one

    def any_position(self, member_id: int, pool_id: int) -> int | None:
        """The position with which he is given a record of that pool: the first below its units, or his first."""
        held = self.of_members.get(member_id, {})
        fitting = [position_id for position_id, pool_ids in held.items() if pool_id in pool_ids]
        return next(iter(fitting or held), None)


async def load_seats(
    reader: Snapshot | Transaction, member_ids: Iterable[int], today: date, position_ids: Iterable[int] = ()
) -> Seats:
    """The positions that these members hold on a day, and the holders of these positions."""
    rows = await reader.fetch(_SEATS, reader.company_id, sorted(set(member_ids)), today, sorted(set(position_ids)))
    found: dict[int, dict[int, frozenset[int]]] = defaultdict(dict)
    for row in rows:
        found[row["member_id"]][row["position_id"]] = frozenset(row["pool_ids"])
    return Seats(found)
