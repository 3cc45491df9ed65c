"""Nested graphs over HTTP: the product beside PostGraphile, stock Strawberry, and what is written by hand."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from benchmarks.measuring import Bench, Row, Skipped, compared, duration, megabytes, run
from benchmarks.nested_graph.chart import latency_chart
from benchmarks.nested_graph.company import prepared_company
from benchmarks.nested_graph.contenders import TITLES, Contender, contenders
from benchmarks.nested_graph.figures import Figures, goals
from benchmarks.nested_graph.questions import QUESTIONS
from benchmarks.nested_graph.rounds import FULL, QUICK, Pace, delays, latencies, memory, rates, require_same_answers
from benchmarks.nested_graph.tables import bound, report

TITLE = "The nested graph"
THROUGHPUT = ("small", "medium", "large")
LARGE = ("large", "huge")
HURRIED, QUICKLY = ("product", "postgraphile", "floor"), ("small", "medium", "large")
"""Who is asked, and what, where one is in a hurry and names nothing."""


def measure(bench: Bench) -> Iterator[Row]:
    """Six questions to a company of 11,111 units, put to everybody in turn."""
    names = _known(bench.only or _by_default(bench), TITLES, "contender")
    questions = _known(bench.queries or (QUICKLY if bench.quick else list(QUESTIONS)), QUESTIONS, "query")
    figures, skipped = run(_measure(bench, names, questions))
    bench.output.mkdir(parents=True, exist_ok=True)
    (bench.output / "nested_graph.md").write_text(report(figures, _machine()))
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
            figures = Figures([one.name for one in found], list(questions))
            await _weigh(bench, found, figures)
            bench.tell(f"{TITLE}: comparing the answers")
            figures.sizes = await require_same_answers(found, questions, company)
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
        for name, spread in (await latencies(found, question, pace, tell)).items():
            figures.latency[name, question] = spread
    for question in [name for name in figures.questions if name in THROUGHPUT]:
        tell = partial(_tell_of, bench, f"throughput, {QUESTIONS[question].title}")
        for name, spread in (await rates(found, question, pace, tell)).items():
            figures.rate[name, question] = spread
    for question in [name for name in figures.questions if name in LARGE]:
        for contender in [one for one in found if one.name not in ("head", "strawberry")]:
            bench.tell(f"{TITLE}: waiting for {contender.title}, {QUESTIONS[question].title}")
            figures.delay[contender.name, question] = await delays(contender, question, pace)


def _tell_of(bench: Bench, what: str, text: str) -> None:
    bench.tell(f"{TITLE}: {what}, {text}")


def _rows(figures: Figures) -> Iterator[Row]:
    for question in figures.questions:
        title = QUESTIONS[question].title
        mine = figures.latency.get(("product", question))
        for name in figures.contenders:
            theirs = figures.latency.get((name, question))
            if name != "product" and theirs is not None and mine is not None:
                yield compared(f"{title}, latency", mine.median, TITLES[name], theirs.median)
            elif mine is None and theirs is not None:
                yield Row(f"{title}, latency", "", TITLES[name], duration(theirs.median))
    for (name, question), one in figures.rate.items():
        mine = figures.rate.get(("product", question))
        if name != "product" and mine is not None:
            figure, other = f"{mine.median:,.1f}/s", f"{one.median:,.1f}/s"
            asked = f"{QUESTIONS[question].title}, eight clients"
            yield Row(asked, figure, TITLES[name], other, f"{mine.median / one.median:,.2f} ×")
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


def _machine() -> str:
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
