"""What PostgreSQL's own catalogue says of every table: keys, references, row-level security, rights."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from quotaloom.platform.database import credentials, tortoise_config

CHECKED_BY_STATEMENT = {
    "target_cell": {"plan_version_id", "unit_id"},
    "achievement_entry": {
        *("metric_id", "position_id", "member_id", "reverses_id", "opportunity_id", "customer_id", "product_id")
    },
    "achievement_balance": {"metric_id", "position_id", "member_id"},
}
NAMED_FOR_GOOD = {"plan_version", "org_unit", "metric", "member", "opportunity", "customer", "product"}
NOT_TENANT = {"company", "tortoise_migrations"}
APPEND_ONLY = {
    "audit_entry",
    "outbox_event",
    "achievement_entry",
    "stage_move",
    "decomposition",
    "win_crediting",
    "funnel_version",
    "stage_approval",
    "forecast_adjustment",
    "ownership_entry",
    "incentive_run_step",
    "dispute_comment",
    "review_form_version",
    "review_part",
    "review_step",
    "action_plan_entry",
}


@pytest.fixture
async def tables(admin_url: str) -> dict[str, asyncpg.Record]:
    """Every table of the schema, by name."""
    connection = await asyncpg.connect(**credentials(admin_url))
    rows = await connection.fetch(
        """
        SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
            (SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_constraint p,
                unnest(p.conkey) WITH ORDINALITY AS k (number, place), pg_attribute a
                WHERE p.conrelid = c.oid AND p.contype = 'p' AND a.attrelid = c.oid AND a.attnum = k.number) AS key,
            (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                AND a.attname LIKE '%\\_id' AND a.attname NOT IN ('company_id')) AS references_to,
            (SELECT array_agg(DISTINCT a.attname::text) FROM pg_constraint f, unnest(f.conkey) AS k (number),
                pg_attribute a WHERE f.conrelid = c.oid AND f.contype = 'f' AND a.attrelid = c.oid
                AND a.attnum = k.number AND a.attname <> 'company_id' AND (SELECT attnum FROM pg_attribute
                WHERE attrelid = c.oid AND attname = 'company_id') = ANY (f.conkey)) AS referencing,
            (SELECT count(*) FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f' AND (
                f.confrelid = 'company'::regclass OR (SELECT bool_and(a.attnotnull) FROM unnest(f.conkey) AS k (number),
                pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = k.number))) AS rooted,
            (SELECT array_agg(pol.polname::text) FROM pg_policy pol WHERE pol.polrelid = c.oid) AS policies,
            has_table_privilege('quotaloom_app', c.oid, 'UPDATE') AS may_update,
            has_table_privilege('quotaloom_app', c.oid, 'DELETE') AS may_delete,
            has_table_privilege('quotaloom_app', c.oid, 'SELECT') AS may_select,
            (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'append_only') AS guarded
        FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        """
    )
    await connection.close()
    return {row["name"]: row for row in rows}


def test_every_tenant_table_is_keyed_by_company(tables: dict[str, asyncpg.Record]) -> None:
    """The primary key of every table of a company is (company_id, id)."""
    keys = {name: row["key"] for name, row in tables.items() if name not in NOT_TENANT}
    assert len(keys) > 20
    assert {tuple(key) for key in keys.values()} == {("company_id", "id")}


def test_every_table_forces_row_level_security(tables: dict[str, asyncpg.Record]) -> None:
    """Row-level security is on and forced, by exactly one policy; migrations' own table is out of reach."""
    for name, row in tables.items():
        if name == "tortoise_migrations":
            assert not row["may_select"]
        else:
            assert row["forced"], name
            assert row["policies"] == ["of_the_company"], name


def test_every_row_belongs_to_a_company_that_exists(tables: dict[str, asyncpg.Record]) -> None:
    """A table names the company by a reference, or must name a row of the company, or both."""
    loose = {name for name, row in tables.items() if name not in NOT_TENANT and not row["rooted"]}
    assert loose == set(CHECKED_BY_STATEMENT)


def test_every_reference_carries_the_company(tables: dict[str, asyncpg.Record]) -> None:
    """A column that names another row is part of a foreign key together with company_id."""
    # An audit entry may name what is gone or of any type; derived or historical columns are named here, one by one.
    allowed = {("audit_entry", "object_id"), ("audit_entry", "actor_member_id"), ("stage_move", "actor_member_id")}
    allowed |= {("ownership_entry", "actor_member_id"), ("notification", "subject_id")}
    allowed |= {("incentive_run_step", "actor_member_id")}
    # A balance without a product has the number 0; the entries that it sums name theirs.
    allowed |= {("achievement_balance", "product_id")}
    allowed |= {(table, column) for table, columns in CHECKED_BY_STATEMENT.items() for column in columns}
    missing = {
        (name, column)
        for name, row in tables.items()
        if name not in NOT_TENANT
        for column in set(row["references_to"] or []) - set(row["referencing"] or [])
    }
    assert missing == allowed


def test_history_is_append_only(tables: dict[str, asyncpg.Record]) -> None:
    """Ledger, audit and the like have a guarding trigger, and the application may neither change nor delete."""
    guarded = {name for name, row in tables.items() if row["guarded"]}
    assert guarded == APPEND_ONLY
    assert not any(tables[name]["may_update"] or tables[name]["may_delete"] for name in APPEND_ONLY)


def test_models_and_migrations_agree() -> None:
    """Nothing would be left for a new migration: the models say what the migrations made."""

    async def changes() -> list[str]:
        config = tortoise_config("postgresql://nobody@localhost/none")
        async with TortoiseContext() as context:
            await context.init(config=config, init_connections=False)
            assert context.apps is not None
            detector = MigrationAutodetector(context.apps, config["apps"])
            return [str(writer.name) for writer in await detector.changes()]

    assert asyncio.run(changes()) == []
