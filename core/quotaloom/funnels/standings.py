"""How deals stand before the standards of their stages: read for many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asyncpg import Record

from quotaloom.activities.kinds import ActivityKind
from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.funnels.passage import left_behind, way_on
from quotaloom.funnels.stages import Outcome
from quotaloom.funnels.standards import DealField, Decision, DoneActivity, Standard, Standing, Unmet, unmet_standards
from quotaloom.funnels.stored_stages import StageFacts, stages_beside, standards_of
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts

Reader = Snapshot | Transaction

_DEALS = """
SELECT deal.id, deal.stage_id, deal.opened_on, entry.moved_at, entry.moved_on,
    deal.amount IS NOT NULL AS amount, deal.expected_close_on IS NOT NULL AS expected_close,
    deal.customer_id IS NOT NULL AS customer, deal.product_id IS NOT NULL OR EXISTS (
        SELECT FROM opportunity_line AS line WHERE line.company_id = $1 AND line.opportunity_id = deal.id
    ) AS product, deal.competitors <> '[]' AS competitors, deal.next_step IS NOT NULL AS next_step,
    deal.source IS NOT NULL AS source
FROM opportunity AS deal
CROSS JOIN LATERAL (
    SELECT moved_at, moved_on FROM stage_move WHERE company_id = $1 AND opportunity_id = deal.id
    ORDER BY moved_at DESC, id DESC LIMIT 1
) AS entry
WHERE deal.company_id = $1 AND deal.id = ANY ($2::bigint[])
"""

_ACTIVITIES = """
SELECT opportunity_id, kind, done_on, member_id, matter FROM activity
WHERE company_id = $1 AND opportunity_id = ANY ($2::bigint[]) AND state = 'done' ORDER BY done_on, id
"""

_DOCUMENTS = """
SELECT opportunity_id, name FROM opportunity_document
WHERE company_id = $1 AND opportunity_id = ANY ($2::bigint[]) ORDER BY id
"""

_DECISIONS = """
SELECT opportunity_id, stage_id, member_id, approved, decided_on, at, note FROM stage_approval
WHERE company_id = $1 AND opportunity_id = ANY ($2::bigint[]) ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """A deal in one stage that shall go to another of the same version, None for the next; both by their ids."""

    deal_id: int
    stage_id: int
    to_stage_id: int | None


async def standings_of(reader: Reader, company: CompanyFacts, deal_ids: Sequence[int]) -> dict[int, Standing]:
    """How each of these deals stands, by its id, in five statements."""
    ids = list(deal_ids)
    noted = await attributes_of(reader, Subject.OPPORTUNITY, ids)
    activities = _grouped(await reader.fetch(_ACTIVITIES, reader.company_id, ids))
    documents = _grouped(await reader.fetch(_DOCUMENTS, reader.company_id, ids))
    decisions = _grouped(await reader.fetch(_DECISIONS, reader.company_id, ids))
    return {
        row["id"]: Standing(
            stage_id=row["stage_id"],
            entered_on=row["moved_on"] or row["opened_on"] or company.today(row["moved_at"]),
            filled=frozenset(field for field in DealField if row[field.value]),
            attributes=frozenset(entry.key for entry in noted[row["id"]].entries),
            activities=tuple(map(_done, activities[row["id"]])),
            documents=tuple(one["name"] for one in documents[row["id"]]),
            decisions=tuple(_decision(one) for one in decisions[row["id"]] if _counts(one, row)),
        )
        for row in await reader.fetch(_DEALS, reader.company_id, ids)
    }


def _grouped(rows: Sequence[Record]) -> Mapping[int, list[Record]]:
    found: defaultdict[int, list[Record]] = defaultdict(list)
    for row in rows:
        found[row["opportunity_id"]].append(row)
    return found


def _done(row: Record) -> DoneActivity:
    return DoneActivity(ActivityKind(row["kind"]), row["done_on"], row["member_id"], row["matter"])


def _counts(decision: Record, deal: Record) -> bool:
    """Whether it was decided in the deal's stage since the deal came there the last time."""
    return bool(decision["stage_id"] == deal["stage_id"] and decision["at"] >= deal["moved_at"])


def _decision(row: Record) -> Decision:
    return Decision(row["member_id"], row["approved"], row["decided_on"], row["note"])


async def unmet_on_the_way(
    reader: Reader, company: CompanyFacts, passages: Sequence[Passage]
) -> list[list[Unmet] | None]:
    """What each deal does not meet yet to go where it shall, in the order of `passages`; gates are not asked.

    A deal that is closed, or shall go to a stage that its version of the funnel does not have, gets None. In a constant
    number of statements.
    """
    stages = await stages_beside(reader, sorted({passage.stage_id for passage in passages}))
    ways = [_left(stages.get(passage.stage_id, []), passage) for passage in passages]
    standards = await standards_of(reader, sorted({stage.id for way in ways for stage in way or ()}))
    judged = [
        passage.deal_id
        for passage, way in zip(passages, ways, strict=True)
        if any(stage.id in standards for stage in way or ())
    ]
    standings = await standings_of(reader, company, judged) if judged else {}
    return [
        None if way is None else unmet_of(way, standards, standings.get(passage.deal_id))
        for passage, way in zip(passages, ways, strict=True)
    ]


def unmet_of(
    way: Sequence[StageFacts], standards: Mapping[int, Sequence[Standard]], standing: Standing | None
) -> list[Unmet]:
    """What a deal does not meet of the stages that it leaves behind; nothing where they have no standards."""
    if standing is None:
        return []
    return unmet_standards([(stage.id, stage.name, standards.get(stage.id, ())) for stage in way], standing)


def _left(stages: Sequence[StageFacts], passage: Passage) -> list[StageFacts] | None:
    leaving = next((stage for stage in stages if stage.id == passage.stage_id), None)
    if leaving is None or leaving.outcome is not Outcome.OPEN:
        return None
    if passage.to_stage_id is None:
        return left_behind(stages, leaving, way_on(stages, leaving)[0])
    entering = next((stage for stage in stages if stage.id == passage.to_stage_id), None)
    return None if entering is None else left_behind(stages, leaving, entering)
