"""Founding companies and changing their settings."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from quotaloom.organizations.commands.companies import company_id_of, update_company
from quotaloom.organizations.commands.units import create_unit
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work, load_company
from tests.founding import found
from tests.integration.organizations.trees import acme, audit_of, refusal

WRONG = [
    ({"name": " "}, "BAD_NAME", "name"),
    ({"currency": "XYZ"}, "UNKNOWN_CURRENCY", "currency"),
    ({"time_zone": "Mars/Base"}, "BAD_TIME_ZONE", "timeZone"),
    ({"fiscal_start_month": 13}, "BAD_MONTH", "fiscalStartMonth"),
    ({"calendar_pattern": "5-5-5"}, "BAD_PATTERN", "calendarPattern"),
    ({"working_weekdays": (1, 8)}, "BAD_WEEKDAYS", "workingWeekdays"),
    ({"working_weekdays": ()}, "BAD_WEEKDAYS", "workingWeekdays"),
    ({"reversal_date": "never"}, "BAD_REVERSAL_DATE", "reversalDate"),
]


async def a_target(work: Work, unit_id: int) -> None:
    async def apply(transaction: Transaction) -> None:
        await transaction.execute(
            "WITH m AS (INSERT INTO metric (company_id, key, name, kind, scale, lower_is_better, version)"
            " VALUES ($1, 'sales', 'Sales', 'money', 2, false, 1) RETURNING id),"
            " p AS (INSERT INTO plan (company_id, name, metric_id, fiscal_year, starts_on, ends_on, version)"
            " SELECT $1, 'Plan', id, 2026, '2026-01-01', '2027-01-01', 1 FROM m RETURNING id),"
            " v AS (INSERT INTO plan_version (company_id, plan_id, number, status, created_at, created_by)"
            " SELECT $1, id, 1, 'draft', $3, 'tests' FROM p RETURNING id)"
            " INSERT INTO target_cell (company_id, plan_version_id, unit_id, starts_on, ends_on, target, locked,"
            " pinned, version) SELECT $1, id, $2, '2026-01-01', '2026-02-01', 100, false, false, 1 FROM v",
            transaction.company_id,
            unit_id,
            transaction.now,
        )

    await work.write(apply)


async def test_settings_change_and_the_audit_has_both(database: Database) -> None:
    """What is given changes, the rest stays; the audit holds the changed settings before and after."""
    work = await found(database)
    await update_company(work, {"working_weekdays": (1, 2, 3), "fiscal_start_month": 4, "name": " Acme "})
    async with work.snapshot() as snapshot:
        facts = await load_company(snapshot)
    assert facts is not None
    company = replace(work.company, version=2, reference_version=facts.reference_version)
    assert facts == replace(company, working_weekdays=(1, 2, 3), fiscal_start_month=4)
    assert (await audit_of(work, "Company", work.company.id))[-1] == (
        "company.update",
        '{"working_weekdays": [1, 2, 3, 4, 5], "fiscal_start_month": 1}',
        '{"working_weekdays": [1, 2, 3], "fiscal_start_month": 4}',
    )


@pytest.mark.parametrize(("changes", "code", "path"), WRONG)
async def test_settings_that_cannot_be_are_refused(
    database: Database, changes: dict[str, Any], code: str, path: str
) -> None:
    """Founding and changing refuse the same, and name the place in the input."""
    with pytest.raises(InputError) as caught:
        await found(database, key="other", **changes)
    assert refusal(caught) == (code, (path,))
    work = await found(database)
    with pytest.raises(InputError) as caught_too:
        await update_company(work, changes)
    assert refusal(caught_too) == (code, (path,))


async def test_two_companies_have_two_keys(database: Database) -> None:
    """The key of another company is refused, and names that company only."""
    first = await found(database)
    with pytest.raises(InputError, match="another company has the key 'acme'") as caught:
        await found(database)
    assert refusal(caught) == ("KEY_TAKEN", ("key",))
    assert await company_id_of(database, "acme") == first.company.id
    assert await company_id_of(database, "nobody") is None


async def test_a_company_in_use_keeps_currency_and_pattern(database: Database) -> None:
    """Once there are target cells the currency and the pattern stay; the start month may still change."""
    a = await acme(database)
    await a_target(a.work, a.seat)
    for changes, path in (({"currency": "USD"}, "currency"), ({"calendar_pattern": "4-4-5"}, "calendarPattern")):
        with pytest.raises(InputError) as caught:
            await update_company(a.work, changes)
        assert refusal(caught) == ("IN_USE", (path,))
    await update_company(a.work, {"fiscal_start_month": 7})


async def test_months_of_weeks_keep_their_start_month(database: Database) -> None:
    """With a 4-4-5 calendar another start month would shift every month that has a cell: refused."""
    a = await acme(database)
    await update_company(a.work, {"calendar_pattern": "4-4-5"})
    await a_target(await present(a.work), a.seat)
    with pytest.raises(InputError, match="made of weeks") as caught:
        await update_company(a.work, {"fiscal_start_month": 7})
    assert refusal(caught) == ("IN_USE", ("fiscalStartMonth",))


async def test_settings_are_changed_by_admins_who_read_them(database: Database) -> None:
    """A member is refused, and so is a version that is gone."""
    work = await found(database)
    member = replace(work, viewer=Viewer(work.company.id, "ann", Role.MEMBER, 1))
    with pytest.raises(AccessDenied, match="changing the company needs an admin"):
        await update_company(member, {"name": "Mine"})
    await update_company(work, {"name": "Acme Ltd"}, expected_version=1)
    with pytest.raises(Conflict, match="version 2, you read version 1"):
        await update_company(work, {"name": "Acme Inc"}, expected_version=1)


async def test_what_was_computed_from_other_settings_is_not_written(database: Database) -> None:
    """A request that began before the settings changed is told so; the same request again goes through."""
    work = await found(database)
    await update_company(work, {"time_zone": "America/New_York"})
    with pytest.raises(Conflict) as caught:
        await create_unit(work, NewUnit("Acme", "company"))
    assert caught.value.code == "COMPANY_CHANGED"
    await create_unit(await present(work), NewUnit("Acme", "company"))


async def test_settings_that_change_at_once_wait_for_each_other(database: Database) -> None:
    """Two changes of different settings, both stored or one told to try again; none is lost in silence."""
    work = await found(database)
    outcome = await asyncio.gather(
        update_company(work, {"name": "One"}),
        update_company(work, {"members_see_rankings": True}),
    )
    assert list(outcome) == [None, None]
    company = (await present(work)).company
    assert (company.name, company.members_see_rankings) == ("One", True)


async def present(work: Work) -> Work:
    """The same viewer, with the company's settings of now."""
    async with work.snapshot() as snapshot:
        company = await load_company(snapshot)
    assert company is not None
    return replace(work, company=company)
