"""How many records one member may hold. Whatever brings him a record, its way leads through here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from quotaloom.ownership.ledger import owned_records
from quotaloom.ownership.owners import RecordKind
from quotaloom.ownership.rule_parameters import bad, flag, listed, mapping, whole
from quotaloom.ownership.rules import Refusal, Rule
from quotaloom.ownership.subjects import CLOSED, JOINS, LEVEL, WON, Subject, subjects_of
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.unit_of_work import Snapshot, Transaction

MOST_HELD = 1_000_000


@dataclass(frozen=True, slots=True)
class HoldingCap:
    """How many records one may hold; won ones count only where it says so; `kinds` None stands for all."""

    count: int
    count_won: bool = False
    kinds: tuple[RecordKind, ...] | None = None

    @classmethod
    def read(cls, given: Any, path: Path = ()) -> HoldingCap:
        """From JSON; raises `InputError` BAD_PARAMETERS."""
        found = mapping(given, ("count", "countWon", "kinds"), path)
        named = listed(found, "kinds", path)
        try:
            kinds = None if named is None else tuple(RecordKind(str(one).lower()) for one in named)
        except ValueError:
            raise bad("kinds are LEAD, CUSTOMER and OPPORTUNITY", (*path, "kinds")) from None
        return cls(whole(found, "count", path, least=0, most=MOST_HELD), flag(found, "countWon", path), kinds)

    def counts(self, kind: RecordKind, won: bool) -> bool:
        """Whether such a record takes a place."""
        return (self.kinds is None or kind in self.kinds) and (self.count_won or not won)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record that somebody would hold, of that pool."""

    kind: RecordKind
    pool_id: int | None
    subject: Subject


_HELD = f"""
SELECT ownership.member_id, ownership.kind, ownership.pool_id, {LEVEL} AS level_id, {WON} AS won, count(*) AS count
FROM ownership {JOINS}
WHERE ownership.company_id = $1 AND ownership.member_id = ANY ($2::bigint[]) AND NOT {CLOSED}
GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 (constants)


@dataclass
class Holdings:
    """What members hold, counted, and the caps that bind them."""

    caps: Sequence[Rule[HoldingCap]]
    held: Counter[tuple[int, RecordKind, int | None, int | None, bool]]

    def refusal(self, member_id: int, incoming: Incoming) -> Refusal | None:
        """Why he may not hold one more such record, by the strictest of the caps; None where he may."""
        full = []
        for rule in self._binding(incoming):
            used = self._used(rule, member_id)
            if used >= rule.parameters.count:
                full.append((rule.parameters.count - used, rule.parameters.count, rule.key, rule, used))
        if not full:
            return None
        *_, rule, used = min(full, key=lambda one: one[:3])
        limit = rule.parameters.count
        message = f"{rule.name} ({rule.key}): {used} of {limit} are held already; give one back first"
        return Refusal("HOLDING_CAP", message, rule.id, used, limit)

    def room(self, member_id: int, incoming: Incoming) -> int | None:
        """How many more such records he may hold by the strictest cap; None where none binds."""
        left = [rule.parameters.count - self._used(rule, member_id) for rule in self._binding(incoming)]
        return max(0, min(left)) if left else None

    def add(self, member_id: int, incoming: Incoming) -> None:
        """He holds one more."""
        self.held[_place(member_id, incoming)] += 1

    def remove(self, member_id: int, incoming: Incoming) -> None:
        """He holds one less."""
        self.held[_place(member_id, incoming)] -= 1

    def _binding(self, incoming: Incoming) -> Iterable[Rule[HoldingCap]]:
        subject = incoming.subject
        return [
            rule
            for rule in self.caps
            if rule.binds(incoming.pool_id, subject.level_id) and rule.parameters.counts(incoming.kind, subject.won)
        ]

    def _used(self, rule: Rule[HoldingCap], member_id: int) -> int:
        return sum(
            count
            for (holder, kind, pool_id, level_id, won), count in self.held.items()
            if holder == member_id and rule.binds(pool_id, level_id) and rule.parameters.counts(kind, won)
        )


def _place(member_id: int, incoming: Incoming) -> tuple[int, RecordKind, int | None, int | None, bool]:
    return member_id, incoming.kind, incoming.pool_id, incoming.subject.level_id, incoming.subject.won


async def load_caps(reader: Snapshot | Transaction) -> list[Rule[HoldingCap]]:
    """The caps in force, by key."""
    rows = await reader.fetch(
        "SELECT id, key, name, pool_id, level_id, parameters FROM pool_rule"
        " WHERE company_id = $1 AND kind = 'holding_cap' AND NOT paused AND NOT archived ORDER BY key",
        reader.company_id,
    )
    return [
        Rule(**{**row, "parameters": HoldingCap.read(orjson.loads(row["parameters"]))}, paused=False) for row in rows
    ]


async def load_holdings(
    reader: Snapshot | Transaction, member_ids: Iterable[int], caps: Sequence[Rule[HoldingCap]]
) -> Holdings:
    """What these members hold, counted where there is a cap at all."""
    held: Counter[tuple[int, RecordKind, int | None, int | None, bool]] = Counter()
    wanted = sorted(set(member_ids))
    if caps and wanted:
        for row in await reader.fetch(_HELD, reader.company_id, wanted):
            kind = RecordKind(row["kind"])
            held[row["member_id"], kind, row["pool_id"], row["level_id"], row["won"]] = row["count"]
    return Holdings(caps, held)


async def lock_holdings(transaction: Transaction, member_ids: Iterable[int]) -> None:
    """Nobody else brings these members a record before the transaction ends; taken in a fixed order.

    To be held before the records themselves, so that two who need both wait in the same order.
    """
    for member_id in sorted(set(member_ids)):
        await transaction.lock(f"holdings of member {member_id}")


async def lock_holder(transaction: Transaction, position_id: int, today: date) -> None:
    """`lock_holdings` of whoever holds a position on a day; nothing where it is vacant."""
    holders = await transaction.fetch(
        "SELECT member_id FROM holding WHERE company_id = $1 AND position_id = $2"
        " AND daterange(valid_from, valid_to) @> $3::date",
        transaction.company_id,
        position_id,
        today,
    )
    await lock_holdings(transaction, [row["member_id"] for row in holders])


async def require_caps_kept(transaction: Transaction, kind: RecordKind, places: Mapping[int, Path]) -> None:
    """Raise `InputError` HOLDING_CAP for the first of these records of a kind that its holder may not have.

    `places` tells for each record, by its id, where in the input it is named. For paths that move all or nothing, right
    after they moved; those that answer record by record ask `Holdings` beforehand.
    """
    caps = await load_caps(transaction)
    if not caps or not places:
        return
    records = await owned_records(transaction, kind, list(places))
    members = {one.owner.member_id for one in records.values() if one.owner.member_id is not None}
    await lock_holdings(transaction, members)
    subjects = await subjects_of(transaction, [one.id for one in records.values()])
    holdings = await load_holdings(transaction, members, caps)
    arrived = []
    for record_id in places:
        one = records[record_id]
        if one.owner.member_id is not None and not subjects[one.id].closed:
            arrived.append((record_id, one.owner.member_id, Incoming(kind, one.owner.pool_id, subjects[one.id])))
    for _, member_id, incoming in arrived:
        holdings.remove(member_id, incoming)
    for record_id, member_id, incoming in arrived:
        refusal = holdings.refusal(member_id, incoming)
        holdings.add(member_id, incoming)
        if refusal is not None:
            raise InputError(refusal.code, refusal.message, places[record_id])
