"""Targets are handed in by whoever heads a unit, and judged by whoever heads one above: never by the same person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.organizations.commands.units import create_unit
from quotaloom.organizations.membership import NewMember
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.work import Work, load_company
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.plans import close_plan, publish_plan, reopen_plan, revise_plan
from quotaloom.targets.submissions import approve_targets, return_targets, submit_targets, withdraw_targets
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1"], "West": ["North"], "North": ["N 1"]}
HEADS = {"Acme": "Ora", "West": "Wu", "North": "Noa"}


class Office:
    """A planned company whose heads are Ora of all, Wu of West and Noa of North below it; Ada is its admin."""

    def __init__(self, planning: Planning) -> None:
        self.planning = planning

    @classmethod
    async def open(cls, database: Database) -> Office:
        """Plan 1,200.00 for 2017, evenly, and appoint the heads."""
        planning = await plan_for(database, TREE)
        await planning.decompose("Acme", 1_200_00)
        for unit, name in HEADS.items():
            planning.members[name] = await create_member(planning.work, NewMember(name))
            await appoint_head(planning.work, planning.units[unit], planning.members[name], None)
        return cls(planning)

    def work(self, name: str) -> Work:
        """The work of a head, or of Ada or another admin."""
        company_id = self.planning.work.company.id
        if name in self.planning.members:
            viewer = Viewer(company_id, name, Role.MEMBER, self.planning.members[name])
        else:
            viewer = Viewer(company_id, name, Role.ADMIN)
        return replace(self.planning.work, viewer=viewer)

    async def submit(self, name: str, unit: str, comment: str | None = None) -> int:
        """Submit what lies below a unit."""
        return await submit_targets(self.work(name), self.planning.plan_id, self.planning.units[unit], comment)

    async def approve(self, name: str, submission_id: int) -> None:
        """Approve a submission."""
        await approve_targets(self.work(name), submission_id)

    async def set(self, name: str, unit: str) -> None:
        """Set the target of a unit's January to 1.00."""
        change = CellChange(self.planning.units[unit], "2017-01", {"target": 1_00})
        await set_target_cells(self.work(name), self.planning.plan_id, [change])

    async def publish(self, name: str) -> None:
        """Publish the plan."""
        await publish_plan(self.work(name), self.planning.plan_id)

    async def status(self, submission_id: int) -> str:
        """Where a submission stands."""
        async with self.planning.work.snapshot() as snapshot:
            row = await snapshot.fetch_one("SELECT status FROM submission WHERE id = $1", submission_id)
        assert row is not None
        return str(row["status"])

    async def need_approval(self) -> None:
        """Switch the company's setting on."""
        await update_company(self.planning.work, {"plans_need_approval": True})
        async with self.planning.work.snapshot() as snapshot:
            company = await load_company(snapshot)
        assert company is not None
        self.planning = replace(self.planning, work=replace(self.planning.work, company=company))


async def test_a_head_submits_and_the_head_above_approves(database: Database) -> None:
    """Noa hands in what lies below North; Wu, who heads West above it, approves it."""
    office = await Office.open(database)
    submission = await office.submit("Noa", "North", "As discussed")
    assert await office.status(submission) == "submitted"
    await office.approve("Wu", submission)
    assert await office.status(submission) == "approved"


async def test_what_is_submitted_is_closed_to_everybody_until_it_comes_back(database: Database) -> None:
    """Below North neither its head nor an admin changes a cell; North's own and East's cells stay open."""
    office = await Office.open(database)
    submission = await office.submit("Noa", "North")
    for name in ("Noa", "Ada"):
        with pytest.raises(InputError, match="what lies below North is submitted") as refused:
            await office.set(name, "N 1")
        assert (refused.value.code, refused.value.path) == ("SUBMITTED", ("cells", 0))
    with pytest.raises(InputError) as refused:
        await office.planning.decompose("West")
    assert (refused.value.code, refused.value.path) == ("SUBMITTED", ("orgUnitId",))
    await office.set("Wu", "North")
    await office.set("Ada", "E 1")
    await return_targets(office.work("Wu"), submission, "Too low")
    await office.set("Noa", "N 1")


