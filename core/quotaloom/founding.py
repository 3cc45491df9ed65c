"""A new company with what it needs from the first day: its root unit, an admin, metrics, a funnel and policies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from quotaloom.funnels.commands.funnels import insert_funnel
from quotaloom.funnels.stages import NewFunnel
from quotaloom.metrics.commands import install_builtin_metrics
from quotaloom.organizations.commands.companies import NewCompany, company_id_of, insert_company
from quotaloom.organizations.company_settings import check_settings
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.held import HeldTransaction
from quotaloom.platform.unit_of_work import Transaction, Writer
from quotaloom.platform.work import CompanyFacts
from quotaloom.policies.discovery import Origin
from quotaloom.policies.host import PolicyHost, parse_parameters
from quotaloom.policies.settings import store_setting, switched_on

FROM_THE_BEGINNING = date(1900, 1, 1)
"""What a new company begins with is on for every one of its days."""

BEGINS_WITH = ("allocation.even", "allocation.last_year", "reviews.weighted_score")
"""The policies on in a new company, the first of a kind before the others; the rest waits to be switched on."""


@dataclass(frozen=True, slots=True)
class Founded:
    """A new company: its facts, the id of its root unit and of its first admin."""

    company: CompanyFacts
    root_id: int
    admin_id: int


async def found_company(
    database: Database,
    host: PolicyHost,
    new: NewCompany,
    admin: NewMember,
    *,
    subject: str,
    now: datetime,
    funnel: NewFunnel | None = None,
    then: Callable[[Transaction, Founded], Awaitable[None]] | None = None,
    held: HeldTransaction | None = None,
) -> Founded:
    """Found a company in one transaction, with `then` in the same one.

    With `held` it is that one, of a company that is not there yet, and somebody else commits it. `subject` is who
    stands in the audit record. The policies of `BEGINS_WITH` are switched on. Raises `InputError` as `check_settings`
    does, and KEY_TAKEN.
    """
    check_settings(asdict(new))
    if await company_id_of(database, new.key) is not None:
        raise InputError("KEY_TAKEN", f"there is a company {new.key!r} already: choose another key", ("key",))

    async def apply(transaction: Transaction) -> Founded:
        company = await insert_company(transaction, new)
        (admin_id,) = await insert_members(transaction, [admin])
        (root_id,) = await insert_units(transaction, [NewUnit(new.name, "company", key=new.key)])
        await install_builtin_metrics(transaction, new.currency)
        if funnel is not None:
            await insert_funnel(transaction, funnel)
        await _switch_on(transaction, host)
        founded = Founded(company, root_id, admin_id)
        if then is not None:
            await then(transaction, founded)
        return founded

    if held is not None:
        return await held.run(apply)
    company_id = await database.next_company_id()
    return await database.write(company_id, Writer(subject, None, now), apply)


async def _switch_on(transaction: Transaction, host: PolicyHost) -> None:
    built_in = {policy.key: policy for policy in host.registry if policy.plugin.origin is Origin.BUILT_IN}
    for ordinal, policy in enumerate(built_in[key] for key in BEGINS_WITH if key in built_in):
        setting = switched_on(policy, parse_parameters(policy, {}), ordinal)
        await store_setting(transaction, setting, FROM_THE_BEGINNING)
