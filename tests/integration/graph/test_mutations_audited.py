"""Every mutation leaves audit entries for all that it writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

import asyncpg

from quotaloom.platform.database import Database, credentials
from tests.integration.graph.asking import do
from tests.integration.graph.test_every_mutation import UNTOLD, as_whom
from tests.integration.graph.valid_calls import VALID
from tests.integration.graph.wholes import Contents, Row, Wholes, object_type
from tests.integration.graph.worlds import small_world
from tests.integration.jobs.test_audited import BOOKS, contents

PARTS: Final[Mapping[str, frozenset[str]]] = {
    "ownership": frozenset({"Customer", "Lead", "Opportunity"}),
    "ownership_entry": frozenset({"Customer", "Lead", "Opportunity"}),
    "stage_move": frozenset({"Opportunity"}),
    "unit_path": frozenset({"OrgUnit"}),  # the tree, drawn out
    "absence": frozenset({"Member"}),
    "action_item": frozenset({"ActionPlan"}),
    "action_plan_comment": frozenset({"ActionPlan"}),
    "action_plan_entry": frozenset({"ActionPlan"}),
    "attribute_value": frozenset({"Customer"}),
    "close_reason": frozenset({"Funnel"}),
    "commitment": frozenset({"OrgUnit"}),
    "decomposition": frozenset({"Plan"}),
    "dispute_comment": frozenset({"Dispute"}),
    "forecast_adjustment": frozenset({"OrgUnit"}),
    "funnel_version": frozenset({"Funnel"}),
    "group_membership": frozenset({"MemberGroup"}),
    "holiday": frozenset({"Company"}),
    "incentive_run_member": frozenset({"IncentiveRun"}),
    "incentive_run_step": frozenset({"IncentiveRun"}),
    "opportunity_document": frozenset({"Opportunity"}),
    "own_goal": frozenset({"Member"}),
    "placement": frozenset({"OrgUnit"}),
    "plan_version": frozenset({"Plan"}),
    "pool_member": frozenset({"Pool"}),
    "pool_turn": frozenset({"Pool"}),
    "quarter_focus": frozenset({"Plan"}),
    "review_follow_up": frozenset({"Review"}),
    "review_form_version": frozenset({"ReviewForm"}),
    "review_part": frozenset({"ReviewForm"}),
    "review_score": frozenset({"Review"}),
    "review_step": frozenset({"Review"}),
    "score_component": frozenset({"Score"}),
    "stage": frozenset({"Funnel"}),
    "stage_approval": frozenset({"Opportunity"}),
    "target_cell": frozenset({"Plan"}),
    "working_hours": frozenset({"Member"}),
    "worksheet": frozenset({"OrgUnit"}),
}
"""What has no entries of its own, since it is a part of something that has: of one that its row names."""

FOLLOWING: Final[Mapping[str, frozenset[str]]] = {
    "achievement_balance": frozenset({"Achievement", "Activity", "Opportunity"}),  # what a deal or a call counts for
    "achievement_entry": frozenset({"Achievement", "Activity", "Opportunity"}),  # the keys of several are told
    "action_plan": frozenset({"ActionItem"}),  # an item says of which plan it is
    "claim_request": frozenset({"Customer"}),  # under which key was claimed
    "duplicate_rule": frozenset({"DuplicateRule"}),  # there are two, for leads and for customers
    "notification": frozenset(
        {"ActionPlan", "Customer", "Dispute", "IncentiveRun", "Member", "Opportunity", "Review", "ReviewCycle"}
    ),
    "outside_subject": frozenset({"MemberLink"}),  # of no company, so that none is told whose he is besides
    "pool": frozenset({"Customer"}),  # whose turn it is after a record was handed out
    "pool_memory": frozenset({"Customer"}),
    "pool_turn": frozenset({"Customer"}),
}
"""What changes as a consequence of something else, whose entry tells enough to know it."""

COUNTERS: Final = frozenset({"reference_version", "organization_version"})
"""Columns of a company by which others see that something of it has changed."""

UNCHANGED: Final = {
    "retryJob": "the queue of jobs is no company's",
    "dismissJob": "the queue of jobs is no company's",
    **dict.fromkeys(UNTOLD, "it answers a question"),
}
"""Mutations whose call changes nothing of a company, and why."""

NAMING: Final = frozenset({"id", "item", "merged"})
"""Keys under which an entry names other rows of the kind that it is on: what was merged, the new one beside the old."""


def rows_of(entry: Row) -> set[int | None]:
    """The number of the row that an entry is on, and of those that it names besides; a bare list is one of numbers."""
    return {entry["object_id"], *named(entry["before"], "id"), *named(entry["after"], "id")}


def named(value: Any, key: str) -> set[int]:
    """The numbers of rows in the contents of an entry."""
    if isinstance(value, dict):
        return {number for name, inner in value.items() for number in named(inner, name)}
    if isinstance(value, list):
        return {number for inner in value for number in named(inner, key)}
    return {value} if key in NAMING and isinstance(value, int) else set()


def untold(
    table: str, rows: list[Row], told: set[tuple[str, int | None]], wholes: Wholes, contents: Contents
) -> tuple[bool, set[str]]:
    """Whether there are rows of a table of which no entry tells, and the types of others that tell of them.

    Those that tell of a part are on the very object that its row names.
    """
    own, parts = object_type(table), PARTS.get(table, frozenset())
    following = FOLLOWING.get(table, frozenset()) & {kind for kind, _ in told}
    others: set[str] = set()
    missing = False
    for row in rows:
        if "id" in row and (own, row["id"]) in told:
            continue
        of = {kind for kind, number in wholes.of(table, row, contents) & told if kind in parts}
        others |= of or following
        missing |= not of and not following
    return missing, others


def beside_counters(rows: list[Row]) -> list[Row]:
    """The rows of companies of which more has changed than their counters."""
    found: list[Row] = []
    for _, versions in groupby(sorted(rows, key=lambda row: row["id"]), key=lambda row: row["id"]):
        before_and_after = list(versions)
        changed = {name for row in before_and_after for name in row if row[name] != before_and_after[0][name]}
        if len(before_and_after) == 1 or not changed <= COUNTERS:
            found += before_and_after
    return found


async def test_what_a_mutation_writes_is_in_the_audit_log(database: Database, admin_url: str) -> None:
    """Whichever row of a company it changes, an entry of the same doing is on that very row or names it, or is on
    the very thing that it is a part of, or on what it is a consequence of."""
    world = await small_world(database)
    admin = await asyncpg.connect(**credentials(admin_url))
    found: list[str] = []
    unchanged, needed = set(), set()
    try:
        wholes = await Wholes.read(admin)
        before = await contents(admin)
        for name, values in VALID.items():
            payload = await do(world.floor, name, "", as_whom(name), **values(world))
            assert payload["errors"] == [], name
            after = await contents(admin)
            entries = [json.loads(entry) for entry in after["audit_entry"] - before["audit_entry"]]
            told = {(entry["object_type"], number) for entry in entries for number in rows_of(entry)}
            both = {table: after[table] | before[table] for table in after}
            changed = {table: [json.loads(row) for row in after[table] ^ before[table]] for table in after}
            changed["company"] = beside_counters(changed["company"])
            tables = [table for table, rows in changed.items() if rows and table not in BOOKS]
            if not tables:
                unchanged.add(name)
            for table in tables:
                missing, others = untold(table, changed[table], told, wholes, both)
                needed |= {(table, kind) for kind in others}
                if missing:
                    found.append(f"{name} changes {table}, and tells of {sorted(map(str, told))}")
            before = after
    finally:
        await admin.close()
    assert found == []
    assert unchanged == UNCHANGED.keys()
    listed = {(table, kind) for of in (PARTS, FOLLOWING) for table, kinds in of.items() for kind in kinds}
    assert listed == needed, "what is listed is needed"
