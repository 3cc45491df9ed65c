"""Reading customers and products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from pathlib import Path

from quotaloom.duplicates.normal_forms import checked_domain
from quotaloom.funnels.commands.customers import NewCustomer
from quotaloom.funnels.naming import check_key, check_name, check_text
from quotaloom.importing.mapping import CustomersPart, ProductsPart, Source
from quotaloom.importing.progress import Progress
from quotaloom.importing.rows import Row
from quotaloom.importing.stored_keys import StoredKeys
from quotaloom.importing.tables import Table
from quotaloom.metrics.product_commands import NewProduct, check_product

_Customers = dict[str, tuple[NewCustomer, Row]]


def read_customers(
    table: Table, part: CustomersPart, folder: Path, progress: Progress, *, skip_bad: bool, stored: StoredKeys
) -> tuple[NewCustomer, ...]:
    """The customers, each after its parent, wherever that stands in the file; it may be a stored one."""
    found: _Customers = {}
    for row in table.rows(folder, progress):
        customer = _customer(row, part, stored.levels)
        refuse_repeated(table, row, part.key, customer.key or "")
        if not row.faults:
            found[customer.key or ""] = customer, row
    if part.parent is not None and not table.fault:
        _drop_orphans(table, found, part.parent, stored.customers, skip_bad=skip_bad)
    return tuple(_parents_first({key: customer for key, (customer, _) in found.items()}))


def read_products(table: Table, part: ProductsPart, folder: Path, progress: Progress) -> tuple[NewProduct, ...]:
    """The products."""
    found = []
    for row in table.rows(folder, progress):
        key = row.needed(part.key)
        name = row.text(part.name) or key
        product = NewProduct(key, name, row.text(part.product_group), row.amount(part.list_price))
        if key:
            with row.faults_of(part.key):
                check_product(product)
        refuse_repeated(table, row, part.key, key)
        if not row.faults:
            found.append(product)
    return tuple(found)


def level_of(row: Row, source: Source | None, levels: Mapping[str, int]) -> int | None:
    """The customer level that a field names; one that the company does not have is a fault of the field."""
    key = row.text(source)
    if source is None or key is None:
        return None
    if key not in levels:
        known = f": there are {', '.join(levels)}" if levels else ": it has none"
        row.refuse(source, f"{key!r} is no customer level of the company{known}")
    return levels.get(key)


def _customer(row: Row, part: CustomersPart, levels: Mapping[str, int]) -> NewCustomer:
    key = row.needed(part.key, among=lambda text: check_key(text, ()))
    return NewCustomer(
        name=row.text(part.name, among=lambda text: check_name(text, ())) or key,
        key=key,
        sector=row.text(part.sector, among=lambda text: check_text(text, 100, ())),
        location=row.text(part.location, among=lambda text: check_text(text, 200, ())),
        parent_key=row.text(part.parent),
        phone=row.text(part.phone, among=lambda text: check_text(text, 40, ())),
        website=row.text(part.website, among=lambda text: checked_domain(text, ())),
        level_id=level_of(row, part.level, levels),
    )


def refuse_repeated(table: Table, row: Row, source: Source, key: str) -> None:
    """Refuse a key that an earlier row of the file has."""
    first = table.lines.setdefault(key, row.line)
    if key and first != row.line:
        row.refuse(source, f"{key!r} has a row already, on line {first}")


def _drop_orphans(table: Table, found: _Customers, source: Source, stored: Set[str], *, skip_bad: bool) -> None:
    """Refuse customers whose parent is none, and those that would belong to themselves."""
    circling = _in_circles({key: customer.parent_key for key, (customer, _) in found.items()})
    dropped = True
    while dropped:
        dropped = False
        for key, (customer, row) in list(found.items()):
            reason = _fault_of_parent(table, customer, found, stored, circling, skip_bad=skip_bad)
            if reason is not None:
                row.refuse(source, reason)
                table.bad.append(row.faults[-1])
                del found[key]
                dropped = True


def _fault_of_parent(
    table: Table,
    customer: NewCustomer,
    found: Mapping[str, object],
    stored: Set[str],
    circling: Set[str],
    *,
    skip_bad: bool,
) -> str | None:
    parent = customer.parent_key
    if customer.key in circling:
        return f"{customer.key!r} would belong to itself, by way of {parent!r}"
    if parent is None or parent in found or parent in stored:
        return None
    if parent not in table.lines:
        return f"{parent!r} is no customer of this file"
    # The parent's own row is bad and told of already.
    return f"{parent!r}, on line {table.lines[parent]}, is left out itself" if skip_bad else None


def _in_circles(parents: Mapping[str, str | None]) -> set[str]:
    circling: set[str] = set()
    done: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        key: str | None = start
        while key is not None and key in parents and key not in done and key not in path:
            path[key] = None
            key = parents[key]
        if key in path:
            way = list(path)
            circling.update(way[way.index(str(key)) :])
        done.update(path)
    return circling


def _parents_first(customers: Mapping[str, NewCustomer]) -> Iterable[NewCustomer]:
    placed: set[str] = set()
    for start in customers:
        way = []
        key: str | None = start
        while key is not None and key in customers and key not in placed:
            way.append(key)
            placed.add(key)
            key = customers[key].parent_key
        yield from (customers[key] for key in reversed(way))
