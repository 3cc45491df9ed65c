"""Where the graph shows what a viewer may do, and that it is so."""

from __future__ import annotations

from typing import Any, Final

from graphql import GraphQLObjectType, get_named_type

from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.integration.graph.asking import SCHEMA, ask
from tests.integration.graph.worlds import World, small_world

SHOWN: Final = {
    "createCompany": "Viewer.can.createCompanies",
    "updateCompany": "Company.viewerCan.edit",
    "setHolidays": "Company.viewerCan.edit",
    "removeHolidays": "Company.viewerCan.edit",
    "createOrgUnit": "Viewer.can.createOrgUnits",
    "renameOrgUnit": "OrgUnit.viewerCan.edit",
    "moveOrgUnit": "OrgUnit.viewerCan.edit",
    "closeOrgUnit": "OrgUnit.viewerCan.edit",
    "reopenOrgUnit": "OrgUnit.viewerCan.edit",
    "createMember": "Viewer.can.createMembers",
    "updateMember": "Member.viewerCan.edit",
    "memberLeaves": "Member.viewerCan.edit",
    "memberReturns": "Member.viewerCan.edit",
    "noteAbsence": "Member.viewerCan.schedule",
    "endAbsence": "Member.viewerCan.schedule",
    "setWorkingHours": "Member.viewerCan.schedule",
    "appointHolder": "OrgUnit.viewerCan.edit",
    "endHolding": "OrgUnit.viewerCan.edit",
    "appointHead": "OrgUnit.viewerCan.edit",
    "endHeadship": "OrgUnit.viewerCan.edit",
    "createPlan": "Viewer.can.createPlans",
    "createObjective": "Viewer.can.createPlans",
    "updateObjective": "Objective.viewerCan.edit",
    "archiveObjective": "Objective.viewerCan.edit",
    "setFocus": "Plan.viewerCan.attach",
    "attachPlan": "Plan.viewerCan.attach",
    "setTargetCells": "OrgUnit.viewerCan.plan",
    "importTargets": "OrgUnit.viewerCan.plan",
    "decomposeAlongProducts": "OrgUnit.viewerCan.plan",
    "decomposeTarget": "OrgUnit.viewerCan.planBelow",
    "lockTargetCells": "Plan.viewerCan.lock",
    "planByDay": "OrgUnit.viewerCan.plan",
    "submitTargets": "OrgUnit.viewerCan.planBelow",
    "approveTargets": "TargetSubmission.viewerCan.judge",
    "returnTargets": "TargetSubmission.viewerCan.judge",
    "withdrawTargets": "TargetSubmission.viewerCan.withdraw",
    "setOwnGoal": "OrgUnit.viewerCan.setOwnGoal",
    "setWorksheet": "Worksheet.viewerCan.edit",
    "grantRelief": "OrgUnit.viewerCan.plan",
    "revokeRelief": "OrgUnit.viewerCan.plan",
    "callForCommitments": "Plan.viewerCan.publish",
    "commitTargets": "OrgUnit.viewerCan.commit",
    "adoptCommitments": "OrgUnit.viewerCan.planBelow",
    "addCellComment": "OrgUnit.viewerCan.comment",
    "resolveCellComment": "CellComment.viewerCan.resolve",
    "publishPlan": "Plan.viewerCan.publish",
    "closePlan": "Plan.viewerCan.publish",
    "reopenPlan": "Plan.viewerCan.publish",
    "revisePlan": "Plan.viewerCan.publish",
    "addScenario": "Plan.viewerCan.publish",
    "adoptScenario": "Plan.viewerCan.publish",
    "copyPlan": "Viewer.can.createPlans",
    "dropScenario": "Plan.viewerCan.publish",
    "defineMetric": "Viewer.can.changeSettings",
    "defineProductMetric": "Viewer.can.changeSettings",
    "defineScore": "Viewer.can.changeSettings",
    "updateScore": "Score.viewerCan.edit",
    "updateMetric": "Metric.viewerCan.edit",
    "defineProduct": "Viewer.can.changeSettings",
    "updateProduct": "Product.viewerCan.edit",
    "setExchangeRate": "Viewer.can.changeSettings",
    "postAchievements": "Viewer.can.postAchievements",
    "reverseAchievement": "Achievement.viewerCan.reverse",
    "createFunnel": "Viewer.can.createFunnels",
    "reviseFunnel": "Viewer.can.createFunnels",
    "moveDealsToLatest": "Viewer.can.createFunnels",
    "setCloseReasons": "Viewer.can.createFunnels",
    "createCustomer": "Viewer.can.createCustomers",
    "updateCustomer": "Customer.viewerCan.edit",
    "defineCustomerLevel": "Viewer.can.changeSettings",
    "updateCustomerLevel": "CustomerLevel.viewerCan.edit",
    "orderCustomerLevels": "CustomerLevel.viewerCan.edit",
    "createLead": "Viewer.can.createLeads",
    "updateLead": "Lead.viewerCan.edit",
    "markLeadInvalid": "Lead.viewerCan.edit",
    "reopenLead": "Lead.viewerCan.edit",
    "mergeLeads": "Lead.viewerCan.edit",
    "mergeCustomers": "Customer.viewerCan.edit",
    "setDuplicateRule": "DuplicateRule.viewerCan.edit",
    "convertLead": "Lead.viewerCan.edit",
    "createOpportunity": "Viewer.can.createOpportunities",
    "updateOpportunity": "Opportunity.viewerCan.edit",
    "moveOpportunity": "Opportunity.viewerCan.edit",
    "winOpportunity": "Opportunity.viewerCan.edit",
    "loseOpportunity": "Opportunity.viewerCan.edit",
    "invalidateOpportunity": "Opportunity.viewerCan.edit",
    "decideStage": "Opportunity.viewerCan.decide",
    "addOpportunityDocument": "Opportunity.viewerCan.edit",
    "removeOpportunityDocument": "Opportunity.viewerCan.edit",
    "reopenOpportunity": "Opportunity.viewerCan.edit",
    "transferOpportunity": "Opportunity.viewerCan.edit",
    "adjustForecast": "OrgUnit.viewerCan.adjustForecast",
    "planActivity": "Opportunity.viewerCan.edit",
    "logActivity": "Opportunity.viewerCan.edit",
    "changeActivity": "Activity.viewerCan.edit",
    "completeActivity": "Activity.viewerCan.edit",
    "cancelActivity": "Activity.viewerCan.edit",
    "createActionPlan": "Viewer.can.createActionPlans",
    "updateActionPlan": "ActionPlan.viewerCan.edit",
    "submitActionPlan": "ActionPlan.viewerCan.submit",
    "agreeToActionPlan": "ActionPlan.viewerCan.agree",
    "returnActionPlan": "ActionPlan.viewerCan.sendBack",
    "closeActionPlan": "ActionPlan.viewerCan.close",
    "copyActionPlan": "ActionPlan.viewerCan.copy",
    "commentOnActionPlan": "ActionPlan.viewerCan.comment",
    "addActionItems": "ActionPlan.viewerCan.edit",
    "updateActionItem": "ActionPlan.viewerCan.edit",
    "removeActionItem": "ActionPlan.viewerCan.edit",
    "cancelActionItem": "ActionPlan.viewerCan.edit",
    "carryOverActionItems": "ActionPlan.viewerCan.edit",
    "completeActionItem": "ActionPlan.viewerCan.completeItems",
    "reopenActionItem": "ActionPlan.viewerCan.completeItems",
    "setIncentiveRule": "Viewer.can.payIncentives",
    "endIncentiveRule": "IncentiveRule.viewerCan.edit",
    "createMemberGroup": "Viewer.can.payIncentives",
    "updateMemberGroup": "MemberGroup.viewerCan.edit",
    "addToMemberGroup": "MemberGroup.viewerCan.edit",
    "removeFromMemberGroup": "MemberGroup.viewerCan.edit",
    "startIncentiveRun": "Viewer.can.payIncentives",
    "computeIncentiveRun": "IncentiveRun.viewerCan.compute",
    "reviewIncentiveRun": "IncentiveRun.viewerCan.review",
    "approveIncentiveRun": "IncentiveRun.viewerCan.approve",
    "payIncentiveRun": "IncentiveRun.viewerCan.pay",
    "returnIncentiveRun": "IncentiveRun.viewerCan.return",
    "cancelIncentiveRun": "IncentiveRun.viewerCan.cancel",
    "openDispute": "Statement.viewerCan.contest",
    "commentOnDispute": "Dispute.viewerCan.comment",
    "decideDispute": "Dispute.viewerCan.decide",
    "withdrawDispute": "Dispute.viewerCan.withdraw",
    "simulateIncentives": "Viewer.can.payIncentives",
    "removeIncentiveSimulation": "IncentiveSimulation.viewerCan.edit",
    "setIncentiveBudget": "Viewer.can.payIncentives",
    "askWhatIf": "Member.viewerCan.askWhatIf",
    "reviewDeal": "Opportunity.viewerCan.review",
    "followUpDealReview": "DealReview.viewerCan.followUp",
    "createPool": "Viewer.can.createPools",
    "updatePool": "Pool.viewerCan.edit",
    "closePool": "Pool.viewerCan.edit",
    "createPoolRule": "Pool.viewerCan.setRules",
    "updatePoolRule": "PoolRule.viewerCan.edit",
    "pausePoolRule": "PoolRule.viewerCan.edit",
    "archivePoolRule": "PoolRule.viewerCan.edit",
    "claimRecords": "Pool.viewerCan.claim",
    "claimNextRecords": "Pool.viewerCan.claim",
    "assignRecords": "Pool.viewerCan.assign",
    "exemptRecords": "Pool.viewerCan.assign",
    "handOutRecords": "Pool.viewerCan.assign",
    "setPoolPolicies": "Pool.viewerCan.assign",
    "optOutOfPool": "Pool.viewerCan.claim",
    "transferRecords": "PoolRecord.viewerCan.move",
    "releaseRecords": "PoolRecord.viewerCan.move",
    "handOverRecords": "PoolRecord.viewerCan.move",
    "defineAttribute": "Viewer.can.changeSettings",
    "archiveAttribute": "AttributeDefinition.viewerCan.edit",
    "setAttributes": "Customer.viewerCan.edit",
    "markNotificationsRead": "Viewer.can.beNotified",
    "createApiKey": "Viewer.can.letIn",
    "revokeApiKey": "Viewer.can.letIn",
    "linkMember": "Viewer.can.letIn",
    "unlinkMember": "Viewer.can.letIn",
    "retryJob": "Viewer.can.changeSettings",
    "dismissJob": "Viewer.can.changeSettings",
    "createReviewForm": "Viewer.can.changeSettings",
    "reviseReviewForm": "ReviewForm.viewerCan.edit",
    "archiveReviewForm": "ReviewForm.viewerCan.edit",
    "openReviewCycle": "ReviewForm.viewerCan.edit",
    "fileReviewCycle": "ReviewCycle.viewerCan.file",
    "scoreOwnReview": "Review.viewerCan.scoreSelf",
    "scoreReview": "Review.viewerCan.score",
    "confirmReview": "Review.viewerCan.confirm",
    "appealReview": "Review.viewerCan.appeal",
    "decideReviewAppeal": "Review.viewerCan.decide",
    "calibrateReview": "Review.viewerCan.calibrate",
    "cancelReview": "Review.viewerCan.cancel",
    "planReviewFollowUp": "Review.viewerCan.planFollowUps",
    "settleReviewFollowUp": "Review.viewerCan.settle",
    "switchPolicy": "Policy.viewerCan.switch",
    "simulatePolicy": "Policy.viewerCan.switch",
}
"""Where a client reads whether to offer a mutation."""

