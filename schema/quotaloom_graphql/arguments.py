"""Arguments that fields of several concepts take."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

from quotaloom_graphql.enums import Grain, Structure

PeriodLabel = Annotated[
    str,
    strawberry.argument(
        description="A period of the company's calendar by its label (`2017`, `2017-H1`, `2017-Q2`, `2017-06`,"
        " `2017-W23`, `2017-06-14`), or a range whose end is not included (`2017-03-05/2017-04-01`)."
    ),
]
GrainChoice = Annotated[
    Grain,
    strawberry.argument(
        description="The parts of the period that are answered, one by one. Weeks are those that start in it."
    ),
]
MetricKey = Annotated[str, strawberry.argument(description="The key of a metric, such as `revenue` or `orders`.")]
AsOf = Annotated[
    date | None,
    strawberry.argument(description="Counts what was posted, and plans published, by the end of this day."),
]
PlanId = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Compare with this plan's draft instead of the published plan."),
]
PlanVersionNumber = Annotated[
    int | None,
    strawberry.argument(description="With `plan`: its version of this number, such as a scenario, instead."),
]
StructureChoice = Annotated[Structure, strawberry.argument(description="Which tree rolls the entries up.")]
PlanRate = Annotated[
    bool, strawberry.argument(description="Figures at the plan rate, worked out from the original amounts.")
]
