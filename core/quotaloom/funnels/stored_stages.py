"""Stages as they are stored, for those who write: of the latest version of a funnel, or of a deal's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
from asyncpg import Record

from quotaloom.funnels.naming import may_be_id
from quotaloom.funnels.stages import Mover, NewStage, Outcome
from quotaloom.funnels.standards import Standard
from quotaloom.platform.unit_of_work import Snapshot, Transaction

_STAGE = """
SELECT stage.id, stage.funnel_id, stage.version_number, stage.key, stage.name, stage.ordinal, stage.outcome,
    stage.forward, stage.backward, stage.skipping FROM stage
"""

# The standards of archived attributes rest: nobody can note them any more.
_STANDARDS = """
SELECT stage_id, kind, parameters FROM stage_standard AS standard
WHERE standard.company_id = $1 AND standard.stage_id = ANY ($2::bigint[]) AND NOT EXISTS (
    SELECT FROM attribute_definition AS definition WHERE definition.company_id = $1
        AND definition.subject = 'opportunity' AND definition.key = standard.parameters ->> 'attribute'
        AND definition.archived
) ORDER BY standard.stage_id, standard.ordinal
"""


@dataclass(frozen=True, slots=True)
class StageFacts:
    """A stored stage; `ordinal` is its place among those of its version of the funnel, from 0."""

    id: int
    funnel_id: int
    version_number: int
    key: str
    name: str
    ordinal: int
    outcome: Outcome
    forward: Mover = Mover.HOLDER
    backward: Mover = Mover.HOLDER
    skipping: bool = True


async def load_stages(reader: Snapshot | Transaction, funnel_ids: Iterable[int]) -> dict[int, list[StageFacts]]:
    """The stages of the latest version of each funnel, in order, by funnel: those that new deals follow."""
    found: dict[int, list[StageFacts]] = defaultdict(list)
    rows = await reader.fetch(
        f"{_STAGE} JOIN funnel ON funnel.company_id = stage.company_id AND funnel.id = stage.funnel_id"
        " AND funnel.latest_version = stage.version_number"
        " WHERE stage.company_id = $1 AND stage.funnel_id = ANY ($2::bigint[]) ORDER BY stage.funnel_id, stage.ordinal",
        reader.company_id,
        sorted({number for number in funnel_ids if may_be_id(number)}),
    )
    for row in rows:
        found[row["funnel_id"]].append(_stage(row))
    return dict(found)


async def stages_beside(reader: Snapshot | Transaction, stage_ids: Sequence[int]) -> dict[int, list[StageFacts]]:
    """All stages of the version that each of these stages is of, in order, by its id: where a deal in it may go."""
    rows = await reader.fetch(
        f"{_STAGE.replace('SELECT', 'SELECT own.id AS own_id,')} JOIN stage AS own ON own.company_id = stage.company_id"
        " AND own.funnel_id = stage.funnel_id AND own.version_number = stage.version_number"
        " WHERE own.company_id = $1 AND own.id = ANY ($2::bigint[]) ORDER BY own.id, stage.ordinal",
        reader.company_id,
        list(stage_ids),
    )
    found: dict[int, list[StageFacts]] = defaultdict(list)
    for row in rows:
        found[row["own_id"]].append(_stage(row))
    return dict(found)


def _stage(row: Record) -> StageFacts:
    return StageFacts(
        id=row["id"],
        funnel_id=row["funnel_id"],
        version_number=row["version_number"],
        key=row["key"],
        name=row["name"],
        ordinal=row["ordinal"],
        outcome=Outcome(row["outcome"]),
        forward=Mover(row["forward"]),
        backward=Mover(row["backward"]),
        skipping=row["skipping"],
    )


async def standards_of(reader: Snapshot | Transaction, stage_ids: Sequence[int]) -> dict[int, list[Standard]]:
    """The standards of each stage, in order; a stage without any is left out, and so are those that rest."""
    found: dict[int, list[Standard]] = defaultdict(list)
    for row in await reader.fetch(_STANDARDS, reader.company_id, list(stage_ids)):
        found[row["stage_id"]].append(Standard.stored(row["kind"], orjson.loads(row["parameters"])))
    return dict(found)


async def insert_stages(
    transaction: Transaction, funnel_id: int, version_number: int, stages: Sequence[NewStage]
) -> None:
    """Store checked stages of a version of a funnel with their standards, in two statements."""
    stored = await transaction.fetch(
        "INSERT INTO stage (company_id, funnel_id, version_number, ordinal, key, name, outcome, win_probability,"
        " age_limit_days, forward, backward, skipping) SELECT $1, $2, $3, given.ordinal - 1, key, name, outcome,"
        " win_probability, age_limit_days, forward, backward, skipping FROM unnest($4::text[], $5::text[], $6::text[],"
        " $7::numeric[], $8::int[], $9::text[], $10::text[], $11::bool[]) WITH ORDINALITY AS given (key, name, outcome,"
        " win_probability, age_limit_days, forward, backward, skipping, ordinal) RETURNING id, ordinal",
        transaction.company_id,
        funnel_id,
        version_number,
        [stage.key for stage in stages],
        [stage.name.strip() for stage in stages],
        [stage.outcome.value for stage in stages],
        [stage.win_probability for stage in stages],
        [stage.age_limit_days for stage in stages],
        [stage.forward.value for stage in stages],
        [stage.backward.value for stage in stages],
        [stage.skipping for stage in stages],
    )
    ids = {row["ordinal"]: row["id"] for row in stored}
    standards = [
        (ids[place], ordinal, standard)
        for place, stage in enumerate(stages)
        for ordinal, standard in enumerate(stage.standards)
    ]
    if standards:
        await transaction.execute(
            "INSERT INTO stage_standard (company_id, stage_id, ordinal, kind, parameters)"
            " SELECT $1, stage_id, ordinal, kind, parameters::jsonb FROM unnest($2::bigint[], $3::int[], $4::text[],"
            " $5::text[]) AS given (stage_id, ordinal, kind, parameters)",
            transaction.company_id,
            [stage_id for stage_id, _, _ in standards],
            [ordinal for _, ordinal, _ in standards],
            [standard.kind.value for _, _, standard in standards],
            [orjson.dumps(standard.parameters()).decode() for _, _, standard in standards],
        )
