"""Writing leads: those that are not there yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quotaloom.importing.deal_loading import ids_by_key, with_lines
from quotaloom.importing.records import LeadRecord
from quotaloom.leads.records import NewLead
from quotaloom.leads.storing import insert_leads
from quotaloom.ownership.owners import Movement
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts


@dataclass(frozen=True, slots=True)
class LeadIds:
    """The ids that the keys in leads stand for."""

    positions: Mapping[str, int]
    products: Mapping[str, int]
    levels: Mapping[str, int]
    pools: Mapping[str, int]

    def row(self, lead: LeadRecord) -> NewLead:
        """The lead as it is stored."""
        return NewLead(
            name=lead.name,
            position_id=None if lead.position_key is None else self.positions[lead.position_key],
            pool_id=None if lead.pool_key is None else self.pools[lead.pool_key],
            key=lead.key,
            organization=lead.organization,
            phone=lead.phone,
            email=lead.email,
            website=lead.website,
            source=lead.source,
            note=lead.note,
            product_id=None if lead.product_key is None else self.products[lead.product_key],
            level_id=None if lead.level_key is None else self.levels[lead.level_key],
            created_on=lead.created_on,
        )


async def read_lead_ids(snapshot: Snapshot) -> LeadIds:
    """The ids of everything that leads may name, in four statements."""
    return LeadIds(
        positions=await ids_by_key(snapshot, "org_unit WHERE kind = 'position'"),
        products=await ids_by_key(snapshot, "product"),
        levels=await ids_by_key(snapshot, "customer_level"),
        pools=await ids_by_key(snapshot, "pool"),
    )


async def load_leads(
    transaction: Transaction, company: CompanyFacts, leads: Sequence[LeadRecord], ids: LeadIds, file: str
) -> int:
    """Insert leads whose keys are not stored; returns how many.

    Raises `ImportRefused` with the line of a lead that the company, as it has come to be since the files were checked,
    does not take.
    """
    try:
        inserted = await insert_leads(transaction, company, [ids.row(lead) for lead in leads], Movement.IMPORT)
    except InputError as error:
        raise with_lines(error, [lead.line for lead in leads], file) from error
    return sum(inserted.created)
