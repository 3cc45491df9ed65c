"""Incentive rules, the runs that pay by them, and the statements of members."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON

from quotaloom_graphql.achievements import Achievement
from quotaloom_graphql.connections import Connection
from quotaloom_graphql.context import Info
from quotaloom_graphql.dispute_loaders import load_disputes, load_statement_disputes, load_statement_rights
from quotaloom_graphql.enums import Grain
from quotaloom_graphql.field_costs import READING, WHOLE_LIST, together
from quotaloom_graphql.incentive_enums import RunStatus, RunStep
from quotaloom_graphql.incentive_loaders import (
    all_groups,
    all_rules,
    load_groups,
    load_inputs,
    load_line_entries,
    load_lines,
    load_memberships,
    load_progress,
    load_rule_rights,
    load_rules,
    load_run_rights,
    load_run_rules,
    load_run_statements,
    load_runs,
    load_statement_rules,
    load_statements,
    load_steps,
    load_totals,
    load_warnings,
    run_named,
    runs_page,
)
from quotaloom_graphql.nodes import Node, NodeLoader, global_id
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.report_arguments import ReportFile
from quotaloom_graphql.roots import root_field
from quotaloom_graphql.statement_paths import load_run_files, load_statement_files
from strawberry_breadth import batch, column

if TYPE_CHECKING:
    from quotaloom_graphql.disputes import Dispute


@strawberry.type(description="What you may do with it; the server checks again.")
class ViewerCanOnIncentiveRule:
    """Rights of the viewer on a rule or group."""

    edit: bool = strawberry.field(description="Change it, or end it.")


@strawberry.type(description="A member in a group, for a range of days.")
class GroupMembership:
    """A membership."""

    valid_from: date = strawberry.field(description="First day.")
    valid_to: date | None = strawberry.field(description="The day after the last; null where it is open.")
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="Who.")


@strawberry.type(description="Members whom incentive rules name together, wherever they stand in the tree.")
class MemberGroup(Node):
    """A group."""

    id: strawberry.ID = global_id("MemberGroup")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    closed: bool = strawberry.field(description="Whether it takes nobody in any more.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    members: list[GroupMembership] = batch(
        load_memberships, key="id", by="group_id", description="Who is in it today, by name."
    )
    viewer_can: ViewerCanOnIncentiveRule = batch(load_rule_rights, description="What you may do with it.")


@strawberry.type(
    description="What a policy pays or charges (奖励, 处罚), for whom, from when to when. Of rules with one key the"
    " closest to a member counts: of his position, of his group, of the nearest unit, of the company."
)
class IncentiveRule(Node):
    """A setting of a rule."""

    id: strawberry.ID = global_id("IncentiveRule")
    key: str = strawberry.field(description="The company's own name for the rule.")
    title: str = strawberry.field(description="What people read.")
    policy: str = strawberry.field(description="The policy's full key, such as `incentives.tiers`.")
    parameters: JSON | None = strawberry.field(description="Its parameters; null: those of the policy's setting.")
    ordinal: int = strawberry.field(description="Its place: rules are asked by ordinal, then by key.")
    grain: Grain = strawberry.field(description="In runs of which periods it counts.")
    valid_from: date = strawberry.field(description="First day.")
    valid_to: date | None = strawberry.field(description="The day after the last; null where it is open.")
    revision: int = strawberry.field(description="Counts the changes of rules with this key.")
    plugin_version: str = strawberry.field(description="The version of the plugin that it was set with.")
    unavailable_reason: str | None = strawberry.field(description="Why it cannot be asked; null where it can.")
    changed_at: datetime = strawberry.field(description="When it was set.")
    changed_by: str = strawberry.field(description="Who set it.")
    org_unit: OrgUnit | None = batch(
        load_units,
        key="unit_id",
        by="id",
        one=True,
        description="For whoever stands in or below it; a position for its holder. Null for another scope.",
    )
    group: MemberGroup | None = batch(
        load_groups, key="group_id", by="id", one=True, description="For this group; null for another scope."
    )
    viewer_can: ViewerCanOnIncentiveRule = batch(load_rule_rights, description="What you may do with it.")


@strawberry.type(description="What one rule gave.")
class RuleTotal:
    """A total by rule."""

    rule: str = strawberry.field(description="The rule's key.")
    lines: int = strawberry.field(description="How many lines.")
    amount: Decimal = strawberry.field(description="What they come to.")
    corrected: Decimal = strawberry.field(description="What of that corrects earlier periods.")


@strawberry.type(description="A line of a statement: what a member gets, or, below 0, is charged.")
class StatementLine:
    """A line."""

    rule: str = column(
        str, of="rule_key", description="The key of the rule that gave it; `disputes.granted` for what no rule gave."
    )
    policy: str = strawberry.field(description="The policy's full key; `disputes.granted` again.")
    key: str = column(str, of="line_key", description="Its own key within the rule, the same in each run.")
    title: str = strawberry.field(description="What the member reads.")
    amount: Decimal = strawberry.field(description="In the statement's currency.")
    base: Decimal | None = strawberry.field(
        description="What `rate` is of, in the smallest unit of what is counted (cents, orders): times `rate` it is"
        " the amount in cents. Null where the line is no product."
    )
    rate: Decimal | None = strawberry.field(description="The rate, with ten places.")
    explanation: JSON = strawberry.field(description="Why: text, values and items, down to what it rests on.")
    entries: list[Achievement] = batch(
        load_line_entries, description="The ledger's entries that it rests on, as far as you may see them."
    )
    corrects: Annotated[Statement, strawberry.lazy("quotaloom_graphql.incentives")] | None = batch(
        load_statements,
        key="corrects_statement_id",
        by="id",
        one=True,
        description="The statement that it corrects: that of an earlier period, or the disputed one of what was"
        " granted. Null for a line of this period, and for one of a period that the member has no statement of,"
        " which its title names.",
    )
    dispute: Annotated[Dispute, strawberry.lazy("quotaloom_graphql.disputes")] | None = batch(
        load_disputes,
        key="dispute_id",
        by="id",
        one=True,
        description="The dispute that it was granted on; null for a line that a rule gave.",
    )


@strawberry.type(description="What you may do with a statement as it stands; the server checks again.")
class ViewerCanOnStatement:
    """Rights of the viewer."""

    contest: bool = strawberry.field(
        description="Contest it (`openDispute`): your own, until 60 days after it was paid."
    )


@strawberry.type(
    description="What a member gets for a period (提成单). You see your own once it is reviewed, those of members in"
    " the subtrees that you head, and as an admin all."
)
class Statement(Node):
    """A statement."""

    id: strawberry.ID = global_id("Statement")
    period: str = column(str, of="label", description="The label of the period.")
    starts_on: date = strawberry.field(description="Its first day.")
    ends_on: date = strawberry.field(description="The day after its last.")
    status: RunStatus = strawberry.field(description="Where its run stands.")
    currency: str = strawberry.field(description="ISO 4217 code.")
    total: Decimal = strawberry.field(description="What is paid: `carriedIn` and all lines.")
    carried_in: Decimal = strawberry.field(description="What floors of earlier periods cut off, 0 or below.")
    carried_out: Decimal = strawberry.field(description="What floors cut off now: the next period starts with it.")
    advanced_before: Decimal = strawberry.field(description="What draws had paid in advance before.")
    advanced_after: Decimal = strawberry.field(description="What they have paid in advance by now.")
    hash: str = strawberry.field(
        description="SHA-256 over lines, totals and inputs: the same as long as nothing of it changes."
    )
    computed_at: datetime = strawberry.field(description="When it was computed.")
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="Whose it is.")
    run: Annotated[IncentiveRun, strawberry.lazy("quotaloom_graphql.incentives")] | None = batch(
        load_runs, key="run_id", by="id", one=True, description="The run that it is of."
    )
    lines: list[StatementLine] = batch(
        load_lines, key="id", by="statement_id", description="Corrections of earlier periods first, then by rule."
    )
    totals_by_rule: list[RuleTotal] = batch(load_statement_rules, description="What each rule gave, by its key.")
    disputes: list[Annotated[Dispute, strawberry.lazy("quotaloom_graphql.disputes")]] = batch(
        load_statement_disputes,
        key="id",
        by="statement_id",
        description="What the member contests of it, the earliest first.",
    )
    viewer_can: ViewerCanOnStatement = batch(load_statement_rights, description="What you may do with it.")
    export: ReportFile = batch(
        load_statement_files, key="id", description="The statement as a file; `HTML` is a page to print."
    )
    inputs: JSON = batch(
        load_inputs,
        key="id",
        description="All that decided it: what the policies were asked, the rules with parameters and versions,"
        " calendar and plans.",
    )


@strawberry.type(description="How far the computing is.")
class RunProgress:
    """Progress."""

    done: int = strawberry.field(description="For how many members it is computed.")
    total: int = strawberry.field(description="How many members it is of.")


@strawberry.type(description="What the statements of a run come to.")
class RunTotals:
    """Totals."""

    statements: int = strawberry.field(description="How many there are.")
    currency: str = strawberry.field(description="ISO 4217 code.")
    total: Decimal = strawberry.field(description="What is paid.")
    carried_in: Decimal = strawberry.field(description="What was carried over from earlier periods.")
    carried_out: Decimal = strawberry.field(description="What is carried over to later ones.")
    by_rule: list[RuleTotal] = batch(load_run_rules, key="id", by="of_id", description="What each rule gave.")


@strawberry.type(description="Something that could not be computed for a member, and was not guessed.")
class RunWarning:
    """A warning."""

    text: str = strawberry.field(description="What.")
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="For whom.")


@strawberry.type(description="What somebody did with a run.")
class RunHistoryStep:
    """A step."""

    step: RunStep = strawberry.field(description="What.")
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="Who.")
    reason: str | None = strawberry.field(description="Why; null where none was given.")


@strawberry.type(description="What you may do with a run as it stands; the server checks again.")
class ViewerCanOnIncentiveRun:
    """Rights of the viewer."""

    compute: bool = strawberry.field(description="Compute it again.")
    review: bool = strawberry.field(description="Say that it was looked through.")
    approve: bool = strawberry.field(description="Stand for it: not who started or reviewed it, nor his own.")
    pay: bool = strawberry.field(description="Mark it as paid: not who approved it, nor his own.")
    return_it: bool = strawberry.field(name="return", description="Make it a draft again.")
    cancel: bool = strawberry.field(description="Give it up.")


@strawberry.type(description="The computing and paying of one period, for all or for those who stand below a unit.")
class IncentiveRun(Node):
    """A run."""

    id: strawberry.ID = global_id("IncentiveRun")
    period: str = column(str, of="label", description="The label of the period.")
    grain: Grain = strawberry.field(description="How long the period is.")
    starts_on: date = strawberry.field(description="Its first day.")
    ends_on: date = strawberry.field(description="The day after its last.")
    status: RunStatus = strawberry.field(description="Where it stands.")
    failure: str | None = strawberry.field(
        description="Why it failed, naming plugin, rule and member; for whoever sees everything."
    )
    as_of: datetime = strawberry.field(description="The moment that its statements are of.")
    paid_at: datetime | None = strawberry.field(description="When it was paid.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    org_unit: OrgUnit | None = batch(
        load_units, key="unit_id", by="id", one=True, description="Below which its members stand; null for all."
    )
    progress: RunProgress | None = batch(
        load_progress,
        key="id",
        by="run_id",
        one=True,
        description="How far the computing is; for whoever sees everything.",
    )
    statements: Connection[Statement] = batch(
        load_run_statements,
        key="id",
        description="The statements that you may see, by the member's name: a page.",
        directives=[together(5_000)],
    )
    totals: RunTotals | None = batch(
        load_totals,
        key="id",
        by="id",
        one=True,
        description="What it comes to; for whoever sees everything.",
        directives=[together(10_000)],
    )
    warnings: list[RunWarning] = batch(
        load_warnings, key="id", by="run_id", description="What could not be computed; for whoever sees everything."
    )
    history: list[RunHistoryStep] = batch(
        load_steps, key="id", by="run_id", description="Who did what and when; for whoever sees everything."
    )
    export: ReportFile = batch(
        load_run_files, key="id", description="The statements that you may see as one file, a row for each line."
    )
    viewer_can: ViewerCanOnIncentiveRun = batch(load_run_rights, description="What you may do with it.")


async def _all_rules(info: Info) -> list[Any]:
    return await all_rules(info)


async def _all_groups(info: Info) -> list[Any]:
    return await all_groups(info)


async def _run(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The run.")]) -> Any:
    return await run_named(info, id)


@strawberry.type
class IncentiveQuery:
    """Root fields of incentives."""

    incentive_rules: list[IncentiveRule] = root_field(
        _all_rules,
        weight=READING,
        description="Every setting of every rule, in the order of asking; for whoever sees everything.",
    )
    member_groups: list[MemberGroup] = root_field(
        _all_groups, weight=READING, description="Every group of members, by key; for whoever sees everything."
    )
    incentive_runs: Connection[IncentiveRun] = root_field(
        runs_page, weight=WHOLE_LIST, description="Runs of which you see a statement, the latest period first: a page."
    )
    incentive_run: IncentiveRun | None = root_field(
        _run, weight=READING, description="One run; null where you may not see it."
    )


NODE_LOADERS: dict[str, NodeLoader] = {
    "IncentiveRule": load_rules,
    "MemberGroup": load_groups,
    "IncentiveRun": load_runs,
    "Statement": load_statements,
}
"""How `node(id:)` finds what these types name."""
