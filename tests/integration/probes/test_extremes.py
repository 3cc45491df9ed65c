"""Whatever a scalar can hold, at every place where it is taken: it is answered or refused, and nothing breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.errors import shown
from tests.integration.graph.asking import SCHEMA, requested
from tests.integration.graph.test_every_mutation import MUTATIONS, as_whom
from tests.integration.graph.test_nodes import one_of_each
from tests.integration.graph.valid_calls import VALID
from tests.integration.graph.worlds import World, small_world
from tests.integration.probes.extremes import EDGES, EXTREMES, Place, Values, inputs, places
from tests.integration.walls.questions import nothing_written
from tests.integration.walls.test_reading import OPERATIONS
from tests.progress import Progress, stepwise

pytestmark = pytest.mark.parametrize(
    "values", [pytest.param(EDGES, id="edges"), pytest.param(EXTREMES, id="all", marks=pytest.mark.soak)]
)


async def broken(world: World, who: Identity | str | None, text: str, variables: Mapping[str, Any]) -> bool:
    """Whether the server has itself to blame."""
    async with requested(world.floor, who) as context:
        result = await SCHEMA.execute(text, variable_values=dict(variables), context_value=context)
    return any(shown(error).formatted["extensions"]["code"] == "INTERNAL" for error in result.errors or ())


async def test_every_part_of_an_input_may_be_extreme(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
    progress: Progress,
    values: Values,
) -> None:
    """Each mutation with each part of its input replaced by each value; what would be written is rolled back."""
    world = await small_world(database)
    parts, sent, failed = set(), 0, []
    with nothing_written(monkeypatch):
        for name in stepwise(progress, list(VALID), "an input is made extreme"):
            kind = MUTATIONS[name].args["input"].type
            text = f"mutation ($input: {kind}) {{ {name}(input: $input) {{ errors {{ code path }} }} }}"
            for part, value in inputs(kind, VALID[name](world), values):
                parts.add((name, part))
                sent += 1
                if await broken(world, as_whom(name), text, {"input": value}):
                    failed.append((name, part, value))
    record_property("parts of inputs", len(parts))
    record_property("mutations sent", sent)
    assert failed == []
    assert len(parts) > 850


async def test_every_argument_may_be_extreme(
    database: Database, record_property: Callable[[str, object], None], progress: Progress, values: Values
) -> None:
    """Each argument of each field that a query leads to, with each value."""
    world = await small_world(database)
    ids = one_of_each(world)
    asking: dict[Place, tuple[str, Callable[[Any], str], tuple[str, ...]]] = {}
    for operation in OPERATIONS:
        for place, scalar, asked in places(SCHEMA._schema, operation.text):
            asking.setdefault(place, (scalar, asked, operation.ids))
    sent, failed = 0, []
    for place in stepwise(progress, list(asking), "an argument is made extreme"):
        scalar, asked, taken = asking[place]
        for value in values[scalar]:
            text = asked(value)
            sent += 1
            if await broken(world, None, text, {name: ids[name] for name in taken if f"${name}:" in text}):
                failed.append((place, value))
    record_property("arguments", len(asking))
    record_property("queries sent", sent)
    assert failed == []
    assert len(asking) > 300
