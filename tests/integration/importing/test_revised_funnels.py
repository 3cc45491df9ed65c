"""Importing deals into a funnel that was revised since the last import."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from quotaloom.funnels.commands.funnels import revise_funnel
from quotaloom.funnels.stages import NewStage, Outcome
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from tests.integration.importing.companies import MAVEN, imported, load, rows
from tests.unit.importing.folders import PIPELINE, PROSPECTING, write

FOLLOWED = """
SELECT opportunity.key, stage.key AS stage, version_number FROM opportunity JOIN stage ON stage.id = stage_id
WHERE opportunity.key IN ('D4', 'D5') ORDER BY 1
"""


async def revised(work: Work, stages: list[NewStage]) -> None:
    """Lay the only funnel of a company out anew."""
    ((funnel,),) = await rows(work, "SELECT id FROM funnel")
    await revise_funnel(work, funnel, stages, None)


async def test_new_deals_follow_the_latest_version(database: Database, tmp_path: Path) -> None:
    """D5, prospecting like D4 before, is in the second version, which has one stage more."""
    await load(database, write(tmp_path))
    work = await imported(database)
    assert MAVEN.opportunities is not None
    trial = NewStage("trial", "Trial", Outcome.OPEN, Decimal("0.5"))
    await revised(work, [*MAVEN.opportunities.funnel.stages, trial])
    await load(database, write(tmp_path, sales_pipeline=PIPELINE + PROSPECTING.replace("D4", "D5") + "\n"))
    assert [tuple(row) for row in await rows(work, FOLLOWED)] == [("D4", "prospecting", 1), ("D5", "prospecting", 2)]


async def test_a_stage_that_the_latest_version_lacks_is_told(database: Database, tmp_path: Path) -> None:
    """Nothing is imported before the mapping names stages of the funnel as it is now."""
    await load(database, write(tmp_path))
    assert MAVEN.opportunities is not None
    left = [stage for stage in MAVEN.opportunities.funnel.stages if stage.key != "prospecting"]
    await revised(await imported(database), left)
    with pytest.raises(InputError, match="lacks prospecting") as caught:
        await load(database, tmp_path)
    assert caught.value.code == "OTHER_STAGES"
