"""The first answer to a claim, kept under the claimant's own key: asked again, it is given again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import orjson

from quotaloom.ownership.owners import RecordKind, RecordName
from quotaloom.ownership.rules import Refusal
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.pool.moving import Outcome

LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of each record; `stopped_by` tells why the next ones were fewer than asked for."""

    outcomes: tuple[Outcome, ...]
    stopped_by: Refusal | None = None


def check_request_key(key: str | None) -> None:
    """Raise `InputError` BAD_KEY for what cannot be a key; None is no key."""
    if key is not None and not (key.strip() == key and 1 <= len(key) <= LONGEST_KEY and key.isprintable()):
        raise InputError(
            "BAD_KEY", f"a key has 1 to {LONGEST_KEY} printable characters and no space around it", ("key",)
        )


async def first_answer(
    transaction: Transaction, member_id: int, key: str | None, asked: Mapping[str, Any]
) -> Answer | None:
    """The answer that the member got under this key; None for a new one, or none.

    He holds the lock of his holdings. Raises `InputError` KEY_REUSED where he asked for something else under it.
    """
    if key is None:
        return None
    row = await transaction.fetch_one(
        "SELECT asked, answer FROM claim_request WHERE company_id = $1 AND member_id = $2 AND request_key = $3",
        transaction.company_id,
        member_id,
        key,
    )
    if row is None:
        return None
    if orjson.loads(row["asked"]) != asked:
        raise InputError("KEY_REUSED", "you asked for something else under this key: choose a new one", ("key",))
    return _read(orjson.loads(row["answer"]))


async def keep_answer(
    transaction: Transaction, member_id: int, key: str | None, asked: Mapping[str, Any], answer: Answer
) -> None:
    """Keep an answer for the same request again."""
    if key is None:
        return
    await transaction.execute(
        "INSERT INTO claim_request (company_id, member_id, request_key, at, asked, answer)"
        " VALUES ($1, $2, $3, $4, $5::text::jsonb, $6::text::jsonb)",
        transaction.company_id,
        member_id,
        key,
        transaction.now,
        orjson.dumps(asked).decode(),
        orjson.dumps(asdict(answer)).decode(),
    )


def _read(stored: Mapping[str, Any]) -> Answer:
    outcomes = [
        Outcome(RecordName(RecordKind(one["record"]["kind"]), one["record"]["id"]), _refusal(one["refusal"]))
        for one in stored["outcomes"]
    ]
    return Answer(tuple(outcomes), _refusal(stored["stopped_by"]))


def _refusal(stored: Mapping[str, Any] | None) -> Refusal | None:
    if stored is None:
        return None
    day = stored["possible_on"]
    return Refusal(**{**stored, "possible_on": None if day is None else date.fromisoformat(day)})
