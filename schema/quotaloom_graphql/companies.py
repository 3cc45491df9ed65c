"""The company, its calendar, and the viewer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import strawberry

from quotaloom.calendars.commands import SpecialDay, holidays, remove_holidays, set_holidays
from quotaloom.founding import found_company
from quotaloom.organizations import reads
from quotaloom.organizations.commands.companies import NewCompany, update_company
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.work import Work
from quotaloom_graphql.arguments import PeriodLabel
from quotaloom_graphql.connections import Connection
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.enums import Grain
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import Node, NodeLoader, global_id
from quotaloom_graphql.notifications import Notification, load_notifications, load_unread
from quotaloom_graphql.organization_loaders import load_members
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.questions import period_named, periods_named
from quotaloom_graphql.rights import ViewerCan, load_company_rights, load_viewer_rights
from strawberry_breadth import batch


async def load_root(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The root of the company's tree, if the viewer may see its name."""
    sight, row = await info.context.sight(), await reads.root(info.context.snapshot)
    return [] if row is None or not sight.names_unit(row["id"]) else [{**row, "company_id": key} for key in keys]


async def load_holidays(keys: list[int], info: Info, period: PeriodLabel) -> list[dict[str, Any]]:
    """Holidays and made-up days of a period."""
    span = await period_named(info.context, period)
    rows = await holidays(info.context.snapshot, span.starts_on, span.ends_on)
    return [{**row, "company_id": key} for key in keys for row in rows]


async def load_periods(
    keys: list[int],
    info: Info,
    period: PeriodLabel,
    grain: Annotated[
        Grain | None, strawberry.argument(description="Its parts; the period itself if not given.")
    ] = None,
) -> list[dict[str, Any]]:
    """Periods of the company's calendar."""
    periods, calendar = await periods_named(info.context, period, grain), await info.context.calendar()
    return [
        {
            "company_id": key,
            "label": one.label,
            "grain": one.grain,
            "starts_on": one.starts_on,
            "ends_on": one.ends_on,
            "working_days": calendar.working.count(one.starts_on, one.ends_on),
        }
        for key in keys
        for one in periods
    ]


@strawberry.type(description="A stretch of days of the company's calendar.")
class CalendarPeriod:
    """A period."""

    label: str = strawberry.field(description="Its name, for arguments.")
    grain: Grain | None = strawberry.field(description="Null for a plain range.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    working_days: int = strawberry.field(description="How many of its days are worked.")


@strawberry.type(description="A day off, or a day that is made up for (调休).")
class Holiday:
    """A special day."""

    day: date = strawberry.field(description="The day.")
    name: str = strawberry.field(description="What it is.")
    working: bool = strawberry.field(description="True for a made-up day, which is worked.")


@strawberry.type(description="What you may do with your company; the server checks again.")
class ViewerCanOnCompany:
    """Rights of the viewer on the company."""

    edit: bool = strawberry.field(description="Change its settings and its holidays.")


@strawberry.type(description="The company that you are signed in to (公司).")
class Company(Node):
    """The tenant."""

    id: strawberry.ID = global_id("Company")
    key: str = strawberry.field(description="Its short name.")
    name: str = strawberry.field(description="Its name.")
    currency: str = strawberry.field(description="ISO 4217 code; all money is in it.")
    time_zone: str = strawberry.field(description="IANA name; business dates are dates of this zone.")
    fiscal_start_month: int = strawberry.field(description="The month its fiscal years start in.")
    calendar_pattern: str = strawberry.field(description="`calendar`, `4-4-5`, `4-5-4` or `5-4-4`.")
    working_weekdays: list[int] = strawberry.field(description="ISO weekdays that are worked; Monday is 1.")
    members_see_ancestors: bool = strawberry.field(description="Whether members see the figures of units above them.")
    members_see_rankings: bool = strawberry.field(description="Whether members see rankings beyond their own row.")
    plans_need_approval: bool = strawberry.field(
        description="Whether a plan is published only once its submission was approved, by somebody else."
    )
    plans_need_owners: bool = strawberry.field(
        description="Whether a plan is published only once somebody holds or heads each unit that it aims for."
    )
    reversal_date: str = strawberry.field(
        description="Whether a reversal carries the `original` business date or its `own`."
    )
    version: int = strawberry.field(description="Counts changes of its settings; for `expectedVersion`.")
    today: date = strawberry.field(description="Today's business date.")
    root: OrgUnit | None = batch(load_root, key="id", by="company_id", one=True, description="The top of its tree.")
    holidays: list[Holiday] | None = batch(
        load_holidays, key="id", by="company_id", description="Its days off and made-up days."
    )
    periods: list[CalendarPeriod] | None = batch(
        load_periods, key="id", by="company_id", description="Periods of its fiscal calendar."
    )
    viewer_can: ViewerCanOnCompany = batch(load_company_rights, key="id", description="What you may do with it.")


@strawberry.type(description="Whoever sent the request.")
class Viewer:
    """The bearer of the token."""

    subject: str = strawberry.field(description="Who the token was made for.")
    role: str = strawberry.field(description="`admin`, `member`, `service` or `operator`.")
    scopes: list[str] = strawberry.field(description="What a service may do.")
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="The member; null for services."
    )
    notifications: Connection[Notification] = batch(
        load_notifications, description="What you were told, the latest first; nothing for those who are no members."
    )
    unread_notifications: int = batch(load_unread, description="How many notifications you have not read.")
    can: ViewerCan = batch(load_viewer_rights, description="What you may create, post and set.")


