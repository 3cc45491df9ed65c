"""What PostgreSQL's own catalogue says of every table: keys, references, row-level security, rights."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from quotaloom.platform.database import Database, credentials, tortoise_config
from tests.integration.targets.planning import plan_for

CHECKED_BY_STATEMENT = {"target_cell"}
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
    assert loose == CHECKED_BY_STATEMENT


def test_every_reference_carries_the_company(tables: dict[str, asyncpg.Record]) -> None:
    """A column that names another row is part of a foreign key together with company_id."""
    # An audit entry may name what is gone or of any type; derived or historical columns are named here, one by one.
    allowed = {("audit_entry", "object_id"), ("audit_entry", "actor_member_id"), ("stage_move", "actor_member_id")}
    allowed |= {("ownership_entry", "actor_member_id"), ("notification", "subject_id")}
    # A balance without a product has the number 0; the entries that it sums name theirs.
    allowed |= {("achievement_balance", "product_id")}
    allowed |= {("target_cell", "plan_version_id"), ("target_cell", "unit_id")}  # see CHECKED_BY_STATEMENT
    missing = {
        (name, column)
        for name, row in tables.items()
        if name not in NOT_TENANT
        for column in set(row["references_to"] or []) - set(row["referencing"] or [])
    }
    assert missing == allowed


_VERSION = "SELECT id FROM plan_version WHERE plan_id = $1"
_INSERT_CELLS = (
    "INSERT INTO target_cell (company_id, plan_version_id, unit_id, starts_on, ends_on, locked, pinned, version)"
    " SELECT $1, $2, unit, '2017-01-01', '2017-02-01', false, false, 1 FROM unnest($3::bigint[]) AS unit"
)


async def test_a_cell_names_a_version_and_a_unit_of_its_own_company(database: Database, admin_url: str) -> None:
    """Checked for all rows of a statement at once; what is named is neither deleted nor changed."""
    plain = await asyncpg.connect(**credentials(admin_url))
    (ours, our_version, our_unit), (theirs, their_version, their_unit) = [
        (one.founded.company.id, await plain.fetchval(_VERSION, one.plan_id), one.units["Seat"])
        for one in (
            await plan_for(database, {"Acme": ["Seat"]}, key="ours"),
            await plan_for(database, {"Acme": ["Seat"]}),
        )
    ]
    for company, version, units in (
        (ours, our_version, [our_unit, their_unit]),
        (ours, their_version, [our_unit]),
        (ours, our_version, [10**9]),
        (theirs, our_version, [our_unit]),
    ):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await plain.execute(_INSERT_CELLS, company, version, units)
    await plain.execute(_INSERT_CELLS, ours, our_version, [our_unit])
    await plain.execute("SET ROLE quotaloom_app")
    for refused in (
        "DELETE FROM org_unit",
        "DELETE FROM plan_version",
        "UPDATE target_cell SET unit_id = 1",
        "UPDATE target_cell SET plan_version_id = 1",
        "UPDATE target_cell SET company_id = 1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await plain.execute(refused)
    await plain.close()


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
