"""Importing a folder of files into a company: check everything, then write it in batches that may be repeated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from quotaloom.founding import found_company
from quotaloom.funnels.commands.customers import insert_customers
from quotaloom.funnels.stages import Outcome
from quotaloom.importing.agreement import check_agreement
from quotaloom.importing.bad_rows import BadRow
from quotaloom.importing.deal_loading import load_deals, load_funnel, read_deal_ids
from quotaloom.importing.duplicates import find_duplicates
from quotaloom.importing.lead_loading import load_leads, read_lead_ids
from quotaloom.importing.mapping import ImportMapping, LeadsPart, OpportunitiesPart
from quotaloom.importing.organization_loading import load_organization
from quotaloom.importing.pools import check_pools, load_pools
from quotaloom.importing.progress import Progress, Silent, Step
from quotaloom.importing.reading import FolderContent, read_folder
from quotaloom.importing.records import Records
from quotaloom.importing.skipping import write_skipped
from quotaloom.importing.stored_keys import StoredKeys, read_stored_keys
from quotaloom.importing.summary import ImportSummary, KindCount, notes_of
from quotaloom.metrics.product_commands import insert_products
from quotaloom.organizations.commands.companies import NewCompany, company_id_of
from quotaloom.organizations.company_settings import check_settings
from quotaloom.organizations.membership import NewMember
from quotaloom.ownership.owners import Movement
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import CompanyFacts, Work, load_company
from quotaloom.policies.host import PolicyHost

T = TypeVar("T")

ADMIN = NewMember("Admin", role="admin", key="admin")
"""The first member of a company that an import founds."""

SUBJECT = "import"
"""Who stands in the audit record."""

BATCH_SIZE = 1000
"""Rows that are written in one transaction."""


async def import_folder(
    database: Database,
    policies: PolicyHost,
    folder: Path,
    mapping: ImportMapping,
    company_key: str,
    *,
    now: datetime,
    skip_bad: bool = False,
    skipped: Path | None = None,
    progress: Progress | None = None,
    batch_size: int = BATCH_SIZE,
    unclaimed: str | None = None,
) -> ImportSummary:
    """Load the files of a folder, as the mapping tells, into the company with this key, which is founded if need be.

    All files are read and checked before anything is written. What is there already, by its key, stays as it is,
    so the same import again changes nothing, and one that was killed halfway is completed by running it again.
    Won deals post revenue and one order on their close date (a date of the company, never shifted).

    With `skip_bad`, bad rows are left out, and so is what names them; they are written to the folder `skipped`
    (see `write_skipped`), where one is given, before anything is stored; once mended, that folder can be imported:
    what it names may be stored already. Open deals without a customer wait in the pool `unclaimed`, where one is named.
    Raises `ImportRefused` with every fault otherwise; `InputError` NO_FOLDER, SKIPPED_ARE_THERE, CANNOT_WRITE,
    OTHER_CURRENCY, OTHER_STAGES, NO_METRIC, BAD_KEY, UNKNOWN_POOL, NO_DEALS.
    """
    if unclaimed is not None:
        mapping = mapping.with_unclaimed(unclaimed)
    shown = progress or Silent()
    company = await _stored_company(database, company_key)
    stored = StoredKeys()
    if company is not None:
        async with database.snapshot(company.id) as snapshot:
            stored = await read_stored_keys(snapshot)
    check_pools(mapping, stored)
    read = partial(read_folder, folder, mapping, company_key, shown, skip_bad=skip_bad, stored=stored)
    content, duplicates = await _without_duplicates(database, company, mapping, read)
    if company is None:
        _check_founding(mapping, company_key)
    else:
        async with database.snapshot(company.id) as snapshot:
            await check_agreement(snapshot, company, mapping, content.records)
    if content.bad_rows and skipped is not None:
        write_skipped(skipped, content.tables.values())
    founded = False
    if company is None:
        company, founded = await _found_or_find(database, policies, mapping.company.new(company_key), now)
        if not founded:
            async with database.snapshot(company.id) as snapshot:
                await check_agreement(snapshot, company, mapping, content.records)
    work = Work(database, Viewer(company.id, SUBJECT, Role.OPERATOR), company, now)
    writer = _Writer(work, mapping, content.records, shown, batch_size)
    await writer.write()
    return ImportSummary(
        company_key,
        company.id,
        founded,
        _kinds(content, mapping, writer.created),
        notes_of(content),
        content.bad_rows,
        tuple(duplicates),
    )


async def _found_or_find(
    database: Database, policies: PolicyHost, new: NewCompany, now: datetime
) -> tuple[CompanyFacts, bool]:
    """The company, and whether it was us who founded it, and nobody else since we looked."""
    try:
        return (await found_company(database, policies, new, ADMIN, subject=SUBJECT, now=now)).company, True
    except InputError as error:
        company = await _stored_company(database, new.key)
        if error.code != "KEY_TAKEN" or company is None:
            raise
        return company, False


async def _without_duplicates(
    database: Database, company: CompanyFacts | None, mapping: ImportMapping, read: Callable[..., FolderContent]
) -> tuple[FolderContent, list[BadRow]]:
    """What is read without the rows that the company refuses as duplicates; and those that it only wants to know of.

    The files are read once more where there are such rows: what names them is bad as well.
    """
    content = read()
    if company is None:
        found = await find_duplicates(None, mapping.company.time_zone, mapping, content)
    else:
        async with database.snapshot(company.id) as snapshot:
            found = await find_duplicates(snapshot, company.time_zone, mapping, content)
    return (read(refused=found.refused) if found.refused else content), found.told


def _check_founding(mapping: ImportMapping, key: str) -> None:
    try:
        check_settings(asdict(mapping.company.new(key)))
    except InputError as error:  # of the key alone: all else was checked when the mapping was read
        raise InputError(error.code, error.message, ("company",)) from None


async def _stored_company(database: Database, key: str) -> CompanyFacts | None:
    company_id = await company_id_of(database, key)
    if company_id is None:
        return None
    async with database.snapshot(company_id) as snapshot:
        return await load_company(snapshot)


@dataclass
class _Writer:
    """Writes the records, parents before children; `created` counts what is new, by kind."""

    work: Work
    mapping: ImportMapping
    records: Records
    progress: Progress
    batch_size: int
    created: Counter[str] = field(default_factory=Counter)

    async def write(self) -> None:
        records = self.records
        rows = (
            *(records.members, records.units, records.customers, records.products, records.deals, records.leads),
            self.mapping.pools,
        )
        self.progress.begin(Step.WRITE, sum(map(len, rows)))
        self.created += await self.work.write(partial(load_organization, members=records.members, units=records.units))
        self.progress.advance(Step.WRITE, len(records.members) + len(records.units))
        if self.mapping.pools:
            self.created["pool"] += await self.work.write(partial(load_pools, pools=self.mapping.pools))
            self.progress.advance(Step.WRITE, len(self.mapping.pools))
        await self._customers()
        await self._products()
        if self.mapping.opportunities is not None:
            await self._deals(self.mapping.opportunities)
        if self.mapping.leads is not None:
            await self._leads(self.mapping.leads)

    async def _customers(self) -> None:
        for some in self._batches(self.records.customers):
            inserted = await self.work.write(
                partial(insert_customers, company=self.work.company, rows=some, movement=Movement.IMPORT)
            )
            self.created["customer"] += sum(inserted.created)
            self.progress.advance(Step.WRITE, len(some))

    async def _products(self) -> None:
        for some in self._batches(self.records.products):
            created = await self.work.write(partial(insert_products, products=some))
            self.created["product"] += len(created)
            self.progress.advance(Step.WRITE, len(some))

    async def _deals(self, part: OpportunitiesPart) -> None:
        self.created["funnel"] += await self.work.write(partial(load_funnel, funnel=part.funnel))
        async with self.work.snapshot() as snapshot:
            ids = await read_deal_ids(snapshot, part.funnel_key)
        # In the order in which they were won, so that customers count as new with their first deals.
        for some in self._batches(sorted(self.records.deals, key=lambda deal: deal.closed_on or date.max)):
            deals, entries = await self.work.write(
                partial(load_deals, company=self.work.company, deals=some, ids=ids, file=part.file)
            )
            self.created["opportunity"] += deals
            self.created["achievement"] += entries
            self.progress.advance(Step.WRITE, len(some))

    async def _leads(self, part: LeadsPart) -> None:
        async with self.work.snapshot() as snapshot:
            ids = await read_lead_ids(snapshot)
        for some in self._batches(self.records.leads):
            self.created["lead"] += await self.work.write(
                partial(load_leads, company=self.work.company, leads=some, ids=ids, file=part.file)
            )
            self.progress.advance(Step.WRITE, len(some))

    def _batches(self, rows: Sequence[T]) -> Iterator[Sequence[T]]:
        for start in range(0, len(rows), self.batch_size):
            yield rows[start : start + self.batch_size]


def _kinds(content: FolderContent, mapping: ImportMapping, created: Counter[str]) -> tuple[KindCount, ...]:
    records = content.records
    skipped = {name: len(table.bad_lines) for name, table in content.tables.items()}
    units = Counter(unit.kind for unit in records.units)
    won = sum(deal.outcome is Outcome.WON for deal in records.deals)
    counts = [
        KindCount("departments", units["department"], created["department"]),
        KindCount("teams", units["team"], created["team"]),
        KindCount("positions", units["position"], created["position"], skipped["team_list"]),
        KindCount("members", len(records.members), created["member"]),
        KindCount("customers", len(records.customers), created["customer"], skipped.get("customers", 0)),
        KindCount("products", len(records.products), created["product"], skipped.get("products", 0)),
        KindCount("funnels", int("opportunities" in content.tables), created["funnel"]),
        KindCount("opportunities", len(records.deals), created["opportunity"], skipped.get("opportunities", 0)),
        KindCount("leads", len(records.leads), created["lead"], skipped.get("leads", 0)),
        KindCount("pools", len(mapping.pools), created["pool"]),
        KindCount("achievements", 2 * won, created["achievement"]),
    ]
    return tuple(one for one in counts if one.read or one.skipped)
