"""Giving records to somebody: assigning those that wait, and transferring those that are held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace

from quotaloom.funnels.naming import may_be_id
from quotaloom.ownership.holding_caps import lock_holdings
from quotaloom.ownership.ledger import Handing
from quotaloom.ownership.owners import Movement, OwnedRecord, Owner, RecordName
from quotaloom.ownership.rules import Refusal
from quotaloom.platform.errors import AccessDenied, InputError, NotFound, Path
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.judging import Judge, load_judge
from quotaloom.pool.moving import Outcome, check_named, hold_named, move, refuse_unseen
from quotaloom.pool.permission import PoolReach, pool_reach, require_mover
from quotaloom.pool.rule_book import load_rules
from quotaloom.pool.seats import Seats, load_seats


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member, or a position whose holder it is; both where a member holds several."""

    member_id: int | None = None
    position_id: int | None = None
    path: Path = ()

    @property
    def place(self) -> Path:
        """Where in the input he is named."""
        return (*self.path, "memberId" if self.position_id is None else "positionId")

    def member_ids(self, seats: Seats) -> list[int]:
        """His id; none where the position is vacant."""
        if self.member_id is not None:
            return [self.member_id]
        holder = None if self.position_id is None else seats.holder(self.position_id)
        return [] if holder is None else [holder]

    def owner(self, seats: Seats, pool_id: int | None) -> Owner:
        """Him as the owner of a record of that pool; raises as `Seats.position` does."""
        if self.member_id is None:
            assert self.position_id is not None
            return Owner(pool_id, seats.holder(self.position_id), self.position_id)
        position_id = seats.position(self.member_id, pool_id, self.position_id, self.place)
        return Owner(pool_id, self.member_id, position_id)


@dataclass(frozen=True, slots=True)
class Recipients:
    """Those whom a viewer names, as far as he may know of them: where they sit today, and which positions there are.

    Admins and services name anybody, and are told what is wrong with him. Others name those whose records are theirs to
    move, and the people of the pool that they look after; everybody else is answered as one that there is not, before
    his seats are looked at: neither whether there is such a member or position is told, nor who holds which.
    """

    _reach: PoolReach
    _seats: Seats
    _positions: Set[int]
    _named: Set[tuple[int, int]]
    """Members whom pools have by name: pool and member."""

    def reached_by(self, reach: PoolReach) -> Recipients:
        """The same for the reach that the viewer has by now: he may have lost some of it while he waited."""
        return replace(self, _reach=reach)

    def member_ids(self, to: Iterable[Recipient]) -> list[int]:
        """The ids of these, as far as their positions are held by somebody."""
        seats = self._open_to(self._reach.administered)
        return [member_id for one in to for member_id in one.member_ids(seats)]

    def owner(self, one: Recipient, pool_id: int | None, *, of_pool: bool) -> Owner:
        """Him as the owner of a record of that pool; with `of_pool` he may be one of its people, if it is the viewer's.

        Raises `NotFound` for one who is out of reach and for a position that there is not, and as `Seats.position`.
        """
        if self._reach.everything:
            if one.member_id is None and one.position_id not in self._positions:
                raise NotFound("NOT_FOUND", "there is no such position", one.place)
            return one.owner(self._seats, pool_id)
        is_his = of_pool and pool_id is not None and pool_id in self._reach.administered
        seats = self._open_to(frozenset({pool_id}) if is_his and pool_id is not None else frozenset())
        if not self._is_reached(one, seats):
            raise NotFound("NOT_FOUND", "there is no such recipient whose records are yours to move", one.place)
        return one.owner(seats, pool_id)

    def _is_reached(self, one: Recipient, seats: Seats) -> bool:
        if one.position_id is None:
            return one.member_id in seats.of_members
        if self._reach.works_position(one.position_id):
            return True
        holder = one.member_id or seats.holder(one.position_id)
        return holder is not None and one.position_id in seats.of_members.get(holder, ())

    def _open_to(self, pool_ids: Set[int]) -> Seats:
        """The seats that the viewer may know of, as who looks after these pools."""

        def is_open(member_id: int, position_id: int, of_pools: Set[int]) -> bool:
            is_theirs = bool(of_pools & pool_ids) or any((pool_id, member_id) in self._named for pool_id in pool_ids)
            return self._reach.everything or is_theirs or self._reach.works_position(position_id)

        return self._seats.among(is_open)


@dataclass(frozen=True, slots=True)
class Giving:
    """How records are given: by which movement, why, and whether rules that would refuse it are overridden."""

    movement: Movement
    reason: str | None = None
    override: bool = False

    def checked(self) -> Giving:
        """The same with its reason checked; raises `InputError` REASON_NEEDED for an override without one."""
        reason = checked_reason(self.reason)
        if self.override and reason is None:
            raise InputError("REASON_NEEDED", "overriding a rule needs a reason", ("reason",))
        return replace(self, reason=reason)

    def handing(self, judge: Judge, record: OwnedRecord, owner: Owner) -> Handing | Refusal:
        """The record in its new owner's hands, where the rules let him have it; it counts for what follows."""
        if (elsewhere := judge.elsewhere(record, owner.position_id)) is not None:
            return elsewhere
        refusal = self._refusal(judge, record, owner)
        if refusal is not None and not self.override:
            return refusal
        if owner.member_id not in (None, record.owner.member_id):
            judge.gets(record, owner.member_id)
        return Handing(record, owner, self.movement, self.reason, override=refusal is not None)

    def _refusal(self, judge: Judge, record: OwnedRecord, owner: Owner) -> Refusal | None:
        if owner.member_id is None or owner.member_id == record.owner.member_id:
            return None
        waits = judge.cooldown(record, owner.member_id) if self.movement is Movement.ASSIGN else None
        return waits or judge.cap(record, owner.member_id)


