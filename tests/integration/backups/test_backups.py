"""Taking and restoring back-ups, with the roles that an installation of its own has."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from zipfile import ZIP_DEFLATED, ZipFile

import asyncpg
import pytest

from quotaloom.achievements.verification import verify_balances
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.backups import back_up, read_manifest, restore
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import InputError
from quotaloom.platform.migrating import migrate
from tests.founding import NOON
from tests.integration.achievements.trees import append, plant
from tests.integration.backups.installations import ROLE, Place, Shown, contents, fill, take
from tests.progress import Progress, stepwise


def altered(path: Path, before: bytes, after: bytes, entry: str = "database.sql") -> Path:
    """A copy of a back-up with one text of an entry changed."""
    copy = path.with_name("altered.backup")
    with ZipFile(path) as source, ZipFile(copy, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            assert name != entry or before in content
            target.writestr(name, content.replace(before, after, 1) if name == entry else content)
    return copy


def make_file(path: Path) -> Path:
    """A file that is somebody's."""
    path.write_bytes(b"mine")
    return path


def files_in(folder: Path) -> dict[str, bytes]:
    """The files of a folder, and what is in them."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def part_of(path: Path, folder: Path, length: int) -> Path:
    """The beginning of a back-up."""
    part = folder / "part"
    part.write_bytes(path.read_bytes()[:length])
    return part


def turned_over(path: Path, folder: Path, place: float) -> Path:
    """A back-up with one byte changed, at a place from 0, its beginning, to 1."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 0xFF
    damaged = folder / "damaged"
    damaged.write_bytes(content)
    return damaged


async def refused(place: Place, path: Path, *, replace: bool = False) -> InputError:
    """Why a back-up is not restored; the database is as it was before."""
    before = await contents(place)
    with pytest.raises(InputError) as error:
        await restore(place.admin, path, replace=replace, progress=Shown())
    assert await contents(place) == before
    return error.value


async def test_a_back_up_restores_every_row(source: Place, target: Place, path: Path) -> None:
    """The restored database has the rows of the first one in every table, to the letter, and can be worked with: rows
    get new numbers, companies are kept apart, and the audit log still refuses changes."""
    assert os.stat(path).st_mode & 0o777 == 0o600
    shown = Shown()
    manifest = await restore(target.admin, path, replace=False, progress=shown)
    wanted = await contents(source)
    assert await contents(target) == wanted
    assert len(wanted) > 80
    assert {name: len(rows) for name, rows in wanted.items()} == {
        name: table.rows for name, table in manifest.tables.items()
    }
    assert shown.steps == [("Restoring", manifest.rows, manifest.rows)]

    await migrate(target.admin, application_role=ROLE)
    await fill(target, "beta")
    database = Database(target.application)
    await database.connect()
    for company_id, members in ((1, 1), (2, 1), (3, 0)):
        async with database.snapshot(company_id) as snapshot:
            assert len(await snapshot.fetch("SELECT FROM member")) == members
    await database.close()
    admin = await asyncpg.connect(**credentials(target.admin))
    with pytest.raises(asyncpg.PostgresError, match="audit_entry"):
        await admin.execute("DELETE FROM audit_entry")
    await admin.close()


