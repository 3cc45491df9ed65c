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
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.discovery import Origin
from quotaloom.policies.errors import unknown_policy
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.positions import KIND as LISTENER
from quotaloom.policies.positions import about_to_switch, switched
from quotaloom.policies.registry import PolicyRegistry, RegisteredPolicy
from quotaloom.policies.selected import SelectedPolicy

CHANNEL = "quotaloom_policies"
"""Notified on every commit that switched a policy, with `company policy`."""


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A setting to be made: one policy, on or off, on the days [valid_from, valid_to).

    Without `valid_from` it counts from today. `parameters` are validated by the policy's own model. What is None stays
    as it is on `valid_from`; a policy that was never set begins with its defaults and the ordinal 0, the first.
    Settings that begin within it or later stand in its way, unless `replace_later` does away with them.
    """

    policy: str
    active: bool
    parameters: Mapping[str, Any] | None = None
    ordinal: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    replace_later: bool = False


async def select_policy(
    source: Snapshot | Transaction,
    registry: PolicyRegistry,
    kind: str,
    on: date,
    wanted: str | None,
    path: Path = (),
) -> SelectedPolicy:
    """The policy of a kind that the company uses on a day: the one `wanted`, or else the first by ordinal.

    Raises `InputError` UNKNOWN_POLICY where it is neither installed nor set, POLICY_OFF where the company has it
    switched off, POLICY_UNAVAILABLE where it is switched on and cannot be asked: another never takes its place.
    """
    rows = await settings_in_force(source, kind, on)
    chosen = _chosen(rows, wanted)
    if chosen is None:
        if wanted is not None:
            registry.get(wanted, kind, path=path)
        active = ", ".join(row["policy"] for row in rows) or "none"
        name = f"{wanted} is" if wanted else f"every {kind} policy is"
        raise InputError("POLICY_OFF", f"{name} switched off for this company on {on}; switched on: {active}", path)
    return selected_by(registry, chosen, path)


def selected_by(registry: PolicyRegistry, setting: Mapping[str, Any] | Record, path: Path = ()) -> SelectedPolicy:
    """The policy of a stored setting. Raises `InputError` POLICY_UNAVAILABLE."""
    reason = why_unavailable(registry, setting["policy"], setting["plugin_version"])
    if reason is not None:
        raise InputError(
            "POLICY_UNAVAILABLE",
            f"{setting['policy']} is switched on and cannot be asked: {reason}. Nothing is decided by another policy"
            " in its place; an admin can switch it again, or off",
            path,
        )
    parameters = orjson.loads(setting["parameters"])
    return SelectedPolicy(registry.get(setting["policy"]), parameters, setting["revision"])


async def policies_on(source: Snapshot | Transaction, registry: PolicyRegistry, kind: str, on: date) -> frozenset[str]:
    """The full keys of the policies of a kind that the company has switched on that day and that can be asked."""
    rows = await settings_in_force(source, kind, on)
    return frozenset(
        row["policy"] for row in rows if why_unavailable(registry, row["policy"], row["plugin_version"]) is None
    )


async def settings_in_force(source: Snapshot | Transaction, kind: str, on: date) -> list[Record]:
    """The settings of a kind that are on that day, the first by ordinal first."""
    return await source.fetch(
        "SELECT policy, parameters, revision, plugin_version FROM policy_setting WHERE kind = $1 AND active"
        " AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2) ORDER BY ordinal, policy",
        kind,
        on,
    )


async def still_selected(transaction: Transaction, selected: SelectedPolicy, on: date, wanted: str | None) -> bool:
    """Whether `select_policy` would choose the same setting again; it stays so until the transaction ends."""
    await transaction.lock("policies", shared=True)
    chosen = _chosen(await settings_in_force(transaction, selected.policy.kind, on), wanted)
    return chosen is not None and (chosen["policy"], chosen["revision"]) == (selected.policy.key, selected.revision)


def _chosen(rows: Sequence[Record], wanted: str | None) -> Record | None:
    return next((row for row in rows if wanted in (None, row["policy"])), None)


def why_unavailable(registry: PolicyRegistry, key: str, plugin_version: str) -> str | None:
    """Why a policy that was set with a version of its plugin cannot be asked; None where it can.

    Plugins that ship with the product go with its version: their stored parameters stay good.
    """
    policy = registry.find(key)
    if policy is None:
        return registry.why_missing(key)
    installed = policy.plugin.version or ""
    if policy.plugin.origin is Origin.BUILT_IN or _major(plugin_version) == _major(installed):
        return None
    return (
        f"it was set with version {plugin_version or 'unknown'} of its plugin, and {installed or 'an unknown one'} is"
        " installed, which may decide otherwise"
    )


def _major(version: str) -> str:
    return version.partition(".")[0]


async def switch_policy(work: Work, host: PolicyHost, change: PolicyChange) -> None:
    """Switch a policy on or off from today on or from a later day; earlier days keep what they had.

    A policy that was never set may begin on an earlier day, when a company is set up with its past.

    Raises `InputError`: UNKNOWN_POLICY, INVALID_PARAMETERS, POLICY_ESSENTIAL, PAST_DAY and others for days that do
    not fit.
    """
    work.viewer.require(Scope.SETTINGS, "switching a policy")
    _check_days(change.valid_from or work.today, change.valid_to)
    async with work.snapshot() as snapshot:
        latest = await snapshot.fetch_one(
            "SELECT kind, parameters, ordinal, plugin_version FROM policy_setting WHERE policy = $1"
            " ORDER BY valid_from <= $2 DESC, valid_from DESC LIMIT 1",
            change.policy,
            change.valid_from or work.today,
        )
    if latest is not None and change.valid_from is not None and change.valid_from < work.today:
        message = f"what was in force before today stays: a change counts from {work.today} or later"
        raise InputError("PAST_DAY", message, ("validFrom",))
    setting = await _checked(work, host, change, latest)

    async def apply(transaction: Transaction) -> None:
        await store_setting(transaction, setting, change.valid_from or work.today)

    await work.write(apply)


@dataclass(frozen=True, slots=True)
class CheckedSetting:
    """A change whose parameters the policy's model has accepted."""

    change: PolicyChange
    kind: str
    plugin_version: str
    parameters: Mapping[str, Any]
    ordinal: int


