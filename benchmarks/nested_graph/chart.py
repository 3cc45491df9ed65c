"""The latencies as an SVG: a dot for each median on a logarithmic axis, a line for its spread."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from benchmarks.measuring import duration
from benchmarks.nested_graph.contenders import TITLES
from benchmarks.nested_graph.figures import Figures, Spread
from benchmarks.nested_graph.questions import QUESTIONS

WIDTH, LEFT, RIGHT, TOP = 900, 190, 110, 56
LINE, GAP = 22, 34
COLOURS = {
    "product": "#0b7a4b",
    "head": "#57b38a",
    "postgraphile": "#2b62c4",
    "strawberry": "#c43a5e",
    "json_agg": "#b07a10",
    "floor": "#6b7280",
}
STYLE = (
    "text { font: 13px system-ui, sans-serif; fill: #1f2937 } .title { font-size: 16px; font-weight: 600 }"
    " .asked { font-weight: 600 } .axis { fill: #6b7280; font-size: 11px } .grid { stroke: #e5e7eb }"
)


class Axis:
    """Seconds on a logarithmic axis, from one power of ten to another."""

    def __init__(self, least: float, most: float) -> None:
        self.first = math.floor(math.log10(least))
        self.last = max(math.ceil(math.log10(most)), self.first + 1)

    def x(self, value: float) -> float:
        """Where a duration lies."""
        part = (math.log10(value) - self.first) / (self.last - self.first)
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)

    def ticks(self) -> list[float]:
        """The powers of ten."""
        return [10.0**power for power in range(self.first, self.last + 1)]


def latency_chart(figures: Figures) -> str:
    """The SVG; raises `ValueError` where no latency was measured."""
    spreads = figures.latency.values()
    if not spreads:
        raise ValueError("there is no latency to draw")
    axis = Axis(min(one.low for one in spreads), max(one.high for one in spreads))
    groups = [
        (question, [name for name in figures.contenders if (name, question) in figures.latency])
        for question in figures.questions
    ]
    height = TOP + sum(GAP + LINE * len(names) for _, names in groups) + 24
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        '<text class="title" x="16" y="26">Latency, one client: medians, and the middle half (logarithmic)</text>',
        *_grid(axis, height),
        *_groups(figures, groups, axis),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _grid(axis: Axis, height: int) -> Iterator[str]:
    for tick in axis.ticks():
        x = axis.x(tick)
        label = f"{tick:g} s" if tick >= 1 else f"{tick * 1000:g} ms"
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{height - 20}"/>'
        yield f'<text class="axis" x="{x}" y="{TOP - 8}" text-anchor="middle">{label}</text>'


def _groups(figures: Figures, groups: list[tuple[str, list[str]]], axis: Axis) -> Iterator[str]:
    y = TOP
    for question, names in groups:
        y += GAP
        yield f'<text class="asked" x="16" y="{y - 10}">{escape(QUESTIONS[question].title)}</text>'
        for name in names:
            yield from _line(name, figures.latency[name, question], axis, y)
            y += LINE


def _line(name: str, spread: Spread, axis: Axis, y: int) -> Iterator[str]:
    middle, colour, x = y + LINE // 2, COLOURS[name], axis.x(spread.median)
    yield f'<text x="28" y="{middle + 4}">{escape(TITLES[name])}</text>'
    yield (
        f'<line x1="{axis.x(spread.low)}" x2="{axis.x(spread.high)}" y1="{middle}" y2="{middle}" stroke="{colour}"'
        ' stroke-width="5" stroke-opacity="0.4" stroke-linecap="round"/>'
    )
    yield f'<circle cx="{x}" cy="{middle}" r="5" fill="{colour}"/>'
    yield f'<text x="{axis.x(spread.high) + 12}" y="{middle + 4}">{duration(spread.median)}</text>'
