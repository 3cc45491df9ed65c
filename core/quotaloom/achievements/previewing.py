"""What postings would come to, without posting them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from quotaloom.achievements.crediting import drafts_of, fact_faults, unknown_metric
from quotaloom.achievements.entries import Draft, Posting
from quotaloom.achievements.posting_facts import PostingFacts, read_facts, read_metrics
from quotaloom.achievements.postings import faults, metric_faults
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts


async def preview(
    snapshot: Snapshot, company: CompanyFacts, postings: Sequence[Posting], last_day: date
) -> list[list[Draft]]:
    """The entries of each posting, in their order, one for each credit; nothing is written.

    Business dates up to `last_day` are taken, also when they lie ahead. Raises what `append` raises, but for what has
    been posted before.
    """
    metrics = await read_metrics(snapshot, postings)
    errors: list[InputError] = []
    for place, posting in enumerate(postings):
        metric = metrics.get(posting.metric_id)
        of_metric = [unknown_metric()] if metric is None else metric_faults(posting, metric)
        errors += [error.at(place) for error in (*faults(posting), *of_metric)]
    raise_all(errors)
    facts = await read_facts(snapshot, company, postings, metrics, last_day)
    raise_all([error.at(place) for place, posting in enumerate(postings) for error in fact_faults(posting, facts)])
    return [_drafts(place, posting, facts, company.currency) for place, posting in enumerate(postings)]


def _drafts(place: int, posting: Posting, facts: PostingFacts, own_currency: str) -> list[Draft]:
    try:
        return drafts_of(posting, facts, own_currency)
    except InputError as error:
        raise error.at(place) from None
