"""Reviews of May 2026 on two forms, one at each step at which somebody can do something."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from quotaloom.calendars.periods import Grain
from quotaloom.platform.work import Work
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.reviews.closing import appeal_review, confirm_review
from quotaloom.reviews.cycles import open_cycle
from quotaloom.reviews.follow_ups import NewFollowUp
from quotaloom.reviews.form_commands import Content, NewForm, create_form
from quotaloom.reviews.forms import Layout, NewPart, PartKind
from quotaloom.reviews.grading import Grade
from quotaloom.reviews.parts import GivenScore, Scoring
from quotaloom.reviews.scoring import score_review, score_self
from quotaloom.reviews.steps import DEFAULT_RULES, Step, StepRule
from tests.integration.funnels.floors import Floor
from tests.integration.graph.asking import gid

PARTS: Final = (
    NewPart("sold", "Revenue", PartKind.QUANTITATIVE, Decimal("0.5"), metric="revenue"),
    NewPart("team", "Teamwork", PartKind.QUALITATIVE, Decimal("0.5"), Decimal(10)),
)
LIMITED: Final = (Grade("A", Decimal(80), Decimal("0.5")), Grade("B", Decimal(0)))
AT_ONCE: Final = {**DEFAULT_RULES, Step.SELF: StepRule(0)}
EIGHT: Final = Scoring([GivenScore("team", Decimal(8))])


async def judge(floor: Floor) -> dict[str, str]:
    """Ids: of the form `monthly` a review at each of the first steps, of the form `ranked` one at each of the later."""
    work, policies = floor.work, floor.host
    await switch_policy(work, policies, PolicyChange("reviews.weighted_score", active=True))
    made = {
        "review form": await create_form(work, policies.registry, _form("monthly", Layout())),
        "ranked form": await create_form(
            work, policies.registry, _form("ranked", Layout(grades=LIMITED, rules=AT_ONCE))
        ),
    }
    ids = {name: gid("ReviewForm", number) for name, number in made.items()}
    for name, form, unit in (
        *(("review cycle", "review form", "east"), ("west cycle", "review form", "west")),
        *(("ranked cycle", "ranked form", "east"), ("cycle to file", "ranked form", "west")),
    ):
        ids[name] = gid(
            "ReviewCycle", await open_cycle(work, policies.registry, made[form], "2026-05", floor.units[unit])
        )
    rows = await floor.rows(
        "SELECT review.id, form_id, member.key FROM review JOIN member ON member.id = review.member_id"
    )
    numbers = {(row["form_id"], row["key"]): row["id"] for row in rows}
    monthly = {name: numbers[made["review form"], name] for name in ("ann", "bob", "eve", "cem")}
    ranked = {name: numbers[made["ranked form"], name] for name in ("ann", "bob", "eve", "cem", "wu")}
    ids |= {f"{name} review": gid("Review", number) for name, number in monthly.items()}
    ids |= {f"{name} ranked": gid("Review", number) for name, number in ranked.items()}
    for name in ("bob", "eve", "cem"):
        await score_self(floor.as_member(name), monthly[name], EIGHT)
    agreed = [NewFollowUp("Visit ten customers", metric="revenue")]
    for number in (monthly["eve"], monthly["cem"], ranked["ann"], ranked["bob"], ranked["cem"]):
        await score_review(_admin(work), policies, number, EIGHT, agreed)
    await appeal_review(floor.as_member("ann"), ranked["ann"], "I did more")
    for name in ("bob", "cem"):
        await confirm_review(floor.as_member(name), ranked[name], agrees=True)
    rows = await floor.rows("SELECT id, review_id FROM review_follow_up")
    agreements = {row["review_id"]: gid("ReviewFollowUp", row["id"]) for row in rows}
    metric = await floor.one("SELECT id FROM metric WHERE key = 'revenue'")
    ids["revenue"] = gid("Metric", metric["id"])
    return {**ids, "follow-up": agreements[monthly["eve"]], "ann follow-up": agreements[ranked["ann"]]}


def _form(key: str, layout: Layout) -> NewForm:
    return NewForm(key, key.title(), Grain.MONTH, Content(PARTS, layout))


def _admin(work: Work) -> Work:
    """Another admin than the one of the tests, who decides on appeals."""
    return replace(work, viewer=replace(work.viewer, subject="scorer"))