CAN = """{ viewer { can { createCompanies createOrgUnits createMembers createPlans createFunnels createPools
    createCustomers createLeads createOpportunities postAchievements changeSettings } } }"""

EDITS = """query ($plan: ID!, $product: ID!) {
    company { viewerCan { edit } }
    metrics { viewerCan { edit } }
    scores { viewerCan { edit } }
    node(id: $product) { ... on Product { viewerCan { edit } } }
    policies { viewerCan { switch } }
    attributeDefinitions { viewerCan { edit } }
    plan(id: $plan) { viewerCan { publish lock attach } objective { viewerCan { edit } } }
    achievements { nodes { viewerCan { reverse } } } }"""


def test_every_mutation_has_a_right_that_is_shown() -> None:
    """A new mutation says here where a client sees whether it may be offered."""
    schema = SCHEMA._schema
    assert schema.mutation_type is not None
    assert set(SHOWN) == set(schema.mutation_type.fields)
    for place in set(SHOWN.values()):
        owner, *steps = place.split(".")
        kind: Any = schema.type_map[owner]
        for step in steps:
            assert isinstance(kind, GraphQLObjectType), place
            kind = get_named_type(kind.fields[step].type)
        assert str(kind) == "Boolean", place


async def can(world: World, who: str | Identity | None) -> set[str]:
    """The rights of creating that somebody has."""
    rights = (await ask(world.floor, CAN, who))["viewer"]["can"]
    return {name for name, has in rights.items() if has}


