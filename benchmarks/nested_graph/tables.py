"""The figures as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from benchmarks.measuring import duration, megabytes
from benchmarks.nested_graph.contenders import TITLES
from benchmarks.nested_graph.figures import Figures, Goal, Of, Spread, goals
from benchmarks.nested_graph.questions import QUESTIONS


def report(figures: Figures, machine: str) -> str:
    """Everything that was measured, as one Markdown text."""
    parts = [
        "# The nested graph, measured",
        f"{machine}. One process each, on one PostgreSQL; medians, in brackets what a quarter and three quarters stay"
        " below. docs/benchmarks.md tells what is compared with what.",
        _section("Latency, one client", _by_question(figures, figures.latency, seconds)),
        _section("Throughput, eight clients, answers per second", _by_question(figures, figures.rate, rate)),
        _section("Memory of the process during the huge answer", _memory(figures)),
        _section("How long others wait meanwhile", _delays(figures)),
        _section("Goals", _goals(goals(figures))),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """A Markdown table, its first columns to the left and the others to the right; empty without rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    rule = ["---"] * left + ["---:"] * (len(heads) - left)
    return "\n".join([f"| {' | '.join(heads)} |", f"| {' | '.join(rule)} |", *lines])


def seconds(spread: Spread) -> str:
    """A duration with its spread."""
    return f"{duration(spread.median)} ({duration(spread.low)}–{duration(spread.high)})"


def rate(spread: Spread) -> str:
    """A rate with its spread."""
    return f"{_count(spread.median)} ({_count(spread.low)}–{_count(spread.high)})"


def size(count: int) -> str:
    """Bytes in a unit that fits."""
    return megabytes(count) if count >= 10_000_000 else f"{count / 1000:,.1f} kB"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _by_question(figures: Figures, values: Mapping[Of, Spread], show: Callable[[Spread], str]) -> str:
    names = [name for name in figures.contenders if any(of[0] == name for of in values)]
    rows = [
        [
            QUESTIONS[question].title,
            size(figures.sizes[question]),
            *(show(values[name, question]) if (name, question) in values else "" for name in names),
        ]
        for question in figures.questions
        if any(of[1] == question for of in values)
    ]
    return table(["asked", "answer", *(TITLES[name] for name in names)], rows)


def _memory(figures: Figures) -> str:
    rows = [
        [TITLES[name], megabytes(one.idle), megabytes(one.peak), size(one.size), f"{one.times:,.1f} ×"]
        for name, one in figures.memory.items()
    ]
    return table(["", "before", "at most", "answer", "growth ÷ answer"], rows)


def _delays(figures: Figures) -> str:
    rows = [
        [
            TITLES[name],
            QUESTIONS[question].title,
            *(duration(value) for value in (one.loop_p99, one.loop_worst, one.small_p99, one.small_worst)),
        ]
        for (name, question), one in figures.delay.items()
    ]
    heads = ["", "while it answers", "without database, p99", "worst", "one unit, p99", "worst"]
    return table(heads, rows, left=2)


def _goals(found: Sequence[Goal]) -> str:
    rows = [[goal.title, f"{goal.measured:,.2f}", f"{bound(goal)}", "met" if goal.met else "missed"] for goal in found]
    return table(["", "measured", "goal", ""], rows)


def bound(goal: Goal) -> str:
    """The bound in words."""
    return f"{'at least' if goal.at_least else 'at most'} {goal.bound:g}"
