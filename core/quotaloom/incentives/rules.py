"""Incentive rules: which policy pays or charges whom, with which parameters, from when to when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson
from asyncpg import Record

from quotaloom.calendars.periods import Grain
from quotaloom.incentives.days import refuse_used_day
from quotaloom.metrics.commands import check_key
from quotaloom.organizations.naming import checked_name
from quotaloom.organizations.spans import refuse_unknown_day
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost

KIND: Final = "incentive"
"""The kind of policy that rules name."""

MOST_RULES: Final = 500
"""How many rules may be in force or to come at a time."""

_RULE = (
    "SELECT id, key, title, policy, parameters, ordinal, grain, unit_id, group_id, valid_from, valid_to, revision,"
    " plugin_version, changed_at, changed_by FROM incentive_rule"
)


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule to be set on the days [valid_from, valid_to), from today on where no day is named.

    For a unit with its subtree or a position (`unit_id`), for a group, or for the whole company. `policy` is the full
    key; without `parameters` those of the company's setting count. Rules are asked by ordinal, then by key. What the
    same rule says of the same unit or group from a later day on stands in its way, unless `replace_later`.
    """

    key: str
    policy: str
    parameters: Mapping[str, Any] | None = None
    title: str | None = None
    ordinal: int = 0
    grain: Grain = Grain.MONTH
    unit_id: int | None = None
    group_id: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    replace_later: bool = False


async def set_rule(work: Work, host: PolicyHost, change: RuleChange) -> int:
    """Set a rule; what it said before stays for the days before. Returns the id of the new setting.

    Raises `InputError` BAD_KEY, BAD_TITLE, UNKNOWN_POLICY, INVALID_PARAMETERS, BAD_ORDINAL, BAD_SCOPE, BAD_RANGE,
    BAD_PERIOD, LATER_RULE, RULE_CONTINUES, TOO_MANY, PAST_DAY for days that a paid run has used; `NotFound` for unit
    and group; `PolicyFailed` where a plugin's own validation breaks.
    """
    work.viewer.require(Scope.INCENTIVES, "setting an incentive rule")
    start = change.valid_from or work.today
    _check(change, start)
    policy = host.registry.get(change.policy, KIND, path=("policy",))
    parameters = change.parameters
    if parameters is not None:
        company_id = work.viewer.company_id
        parameters = await host.valid_parameters(policy, parameters, company_id=company_id, path=("parameters",))
    title = _title(policy.descriptor.title if change.title is None else change.title)

    async def apply(transaction: Transaction) -> int:
        await refuse_used_day(transaction, start, "validFrom", change.grain.value)
        await _require_scope(transaction, change)
        revision = await _last_revision(transaction, change.key) + 1
        before = await _make_room(transaction, change, start)
        row = await transaction.fetch_one(
            "INSERT INTO incentive_rule (company_id, key, title, policy, parameters, ordinal, grain, unit_id, group_id,"
            " valid_from, valid_to, revision, plugin_version, changed_at, changed_by)"
            " VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id",
            transaction.company_id,
            change.key,
            title,
            change.policy,
            None if parameters is None else orjson.dumps(dict(parameters)).decode(),
            change.ordinal,
            change.grain.value,
            change.unit_id,
            change.group_id,
            start,
            change.valid_to,
            revision,
            policy.plugin.version or "",
            transaction.now,
            transaction.writer.subject,
        )
        assert row is not None
        rule_id: int = row["id"]
        after = _told(change, title, parameters, start, revision)
        transaction.record("incentive_rule.set", "IncentiveRule", rule_id, before=before, after=after)
        transaction.publish("incentive_rule.set", id=rule_id, key=change.key)
        return rule_id

    return await work.write(apply)


async def end_rule(work: Work, rule_id: int, on: date | None = None) -> int | None:
    """Let a rule's setting end before `on` (today where no day is named); its id, None where no day of it is left.

    Raises `NotFound`, `InputError` PAST_DAY for days that a paid run has used, BAD_RANGE where it ends earlier anyway.
    """
    work.viewer.require(Scope.INCENTIVES, "ending an incentive rule")
    refuse_unknown_day(on, "on")
    day = on or work.today

    async def apply(transaction: Transaction) -> int | None:
        row = await transaction.fetch_one(f"{_RULE} WHERE id = $1 FOR UPDATE", rule_id)
        if row is None:
            raise NotFound("NOT_FOUND", "there is no such rule", ("id",))
        await refuse_used_day(transaction, max(day, row["valid_from"]), "on", row["grain"])
        if row["valid_to"] is not None and row["valid_to"] <= day:
            raise InputError("BAD_RANGE", f"it ends before {row['valid_to']} anyway", ("on",))
        kept = day > row["valid_from"]
        if kept:
            await transaction.execute("UPDATE incentive_rule SET valid_to = $2 WHERE id = $1", rule_id, day)
        else:
            await transaction.execute("DELETE FROM incentive_rule WHERE id = $1", rule_id)
        before, after = {"key": row["key"], "valid_to": row["valid_to"]}, {"valid_to": day} if kept else None
        transaction.record("incentive_rule.end", "IncentiveRule", rule_id, before=before, after=after)
        transaction.publish("incentive_rule.ended", id=rule_id, key=row["key"])
        return rule_id if kept else None

    return await work.write(apply)


