"""Invented schemas, answers and documents: the breadth-first engine answers as the default executor does."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import pytest
from graphql import parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from strawberry_breadth.resolving import RESOLVED
from tests.counted import COUNTED
from tests.unit.breadth.comparing import Case, check_at_once, check_later
from tests.unit.breadth.invented_documents import Document
from tests.unit.breadth.invented_graphs import Graph
from tests.unit.breadth.invented_schemas import Shape
from tests.unit.breadth.narrowing import smallest

Record = Callable[[str, object], None]

DOCUMENTS = 25
"""How many documents are tried on each schema."""

CI = {"at once": 3_000, "later": 1_500, "streams": 500}
"""How many cases are tried at least, 5,000 together: nothing awaited, much awaited, lists that come one by one."""
SOAK = {way: cases * 20 for way, cases in CI.items()}

# A default executor that nulls a place leaves what was under way there to the garbage collector.
abandoned = pytest.mark.filterwarnings(
    "ignore:coroutine .* was never awaited", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Have what was abandoned collected here, where its warnings are left out, and not in another test."""
    yield
    # One that another thread has under way (pytest-xdist has a thread) makes a call do nothing; the second is whole.
    until = _collections() + 2
    while _collections() < until:
        gc.collect()


@abandoned
@pytest.mark.parametrize("way", CI)
def test_the_engine_answers_as_the_default_executor_does(way: str, record_property: Record) -> None:
    """Thousands of documents on hundreds of schemas: the same data, and the same errors where they are fixed."""
    record_property(COUNTED, differ(way, CI[way]))


@pytest.mark.soak
@abandoned
@pytest.mark.parametrize("way", SOAK)
def test_the_engine_answers_as_the_default_executor_does_at_length(way: str, record_property: Record) -> None:
    """The same for a long time, for `make soak`."""
    record_property(COUNTED, differ(way, SOAK[way]))


def test_what_is_invented_is_valid() -> None:
    """The documents of the differential are ones that a server would execute."""
    for seed in range(20):
        graph = Graph(Shape(seed, objects=3, abstract=2, trouble=0, asynchronous=False))
        document = Document(graph.blueprint, "query", Random(seed))
        assert validate(graph.schema, parse(document.text)) == []


def differ(way: str, cases: int) -> str:
    """Try that many cases at least; returns how many there were, in words."""
    tried, before = 0, RESOLVED.fields
    shapes = st.builds(
        Shape,
        seed=st.integers(0, 2**32),
        objects=st.integers(1, 4),
        abstract=st.integers(0, 2),
        trouble=st.sampled_from([0, 3, 8, 20]),
        asynchronous=st.just(way != "at once"),
        streams=st.just(way == "streams"),
    )
    with asyncio.Runner() as runner:
        # A seed does not shrink; what fails is narrowed down instead.
        @settings(
            max_examples=cases // DOCUMENTS,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(shapes)
        def check(shape: Shape) -> None:
            nonlocal tried
            tried += try_documents(shape, lambda case: check_case(case, shape, runner))

        check()
        runner.run(_drained())
    resolved = RESOLVED.fields - before
    assert tried >= cases
    assert resolved >= cases
    return f"{tried:,} cases compared with the default executor ({way}), {resolved:,} fields resolved breadth-first"


def check_case(case: Case, shape: Shape, runner: asyncio.Runner) -> None:
    """Compare both executors in the way that the shape asks for."""
    if shape.asynchronous:
        runner.run(check_later(case, in_order=not shape.streams))
    else:
        check_at_once(case)


def try_documents(shape: Shape, check: Callable[[Case], None]) -> int:
    """Check a schema's documents; returns how many they are."""
    graph, random = Graph(shape), Random(shape.seed + 1)
    for _ in range(DOCUMENTS):
        document = Document(graph.blueprint, random.choice(["query", "query", "mutation"]), random)
        case = Case(graph.schema, parse(document.text), graph.root(document.operation), document.variables)
        try:
            check(case)
        except Exception as error:
            error.add_note(f"{shape}\n{smallest(document.text, _failing(case, check))}\n{document.variables}")
            raise
    return DOCUMENTS


def _failing(case: Case, check: Callable[[Case], None]) -> Callable[[str], bool]:
    def fails(text: str) -> bool:
        try:
            check(replace(case, document=parse(text)))
        except Exception:
            return True
        return False

    return fails


def _collections() -> int:
    whole: int = gc.get_stats()[-1]["collections"]
    return whole


async def _drained() -> None:
    """Let what the default executor left in the background come to its end."""
    for _ in range(5):
        await asyncio.sleep(0)