@strawberry.input(description="A new company with its first admin; needs an operator's token.")
class CreateCompanyInput:
    """A new company."""

    key: str = strawberry.field(description="Its short name: a-z, 0-9 and -.")
    name: str = strawberry.field(description="Its name.")
    currency: str = strawberry.field(description="ISO 4217 code.")
    admin_name: str = strawberry.field(description="The name of its first admin.")
    admin_email: str | None = strawberry.field(default=None, description="The address of its first admin.")
    time_zone: str = strawberry.field(default="UTC", description="IANA name, such as Asia/Shanghai.")
    fiscal_start_month: int = strawberry.field(default=1, description="The month its fiscal years start in.")
    calendar_pattern: str = strawberry.field(default="calendar", description="`calendar`, `4-4-5`, `4-5-4` or `5-4-4`.")
    working_weekdays: list[int] = strawberry.field(
        default_factory=lambda: [1, 2, 3, 4, 5], description="ISO weekdays that are worked."
    )


@strawberry.type(description="The company that was founded; ask for a token of its admin on the command line.")
class CreateCompanyPayload:
    """A company's key, or what was wrong."""

    key: str | None = strawberry.field(description="The new company's key.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.input(description="What to change of your company; what is left out stays.")
class UpdateCompanyInput:
    """Changes of a company."""

    name: str | None = strawberry.field(default=None, description="Its name.")
    currency: str | None = strawberry.field(default=None, description="ISO 4217 code; not once something is posted.")
    time_zone: str | None = strawberry.field(default=None, description="IANA name.")
    fiscal_start_month: int | None = strawberry.field(
        default=None, description="The month its fiscal years start in; stored cells stay, reports regroup."
    )
    calendar_pattern: str | None = strawberry.field(default=None, description="Not once there are target cells.")
    working_weekdays: list[int] | None = strawberry.field(default=None, description="ISO weekdays that are worked.")
    members_see_ancestors: bool | None = strawberry.field(
        default=None, description="Whether members see the figures of units above them."
    )
    members_see_rankings: bool | None = strawberry.field(
        default=None, description="Whether members see rankings beyond their own row."
    )
    plans_need_approval: bool | None = strawberry.field(
        default=None, description="Whether a plan is published only once its submission was approved, by somebody else."
    )
    plans_need_owners: bool | None = strawberry.field(
        default=None,
        description="Whether a plan is published only once somebody holds or heads each unit that it aims for.",
    )
    reversal_date: str | None = strawberry.field(default=None, description="`original` or `own`.")
    expected_version: int | None = strawberry.field(default=None, description="The version you saw.")


@strawberry.input(description="A day off or a made-up day.")
class HolidayInput:
    """A special day."""

    day: date = strawberry.field(description="The day.")
    name: str = strawberry.field(description="What it is.")
    working: bool = strawberry.field(default=False, description="True for a made-up day, which is worked.")


@strawberry.input(description="Days off and made-up days; a day that is entered already is replaced.")
class SetHolidaysInput:
    """Special days."""

    days: list[HolidayInput] = strawberry.field(description="The days.")


@strawberry.input(description="Days to make ordinary again.")
class RemoveHolidaysInput:
    """Days."""

    days: list[date] = strawberry.field(description="The days.")


async def load_company(keys: list[bool], info: Info) -> list[dict[str, Any]]:
    """The viewer's company."""
    return [{**await company_row(info), "done": True}]


async def company_row(info: Info) -> dict[str, Any]:
    """The viewer's company as the graph shows it."""
    work = await info.context.work()
    if work.viewer.role is Role.OPERATOR:
        raise AccessDenied("an operator belongs to no company; ask with a token of one")
    facts = work.company
    names = (
        *("id", "key", "name", "currency", "time_zone", "fiscal_start_month", "calendar_pattern", "reversal_date"),
        "version",
        *("members_see_ancestors", "members_see_rankings", "plans_need_approval", "plans_need_owners"),
    )
    row = {name: getattr(facts, name) for name in names}
    return {**row, "working_weekdays": list(facts.working_weekdays), "today": work.today}


@strawberry.type(description="The company after the change.")
class CompanyPayload:
    """The company, or what was wrong."""

    company: Company | None = batch(load_company, key="done", by="done", one=True, description="The company.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create_company(work: Work, input: CreateCompanyInput, services: Services) -> dict[str, Any]:
    if work.viewer.role is not Role.OPERATOR:
        raise AccessDenied("founding a company needs an operator's token: `quotaloom token --operator`")
    new = NewCompany(
        input.key,
        input.name,
        input.currency,
        input.time_zone,
        input.fiscal_start_month,
        input.calendar_pattern,
        tuple(input.working_weekdays),
    )
    admin = NewMember(input.admin_name, input.admin_email, "admin", "admin")
    database, subject = services.database, work.viewer.subject
    try:
        await found_company(database, services.policies, new, admin, subject=subject, now=work.now, held=work.held)
    except InputError as error:
        raise _told_of_admin(error) from None
    return {"key": input.key}


def _told_of_admin(error: InputError) -> InputError:
    """What is wrong with the first admin, the only row of a batch, where the input has it."""
    row, *place = error.path or ("",)
    if row != 0:
        return error
    path = {"name": ("adminName",), "email": ("adminEmail",)}.get(str(place[0]) if place else "", ())
    return type(error)(error.code, error.message, path)


async def _update_company(work: Work, input: UpdateCompanyInput, _: Services) -> dict[str, Any]:
    names = [name for name in UpdateCompanyInput.__annotations__ if name != "expected_version"]
    changes = {name: value for name in names if (value := getattr(input, name)) is not None}
    if not changes:
        raise InputError("NOTHING_TO_CHANGE", f"name one of {', '.join(names)}")
    if "working_weekdays" in changes:
        changes["working_weekdays"] = tuple(changes["working_weekdays"])
    await update_company(work, changes, input.expected_version)
    return {"done": True}


async def _set_holidays(work: Work, input: SetHolidaysInput, _: Services) -> dict[str, Any]:
    await set_holidays(work, [SpecialDay(day.day, day.name, day.working) for day in input.days])
    return {"done": True}


async def _remove_holidays(work: Work, input: RemoveHolidaysInput, _: Services) -> dict[str, Any]:
    await remove_holidays(work, input.days)
    return {"done": True}


@strawberry.type
class CompanyMutation:
    """Mutations of the company."""

    create_company: CreateCompanyPayload = mutation(_create_company, description="Found a company; operators only.")
    update_company: CompanyPayload = mutation(_update_company, description="Change the settings of your company.")
    set_holidays: CompanyPayload = mutation(_set_holidays, description="Enter days off and made-up days.")
    remove_holidays: CompanyPayload = mutation(_remove_holidays, description="Make days ordinary again.")


async def _own_company(keys: list[int], info: Info) -> list[dict[str, Any]]:
    row = await company_row(info)
    return [row] if row["id"] in keys else []


NODE_LOADERS: dict[str, NodeLoader] = {"Company": _own_company}
"""How `node(id:)` finds the viewer's company, and no other."""
