"""Action plans and their items as they are stored: held while they are changed, entered many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson
from asyncpg import Record

from quotaloom.achievements.posting_facts import storable
from quotaloom.action_plans.facts import ItemState, NewItem, PlanState, Step
from quotaloom.action_plans.rights import PlanRights
from quotaloom.activities.facts import Subjects
from quotaloom.activities.kinds import ActivityKind
from quotaloom.calendars.periods import Grain, Period, date_range
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound, Path
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

_INSERT_ITEMS: Final = """
INSERT INTO action_item (company_id, action_plan_id, version, state, kind, matter, lead_id, customer_id, opportunity_id,
    starts_on, ends_on, place, materials, budget, activity_id, refines_id, carried_from_id)
SELECT $1, $2, 1, 'planned', given.* FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::date[], $9::date[], $10::text[], $11::text[]::jsonb[], $12::bigint[], $13::bigint[], $14::bigint[],
    $15::bigint[]) AS given RETURNING id
"""

_CASTS: Final = {"materials": "::text::jsonb"}


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """An action plan as it stands, locked until the transaction ends."""

    id: int
    member_id: int
    unit_id: int | None
    grain: Grain
    starts_on: date
    ends_on: date
    metric_id: int
    target_grain: Grain | None
    target_starts_on: date
    target_ends_on: date
    plan_id: int | None
    objective_id: int | None
    part_of_id: int | None
    follows_id: int | None
    review_id: int | None
    title: str | None
    aim: str | None
    state: PlanState
    version: int

    @property
    def days(self) -> Period:
        """The days that it covers."""
        return date_range(self.starts_on, self.ends_on)

    @property
    def target_days(self) -> Period:
        """The days of the target that it serves."""
        return date_range(self.target_starts_on, self.target_ends_on)


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as it stands, locked until the transaction ends; `fulfilled`: its activity is done."""

    id: int
    state: ItemState
    item: NewItem
    fulfilled: bool
    done_on: date | None
    spent: int | None
    result: str | None
    version: int

    @property
    def outcome(self) -> dict[str, Any]:
        """What was said of how it was done, by column; None stands for nothing."""
        return {
            "done_on": self.done_on,
            "activity_id": self.item.activity_id,
            "spent": self.spent,
            "result": self.result,
        }

    @property
    def done(self) -> bool:
        """Whether it is done, by its activity or by what was said of it."""
        return self.state is ItemState.DONE or (self.state is ItemState.PLANNED and self.fulfilled)

    @property
    def open(self) -> bool:
        """Whether it is still to be done."""
        return self.state is ItemState.PLANNED and not self.fulfilled


_PLAN: Final = (
    "SELECT id, member_id, unit_id, grain, starts_on, ends_on, metric_id, target_grain, target_starts_on,"
    " target_ends_on, plan_id, objective_id, part_of_id, follows_id, review_id, title, aim, state, version"
    " FROM action_plan"
)

_ITEMS: Final = (
    "SELECT item.*, activity.state IS NOT DISTINCT FROM 'done' AS fulfilled FROM action_item AS item"
    " LEFT JOIN activity ON activity.company_id = item.company_id AND activity.id = item.activity_id"
    " WHERE item.company_id = $1"
)


async def load_rights(transaction: Transaction, work: Work) -> PlanRights:
    """What the viewer may do with action plans today."""
    return PlanRights(work.viewer, await load_sight(transaction, work.viewer, work.company, work.today))


async def hold_plan(
    transaction: Transaction,
    rights: PlanRights,
    plan_id: int,
    expected_version: int | None = None,
    path: Path = ("id",),
) -> StoredPlan:
    """The plan, locked; raises `NotFound` where there is none that the viewer sees, and `Conflict` STALE."""
    row = await transaction.fetch_one(
        f"{_PLAN} WHERE company_id = $1 AND id = ANY ($2::bigint[]) FOR UPDATE",
        transaction.company_id,
        storable([plan_id]),
    )
    if row is None or not rights.sees(row["member_id"], row["unit_id"]):
        raise unknown_plan(path)
    refuse_stale("action plan", row["version"], expected_version)
    return _stored_plan(row)


