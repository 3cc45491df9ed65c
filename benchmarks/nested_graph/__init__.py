"""Nested graphs over HTTP: the product beside PostGraphile, stock Strawberry, and what is written by hand."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from benchmarks.measuring import Bench, Row, Skipped, duration, megabytes, run
from benchmarks.nested_graph.chart import latency_chart
from benchmarks.nested_graph.company import prepared_company
from benchmarks.nested_graph.contenders import TITLES, Contender, contenders
from benchmarks.nested_graph.figures import Figures, Of, goals
from benchmarks.nested_graph.questions import QUESTIONS
from benchmarks.nested_graph.rounds import FULL, QUICK, Pace, delays, latencies, memory, rates, require_same_answers
from benchmarks.nested_graph.tables import bound, report

T = TypeVar("T")

TITLE = "The nested graph"
THROUGHPUT = ("small", "medium", "large")
LARGE = ("large", "huge")
HURRIED, QUICKLY = ("product", "postgraphile", "floor"), ("small", "medium", "large")
"""Who is asked, and what, where one is in a hurry and names nothing."""


def measure(bench: Bench) -> Iterator[Row]:
    """Six questions to a company of 11,111 units, put to everybody in turn."""
    names = _known(bench.only or _by_default(bench), TITLES, "contender")
    questions = _known(bench.queries or (QUICKLY if bench.quick else list(QUESTIONS)), QUESTIONS, "query")
    load = f"load average {os.getloadavg()[0]:.1f} before it began"
    figures, skipped = run(_measure(bench, names, questions))
    bench.output.mkdir(parents=True, exist_ok=True)
    (bench.output / "nested_graph.md").write_text(report(figures, f"{_machine()}, {load}"))
    (bench.output / "nested_graph.svg").write_text(latency_chart(figures))
    yield from _rows(figures)
    for line in (*skipped, f"written: {bench.output}/nested_graph.md and .svg"):
        yield Row(line, "")


def _by_default(bench: Bench) -> Sequence[str]:
    return HURRIED if bench.quick else list(TITLES)


def _known(given: Sequence[str], known: Mapping[str, object], noun: str) -> list[str]:
    for name in given:
        if name not in known:
            raise Skipped(f"there is no {noun} {name!r}: choose from {', '.join(known)}")
    return [name for name in known if name in given]


async def _measure(bench: Bench, names: Sequence[str], questions: Sequence[str]) -> tuple[Figures, list[str]]:
    pace = QUICK if bench.quick else FULL
    async with prepared_company(bench, TITLE) as company:
        bench.tell(f"{TITLE}: starting the servers")
        async with contenders(company, names, partial(_tell, bench)) as (found, skipped):
            asked = [name for name in questions if any(name in one.requests for one in found)]
            figures = Figures([one.name for one in found], asked)
            await _weigh(bench, found, figures)
            bench.tell(f"{TITLE}: comparing the answers")
            figures.sizes = await require_same_answers(found, asked, company)
            await _time(bench, found, pace, figures)
            return figures, skipped


def _tell(bench: Bench, text: str) -> None:
    bench.tell(f"{TITLE}: {text}")


async def _weigh(bench: Bench, found: Sequence[Contender], figures: Figures) -> None:
    """First of all: what a process has once held, it may keep."""
    for contender in found:
        if "huge" in figures.questions and "huge" in contender.requests:
            bench.tell(f"{TITLE}: memory of {contender.title}")
            figures.memory[contender.name] = await memory(contender, "huge")


async def _time(bench: Bench, found: Sequence[Contender], pace: Pace, figures: Figures) -> None:
    for question in figures.questions:
        tell = partial(_tell_of, bench, f"latency, {QUESTIONS[question].title}")
        turns = await latencies(found, question, pace, tell)
        figures.latency |= _of(question, turns.spreads())
        figures.slower |= _of(question, turns.ratios("product"))
    for question in [name for name in figures.questions if name in THROUGHPUT]:
        tell = partial(_tell_of, bench, f"throughput, {QUESTIONS[question].title}")
        turns = await rates(found, question, pace, tell)
        figures.rate |= _of(question, turns.spreads())
        figures.busier |= _of(question, turns.ratios("product"))
    for question in [name for name in figures.questions if name in LARGE]:
        for contender in [one for one in found if one.name not in ("head", "strawberry")]:
            bench.tell(f"{TITLE}: waiting for {contender.title}, {QUESTIONS[question].title}")
            figures.delay[contender.name, question] = await delays(contender, question, pace)


def _of(question: str, values: Mapping[str, T]) -> dict[Of, T]:
    return {(name, question): value for name, value in values.items()}


def _tell_of(bench: Bench, what: str, text: str) -> None:
    bench.tell(f"{TITLE}: {what}, {text}")


def _rows(figures: Figures) -> Iterator[Row]:
    for values, ratios, show, measured in (
        (figures.latency, figures.slower, duration, "latency"),
        (figures.rate, figures.busier, _per_second, "eight clients"),
    ):
        for (name, question), spread in values.items():
            mine, ratio = values.get(("product", question)), ratios.get((name, question))
            asked = f"{QUESTIONS[question].title}, {measured}"
            if mine is None:
                yield Row(asked, "", TITLES[name], show(spread.median))
            elif ratio is not None:
                yield Row(asked, show(mine.median), TITLES[name], show(spread.median), f"{ratio:,.2f} ×")
    if "product" in figures.memory:
        weight = figures.memory["product"]
        yield Row(
            "memory, growth during the huge answer",
            megabytes(weight.peak - weight.idle),
            "the answer",
            megabytes(weight.size),
            f"{weight.times:,.1f} ×",
        )
    for (name, question), delay in figures.delay.items():
        if name == "product":
            asked = f"lag of the loop during {QUESTIONS[question].title}, p99"
            yield Row(asked, duration(delay.loop_p99), "worst", duration(delay.loop_worst))
    for goal in goals(figures):
        yield Row(f"goal: {goal.title}", f"{goal.measured:,.2f}", bound(goal), "", "met" if goal.met else "missed")


def _per_second(rate: float) -> str:
    return f"{rate:,.1f}/s"


def _machine() -> str:
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