async def assign_records(work: Work, records: Sequence[RecordName], to: Recipient, giving: Giving) -> list[Outcome]:
    """Give records that wait in pools to a member; one answer for each, in their order.

    Admins, services with `pool:write` and the admins of the records' pools do it, and may override a cooldown or cap
    with a reason; admins of a pool give to its people, and to whom they head. Refused are `ALREADY_CLAIMED`, `CLOSED`,
    `OTHER_UNITS_FUNNEL`, `COOLDOWN`, `HOLDING_CAP`. Raises `NotFound` for records and recipients that the viewer cannot
    see, `AccessDenied` for records that he sees only, whoever is to get them, and `InputError` where the recipient has
    no position or several.
    """
    require_mover(work.viewer, "assigning records")
    return await _give(work, records, to, replace(giving, movement=Movement.ASSIGN))


async def transfer_records(work: Work, records: Sequence[RecordName], to: Recipient, giving: Giving) -> list[Outcome]:
    """Give held records to another holder; they keep their stage and their pool. One answer for each, in their order.

    The viewer may move the records of both positions, as holder or head, or looks after the records' pool; only then
    he may override a cap, with a reason, and name any of its people. Whoever is out of reach is as one that there
    is not. Refused are `WAITING`, `NO_CHANGE`, `CLOSED`, `OTHER_UNITS_FUNNEL` and
    `HOLDING_CAP`; a cooldown binds who takes from a pool, not who gets from a colleague. Raises as `assign_records`
    does.
    """
    require_mover(work.viewer, "transferring records")
    return await _give(work, records, to, replace(giving, movement=Movement.TRANSFER))


async def _give(work: Work, records: Sequence[RecordName], to: Recipient, giving: Giving) -> list[Outcome]:
    check_named(records)
    giving = giving.checked()

    async def apply(transaction: Transaction) -> list[Outcome]:
        reach = await pool_reach(transaction, work.viewer, work.today)
        recipients = await load_recipients(transaction, work, reach, [to])
        members = recipients.member_ids([to])
        await lock_holdings(transaction, members)
        held = await hold_named(transaction, records)
        reach = await pool_reach(transaction, work.viewer, work.today)
        recipients = recipients.reached_by(reach)
        refuse_unseen(records, held, reach.sees)
        for record in records:
            _require_right(reach, giving, held[record].owner)
        owners = {record: recipients.owner(to, held[record].owner.pool_id, of_pool=True) for record in records}
        book = await load_rules(transaction)
        judge = await load_judge(transaction, book, work.today, held.values(), members)
        decided = {
            record: _unmovable(judge, giving, held[record], owners[record])
            or giving.handing(judge, held[record], owners[record])
            for record in records
        }
        await move(transaction, [one for one in decided.values() if isinstance(one, Handing)], work.today)
        return [Outcome(record, one if isinstance(one, Refusal) else None) for record, one in decided.items()]

    return await work.write(apply)


def _require_right(reach: PoolReach, giving: Giving, owner: Owner) -> None:
    """Raise `AccessDenied` where the record is not the viewer's to give, whoever is to get it."""
    if reach.manages(owner.pool_id):
        return
    if giving.override:
        raise AccessDenied("overriding a rule needs an admin, of the company or of the pool")
    if giving.movement is Movement.ASSIGN or not reach.works(owner):
        raise AccessDenied("this needs an admin, of the company or of the records' pool, or their holder or his head")


def _unmovable(judge: Judge, giving: Giving, record: OwnedRecord, new: Owner) -> Refusal | None:
    if giving.movement is Movement.ASSIGN and record.owner.held:
        return Refusal("ALREADY_CLAIMED", "somebody else has this record already")
    if giving.movement is not Movement.ASSIGN and not record.owner.held:
        return Refusal("WAITING", "nobody has this record: it can be claimed or assigned")
    return no_change(record, new) or judge.over(record)


def no_change(record: OwnedRecord, new: Owner) -> Refusal | None:
    """What refuses a record to whoever has it already: nothing would move but its clocks."""
    return Refusal("NO_CHANGE", "he has this record already") if record.owner == new else None


async def load_recipients(
    transaction: Transaction, work: Work, reach: PoolReach, recipients: Sequence[Recipient]
) -> Recipients:
    """Those who are to get something, as far as the viewer may know of them; as many statements whoever they are.

    Raises `InputError` RECIPIENT_NEEDED for one that is nobody.
    """
    for one in recipients:
        if one.member_id is None and one.position_id is None:
            raise InputError("RECIPIENT_NEEDED", "name a member or a position", (*one.path, "memberId"))
    named = [one.position_id for one in recipients if one.position_id is not None and one.member_id is None]
    positions = await transaction.fetch(
        "SELECT id FROM org_unit WHERE company_id = $1 AND id = ANY ($2::bigint[]) AND kind = 'position'",
        transaction.company_id,
        [position_id for position_id in named if may_be_id(position_id)],
    )
    known = {row["id"] for row in positions}
    members = [one.member_id for one in recipients if one.member_id is not None and may_be_id(one.member_id)]
    seats = await load_seats(transaction, members, work.today, known)
    by_name = await _named_by_pools(transaction, seats.of_members) if reach.administered else frozenset()
    return Recipients(reach, seats, known, by_name)


async def _named_by_pools(transaction: Transaction, member_ids: Iterable[int]) -> frozenset[tuple[int, int]]:
    rows = await transaction.fetch(
        "SELECT pool_id, member_id FROM pool_member WHERE company_id = $1 AND member_id = ANY ($2::bigint[])",
        transaction.company_id,
        list(member_ids),
    )
    return frozenset((row["pool_id"], row["member_id"]) for row in rows)
