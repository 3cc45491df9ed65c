"""How long a start takes, with many plugins and with none."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Bench, Row, Stopwatch, compared, duration
from benchmarks.plugin_folders import install
from benchmarks.serving import data_folder, free_port, serving
from quotaloom.platform.settings import Settings

TITLE = "Starting"
PLUGINS = 50
ROUNDS = 3


def measure(bench: Bench) -> Iterator[Row]:
    """`quotaloom serve` until it answers, its database being there already."""
    watch = Stopwatch()
    with tempfile.TemporaryDirectory(prefix="quotaloom-plugins-") as parent, data_folder() as data:
        Path(parent).chmod(0o755)
        settings = Settings(data_dir=data, port=free_port())
        folders = {"none": install(Path(parent, "none"), 0), "many": install(Path(parent, "many"), PLUGINS)}
        with serving(settings):
            bench.tell(f"{TITLE}: preparing the database")
        for number in range(ROUNDS):
            for name, folder in folders.items():
                bench.tell(f"{TITLE}: round {number + 1} of {ROUNDS}")
                begun = time.perf_counter()
                with serving(settings, PYTHONPATH=str(folder)):
                    watch.add(name, time.perf_counter() - begun)
    without = watch.median("none")
    yield Row("quotaloom serve until it answers, with our own plugins", duration(without))
    yield compared(
        f"the same with {PLUGINS} partners' plugins, each loaded in a worker of its own",
        watch.median("many"),
        "without",
        without,
    )
