"""Figures of many units and periods are worked out in turns: whoever asks for them keeps nobody waiting."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from benchmarks import abuse
from benchmarks.abuse.http_requests import JSON, post
from benchmarks.abuse.sending import Abuse
from benchmarks.companies import POLICIES, plant, revenue_of
from benchmarks.funnel_figures import FUNNEL

from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.platform.database import Database
from quotaloom.targets.deciding import DecomposeRequest
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.plans import create_plan, publish_plan
from quotaloom_graphql.nodes import encode_id

TRIES: Final = 4

FIELDS: Final = {
    "attainment by the day": 'attainments(period:"2017",grain:DAY,metric:"revenue"){target}',
    "targets by the day": 'targetCells(period:"2017",grain:DAY,metric:"revenue"){target}',
    "mismatches by the day": 'targetMismatches(period:"2017",grain:DAY,metric:"revenue"){target}',
    "a funnel by the week": 'funnelFigures(funnel:"FUNNEL",period:"2017",grain:WEEK){open{count}}',
    "its stages by the week": 'funnelFigures(funnel:"FUNNEL",period:"2017",grain:WEEK){stages{deals{count}}}',
    "its forecast by the week": 'funnelFigures(funnel:"FUNNEL",period:"2017",grain:WEEK){forecast{won}}',
    "its velocity by the week": 'funnelFigures(funnel:"FUNNEL",period:"2017",grain:WEEK){velocity coverage}',
    "its ageing by the week": 'funnelFigures(funnel:"FUNNEL",period:"2017",grain:WEEK){stages{ageing{unknown}}}',
}
"""What is asked of each of 111 units: 40,000 days, or 6,000 weeks."""


async def test_long_answers_keep_nobody_waiting(
    database: Database, database_url: str, record_property: Callable[[str, object], None]
) -> None:
    """The loop works less than 50 ms without a look at others, by the least of some tries each."""
    planted = await plant(database, (10, 10))
    work = planted.work
    plan_id = await create_plan(work, "Plan", await revenue_of(work), 2017)
    (root,) = planted.levels[0]
    request = DecomposeRequest(plan_id, root, {"target": 1_200_000_00}, policy="allocation.even")
    await decompose_target(work, POLICIES, request)
    await publish_plan(replace(work, company=replace(work.company, plans_need_owners=False)), plan_id)
    funnel = encode_id("Funnel", await create_funnel(work, FUNNEL))
    asked = [_asked(name, field.replace("FUNNEL", funnel)) for name, field in FIELDS.items()]
    every = await abuse.stretches([[case] for case in asked] * TRIES, database_url, work.company.id)
    longest = {name: min(every[number :: len(asked)]) for number, name in enumerate(FIELDS)}
    record_property("the longest stretch, in ms", round(max(longest.values()) * 1000, 1))
    assert len(longest) == 8
    assert {name: stretch for name, stretch in longest.items() if stretch >= abuse.STRETCH} == {}


def _asked(name: str, field: str) -> Abuse:
    body = json.dumps({"query": f"{{orgUnits(first:200){{nodes{{{field}}}}}}}"}).encode()
    return Abuse(name, post(body, JSON, "Authorization: Bearer <TOKEN>", "Connection: close"), (200,))
