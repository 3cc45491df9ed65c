"""Setting the reasons with which deals of a funnel are closed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from quotaloom.funnels.close_reasons import close_reasons_of
from quotaloom.funnels.commands.funnels import hold_funnel
from quotaloom.funnels.naming import check_name
from quotaloom.funnels.stages import Outcome
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

MOST_REASONS = 50
"""How many reasons an outcome of a funnel may have."""


@dataclass(frozen=True, slots=True)
class NewCloseReason:
    """A reason with which deals of one outcome are closed."""

    key: str
    name: str


async def set_close_reasons(
    work: Work,
    funnel_id: int,
    outcome: Outcome,
    reasons: Sequence[NewCloseReason],
    expected_version: int | None = None,
) -> None:
    """Let deals of a funnel be won, lost or invalid (`outcome`) for these reasons, shown in this order.

    From then on closing a deal so needs one of them, or none at all where the list is empty. A reason that is there
    keeps its key and gets the name; one that is left out is archived: it stays with the deals that have it. Needs an
    admin or a service with `funnels:write`. Raises `NotFound`, `Conflict` where the funnel's version is another,
    `InputError` for bad or repeated keys and names.
    """
    work.viewer.require(Scope.FUNNELS, "setting the reasons of a funnel")
    _check(outcome, reasons)

    async def apply(transaction: Transaction) -> None:
        await hold_funnel(transaction, funnel_id, expected_version)
        stored = [row for row in await close_reasons_of(transaction, [funnel_id]) if row["outcome"] == outcome]
        await _store(transaction, funnel_id, outcome, reasons)
        await transaction.execute(
            "UPDATE funnel SET version = version + 1 WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            funnel_id,
        )
        transaction.record(
            "funnel.set_close_reasons",
            "Funnel",
            funnel_id,
            before={"outcome": outcome, "reasons": [row["key"] for row in stored if not row["archived"]]},
            after={"outcome": outcome, "reasons": [asdict(one) for one in reasons]},
        )
        transaction.publish("funnel.close_reasons_set", id=funnel_id)

    await work.write(apply)


async def _store(transaction: Transaction, funnel_id: int, outcome: Outcome, reasons: Sequence[NewCloseReason]) -> None:
    await transaction.execute(
        "UPDATE close_reason SET archived = true WHERE company_id = $1 AND funnel_id = $2 AND outcome = $3",
        transaction.company_id,
        funnel_id,
        outcome.value,
    )
    await transaction.execute(
        "INSERT INTO close_reason (company_id, funnel_id, outcome, key, name, ordinal, archived)"
        " SELECT $1, $2, $3, key, name, ordinal - 1, false FROM unnest($4::text[], $5::text[])"
        " WITH ORDINALITY AS given (key, name, ordinal)"
        " ON CONFLICT (funnel_id, outcome, key, company_id)"
        " DO UPDATE SET name = excluded.name, ordinal = excluded.ordinal, archived = false",
        transaction.company_id,
        funnel_id,
        outcome.value,
        [one.key for one in reasons],
        [one.name.strip() for one in reasons],
    )


def _check(outcome: Outcome, reasons: Sequence[NewCloseReason]) -> None:
    if outcome is Outcome.OPEN:
        raise InputError("NOT_CLOSED", "open deals need no reason: name won, lost or invalid", ("outcome",))
    if len(reasons) > MOST_REASONS:
        raise InputError("TOO_MANY_REASONS", f"an outcome has at most {MOST_REASONS} reasons", ("reasons",))
    seen: set[str] = set()
    for number, one in enumerate(reasons):
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", one.key):
            message = f"{one.key[:80]!r} is no key: use a-z, 0-9, - and _, up to 63 characters"
            raise InputError("BAD_KEY", message, ("reasons", number, "key"))
        check_name(one.name, ("reasons", number, "name"))
        if one.key in seen:
            raise InputError("DUPLICATE_KEY", f"two reasons have the key {one.key!r}", ("reasons", number, "key"))
        seen.add(one.key)