async def rules_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Settings of rules by number, in no order."""
    return _read(await snapshot.fetch(f"{_RULE} WHERE id = ANY ($1::bigint[])", list(ids)))


async def all_rules(snapshot: Snapshot | Transaction, on: date | None = None) -> list[dict[str, Any]]:
    """The settings of rules that are in force on a day, or all there are: by ordinal, key and first day."""
    return _read(
        await snapshot.fetch(
            f"{_RULE} WHERE $1::date IS NULL OR daterange(valid_from, valid_to) @> $1"
            " ORDER BY ordinal, key, valid_from, id",
            on,
        )
    )


def _read(rows: Sequence[Record]) -> list[dict[str, Any]]:
    return [
        {**row, "parameters": None if row["parameters"] is None else orjson.loads(row["parameters"])} for row in rows
    ]


def _title(given: str) -> str:
    try:
        return checked_name(given)
    except InputError as error:
        raise InputError("BAD_TITLE", error.message.replace("a name", "a title"), ("title",)) from None


def _check(change: RuleChange, start: date) -> None:
    check_rule(change.key, change.ordinal, change.unit_id, change.group_id)
    refuse_unknown_day(change.valid_from, "validFrom")
    refuse_unknown_day(change.valid_to, "validTo")
    if change.valid_to is not None and change.valid_to <= start:
        raise InputError("BAD_RANGE", f"a rule from {start} must end later than {change.valid_to}", ("validTo",))


def check_rule(key: str, ordinal: int, unit_id: int | None, group_id: int | None) -> None:
    """Raise `InputError` BAD_KEY, BAD_ORDINAL, BAD_SCOPE for what no rule can be."""
    check_key(key)
    if not -1_000_000 <= ordinal <= 1_000_000:
        raise InputError("BAD_ORDINAL", "an ordinal lies between -1,000,000 and 1,000,000", ("ordinal",))
    if unit_id is not None and group_id is not None:
        message = "a rule is for a unit or for a group; set it twice for both"
        raise InputError("BAD_SCOPE", message, ("groupId",))


async def _require_scope(transaction: Transaction, change: RuleChange) -> None:
    for table, number, place in (
        ("org_unit", change.unit_id, "orgUnitId"),
        ("member_group", change.group_id, "groupId"),
    ):
        if number is None:
            continue
        sql = f"SELECT 1 FROM {table} WHERE id = $1"  # noqa: S608 (one of two names)
        if await transaction.fetch_one(sql, number) is None:
            raise NotFound("NOT_FOUND", f"there is no such {table.replace('_', ' ')}", (place,))
    row = await transaction.fetch_one(
        "SELECT count(*) AS count FROM incentive_rule WHERE valid_to IS NULL OR valid_to > $1", transaction.now.date()
    )
    if row is not None and row["count"] >= MOST_RULES:
        raise InputError("TOO_MANY", f"there are {MOST_RULES} rules already: end one first", ("key",))


async def _last_revision(transaction: Transaction, key: str) -> int:
    """The number of the last change of a rule: also of what is gone by now."""
    row = await transaction.fetch_one(
        "SELECT max((after->>'revision')::int) AS last FROM audit_entry WHERE object_type = 'IncentiveRule'"
        " AND action = 'incentive_rule.set' AND after->>'key' = $1",
        key,
    )
    return 0 if row is None or row["last"] is None else int(row["last"])


async def _make_room(transaction: Transaction, change: RuleChange, start: date) -> list[dict[str, Any]]:
    """Cut what the rule says on `start`; what starts on that very day gives way. Returns what it said.

    Whatever its grain is: what a paid run of that grain has used stays.
    """
    rows = await transaction.fetch(
        f"{_RULE} WHERE key = $1 AND unit_id IS NOT DISTINCT FROM $2"
        " AND group_id IS NOT DISTINCT FROM $3 AND (valid_to IS NULL OR valid_to > $4)"
        " AND ($5::date IS NULL OR valid_from < $5) ORDER BY valid_from FOR UPDATE",
        change.key,
        change.unit_id,
        change.group_id,
        start,
        change.valid_to,
    )
    for row in rows:
        await refuse_used_day(transaction, max(start, row["valid_from"]), "validFrom", row["grain"])
        await _cut(transaction, row, change, start)
    return _read(rows)


async def _cut(transaction: Transaction, row: Record, change: RuleChange, start: date) -> None:
    end = change.valid_to
    if row["valid_from"] > start and not change.replace_later:
        message = f"this rule is set from {row['valid_from']} on already; end the new one by then, or say replaceLater"
        raise InputError("LATER_RULE", message, ("validTo",))
    if end is not None and (row["valid_to"] is None or row["valid_to"] > end):
        message = f"the rule in force runs beyond {end}; leave validTo empty and set it again from {end} on"
        raise InputError("RULE_CONTINUES", message, ("validTo",))
    if row["valid_from"] >= start:
        await transaction.execute("DELETE FROM incentive_rule WHERE id = $1", row["id"])
    else:
        await transaction.execute("UPDATE incentive_rule SET valid_to = $2 WHERE id = $1", row["id"], start)


def _told(
    change: RuleChange, title: str, parameters: Mapping[str, Any] | None, start: date, revision: int
) -> dict[str, Any]:
    return {
        "key": change.key,
        "title": title,
        "policy": change.policy,
        "parameters": parameters,
        "ordinal": change.ordinal,
        "grain": change.grain.value,
        "unit_id": change.unit_id,
        "group_id": change.group_id,
        "valid_from": start,
        "valid_to": change.valid_to,
        "revision": revision,
    }
