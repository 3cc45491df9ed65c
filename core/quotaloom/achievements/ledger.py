"""The append-only ledger: posting and reversing inside any transaction, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter

from asyncpg import Record

from quotaloom.achievements.crediting import drafts_of, fact_faults, is_money, unknown_metric
from quotaloom.achievements.entries import Credit, Draft, EntrySource, PostedEntry, Posting, Reversal
from quotaloom.achievements.posting_facts import PostingFacts, read_facts, read_metrics
from quotaloom.achievements.postings import faults, is_replay, key_reused, metric_faults, parts_of, probed_keys
from quotaloom.achievements.reversals import reverse
from quotaloom.achievements.splits import CreditKind
from quotaloom.achievements.storing import entries_by_key, store
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import CompanyFacts

__all__ = [
    "Credit",
    "CreditKind",
    "EntrySource",
    "PostedEntry",
    "Posting",
    "Reversal",
    "append",
    "prepare",
    "reverse",
    "write",
]


@dataclass
class Prepared:
    """Postings that were checked: what stands there already, what is to be written, and what is wrong.

    Everything is by the posting's place; `errors` have paths that begin with it.
    """

    postings: Sequence[Posting]
    money: dict[int, bool] = field(default_factory=dict)
    replayed: dict[int, list[PostedEntry]] = field(default_factory=dict)
    drafts: dict[int, list[Draft]] = field(default_factory=dict)
    repeats: dict[int, int] = field(default_factory=dict)
    errors: list[InputError] = field(default_factory=list)


async def append(transaction: Transaction, company: CompanyFacts, postings: Sequence[Posting]) -> list[PostedEntry]:
    """Post to the ledger; returns the entries of all postings, in order, one for each credit.

    An amount is converted once, at the stored booking rate of its business date, half up. The same idempotency
    key with the same content again gives the first entries, marked `replayed`, and writes nothing. Balances are
    kept in the same statement. Nothing is written unless every posting is good: ends the transaction with the
    `InputError` of the one that is not, or `ManyRefused` with all, paths beginning with the posting's place. Codes:
    BAD_KEY, NEGATIVE_AMOUNT, TOO_LARGE, BAD_PERIOD, UNKNOWN_CURRENCY, BAD_SHARE, SHARES_DO_NOT_ADD_UP,
    DUPLICATE_CREDIT, UNKNOWN_METRIC (… POSITION, MEMBER, CUSTOMER, PRODUCT, OPPORTUNITY), CURRENCY_OF_A_COUNT,
    NO_HOLDER, IN_THE_FUTURE (a business date after today), POSITION_CLOSED (on the business date), NEVER_HELD (a named
    member who did not hold the position up to today), MISSING_RATE, IDEMPOTENCY_KEY_REUSED.
    """
    prepared = await prepare(transaction, company, postings)
    raise_all(prepared.errors)
    return await write(transaction, company, prepared)


async def prepare(
    transaction: Transaction, company: CompanyFacts, postings: Sequence[Posting], *, refused: bool = False
) -> Prepared:
    """Check the postings and compute their entries, writing nothing.

    What stands under their keys is looked up only where something is wrong, or where the caller has `refused` part of
    them and wants to tell all that is: what was posted before is not refused for what has changed since. Otherwise
    `write` comes upon it.
    """
    prepared = Prepared(postings)
    metrics = await read_metrics(transaction, postings)
    sound = [place for place in range(len(postings)) if _is_sound(prepared, place, metrics)]
    sound = _set_repeats_apart(prepared, sound)
    good, today = [postings[place] for place in sound], company.today(transaction.now)
    facts = await read_facts(transaction, company, good, metrics, today)
    faulty = {place: found for place in sound if (found := _draft(prepared, place, facts, company.currency))}
    if faulty or prepared.errors or refused:
        fresh = await _set_replays_apart(transaction, company, prepared, sound)
        prepared.drafts = {place: prepared.drafts[place] for place in fresh if place in prepared.drafts}
        prepared.errors += [error.at(place) for place in fresh for error in faulty.get(place, ())]
    return prepared


def _is_sound(prepared: Prepared, place: int, metrics: Mapping[int, Record]) -> bool:
    posting = prepared.postings[place]
    found, metric = faults(posting), metrics.get(posting.metric_id)
    if metric is None:
        found.append(unknown_metric())
    else:
        prepared.money[place] = is_money(metric)
        found += metric_faults(posting, metric)
    prepared.errors += [error.at(place) for error in found]
    return not found


async def write(transaction: Transaction, company: CompanyFacts, prepared: Prepared) -> list[PostedEntry]:
    """Write what was prepared without errors, in one statement, unless it stands there already; see `append`.

    Raises IDEMPOTENCY_KEY_REUSED when the others are written already: the error has to end the transaction.
    """
    # In the order of the keys, so that two writers of the same postings wait for each other and do not deadlock.
    drafts_in_order = sorted(chain.from_iterable(prepared.drafts.values()), key=attrgetter("idempotency_key"))
    stored = await store(transaction, company, drafts_in_order)
    written = dict(prepared.replayed)
    missing = []
    for place, drafts in prepared.drafts.items():
        entries = [stored[draft.idempotency_key] for draft in drafts if draft.idempotency_key in stored]
        if len(entries) == len(drafts):
            written[place] = entries
        elif entries:
            prepared.errors.append(key_reused(prepared.postings[place].idempotency_key).at(place))
        else:
            missing.append(place)
    # Their keys stand there: for long, or written and committed by another transaction just now.
    await _set_replays_apart(transaction, company, prepared, missing)
    raise_all(sorted(prepared.errors, key=lambda error: error.path[0]))
    written.update(prepared.replayed)
    for place, first in prepared.repeats.items():
        written[place] = written[first]
    return [entry for place in range(len(prepared.postings)) for entry in written[place]]


def _set_repeats_apart(prepared: Prepared, places: Sequence[int]) -> list[int]:
    firsts: dict[str, int] = {}
    found = []
    for place in places:
        posting = prepared.postings[place]
        first = firsts.setdefault(posting.idempotency_key, place)
        if first == place:
            found.append(place)
        elif prepared.postings[first] == posting:
            prepared.repeats[place] = first
        else:
            prepared.errors.append(key_reused(posting.idempotency_key).at(place))
    return found


async def _set_replays_apart(
    transaction: Transaction, company: CompanyFacts, prepared: Prepared, places: Sequence[int]
) -> list[int]:
    """Compare what stands under the postings' keys; returns the places under whose keys nothing stands."""
    postings = [prepared.postings[place] for place in places]
    stored = await entries_by_key(transaction, [key for posting in postings for key in probed_keys(posting)])
    fresh = []
    for place, posting in zip(places, postings, strict=True):
        entries = [stored[key] for key in probed_keys(posting) if key in stored] if stored else []
        money = prepared.money[place]
        currency = (posting.currency or company.currency) if money else None
        if not entries:
            fresh.append(place)
        elif is_replay(posting, currency, parts_of(money, posting.amount, posting.credits), entries):
            prepared.replayed[place] = entries
        else:
            prepared.errors.append(key_reused(posting.idempotency_key).at(place))
    return fresh


def _draft(prepared: Prepared, place: int, facts: PostingFacts, own_currency: str) -> list[InputError]:
    posting = prepared.postings[place]
    found = fact_faults(posting, facts)
    if not found:
        try:
            prepared.drafts[place] = drafts_of(posting, facts, own_currency)
        except InputError as error:
            found.append(error)
    return found