@pytest.mark.parametrize(("times", "writers"), [(1, 1), pytest.param(20, 4, marks=pytest.mark.soak)])
async def test_a_back_up_is_of_one_moment(
    source: Place,
    target: Place,
    tmp_path: Path,
    times: int,
    writers: int,
    record_property: Callable[[str, object], None],
    progress: Progress,
) -> None:
    """What is committed while it is taken is wholly in it or not at all, so that its checksums are right, and balances
    are the ledger replayed."""
    begun = [asyncio.Event() for _ in range(writers)]
    writing = [
        asyncio.create_task(_keep_writing(source, f"beta-{number}", event)) for number, event in enumerate(begun)
    ]
    rows = []
    await asyncio.gather(*(event.wait() for event in begun))
    for number in stepwise(progress, range(times), "a back-up is taken and restored"):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = await take(source, folder)
        manifest = await restore(target.admin, path, replace=True, progress=Shown())
        restored, now = await contents(target), await contents(source)
        for table, action in (("audit_entry", ",member.create,"), ("outbox_event", ",member.created,")):
            assert sum(action in row for row in restored[f"public.{table}"]) == members_made(restored)
        for table in ("member", "achievement_entry"):
            assert set(restored[f"public.{table}"]) < set(now[f"public.{table}"])
        assert await balanced(target) == 1 + writers
        rows.append(manifest.rows)
    for task in writing:
        task.cancel()
    ended = await asyncio.gather(*writing, return_exceptions=True)
    assert [type(end) for end in ended] == [asyncio.CancelledError] * writers
    assert sorted(set(rows)) == rows, "they went on writing"
    record_property("back-ups restored", times)
    record_property("rows in the last", rows[-1])


def members_made(rows: dict[str, list[str]]) -> int:
    """How many members there are, but for those who came with the seat that they hold."""
    return sum(",seat," not in row for row in rows["public.member"])


async def _keep_writing(place: Place, company: str, begun: asyncio.Event) -> None:
    database = Database(place.application)
    await database.connect()
    try:
        tree = await plant(database, {company: None, "seat": company}, key=company)
        for number in range(1_000_000):
            await create_member(tree.work, NewMember(key=f"m{number}", name="M"))
            await append(tree.work, tree.posting(f"order-{number}", 1_00, tree.direct("seat")))
            begun.set()
    finally:
        await database.close()


async def balanced(place: Place) -> int:
    """In how many companies all balances are the ledger replayed, which they have to be in all."""
    await migrate(place.admin, application_role=ROLE)
    admin = await asyncpg.connect(**credentials(place.admin))
    companies = [row["id"] for row in await admin.fetch("SELECT id FROM company")]
    await admin.close()
    database = Database(place.application)
    await database.connect()
    for company_id in companies:
        async with database.snapshot(company_id) as snapshot:
            assert await verify_balances(snapshot) == []
    await database.close()
    return len(companies)


async def test_a_row_that_differs_is_found(target: Place, path: Path) -> None:
    """One letter changed in a back-up: the table is named, and the database stays as it was."""
    damaged = altered(path, b"\tann\tAnn ", b"\tann\tAmn ")
    error = await refused(target, damaged)
    assert error.code == "RESTORE_FAILED"
    assert "the table public.member does not have its checksum" in error.message
    assert "nothing was changed" in error.message


@pytest.mark.parametrize("length", [0, 5_000, -100])
async def test_a_file_that_is_not_whole_is_refused(target: Place, path: Path, tmp_path: Path, length: int) -> None:
    """An empty file, the beginning of one, and one whose end is missing."""
    assert (await refused(target, part_of(path, tmp_path, length))).code == "NO_BACKUP"


@pytest.mark.parametrize("times", [0, pytest.param(200, marks=pytest.mark.soak)])
async def test_damage_within_a_file_is_found(
    target: Place,
    path: Path,
    tmp_path: Path,
    times: int,
    record_property: Callable[[str, object], None],
    progress: Progress,
) -> None:
    """A byte in its middle that a disk has turned over: nothing is restored. Wherever it is, nothing is restored, or
    all of it where the byte means nothing, such as the time of an entry."""
    assert (await refused(target, turned_over(path, tmp_path, 0.5))).code == "RESTORE_FAILED"
    await restore(target.admin, path, replace=False, progress=Shown())
    wanted, dice, restored = await contents(target), Random(times), 0
    for _ in stepwise(progress, range(times), "a byte is turned over"):
        damaged = turned_over(path, tmp_path, dice.random())
        with suppress(InputError):
            await restore(target.admin, damaged, replace=True, progress=Shown())
            restored += 1
        assert await contents(target) == wanted
    record_property("damaged files", 1 + times)
    record_property("of these refused", 1 + times - restored)


