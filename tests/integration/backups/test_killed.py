"""`quotaloom backup` and `quotaloom restore` as real processes that are killed in the middle."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from subprocess import Popen
from typing import Any
from zipfile import ZipFile

import asyncpg
import pytest

from quotaloom.platform.backups import read_manifest, restore
from quotaloom.platform.database import credentials
from quotaloom.platform.migrating import migrate
from tests.integration.backups.installations import ROLE, Place, Shown, contents, fill, structure, take
from tests.integration.server.processes import Home, wait_for
from tests.progress import Progress, stepwise

Record = Callable[[str, object], None]
State = tuple[dict[str, list[str]], list[str]]

SIGNALS = (signal.SIGKILL, signal.SIGHUP)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A data folder for the commands, none of which runs afterwards."""
    found_home = Home(tmp_path / "home")
    found_home.data.mkdir()
    yield found_home
    for process in found_home.started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("kills", [6, pytest.param(120, marks=pytest.mark.soak)])
async def test_a_restore_that_is_killed_is_done_or_is_not(
    source: Place,
    target: Place,
    path: Path,
    home: Home,
    tmp_path: Path,
    kills: int,
    record_property: Record,
    progress: Progress,
) -> None:
    """Wherever its process is killed, the database is wholly what it was or wholly what the back-up holds: every row,
    key, right and policy. Nothing of it goes on without the process."""
    await migrate(target.admin, application_role=ROLE)
    await fill(target, "beta")
    kept, states = [path, await take(target, tmp_path)], [await state_of(source), await state_of(target)]
    assert states[0][0] != states[1][0]
    dice, now, outcomes, longest = Random(kills), 1, Counter[str](), await seconds_of(target, kept[1])
    for number in stepwise(progress, range(kills), "a restore is killed"):
        wanted = 1 - now
        process = home.start("restore", "--replace", str(kept[wanted]), **addresses(target))
        assert await psql_works(target, partial(_runs, process))
        await asyncio.sleep(longest * (number + dice.random()) / kills)
        process.send_signal(SIGNALS[number % 2])
        ended = process.wait()
        await nobody_is_connected(target)
        found = await state_of(target)
        assert found in states, f"{number}: half of it is there"
        outcomes["done" if found == states[wanted] else "undone"] += 1
        outcomes["killed"] += ended in (-signal.SIGKILL, -signal.SIGHUP)
        now = states.index(found)
    assert outcomes["undone"] > 0
    for name, times in outcomes.items():
        record_property(name, times)


@pytest.mark.parametrize("kills", [4, pytest.param(60, marks=pytest.mark.soak)])
async def test_a_back_up_that_is_killed_is_whole_or_has_no_name(
    source: Place, home: Home, tmp_path: Path, kills: int, record_property: Record, progress: Progress
) -> None:
    """Wherever its process is killed, there is no file of the name, or one that holds everything."""
    began, whole = time.monotonic(), await take(source, tmp_path)
    longest, wanted, dice, named = time.monotonic() - began, read_manifest(whole), Random(kills), 0
    for number in stepwise(progress, range(kills), "a back-up is killed"):
        path = tmp_path / f"{number}.backup"
        process = home.start("backup", str(path), **addresses(source))
        wait_for(partial(_begun, path, process))
        await asyncio.sleep(1.5 * longest * (number + dice.random()) / kills)
        process.send_signal(SIGNALS[number % 2])
        process.wait()
        if path.exists():
            named += 1
            with ZipFile(path) as archive:
                assert archive.testzip() is None
            assert read_manifest(path).tables == wanted.tables
    assert named < kills
    record_property("killed", kills)
    record_property("whole", named)


def _runs(process: Popen[str]) -> bool:
    return process.poll() is None


def _begun(path: Path, process: Popen[str]) -> bool:
    return any(path.parent.glob(f"{path.name}*")) or not _runs(process)


def addresses(place: Place) -> dict[str, str]:
    """The settings that name a database."""
    return {"QUOTALOOM_DATABASE_URL": place.application, "QUOTALOOM_ADMIN_DATABASE_URL": place.admin}


async def state_of(place: Place) -> State:
    """Everything in a database."""
    return await contents(place), await structure(place)


async def seconds_of(place: Place, path: Path) -> float:
    """How long a restore takes that nobody kills."""
    began = time.monotonic()
    await restore(place.admin, path, replace=True, progress=Shown())
    return time.monotonic() - began


async def psql_works(place: Place, runs: Callable[[], bool]) -> bool:
    """Wait until `psql` has begun, while the command runs; whether it has."""
    watching = await asyncpg.connect(**elsewhere(place))
    try:
        while runs():
            if await watching.fetchval(
                _OTHERS + " AND application_name = 'psql'", credentials(place.admin)["database"]
            ):
                return True
            await asyncio.sleep(0.005)
        return False
    finally:
        await watching.close()


async def nobody_is_connected(place: Place) -> None:
    """Wait until PostgreSQL has noticed that the command is gone: `psql` is gone with it."""
    watching = await asyncpg.connect(**elsewhere(place))
    for _ in range(600):
        if not await watching.fetchval(_OTHERS, credentials(place.admin)["database"]):
            await watching.close()
            return
        await asyncio.sleep(0.05)
    raise AssertionError("somebody is connected still")


_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'"


def elsewhere(place: Place) -> dict[str, Any]:
    """Another database of the server, as the administrator."""
    return {**credentials(place.admin), "database": "postgres"}