async def hold_own_plan(
    transaction: Transaction, work: Work, plan_id: int, expected_version: int | None = None, path: Path = ("id",)
) -> StoredPlan:
    """The plan, locked, where it is the viewer's to change; raises as `hold_plan`, and `AccessDenied`."""
    rights = await load_rights(transaction, work)
    plan = await hold_plan(transaction, rights, plan_id, expected_version, path)
    if not rights.edits(plan.member_id):
        raise AccessDenied("an action plan is changed by its member; comment on it, agree to it or return it")
    return plan


def unknown_plan(path: Path) -> InputError:
    """The answer for a plan that is not there, or that the viewer may not see."""
    return NotFound("UNKNOWN_ACTION_PLAN", "there is no such action plan that you can see", path)


def unknown_item(path: Path = ("id",)) -> InputError:
    """The answer for an item that is not there, or that the viewer may not see."""
    return NotFound("UNKNOWN_ACTION_ITEM", "there is no such item of an action plan that you can see", path)


def refuse_stale(what: str, version: int, expected_version: int | None) -> None:
    """Raise `Conflict` STALE where a version is not the one that was seen."""
    if expected_version not in (None, version):
        raise Conflict("STALE", f"this {what} was changed meanwhile: read it again", ("expectedVersion",))


def require_open(plan: StoredPlan, path: Path = ("id",)) -> None:
    """Raise `InputError` CLOSED where the plan is."""
    if plan.state is PlanState.CLOSED:
        raise InputError("CLOSED", "this action plan is closed; carry over what is open into the next one", path)


def require_changeable(plan: StoredPlan, path: Path = ("id",)) -> None:
    """Raise `InputError` CLOSED, or SUBMITTED while somebody has the plan before him."""
    require_open(plan, path)
    if plan.state is PlanState.SUBMITTED:
        raise InputError("SUBMITTED", "this action plan is submitted: take it back with returnActionPlan first", path)


async def hold_item(
    transaction: Transaction, work: Work, item_id: int, expected_version: int | None = None
) -> tuple[StoredPlan, StoredItem]:
    """An item and its plan, locked, where they are the viewer's to change; raises as `hold_own_plan`."""
    rights = await load_rights(transaction, work)
    row = await transaction.fetch_one(
        "SELECT plan.id, plan.member_id, plan.unit_id FROM action_item AS item JOIN action_plan AS plan"
        " ON plan.company_id = item.company_id AND plan.id = item.action_plan_id"
        " WHERE item.company_id = $1 AND item.id = ANY ($2::bigint[])",
        transaction.company_id,
        storable([item_id]),
    )
    if row is None or not rights.sees(row["member_id"], row["unit_id"]):
        raise unknown_item()
    try:
        plan = await hold_plan(transaction, rights, row["id"])
    except InputError:
        raise unknown_item() from None
    if not rights.edits(plan.member_id):
        raise AccessDenied("an action plan is changed by its member; comment on it, agree to it or return it")
    items = await hold_items(transaction, plan.id, [item_id])
    if not items:
        raise unknown_item()  # removed since we looked
    refuse_stale("item", items[0].version, expected_version)
    return plan, items[0]


async def hold_items(transaction: Transaction, plan_id: int, item_ids: Sequence[int] | None = None) -> list[StoredItem]:
    """The items of a plan that is held, in order of their days; only these of them, if any are named."""
    rows = await transaction.fetch(
        f"{_ITEMS} AND item.action_plan_id = $2 AND ($3::bigint[] IS NULL OR item.id = ANY ($3))"
        " ORDER BY item.starts_on, item.id FOR UPDATE OF item",
        transaction.company_id,
        plan_id,
        None if item_ids is None else storable(item_ids),
    )
    return [_stored_item(row) for row in rows]