async def test_an_approved_submission_stays_closed_and_can_still_be_returned(database: Database) -> None:
    """Until the plan is published Wu may change his mind; then North is submitted anew."""
    office = await Office.open(database)
    first = await office.submit("Noa", "North")
    await office.approve("Wu", first)
    with pytest.raises(InputError, match="what lies below North is approved"):
        await office.set("Noa", "N 1")
    await return_targets(office.work("Wu"), first, "One more thing")
    second = await office.submit("Noa", "North")
    assert (await office.status(first), await office.status(second)) == ("returned", "submitted")


async def test_nobody_judges_his_own(database: Database) -> None:
    """Not the head of the unit, not whoever submitted it, though he heads a unit above or is an admin."""
    office = await Office.open(database)
    by_head = await office.submit("Noa", "North")
    with pytest.raises(AccessDenied, match="nobody judges his own submission"):
        await office.approve("Noa", by_head)
    await withdraw_targets(office.work("Noa"), by_head)
    by_head_above = await office.submit("Wu", "North")
    with pytest.raises(AccessDenied, match="nobody judges his own submission"):
        await office.approve("Wu", by_head_above)
    await withdraw_targets(office.work("Wu"), by_head_above)
    by_admin = await office.submit("Ada", "North")
    for name in ("Ada", "Noa"):
        with pytest.raises(AccessDenied, match="nobody judges his own submission"):
            await office.approve(name, by_admin)
    planning = office.planning
    await appoint_head(planning.work, planning.units["North"], planning.members["Wu"], date(2017, 1, 1), replace=True)
    with pytest.raises(AccessDenied, match="nobody judges his own submission"):
        await office.approve("Wu", by_admin)
    await office.approve("Eva", by_admin)


async def test_who_sees_the_figures_above_him_neither_judges_nor_withdraws_them(database: Database) -> None:
    """Where members see what is above them, Noa reads of what Wu submitted for West, and that is all."""
    office = await Office.open(database)
    await update_company(office.planning.work, {"members_see_ancestors": True})
    west = await office.submit("Wu", "West")
    async with office.planning.work.snapshot() as snapshot:
        company = await load_company(snapshot)
    assert company is not None
    noa = replace(office.work("Noa"), company=company)
    with pytest.raises(AccessDenied, match="judged by whoever heads a unit above"):
        await approve_targets(noa, west)
    with pytest.raises(AccessDenied, match="withdrawn by whoever heads its unit"):
        await withdraw_targets(noa, west)


async def test_only_heads_and_admins_have_a_part_in_it(database: Database) -> None:
    """Wu submits nothing of East and does not see what is submitted there; Noa judges nothing of West."""
    office = await Office.open(database)
    with pytest.raises(NotFound):
        await office.submit("Wu", "East")
    east = await office.submit("Ada", "East")
    with pytest.raises(NotFound):
        await office.approve("Wu", east)
    west = await office.submit("Wu", "West")
    with pytest.raises(NotFound):
        await office.approve("Noa", west)
    await office.approve("Ora", east)


@pytest.mark.parametrize(
    ("unit", "code", "words"),
    [
        ("N 1", "NOTHING_BELOW", "N 1 has no units below it"),
        ("North", "ALREADY_SUBMITTED", "what lies below North is submitted already"),
        ("West", "UNDECIDED_BELOW", "nobody has judged yet what was submitted by North"),
    ],
)
async def test_what_cannot_be_submitted_is_told(database: Database, unit: str, code: str, words: str) -> None:
    """A position, a branch that is submitted, and one with an undecided branch below."""
    office = await Office.open(database)
    await office.submit("Noa", "North")
    with pytest.raises(InputError) as refused:
        await office.submit("Ada", unit)
    assert (refused.value.code, refused.value.path) == (code, ("orgUnitId",))
    assert words in refused.value.message


async def test_an_empty_branch_is_not_submitted(database: Database) -> None:
    """Without any target below there is nothing to judge."""
    planning = await plan_for(database, TREE)
    with pytest.raises(InputError, match="no unit below East has a target yet"):
        await Office(planning).submit("Ada", "East")