async def _checked(work: Work, host: PolicyHost, change: PolicyChange, latest: Record | None) -> CheckedSetting:
    policy = host.registry.find(change.policy)
    stored: dict[str, Any] = {} if latest is None else orjson.loads(latest["parameters"])
    ordinal = change.ordinal if change.ordinal is not None else latest["ordinal"] if latest is not None else 0
    if policy is None:
        if latest is None or change.active:
            raise unknown_policy(change.policy, (one.key for one in host.registry), ("policy",))
        # Nobody is left to judge parameters; it can be switched off all the same.
        return CheckedSetting(change, latest["kind"], latest["plugin_version"], stored, ordinal)
    if policy.essential and (not change.active or change.valid_to is not None):
        raise InputError(
            "POLICY_ESSENTIAL",
            f"{policy.key} cannot be switched off: it is what decides where no other policy does. Switch on another"
            " one with a lower ordinal, which then comes first",
            ("active",) if not change.active else ("validTo",),
        )
    given = stored if change.parameters is None else change.parameters
    parameters: Mapping[str, Any] = given
    if change.active or change.parameters is not None:
        company_id = work.viewer.company_id
        parameters = await host.valid_parameters(policy, given, company_id=company_id, path=("parameters",))
    return CheckedSetting(change, policy.kind, policy.plugin.version or "", parameters, ordinal)


def switched_on(policy: RegisteredPolicy, parameters: Mapping[str, Any], ordinal: int) -> CheckedSetting:
    """A policy switched on with parameters that are known to be valid."""
    change = PolicyChange(policy.key, active=True)
    return CheckedSetting(change, policy.kind, policy.plugin.version or "", parameters, ordinal)