async def test_each_viewer_is_shown_what_he_may_create(database: Database) -> None:
    """Admins all but companies, operators those alone; sellers and heads deals and customers; services their scopes."""
    world = await small_world(database)
    company_id = world.floor.work.company.id
    service = Identity(company_id, "crm", Role.SERVICE, scopes=frozenset({Scope.TARGETS.value, Scope.SETTINGS.value}))
    deals = {"createCustomers", "createLeads", "createOpportunities"}
    admin = deals | {
        "createOrgUnits",
        "createMembers",
        "createPlans",
        "createFunnels",
        "createPools",
        "postAchievements",
    }
    assert await can(world, None) == admin | {"changeSettings"}
    assert await can(world, "ann") == deals
    assert await can(world, "hal") == deals
    assert await can(world, service) == {"createPlans", "changeSettings"}
    assert await can(world, Identity(0, "ops", Role.OPERATOR)) == {"createCompanies"}
    await world.call("endHolding", "errors { code }", id=world["holding"], on="2026-06-01")
    assert await can(world, "ann") == set()


async def test_each_viewer_is_shown_what_he_may_edit(database: Database) -> None:
    """An admin edits, switches, locks and reverses, though no reversal; a head none of it."""
    world = await small_world(database)
    taken = {"entryId": world["entry"], "idempotencyKey": "back", "reason": "Returned", "amount": "1"}
    await world.call("reverseAchievement", "achievement { id }", **taken)
    shown = {}
    for who in (None, "hal"):
        data = await ask(world.floor, EDITS, who, plan=world["published"], product=world["product"])
        rights = [
            data["company"],
            *data["metrics"],
            *data["scores"],
            data["node"],
            *data["policies"],
            data["plan"],
            data["plan"]["objective"],
            *data["attributeDefinitions"],
        ]
        entries = [entry["viewerCan"]["reverse"] for entry in data["achievements"]["nodes"]]
        shown[who] = ({has for one in rights for has in one["viewerCan"].values()}, sorted(entries))
    assert shown == {None: ({True}, [False, True]), "hal": ({False}, [False, False])}