async def test_a_database_with_something_in_it_is_replaced_where_that_is_said(target: Place, path: Path) -> None:
    """Without it the restore is refused; with it only the back-up is there, and tables that it knows nothing of go."""
    admin = await asyncpg.connect(**credentials(target.admin))
    await admin.execute("CREATE TABLE of_a_later_version AS SELECT 1 AS one")
    await admin.close()
    assert (await refused(target, path)).code == "DATABASE_NOT_EMPTY"
    manifest = await restore(target.admin, path, replace=True, progress=Shown())
    assert {name: len(rows) for name, rows in (await contents(target)).items()} == {
        name: table.rows for name, table in manifest.tables.items()
    }


async def test_a_database_in_use_is_left_alone(target: Place, path: Path) -> None:
    """While a server is connected nothing is restored, with `replace` neither."""
    serving = await asyncpg.connect(**credentials(target.admin))
    error = await refused(target, path, replace=True)
    assert error.code == "DATABASE_IN_USE"
    assert error.message.startswith("1 other connection uses the database.")
    await serving.close()


async def test_a_back_up_of_a_newer_version_is_refused(target: Place, path: Path) -> None:
    """It has a migration that this version does not know; the message names it and the version."""
    with ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    last = manifest["migrations"][-1]
    newer = altered(path, f'"{last}"'.encode(), f'"{last}","9999_later"'.encode(), "manifest.json")
    error = await refused(target, newer)
    assert error.code == "BACKUP_TOO_NEW"
    assert "9999_later" in error.message
    assert manifest["version"] in error.message


async def test_what_cannot_be_backed_up_is_told(source: Place, target: Place, tmp_path: Path) -> None:
    """An empty database, a file that is there, and a folder that is not; nothing is left behind."""
    there = make_file(tmp_path / "there")
    cases = [
        (target, tmp_path / "new", "NOTHING_TO_BACK_UP"),
        (source, there, "FILE_EXISTS"),
        (source, tmp_path / "no folder" / "new", "FILE_UNUSABLE"),
    ]
    for place, path, code in cases:
        with pytest.raises(InputError) as error:
            await back_up(place.admin, path, now=NOON, signing_key=tmp_path / "none", progress=Shown())
        assert error.value.code == code
    assert files_in(tmp_path) == {"there": b"mine"}


def test_a_damaged_manifest_is_no_back_up(path: Path, tmp_path: Path) -> None:
    """Every byte behind the script, turned over by itself: the file is refused as no back-up, or the byte means nothing
    and the manifest is read as it was."""
    whole, wanted, told = path.read_bytes(), read_manifest(path), Counter[str]()
    with ZipFile(path) as archive:
        first = archive.getinfo("manifest.json").header_offset
    damaged = tmp_path / "damaged"
    damaged.write_bytes(whole)
    for place in range(first, len(whole)):
        _put(damaged, place, whole[place] ^ 0xFF)
        try:
            told["read" if read_manifest(damaged) == wanted else "misread"] += 1
        except InputError as error:
            told[error.code] += 1
        _put(damaged, place, whole[place])
    assert set(told) == {"read", "NO_BACKUP"}
    assert told["NO_BACKUP"] > told["read"]


def _put(path: Path, place: int, byte: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes([byte]))


class Hasty(Shown):
    """Somebody else puts a file of his there while a back-up is written."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def begin(self, title: str, total: int) -> None:
        """A step begins."""
        super().begin(title, total)
        self.path.write_bytes(b"mine")


async def test_of_two_back_ups_of_a_name_one_is_told(source: Place, tmp_path: Path) -> None:
    """A file that appears under the name while a back-up is written stays, and the back-up is refused."""
    path = tmp_path / "one.backup"
    with pytest.raises(InputError) as error:
        await back_up(source.admin, path, now=NOON, signing_key=tmp_path / "none", progress=Hasty(path))
    assert error.value.code == "FILE_EXISTS"
    assert files_in(tmp_path) == {"one.backup": b"mine"}
