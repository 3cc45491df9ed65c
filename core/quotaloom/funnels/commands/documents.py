"""Documents of deals: what they are and where they are kept."""

from __future__ import annotations

from quotaloom.funnels.naming import NO_ROW, check_name, check_text, may_be_id
from quotaloom.funnels.stored_deals import hold_deal
from quotaloom.ownership.permission import require_seller, unknown
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

MOST_DOCUMENTS = 200
"""How many documents a deal may have."""

_TOUCH = "UPDATE opportunity SET version = version + 1 WHERE company_id = $1 AND id = $2"


async def add_document(
    work: Work, opportunity_id: int, name: str, url: str | None = None, expected_version: int | None = None
) -> int:
    """Note a document of a deal, by the name under which standards ask for it, and where it is kept; returns its id.

    Access as for changing the deal. Raises `NotFound`, `Conflict` where the deal's version is another, `InputError`
    for a bad name or address, and for more documents than a deal may have.
    """
    require_seller(work.viewer, "adding a document to an opportunity")
    check_name(name, ("name",))
    check_text(url, 2000, ("url",))
    if url is not None and not url.startswith(("https://", "http://")):
        raise InputError("BAD_URL", "the address of a document begins with https:// or http://", ("url",))

    async def apply(transaction: Transaction) -> int:
        deal = await hold_deal(transaction, work, opportunity_id, expected_version)
        row = await transaction.fetch_one(
            "INSERT INTO opportunity_document (company_id, opportunity_id, name, url, at, actor)"
            " SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT count(*) FROM opportunity_document"
            " WHERE company_id = $1 AND opportunity_id = $2) < $7 RETURNING id",
            transaction.company_id,
            deal.id,
            name.strip(),
            url,
            transaction.now,
            transaction.writer.subject,
            MOST_DOCUMENTS,
        )
        if row is None:
            raise InputError("TOO_MANY_DOCUMENTS", f"a deal has at most {MOST_DOCUMENTS} documents", ("id",))
        await transaction.execute(_TOUCH, transaction.company_id, deal.id)
        after = {"document": row["id"], "name": name.strip(), "url": url}
        transaction.record("opportunity.add_document", "Opportunity", deal.id, after=after)
        transaction.publish("opportunity.document_added", id=deal.id)
        return int(row["id"])

    return await work.write(apply)


async def remove_document(work: Work, document_id: int, expected_version: int | None = None) -> int:
    """Take a document away from its deal; returns the deal's id. What was is in the audit record.

    Access as for changing the deal. Raises `NotFound`, `Conflict` where the deal's version is another.
    """
    require_seller(work.viewer, "removing a document of an opportunity")

    async def apply(transaction: Transaction) -> int:
        row = None
        if may_be_id(document_id):
            row = await transaction.fetch_one(
                "SELECT opportunity_id FROM opportunity_document WHERE company_id = $1 AND id = $2",
                transaction.company_id,
                document_id,
            )
        try:
            deal = await hold_deal(
                transaction, work, NO_ROW if row is None else row["opportunity_id"], expected_version
            )
        except InputError as error:
            if error.code != "UNKNOWN_OPPORTUNITY":
                raise
            raise unknown("document", document_id, ("id",)) from None
        gone = await transaction.fetch_one(
            "DELETE FROM opportunity_document WHERE company_id = $1 AND id = $2 RETURNING name, url",
            transaction.company_id,
            document_id,
        )
        if gone is None:
            raise unknown("document", document_id, ("id",))
        await transaction.execute(_TOUCH, transaction.company_id, deal.id)
        before = {"document": document_id, "name": gone["name"], "url": gone["url"]}
        transaction.record("opportunity.remove_document", "Opportunity", deal.id, before=before)
        transaction.publish("opportunity.document_removed", id=deal.id)
        return deal.id

    return await work.write(apply)
