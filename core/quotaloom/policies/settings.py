"""Which policies a company uses: the one place that filters policies by company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from asyncpg import Record

from quotaloom.calendars.periods import known_day
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.parameters import parse_parameters
from quotaloom.policies.registry import PolicyRegistry, RegisteredPolicy
from quotaloom_sdk import Parameters, PolicyDefinition


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A setting to be made: one policy, on or off, on the days [valid_from, valid_to).

    Without `valid_from` it counts from today. `parameters` are validated by the policy's own model.
    """

    policy: str
    active: bool
    parameters: Mapping[str, Any]
    ordinal: int = 0
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class SelectedPolicy:
    """A policy that is on for the company, with the parameters and the revision of its setting."""

    policy: RegisteredPolicy[Any]
    parameters: Parameters
    revision: int


async def select_policy(
    source: Snapshot | Transaction,
    registry: PolicyRegistry,
    kind: type[PolicyDefinition],
    on: date,
    wanted: str | None,
    path: tuple[str | int, ...] = (),
) -> SelectedPolicy:
    """The policy of a kind that the company uses on a day: the one `wanted`, or else the first by ordinal.

    Raises `InputError` UNKNOWN_POLICY where it is not installed, POLICY_OFF where the company has it switched off.
    """
    if wanted is not None:
        registry.get(wanted, kind, path=path)
    rows = await source.fetch(
        "SELECT policy, parameters, revision FROM policy_setting WHERE kind = $1 AND active"
        " AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2) ORDER BY ordinal, policy",
        kind.kind,
        on,
    )
    chosen = next(
        (row for row in rows if row["policy"] == wanted or (wanted is None and row["policy"] in registry)), None
    )
    if chosen is None:
        active = ", ".join(row["policy"] for row in rows) or "none"
        name = f"{wanted} is" if wanted else f"every {kind.kind} policy is"
        raise InputError("POLICY_OFF", f"{name} switched off for this company on {on}; switched on: {active}", path)
    policy = registry.get(chosen["policy"], kind)
    return SelectedPolicy(policy, parse_parameters(policy, orjson.loads(chosen["parameters"])), chosen["revision"])


async def switch_policy(work: Work, registry: PolicyRegistry, change: PolicyChange) -> None:
    """Switch a policy on or off from a day on, with validated parameters; earlier days keep what they had."""
    work.viewer.require(Scope.SETTINGS, "switching a policy")

    async def apply(transaction: Transaction) -> None:
        await set_policy(transaction, registry, change, change.valid_from or work.today)

    await work.write(apply)


async def set_policy(transaction: Transaction, registry: PolicyRegistry, change: PolicyChange, valid_from: date) -> int:
    """Store one setting inside a transaction; returns its revision. See `switch_policy`."""
    policy = registry.get(change.policy, path=("policy",))
    _check_days(valid_from, change.valid_to)
    parameters = parse_parameters(policy, change.parameters, ("parameters",)).model_dump(mode="json")
    await transaction.lock("policies")
    rows = await transaction.fetch(
        "SELECT id, active, parameters, ordinal, valid_from, valid_to, revision FROM policy_setting"
        " WHERE policy = $1 ORDER BY valid_from",
        change.policy,
    )
    await _make_room(transaction, rows, valid_from, change.valid_to)
    revision = max((row["revision"] for row in rows), default=0) + 1
    stored = await transaction.fetch_one(
        "INSERT INTO policy_setting (company_id, policy, kind, active, parameters, ordinal, valid_from, valid_to,"
        " revision, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9, $10, $11)"
        " RETURNING id",
        transaction.company_id,
        change.policy,
        policy.definition.kind,
        change.active,
        orjson.dumps(parameters).decode(),
        change.ordinal,
        valid_from,
        change.valid_to,
        revision,
        transaction.now,
        transaction.writer.subject,
    )
    assert stored is not None
    transaction.record(
        "policy.switch",
        "PolicySetting",
        stored["id"],
        before=[_plain(row) for row in rows if row["valid_to"] is None or row["valid_to"] > valid_from],
        after={
            "policy": change.policy,
            "active": change.active,
            "parameters": parameters,
            "valid_from": valid_from,
            "valid_to": change.valid_to,
            "revision": revision,
        },
    )
    transaction.publish("policy.switched", policy=change.policy, active=change.active, revision=revision)
    return revision


def _check_days(valid_from: date, valid_to: date | None) -> None:
    for day, name in ((valid_from, "validFrom"), (valid_to, "validTo")):
        if day is not None:
            try:
                known_day(day)
            except InputError as error:
                raise error.at(name) from None
    if valid_to is not None and valid_to <= valid_from:
        raise InputError("BAD_RANGE", f"a setting from {valid_from} must end later than {valid_to}", ("validTo",))


async def _make_room(transaction: Transaction, rows: list[Record], start: date, end: date | None) -> None:
    """Cut the setting that holds on `start`; one that starts on that very day gives way to its correction."""
    for row in rows:
        if (row["valid_to"] is not None and row["valid_to"] <= start) or (end is not None and row["valid_from"] >= end):
            continue
        if row["valid_from"] > start:
            raise InputError(
                "LATER_SETTING",
                f"there is a setting from {row['valid_from']} already; end the new one by then or change that one",
                ("validTo",),
            )
        if end is not None and (row["valid_to"] is None or row["valid_to"] > end):
            raise InputError(
                "SETTING_CONTINUES",
                f"the setting in force runs beyond {end}; leave validTo empty and switch again from {end} on",
                ("validTo",),
            )
        if row["valid_from"] == start:
            await transaction.execute("DELETE FROM policy_setting WHERE id = $1", row["id"])
        else:
            await transaction.execute("UPDATE policy_setting SET valid_to = $2 WHERE id = $1", row["id"], start)


def _plain(row: Record) -> dict[str, Any]:
    return {**dict(row), "parameters": orjson.loads(row["parameters"])}


async def settings_of(snapshot: Snapshot, policies: Sequence[str] | None) -> list[dict[str, Any]]:
    """The company's settings of these policies, or of all, the earliest first; `parameters` is a JSON object."""
    rows = await snapshot.fetch(
        "SELECT policy, revision, active, parameters, ordinal, valid_from, valid_to, changed_at, changed_by"
        " FROM policy_setting WHERE $1::text[] IS NULL OR policy = ANY($1) ORDER BY policy, valid_from",
        None if policies is None else list(policies),
    )
    return [_plain(row) for row in rows]
