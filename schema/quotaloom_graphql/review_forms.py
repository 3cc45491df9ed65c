"""Review forms, what a version of one asks for, and the mutations that make them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.calendars.periods import Grain
from quotaloom.platform.work import Work
from quotaloom.reviews.form_commands import Content, NewForm, archive_form, create_form, revise_form
from quotaloom.reviews.forms import Layout, NewPart, PartKind, Peers
from quotaloom.reviews.grading import Grade
from quotaloom.reviews.steps import DEFAULT_RULES, Overdue, Rules, Step, StepRule
from quotaloom_graphql.context import Services
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.metrics import EXPECTED, Metric, load_metrics
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import Node, decode_id, global_id, optional_id
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from quotaloom_graphql.review_loaders import load_forms, load_version_parts, load_versions, load_versions_of_forms
from quotaloom_graphql.rights import load_review_form_rights
from strawberry_breadth import batch, column


@strawberry.type(description="A part of a form.")
class ReviewFormPart:
    """A part."""

    key: str = strawberry.field(description="Its name for arguments, unique in the form.")
    title: str = strawberry.field(description="Its name for people.")
    kind: PartKind = strawberry.field(description="Where its points come from.")
    weight: Decimal = column(shortest, of="weight", description="Its share of the whole: all weights sum to 1.")
    most: Decimal = column(shortest, of="most", description="Its highest score.")
    metric: Metric | None = batch(
        load_metrics, key="metric_id", by="id", one=True, description="The metric whose attainment counts."
    )


@strawberry.type(description="A grade, and the score from which it is given.")
class ReviewGrade:
    """A grade."""

    name: str = strawberry.field(description="Its name.")
    from_score: Decimal = strawberry.field(description="The lowest score that it is given for.")
    share: Decimal | None = strawberry.field(description="At most this share of a group may have it; null for any.")


@strawberry.type(description="How much time a step has.")
class ReviewStepRule:
    """A rule."""

    step: Step = strawberry.field(description="The step.")
    days: int = strawberry.field(description="Days after the one on which it begins; 0: it is left out.")
    when_overdue: Overdue = strawberry.field(description="What happens when they have passed.")
    remind_days: int = strawberry.field(description="So many days before, one is reminded; 0: one is not.")


@strawberry.type(description="What a form asks for since some moment.")
class ReviewFormVersion:
    """A version; it never changes."""

    number: int = strawberry.field(description="Counts from 1.")
    made_at: datetime = strawberry.field(description="When it was made.")
    made_by: str = strawberry.field(description="By whom.")
    reason: str | None = strawberry.field(description="Why, if that was said.")
    most: Decimal = strawberry.field(description="The highest score of the whole.")
    scorer: str | None = strawberry.field(description="The policy that scores; null for the company's first.")
    peers: Peers = strawberry.field(description="Among whom grades are limited.")
    grades: list[ReviewGrade] = strawberry.field(description="The best first; none: reviews are not graded.")
    steps: list[ReviewStepRule] = strawberry.field(description="How much time each step has.")
    parts: list[ReviewFormPart] = batch(
        load_version_parts, key="id", by="form_version_id", description="What is judged, in order."
    )


@strawberry.type(description="What you may do with a form; the server checks again.")
class ViewerCanOnReviewForm:
    """Rights of the viewer."""

    edit: bool = strawberry.field(description="Revise and archive it, and open cycles of it.")


@strawberry.type(description="What members are judged by, in every period of a grain (考核表).")
class ReviewForm(Node):
    """A form."""

    id: strawberry.ID = global_id("ReviewForm")
    key: str = strawberry.field(description="Its name for arguments, unique.")
    name: str = strawberry.field(description="Its name for people.")
    grain: Grain = strawberry.field(description="How long the periods are.")
    archived: bool = strawberry.field(description="Whether no more cycles are opened.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    org_unit: OrgUnit | None = batch(
        load_units, key="unit_id", by="id", one=True, description="Whom it is for; null: all of the company."
    )
    latest: ReviewFormVersion = batch(
        load_versions, key="form_version_id", by="id", one=True, description="What cycles are opened on from now on."
    )
    versions: list[ReviewFormVersion] = batch(
        load_versions_of_forms, key="id", by="form_id", description="All versions, the latest first."
    )
    viewer_can: ViewerCanOnReviewForm = batch(load_review_form_rights, key="id", description="What you may do with it.")


@strawberry.input(description="A part of a form.")
class ReviewPartInput:
    """A part."""

    key: str = strawberry.field(description="Its name for arguments: lower-case letters, digits, - and _.")
    title: str = strawberry.field(description="Its name for people.")
    weight: Decimal = strawberry.field(description="Its share of the whole, such as 0.4; all weights sum to 1.")
    most: Decimal = strawberry.field(default=Decimal(100), description="Its highest score; 100 if not given.")
    metric: str | None = strawberry.field(
        default=None, description="The key of the metric whose attainment counts; without one, people score it."
    )


@strawberry.input(description="A grade, and the score from which it is given.")
class ReviewGradeInput:
    """A grade."""

    name: str = strawberry.field(description="Its name, such as A or 优秀.")
    from_score: Decimal = strawberry.field(description="The lowest score that it is given for; the last begins at 0.")
    share: Decimal | None = strawberry.field(
        default=None,
        description="At most this share of a group may have it, such as 0.2; the best ones may be limited.",
    )


@strawberry.input(description="How much time a step has.")
class ReviewStepRuleInput:
    """A rule."""

    days: int = strawberry.field(description="Days after the one on which it begins, 366 at the most.")
    when_overdue: Overdue = strawberry.field(default=Overdue.GO_ON, description="What happens when they have passed.")
    remind_days: int = strawberry.field(default=2, description="So many days before, one is reminded; 0: one is not.")


@strawberry.input(description="How much time each step has; a step that is not named has as much as usual.")
class ReviewStepRulesInput:
    """All rules."""

    self_score: ReviewStepRuleInput | None = strawberry.field(default=None, description="0 days: nobody is asked.")
    manager_score: ReviewStepRuleInput | None = strawberry.field(default=None, description="1 day at least.")
    confirmation: ReviewStepRuleInput | None = strawberry.field(default=None, description="0 days: nobody is asked.")
    appeal: ReviewStepRuleInput | None = strawberry.field(default=None, description="0 days: there is no appeal.")
    decision: ReviewStepRuleInput | None = strawberry.field(default=None, description="1 day at least.")


@strawberry.input(description="A form.")
class CreateReviewFormInput:
    """A new form."""

    key: str = strawberry.field(description="Its name for arguments: lower-case letters, digits, - and _.")
    name: str = strawberry.field(description="Its name for people.")
    grain: Grain = strawberry.field(description="`MONTH`, `QUARTER`, `HALF` or `YEAR`.")
    parts: list[ReviewPartInput] = strawberry.field(description="1 to 40 parts.")
    org_unit_id: strawberry.ID | None = strawberry.field(default=None, description="Whom it is for; all if not given.")
    most: Decimal = strawberry.field(default=Decimal(100), description="The highest score of the whole.")
    grades: list[ReviewGradeInput] = strawberry.field(default_factory=list, description="The best first.")
    peers: Peers = strawberry.field(default=Peers.CYCLE, description="Among whom grades are limited.")
    scorer: str | None = strawberry.field(
        default=None, description="The policy that scores, such as `reviews.banded`; the company's first if not given."
    )
    steps: ReviewStepRulesInput | None = strawberry.field(default=None, description="How much time each step has.")


@strawberry.input(description="Another name of a form, or another version of what it asks for, as a whole.")
class ReviseReviewFormInput:
    """A change of a form."""

    id: strawberry.ID = strawberry.field(description="The form.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    parts: list[ReviewPartInput] | None = strawberry.field(
        default=None, description="All its parts; with them comes all that follows, and without them nothing of it."
    )
    most: Decimal = strawberry.field(default=Decimal(100), description="The highest score of the whole.")
    grades: list[ReviewGradeInput] = strawberry.field(default_factory=list, description="The best first.")
    peers: Peers = strawberry.field(default=Peers.CYCLE, description="Among whom grades are limited.")
    scorer: str | None = strawberry.field(default=None, description="The policy that scores.")
    steps: ReviewStepRulesInput | None = strawberry.field(default=None, description="How much time each step has.")
    reason: str | None = strawberry.field(default=None, description="Why.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A form of which no more cycles are to be opened, or again.")
class ArchiveReviewFormInput:
    """An archiving."""

    id: strawberry.ID = strawberry.field(description="The form.")
    archived: bool = strawberry.field(default=True, description="False brings it back.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The form as it stands now.")
class ReviewFormPayload:
    """A form, or what was wrong."""

    form: ReviewForm | None = batch(load_forms, key="form_id", by="id", one=True, description="The form.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


def _parts(given: list[ReviewPartInput]) -> tuple[NewPart, ...]:
    return tuple(
        NewPart(
            part.key,
            part.title,
            PartKind.QUALITATIVE if part.metric is None else PartKind.QUANTITATIVE,
            part.weight,
            part.most,
            part.metric,
        )
        for part in given
    )


def _rules(given: ReviewStepRulesInput | None) -> Rules:
    if given is None:
        return DEFAULT_RULES
    named = {
        Step.SELF: given.self_score,
        Step.MANAGER: given.manager_score,
        Step.CONFIRMATION: given.confirmation,
        Step.APPEAL: given.appeal,
        Step.DECISION: given.decision,
    }
    return {
        step: DEFAULT_RULES[step] if rule is None else StepRule(rule.days, rule.when_overdue, rule.remind_days)
        for step, rule in named.items()
    }


def _content(parts: list[ReviewPartInput], input: CreateReviewFormInput | ReviseReviewFormInput) -> Content:
    grades = tuple(Grade(one.name.strip(), one.from_score, one.share) for one in input.grades)
    return Content(_parts(parts), Layout(input.most, grades, input.peers, input.scorer, _rules(input.steps)))


async def _create(work: Work, input: CreateReviewFormInput, services: Services) -> dict[str, Any]:
    unit_id = optional_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    form = NewForm(input.key, input.name, input.grain, _content(input.parts, input), unit_id)
    return {"form_id": await create_form(work, services.policies.registry, form)}


async def _revise(work: Work, input: ReviseReviewFormInput, services: Services) -> dict[str, Any]:
    form_id = decode_id(input.id, "ReviewForm", ("id",))
    await revise_form(
        work,
        services.policies.registry,
        form_id,
        name=input.name,
        content=None if input.parts is None else _content(input.parts, input),
        reason=input.reason,
        expected_version=input.expected_version,
    )
    return {"form_id": form_id}


async def _archive(work: Work, input: ArchiveReviewFormInput, _: Services) -> dict[str, Any]:
    form_id = decode_id(input.id, "ReviewForm", ("id",))
    await archive_form(work, form_id, archived=input.archived, expected_version=input.expected_version)
    return {"form_id": form_id}


@strawberry.type
class ReviewFormMutation:
    """Mutations of forms."""

    create_review_form: ReviewFormPayload = mutation(_create, description="Say what members are judged by.")
    revise_review_form: ReviewFormPayload = mutation(
        _revise, description="Rename a form, or make another version of it; reviews under way stay on theirs."
    )
    archive_review_form: ReviewFormPayload = mutation(
        _archive, description="Open no more cycles of a form, or bring it back."
    )
