"""graphql-core's own tests of execution, with the breadth-first engine in place of its executors."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

from tests.counted import COUNTED
from tests.integration.breadth.graphql_core_tests import run_breadth_first, source_distribution

DIFFERENCES = Path(__file__).with_name("differences.toml")
PASSED_BY_DEFAULT = 738
"""What graphql-core 3.3.2's own executors pass, which is all there is in `tests/execution`."""
AT_LEAST = 732
THROUGH_THE_ENGINE = 400
"""At least so many of them have the engine resolve something; the others are of parts beside it, or fail before it."""


def test_graphql_core_passes_its_own_tests_breadth_first(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """All but the listed tests pass, each listed one fails, and most really went through the engine."""
    ran = run_breadth_first(source_distribution(), tmp_path)
    allowed = {difference["test"] for difference in tomllib.loads(DIFFERENCES.read_text())["difference"]}
    told = (
        f"{len(ran.outcomes)} tests of graphql-core, {len(ran.ended('passed'))} passed breadth-first,"
        f" {ran.through_the_engine} went through the engine, {sum(ran.resolved.values()):,} fields resolved"
    )
    record_property(COUNTED, told)
    assert len(ran.outcomes) == PASSED_BY_DEFAULT
    assert ran.ended("failed") == allowed
    assert len(ran.ended("passed")) >= AT_LEAST
    assert ran.through_the_engine >= THROUGH_THE_ENGINE