async def test_a_submission_is_judged_once(database: Database) -> None:
    """Whoever comes second is told where it stands by now; what was judged is withdrawn no more."""
    office = await Office.open(database)
    submission = await office.submit("Noa", "North")
    await office.approve("Wu", submission)
    for judge in (approve_targets(office.work("Ora"), submission), withdraw_targets(office.work("Noa"), submission)):
        with pytest.raises(Conflict, match="this submission is approved by now"):
            await judge


async def test_a_return_has_a_reason(database: Database) -> None:
    """Blank is none."""
    office = await Office.open(database)
    with pytest.raises(InputError, match="say why it goes back"):
        await return_targets(office.work("Wu"), await office.submit("Noa", "North"), "  ")


async def test_where_approval_is_needed_the_whole_is_approved_and_published_by_others(database: Database) -> None:
    """Ora submits, Ada approves; Ora, no admin, publishes nothing. An admin who submits does not publish either."""
    office = await Office.open(database)
    await office.need_approval()
    with pytest.raises(InputError, match="nobody has submitted it yet"):
        await office.publish("Ada")
    submission = await office.submit("Eva", "Acme")
    with pytest.raises(InputError, match="nobody has approved its submission yet") as refused:
        await office.publish("Ada")
    assert refused.value.code == "NOT_APPROVED"
    await office.approve("Ada", submission)
    with pytest.raises(AccessDenied, match="nobody publishes the plan that he submitted"):
        await office.publish("Eva")
    await office.publish("Ada")


async def test_a_revision_starts_without_submissions(database: Database) -> None:
    """What was approved of the published version closes nothing of the next draft."""
    office = await Office.open(database)
    await office.approve("Wu", await office.submit("Noa", "North"))
    await office.publish("Ada")
    await revise_plan(office.work("Ada"), office.planning.plan_id, "A new year")
    await office.set("Noa", "N 1")


async def test_a_closed_plan_is_in_force_and_revised_no_more(database: Database) -> None:
    """Closed after it was published; 1,200.00 stay aimed for. Open again, it is revised."""
    office = await Office.open(database)
    planning = office.planning
    with pytest.raises(InputError, match="was never published"):
        await close_plan(office.work("Ada"), planning.plan_id)
    await office.publish("Ada")
    await close_plan(office.work("Ada"), planning.plan_id)
    assert (await planning.attained(planning.work, ["Acme"], "2017"))["Acme"]["target"] == "1200.00"
    with pytest.raises(InputError, match="is closed; reopen it first"):
        await revise_plan(office.work("Ada"), planning.plan_id, "Late")
    with pytest.raises(InputError, match="say why it is opened again"):
        await reopen_plan(office.work("Ada"), planning.plan_id, "")
    await reopen_plan(office.work("Ada"), planning.plan_id, "A mistake")
    await revise_plan(office.work("Ada"), planning.plan_id, "Late")
    with pytest.raises(Conflict, match="has an open draft"):
        await close_plan(office.work("Ada"), planning.plan_id)


async def test_a_part_of_what_is_submitted_is_not_submitted_again(database: Database) -> None:
    """West is with Ora; what Noa hands in of North below it would wait for nobody."""
    office = await Office.open(database)
    await office.submit("Wu", "West")
    with pytest.raises(InputError) as caught:
        await office.submit("Noa", "North")
    assert (caught.value.code, caught.value.path) == ("SUBMITTED", ("orgUnitId",))


async def test_what_is_submitted_includes_who_opens_later(database: Database) -> None:
    """A second seat of North opens in July: once West is submitted, its targets are closed to everybody as well."""
    office = await Office.open(database)
    planning = office.planning
    seat = NewUnit("N 2", "position", planning.units["North"], opened_on=date(2017, 7, 1))
    unit = await create_unit(planning.work, seat)
    change = [CellChange(unit, "2017-07", {"target": 1_00})]
    await set_target_cells(planning.work, planning.plan_id, change)
    await office.submit("Wu", "West")
    with pytest.raises(InputError) as caught:
        await set_target_cells(planning.work, planning.plan_id, change)
    assert caught.value.code == "SUBMITTED"
