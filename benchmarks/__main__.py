"""Run the benchmarks and print one table: `python -m benchmarks [NAME …]`."""

from __future__ import annotations

import argparse
import gc
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import (
    abuse,
    attaining,
    attainment_report,
    claiming,
    decomposing,
    funnel_figures,
    handing_out,
    hostile_documents,
    importing,
    incentive_runs,
    incentive_simulation,
    memory,
    nested_graph,
    nested_query,
    policies,
    posting,
    recycling,
    starting,
)
from benchmarks.databases import make_template
from benchmarks.measuring import Bench, Row, Skipped, duration, run
from quotaloom.platform.embedded import Terminated, ending_on_signals, temporary_postgres


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module that measures: `measure` yields its rows."""

    title: str
    measure: Callable[[Bench], Iterator[Row]]


MODULES = (
    *(
        importing,
        memory,
        nested_query,
        nested_graph,
        decomposing,
        attaining,
        attainment_report,
        posting,
        funnel_figures,
    ),
    *(claiming, recycling, handing_out, incentive_runs, incentive_simulation, policies, starting),
    hostile_documents,
    abuse,
)

BENCHMARKS = {module.__name__.rpartition(".")[2]: Benchmark(module.TITLE, module.measure) for module in MODULES}

WIDTH = 116  # where the output goes to a file
RESULT = Console(highlight=False, width=None if Console().is_terminal else WIDTH)
ASIDE = Console(stderr=True)

NOTE = (
    "Medians of rounds that take turns with their floors. PostgreSQL runs embedded, with fsync on;"
    " tables of floors are bare and unlogged where nothing else is said."
    " docs/benchmarks.md tells what each figure means."
)


def main() -> None:
    """Measure what is named, or everything."""
    asked = _asked()
    for name in [name for name in os.environ if name.startswith("QUOTALOOM_")]:
        del os.environ[name]  # the defaults are measured
    begun = time.perf_counter()
    try:
        with ending_on_signals():
            table, skipped = _measured([BENCHMARKS[name] for name in asked.name or list(BENCHMARKS)], asked)
    except Terminated:
        ASIDE.print("Stopped.")
        raise
    RESULT.print(table)
    for line in skipped:
        RESULT.print(line)
    RESULT.print(NOTE)
    RESULT.print(f"{_machine()}. Measured in {duration(time.perf_counter() - begun)}.")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Quotaloom; assert nothing.")
    parser.add_argument("name", nargs="*", help=f"what to measure, everything by default: {', '.join(BENCHMARKS)}")
    graph = parser.add_argument_group("nested_graph")
    graph.add_argument("--only", type=_listed, default=(), help="the contenders, such as product,floor")
    graph.add_argument("--queries", type=_listed, default=(), help="the queries, such as small,large")
    graph.add_argument(
        "--quick", action="store_true", help="a minute's worth: fewer rounds, and of contenders and queries the first"
    )
    graph.add_argument("--output", type=Path, default=Path("bench-results"), help="the folder of table and chart")
    asked = parser.parse_args()
    for name in asked.name:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name!r}: choose from {', '.join(BENCHMARKS)}")
    return asked


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _measured(benchmarks: Sequence[Benchmark], asked: argparse.Namespace) -> tuple[Table, list[str]]:
    table = Table(title="Quotaloom, measured")
    table.add_column("measured")
    table.add_column("figure", justify="right", no_wrap=True)
    table.add_column("beside it")
    table.add_column("figure", justify="right", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    skipped = []
    gc.collect()
    gc.freeze()  # as the server does at its start
    with ASIDE.status("") as status, temporary_postgres(fsync=True) as server:

        def tell(text: str) -> None:
            if ASIDE.is_terminal:
                status.update(text)
            else:
                ASIDE.print(text)

        tell("Preparing the database")
        run(make_template(server))
        for benchmark in benchmarks:
            tell(benchmark.title)
            try:
                bench = Bench(server, tell, asked.only, asked.queries, asked.quick, asked.output)
                rows = list(benchmark.measure(bench))
            except Skipped as reason:
                skipped.append(f"{benchmark.title}: skipped, {reason}.")
                continue
            table.add_row(f"[bold]{benchmark.title}[/]")
            for row in rows:
                table.add_row(f"  {row.name}", row.figure, row.beside, row.floor, row.ratio)
            table.add_section()
    return table, skipped


def _machine() -> str:
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
