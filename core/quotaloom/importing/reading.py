"""Reading and checking all files of a folder, before anything of them is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from quotaloom.funnels.commands.customers import NewCustomer
from quotaloom.importing.accounts import read_customers, read_products
from quotaloom.importing.bad_rows import BadRow, ImportRefused
from quotaloom.importing.deals import DealReader, Named
from quotaloom.importing.leads import LeadReader
from quotaloom.importing.mapping import ImportMapping, TablePart
from quotaloom.importing.progress import Progress, Step
from quotaloom.importing.records import LeadRecord, Records
from quotaloom.importing.stored_keys import StoredKeys
from quotaloom.importing.tables import RefusedLine, Table
from quotaloom.importing.team_lists import read_team_list
from quotaloom.importing.values import ValueReader
from quotaloom.importing.workbook_files import file_of
from quotaloom.metrics.product_commands import NewProduct
from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.errors import InputError


@dataclass(frozen=True, slots=True)
class FolderContent:
    """The good records of a folder, its files by the names of the mapping's parts, and the bad rows."""

    records: Records
    tables: Mapping[str, Table]
    bad_rows: tuple[BadRow, ...]


NOTHING_STORED = StoredKeys()

NOTHING_REFUSED: Mapping[str, Mapping[int, RefusedLine]] = {}


def read_folder(
    folder: Path,
    mapping: ImportMapping,
    company_key: str,
    progress: Progress,
    *,
    skip_bad: bool = False,
    stored: StoredKeys = NOTHING_STORED,
    refused: Mapping[str, Mapping[int, RefusedLine]] = NOTHING_REFUSED,
) -> FolderContent:
    """Everything that the folder holds; its records may name those of the folder and what is stored.

    `refused` are rows that are bad for a reason outside of the files, by the part of the mapping and their line.

    Raises `ImportRefused` with every fault of every file; with `skip_bad` only where a file is missing, lacks a
    column or cannot be read to its end. `InputError` NO_FOLDER.
    """
    if not folder.is_dir():
        raise InputError("NO_FOLDER", f"{folder} is no folder", ("folder",))
    progress.begin(Step.READ, sum(_size(file_of(folder, part)) for part in mapping.tables))
    reader = _FolderReader(folder, mapping, company_key, progress, skip_bad, stored, refused)
    records = reader.read()
    bad_rows = tuple(bad for table in reader.tables.values() for bad in _in_order(table.bad))
    if bad_rows and (not skip_bad or any(table.fault for table in reader.tables.values())):
        raise ImportRefused(bad_rows)
    return FolderContent(records, reader.tables, bad_rows)


@dataclass
class _FolderReader:
    folder: Path
    mapping: ImportMapping
    company_key: str
    progress: Progress
    skip_bad: bool
    stored: StoredKeys
    refused: Mapping[str, Mapping[int, RefusedLine]]
    tables: dict[str, Table] = field(default_factory=dict)

    def read(self) -> Records:
        part = self.mapping.team_list
        found = read_team_list(self._table("team_list", part), part, self.company_key, self.folder, self.progress)
        records = Records(tuple(found.members.values()), tuple(found.units.values()))
        records = replace(records, customers=self._customers(), products=self._products())
        return replace(self._with_deals(records), leads=self._leads(records))

    def _table(self, name: str, part: TablePart) -> Table:
        refused = self.refused.get(name, {})
        self.tables[name] = Table(part, ValueReader(part, self.mapping.company.currency), refused)
        return self.tables[name]

    def _customers(self) -> tuple[NewCustomer, ...]:
        part = self.mapping.customers
        if part is None:
            return ()
        table = self._table("customers", part)
        return read_customers(table, part, self.folder, self.progress, skip_bad=self.skip_bad, stored=self.stored)

    def _products(self) -> tuple[NewProduct, ...]:
        part = self.mapping.products
        return () if part is None else read_products(self._table("products", part), part, self.folder, self.progress)

    def _leads(self, records: Records) -> tuple[LeadRecord, ...]:
        part = self.mapping.leads
        if part is None:
            return ()
        reader = LeadReader(
            part,
            self._positions(records),
            self._products_named(records),
            self.stored.levels,
            self._pools(RecordKind.LEAD),
            skip_bad=self.skip_bad,
        )
        return reader.read(self._table("leads", part), self.folder, self.progress)

    def _pools(self, kind: RecordKind) -> frozenset[str]:
        """The pools that records of this kind may wait in: those of the mapping, and those of the company."""
        stored = {key for key, kinds in self.stored.pools.items() if kind in kinds}
        return frozenset(stored | {pool.key for pool in self.mapping.pools if kind in pool.kinds})

    def _with_deals(self, records: Records) -> Records:
        part = self.mapping.opportunities
        if part is None:
            return records
        customers = [(str(one.key), None) for one in records.customers]
        reader = DealReader(
            part,
            self._positions(records),
            self._named("customers", "customer", dict.fromkeys(self.stored.customers), customers),
            self._products_named(records),
            vacant={unit.key for unit in records.units if unit.kind == "position" and unit.member_key is None},
            skip_bad=self.skip_bad,
        )
        return replace(records, deals=reader.read(self._table("opportunities", part), self.folder, self.progress))

    def _positions(self, records: Records) -> Named:
        positions = [(unit.key, None) for unit in records.units if unit.kind == "position"]
        return self._named("team_list", "position", dict.fromkeys(self.stored.positions), positions)

    def _products_named(self, records: Records) -> Named:
        products = [(one.key, one.list_price) for one in records.products]
        return self._named("products", "product", self.stored.products, products)

    def _named(
        self, name: str, what: str, stored: Mapping[str, int | None], good: Iterable[tuple[str, int | None]]
    ) -> Named:
        table = self.tables.get(name)
        if table is None:
            return Named("", what)
        return Named(table.part.file, what, {**stored, **dict(good)}, table.lines, table.fault)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _in_order(bad_rows: Iterable[BadRow]) -> list[BadRow]:
    return sorted(bad_rows, key=lambda bad: bad.line or 0)
