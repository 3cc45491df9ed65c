"""What the demo company's plans serve, from a function's objective up to the company's."""

from __future__ import annotations

from typing import Final

from quotaloom.platform.work import Work
from quotaloom.strategy.commands import create_objective
from quotaloom.strategy.focuses import Focused, set_focus
from quotaloom.strategy.objectives import NewObjective, ObjectiveLevel
from quotaloom.targets.plan_objectives import attach_plan

OBJECTIVES: Final = {
    ObjectiveLevel.CORPORATE: "Lead the market for instruments 领先仪器市场",
    ObjectiveLevel.BUSINESS: "Grow with key accounts 深耕大客户",
    ObjectiveLevel.FUNCTIONAL: "Win three customers more in each team 每组新增三家客户",
}
"""One of each level, from the top."""

FOCUSES: Final = ("New customers 开拓新客户", "Key accounts 大客户", "Closing the year 年终冲刺", "Renewals 复购")
"""What the quarters of the functional objective are about."""


async def set_goals(work: Work, plan_id: int, fiscal_year: int) -> None:
    """Set the objectives of a year and attach its plan, as far as that has not happened yet."""
    async with work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT level, id FROM objective WHERE fiscal_year = $1", fiscal_year)
        head = await snapshot.fetch_one(
            "SELECT h.member_id FROM headship h JOIN org_unit u ON u.company_id = h.company_id AND u.id = h.unit_id"
            " WHERE u.kind = 'company' ORDER BY h.id LIMIT 1"
        )
    assert head is not None
    known = {row["level"]: row["id"] for row in rows}
    served: int | None = None
    for level, name in OBJECTIVES.items():
        new = NewObjective(fiscal_year, level, name, head["member_id"], served)
        served = known.get(level) or await create_objective(work, new)
    assert served is not None
    for quarter, text in enumerate(FOCUSES, 1):
        await set_focus(work, Focused.OBJECTIVE, served, f"{fiscal_year}-Q{quarter}", text)
    await attach_plan(work, plan_id, served)
