"""Keys in the input of a command, which name what it enters for good: whose they are, and for what they stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Self

from quotaloom.platform.access import Viewer
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.kept_answers import caller_of
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Transaction

LONGEST_KEY: Final = 200
"""Characters of a key."""

PATH: Final[Path] = ("idempotencyKey",)


@dataclass(frozen=True, slots=True)
class InputKey:
    """A key of a caller's own (see `caller_of`), and a `fingerprint` of all that he asked for under it."""

    caller: str
    key: str
    fingerprint: str

    @classmethod
    def of(cls, viewer: Viewer, key: str | None, asked: Mapping[str, Any]) -> Self | None:
        """The key under which the viewer sent what he `asked` for, by name; None for none.

        Raises `InputError` BAD_KEY for a blank one, TOO_LONG, BAD_TEXT.
        """
        if key is not None and not key.strip():
            raise InputError("BAD_KEY", f"an idempotency key has 1 to {LONGEST_KEY} characters, or is left out", PATH)
        checked = checked_text(key, PATH, "an idempotency key", LONGEST_KEY)
        if checked is None:
            return None
        text = json.dumps(asked, default=str, sort_keys=True)
        return cls(caller_of(viewer), checked, sha256(text.encode()).hexdigest())

    async def earlier(self, transaction: Transaction, table: str) -> int | None:
        """The id of what was entered into the table under this key before.

        Raises `InputError` IDEMPOTENCY_KEY_REUSED where that was something else.
        """
        row = await transaction.fetch_one(
            f"SELECT id, request_fingerprint FROM {table}"  # noqa: S608 (constants)
            " WHERE company_id = $1 AND request_caller = $2 AND request_key = $3",
            transaction.company_id,
            self.caller,
            self.key,
        )
        if row is None:
            return None
        if row["request_fingerprint"] != self.fingerprint:
            message = "this key came with something else before: send what was sent then, or another key"
            raise InputError("IDEMPOTENCY_KEY_REUSED", message, PATH)
        return int(row["id"])


def key_columns(key: InputKey | None) -> dict[str, str | None]:
    """What is stored of a key beside what was entered under it, by column."""
    return {
        "request_caller": None if key is None else key.caller,
        "request_key": None if key is None else key.key,
        "request_fingerprint": None if key is None else key.fingerprint,
    }