async def insert_plan(transaction: Transaction, columns: Mapping[str, Any]) -> int | None:
    """Enter a draft; its id, or None where the same request was entered before."""
    names = ("company_id", "at", "actor", "state", "version", *columns)
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    row = await transaction.fetch_one(
        f"INSERT INTO action_plan ({', '.join(names)}) VALUES ({places})"  # noqa: S608 (names of columns)
        " ON CONFLICT (request_caller, request_key, company_id) DO NOTHING RETURNING id",
        transaction.company_id,
        transaction.now,
        transaction.writer.subject,
        PlanState.DRAFT.value,
        1,
        *columns.values(),
    )
    return None if row is None else int(row["id"])


async def insert_items(transaction: Transaction, plan_id: int, items: Sequence[NewItem]) -> list[int]:
    """Enter items of a plan in one statement; their ids, in order."""
    if not items:
        return []
    rows = [tuple(item_columns(item).values()) for item in items]
    stored = await transaction.fetch(
        _INSERT_ITEMS, transaction.company_id, plan_id, *(list(column) for column in zip(*rows, strict=True))
    )
    return [row["id"] for row in stored]


def item_columns(item: NewItem) -> dict[str, Any]:
    """What is stored of an item, by column."""
    subjects = item.subjects
    return {
        "kind": item.kind.value,
        "matter": item.matter,
        "lead_id": subjects.lead_id,
        "customer_id": subjects.customer_id,
        "opportunity_id": subjects.opportunity_id,
        "starts_on": item.starts_on,
        "ends_on": item.ends_on,
        "place": item.place,
        "materials": orjson.dumps(list(item.materials)).decode(),
        "budget": item.budget,
        "activity_id": item.activity_id,
        "refines_id": item.refines_id,
        "carried_from_id": item.carried_from_id,
    }


async def update_row(transaction: Transaction, table: str, row_id: int, changes: Mapping[str, Any]) -> None:
    """Write columns of a plan or an item that is held, and count its version."""
    names = "".join(f"{name} = ${number}{_CASTS.get(name, '')}, " for number, name in enumerate(changes, 3))
    await transaction.execute(
        f"UPDATE {table} SET {names}version = version + 1 WHERE company_id = $1 AND id = $2",  # noqa: S608 (names)
        transaction.company_id,
        row_id,
        *changes.values(),
    )


async def keep_entry(
    transaction: Transaction,
    plan_id: int,
    step: Step,
    *,
    item_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Add a line to the plan's history; of what changed, only the fields that differ are kept."""
    old, new = _differing(before, after)
    await transaction.execute(
        "INSERT INTO action_plan_entry (company_id, action_plan_id, action_item_id, at, actor, author_id, step, before,"
        " after, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9::text::jsonb, $10)",
        transaction.company_id,
        plan_id,
        item_id,
        transaction.now,
        transaction.writer.subject,
        transaction.writer.member_id,
        step.value,
        _json(old),
        _json(new),
        reason,
    )


def _differing(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if before is None or after is None:
        return (None if before is None else dict(before)), (None if after is None else dict(after))
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _json(values: Mapping[str, Any] | None) -> str | None:
    return None if values is None else orjson.dumps(values, default=str).decode()


def _stored_plan(row: Record) -> StoredPlan:
    facts = dict(row)
    facts["grain"], facts["state"] = Grain(row["grain"]), PlanState(row["state"])
    facts["target_grain"] = None if row["target_grain"] is None else Grain(row["target_grain"])
    return StoredPlan(**facts)


def _stored_item(row: Record) -> StoredItem:
    item = NewItem(
        kind=ActivityKind(row["kind"]),
        matter=row["matter"],
        subjects=Subjects(row["lead_id"], row["customer_id"], row["opportunity_id"]),
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        place=row["place"],
        materials=tuple(orjson.loads(row["materials"])),
        budget=row["budget"],
        activity_id=row["activity_id"],
        refines_id=row["refines_id"],
        carried_from_id=row["carried_from_id"],
    )
    return StoredItem(
        row["id"],
        ItemState(row["state"]),
        item,
        row["fulfilled"],
        row["done_on"],
        row["spent"],
        row["result"],
        row["version"],
    )