async def test_each_viewer_is_shown_which_submissions_he_may_judge(database: Database) -> None:
    """An admin judges Hal's and withdraws both; Hal sees his own branch, and withdraws it; Ann sees none."""
    world = await small_world(database)
    query = """query ($plan: ID!) { plan(id: $plan) { status versions { submissions {
        status orgUnit { name } viewerCan { judge withdraw }
    } } } }"""
    shown = {}
    for who in (None, "hal"):
        (version,) = (await ask(world.floor, query, who, plan=world["third"]))["plan"]["versions"]
        shown[who] = {
            one["orgUnit"]["name"]: (one["status"], one["viewerCan"]["judge"], one["viewerCan"]["withdraw"])
            for one in version["submissions"]
        }
    assert shown[None] == {"East": ("SUBMITTED", True, True), "West": ("SUBMITTED", False, True)}
    assert shown["hal"] == {"East": ("SUBMITTED", False, True)}
    assert (await ask(world.floor, query, "ann", plan=world["third"]))["plan"] is None


async def test_a_plan_is_told_as_submitted_approved_and_closed(database: Database) -> None:
    """By the submission of the whole tree while it is a draft, by its closing afterwards."""
    world = await small_world(database)
    query = "query ($plan: ID!) { plan(id: $plan) { status versions { status } closedBy } }"

    async def told(plan: str) -> list[str]:
        found = (await ask(world.floor, query, plan=world[plan]))["plan"]
        return [found["status"], *(version["status"] for version in found["versions"])]

    await world.call("withdrawTargets", "submission { status }", submissionId=world["west submission"])
    for_east = {"submissionId": world["east submission"]}
    assert await told("third") == ["DRAFT", "DRAFT"]
    await world.call("approveTargets", "submission { status }", **for_east)
    given = {"planId": world["third"], "orgUnitId": world.unit("acme")}
    await world.call("submitTargets", "submission { id }", **given)
    assert await told("third") == ["SUBMITTED", "SUBMITTED"]
    await world.call("publishPlan", "plan { id }", planId=world["third"])
    await world.call("revisePlan", "plan { id }", planId=world["third"], reason="More")
    assert await told("third") == ["PUBLISHED", "PUBLISHED", "DRAFT"]
    await world.call("closePlan", "plan { id }", planId=world["published"])
    assert await told("published") == ["CLOSED", "PUBLISHED"]
