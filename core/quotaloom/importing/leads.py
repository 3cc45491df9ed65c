"""Reading leads: who they are, and whose."""

from __future__ import annotations

from collections.abc import Mapping, Set
from pathlib import Path

from quotaloom.duplicates.normal_forms import checked_domain
from quotaloom.funnels.naming import check_key, check_name, check_text
from quotaloom.importing.accounts import level_of, refuse_repeated
from quotaloom.importing.deals import Named
from quotaloom.importing.mapping import LeadsPart, Source
from quotaloom.importing.progress import Progress
from quotaloom.importing.records import LeadRecord
from quotaloom.importing.rows import Row
from quotaloom.importing.tables import Table
from quotaloom.leads.records import check_email
from quotaloom.platform.texts import checked_text


class LeadReader:
    """Reads leads of one file; positions, products, customer levels and pools are known."""

    def __init__(
        self,
        part: LeadsPart,
        positions: Named,
        products: Named,
        levels: Mapping[str, int],
        pools: Set[str],
        *,
        skip_bad: bool,
    ) -> None:
        self._part = part
        self._positions = positions
        self._products = products
        self._levels = levels
        self._pools = pools
        self._skip_bad = skip_bad

    def read(self, table: Table, folder: Path, progress: Progress) -> tuple[LeadRecord, ...]:
        """The good leads, in the order of the file."""
        found = []
        for row in table.rows(folder, progress):
            lead = self._lead(row)
            refuse_repeated(table, row, self._part.key, lead.key)
            if not row.faults:
                found.append(lead)
        return tuple(found)

    def _lead(self, row: Row) -> LeadRecord:
        part = self._part
        key = row.needed(part.key, among=lambda text: check_key(text, ()))
        level_of(row, part.level, self._levels)
        position, pool = self._owner(row)
        return LeadRecord(
            key=key,
            name=row.text(part.name, among=lambda text: check_name(text, ())) or key,
            organization=self._text(row, part.organization, 200),
            phone=self._text(row, part.phone, 40),
            email=row.text(part.email, among=lambda text: check_email(text, ())),
            website=row.text(part.website, among=lambda text: checked_domain(text, ())),
            source=self._text(row, part.source, 100),
            note=row.text(part.note, among=lambda text: checked_text(text, ())),
            product_key=self._named(row, part.product, self._products),
            level_key=row.text(part.level),
            created_on=row.day(part.created_on),
            position_key=position,
            pool_key=pool,
            line=row.line,
        )

    def _text(self, row: Row, source: Source | None, longest: int) -> str | None:
        return row.text(source, among=lambda text: check_text(text, longest, ()))

    def _named(self, row: Row, source: Source | None, named: Named) -> str | None:
        key = row.text(source)
        if source is not None and key is not None:
            named.check(row, source, key, skip_bad=self._skip_bad)
        return key

    def _owner(self, row: Row) -> tuple[str | None, str | None]:
        part = self._part
        position = self._named(row, part.position, self._positions)
        pool = row.text(part.pool)
        if part.pool is not None and pool is not None and pool not in self._pools:
            known = f": there are {', '.join(sorted(self._pools))}" if self._pools else ""
            row.refuse(part.pool, f"{pool!r} is no open pool for leads{known}")
        if position is None and pool is None:
            pool = part.waits_in
            if pool is None:
                row.refuse(part.position or part.pool or part.key, "names neither a position nor a pool for the lead")
        return position, pool