async def store_setting(transaction: Transaction, setting: CheckedSetting, valid_from: date) -> int:
    """Store one setting inside a transaction; returns its revision. See `switch_policy`."""
    change = setting.change
    await transaction.lock("policies")
    was_on = setting.kind == LISTENER and await about_to_switch(transaction, change.policy)
    rows = found = await transaction.fetch(
        "SELECT id, active, parameters, ordinal, valid_from, valid_to, revision, plugin_version FROM policy_setting"
        " WHERE policy = $1 ORDER BY valid_from",
        change.policy,
    )
    if change.replace_later:
        rows = await _without_later(transaction, rows, valid_from)
    await _make_room(transaction, rows, valid_from, change.valid_to)
    revision = max((row["revision"] for row in found), default=0) + 1
    stored = await transaction.fetch_one(
        "INSERT INTO policy_setting (company_id, policy, kind, active, parameters, ordinal, valid_from, valid_to,"
        " revision, plugin_version, changed_at, changed_by)"
        " VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9, $10, $11, $12) RETURNING id",
        transaction.company_id,
        change.policy,
        setting.kind,
        change.active,
        orjson.dumps(dict(setting.parameters)).decode(),
        setting.ordinal,
        valid_from,
        change.valid_to,
        revision,
        setting.plugin_version,
        transaction.now,
        transaction.writer.subject,
    )
    assert stored is not None
    if setting.kind == LISTENER:
        await switched(transaction, change.policy, was_on=was_on)
    transaction.record(
        "policy.switch",
        "PolicySetting",
        stored["id"],
        before=[_plain(row) for row in found if row["valid_to"] is None or row["valid_to"] > valid_from],
        after={
            "policy": change.policy,
            "active": change.active,
            "parameters": dict(setting.parameters),
            "ordinal": setting.ordinal,
            "valid_from": valid_from,
            "valid_to": change.valid_to,
            "revision": revision,
            "plugin_version": setting.plugin_version,
        },
    )
    transaction.publish("policy.switched", policy=change.policy, active=change.active, revision=revision)
    await transaction.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{transaction.company_id} {change.policy}")
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


async def _without_later(transaction: Transaction, rows: list[Record], start: date) -> list[Record]:
    """The settings without those that begin after `start`, which are withdrawn."""
    later = [row["id"] for row in rows if row["valid_from"] > start]
    await transaction.execute("DELETE FROM policy_setting WHERE id = ANY($1::bigint[])", later)
    return [row for row in rows if row["id"] not in later]


async def _make_room(transaction: Transaction, rows: list[Record], start: date, end: date | None) -> None:
    """Cut the setting that holds on `start`; one that starts on that very day gives way to its correction."""
    for row in rows:
        if (row["valid_to"] is not None and row["valid_to"] <= start) or (end is not None and row["valid_from"] >= end):
            continue
        if row["valid_from"] > start:
            raise InputError(
                "LATER_SETTING",
                f"there is a setting from {row['valid_from']} already; end the new one by then, change that one, or"
                " say replaceLater",
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
        "SELECT policy, kind, revision, active, parameters, ordinal, valid_from, valid_to, plugin_version,"
        " changed_at, changed_by"
        " FROM policy_setting WHERE $1::text[] IS NULL OR policy = ANY($1) ORDER BY policy, valid_from",
        None if policies is None else list(policies),
    )
    return [_plain(row) for row in rows]


async def history_of(snapshot: Snapshot, policies: Sequence[str]) -> list[dict[str, Any]]:
    """Who changed the settings of these policies and when, the latest first, with before and after as JSON."""
    rows = await snapshot.fetch(
        "SELECT after->>'policy' AS policy, at, actor, before, after FROM audit_entry"
        " WHERE object_type = 'PolicySetting' AND action = 'policy.switch' AND after->>'policy' = ANY($1)"
        " ORDER BY at DESC, id DESC",
        list(policies),
    )
    return [{**row, "before": orjson.loads(row["before"]), "after": orjson.loads(row["after"])} for row in rows]
