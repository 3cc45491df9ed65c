"""Where answers are kept under the keys of requests: with the company, or, of whoever founds one, with the new company.

The latter are looked for in all companies, since an operator belongs to none: his key stands for one thing as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.errors import InputError
from quotaloom.platform.kept_values import dumped, loaded
from quotaloom.platform.unit_of_work import Record, Transaction
from quotaloom.platform.work import Work

LONGEST_KEY: Final = 200
"""Characters of a key."""

Answer = dict[str, Any]


class KeyRefused(InputError):
    """A key that cannot be used: BAD_KEY, or IDEMPOTENCY_KEY_REUSED where it was used for something else."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What is asked for under which key: `fingerprint` (64 characters) is the same where all that is asked for is.

    `part` names one of several things that one request asks for, each of which is done for itself.
    """

    key: str
    fingerprint: str
    part: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= LONGEST_KEY or not self.key.isascii() or not self.key.isprintable():
            raise KeyRefused("BAD_KEY", f"an idempotency key has 1 to {LONGEST_KEY} printable ASCII characters")


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody's rights hang on: `grants` that are his, and `reach`, which is another text once he leads others.

    Of the same request whoever has still all of it is asked nothing again; see `once`.
    """

    grants: frozenset[str] = frozenset()
    reach: str = ""

    def covers(self, earlier: Standing) -> bool:
        """Whether nothing of an earlier standing is lost."""
        return earlier.grants <= self.grants and earlier.reach == self.reach


NO_STANDING: Final = Standing()
"""That of whom nothing is asked again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and the standing of whom it was given to."""

    answer: Answer
    standing: Standing

    @property
    def text(self) -> str:
        """As JSON; raises `TypeError` for what has none."""
        grants, reach = sorted(self.standing.grants), self.standing.reach
        return dumped({"answer": self.answer, "grants": grants, "reach": reach})

    @classmethod
    def of(cls, text: str) -> Self:
        """What was made a `text`."""
        kept: Mapping[str, Any] = loaded(text)
        return cls(kept["answer"], Standing(frozenset(kept["grants"]), kept["reach"]))


class DoneBefore(Exception):
    """It was done before."""

    def __init__(self, kept: Kept) -> None:
        super().__init__()
        self.kept = kept


def caller_of(viewer: Viewer) -> str:
    """Whose key it is: a member's whatever token he comes with, the key's of an API, or a token's of its name."""
    if viewer.member_id is not None:
        return f"member {viewer.member_id}"
    if viewer.key_id is not None:  # several may have one name, and other scopes
        return f"key {viewer.key_id}"
    return f"{viewer.role} {viewer.subject}"


class KeptAnswers:
    """The answers that a company keeps."""

    async def earlier(self, work: Work, named: RequestKey) -> Kept | None:
        """What was answered before, if it was; raises `KeyRefused` where that was to something else."""
        async with work.snapshot() as snapshot:
            row = await snapshot.fetch_one(
                "SELECT fingerprint, (answers -> $4)::text AS answer FROM kept_answer"
                " WHERE company_id = $1 AND caller = $2 AND request_key = $3",
                *_names(work, named),
            )
        return None if row is None else _read(row, named)

    async def company(self, work: Work) -> int:
        """In which company it is done."""
        return work.viewer.company_id

    async def take(self, transaction: Transaction, work: Work, named: RequestKey) -> None:
        """Hold the key until the transaction ends; raises `DoneBefore`. Whoever else sends it waits here."""
        row = await transaction.fetch_one(
            "INSERT INTO kept_answer AS kept (company_id, caller, request_key, fingerprint, answers, at)"
            " VALUES ($1, $2, $3, $5, '{}', now())"
            " ON CONFLICT (caller, request_key, company_id) DO UPDATE SET at = kept.at"
            " RETURNING fingerprint, (answers -> $4)::text AS answer",
            *_names(work, named),
            named.fingerprint,
        )
        assert row is not None
        _require_new(row, named)

    async def keep(self, transaction: Transaction, work: Work, named: RequestKey, kept: str) -> None:
        """Keep the text of a `Kept` under the key that was taken."""
        await transaction.execute(
            "UPDATE kept_answer SET answers = answers || jsonb_build_object($4::text, $5::text::jsonb)"
            " WHERE company_id = $1 AND caller = $2 AND request_key = $3",
            *_names(work, named),
            kept,
        )


class AnswersToFounders(KeptAnswers):
    """The answers to those who found companies, each kept by the company that was founded."""

    _FIND: Final = (
        "SELECT fingerprint, (answers -> $3)::text AS answer FROM kept_for_operator($1, $2)"
        " ORDER BY answers -> $3 IS NULL LIMIT 1"
    )

    async def earlier(self, work: Work, named: RequestKey) -> Kept | None:
        """As of a company."""
        async with work.snapshot() as snapshot:
            row = await snapshot.fetch_one(self._FIND, caller_of(work.viewer), named.key, named.part)
        return None if row is None else _read(row, named)

    async def company(self, work: Work) -> int:
        """The id of a company that is about to be founded."""
        return await work.database.next_company_id()

    async def take(self, transaction: Transaction, work: Work, named: RequestKey) -> None:
        """As of a company; there is no row of the company yet that could hold the key."""
        caller = caller_of(work.viewer)
        await transaction.execute("SELECT pg_advisory_xact_lock(0, hashtext($1))", f"{caller} {named.key}")
        row = await transaction.fetch_one(self._FIND, caller, named.key, named.part)
        if row is not None:
            _require_new(row, named)

    async def keep(self, transaction: Transaction, work: Work, named: RequestKey, kept: str) -> None:
        """As of a company, by the one that now stands in the transaction."""
        await transaction.execute(
            "INSERT INTO kept_answer (company_id, caller, request_key, fingerprint, answers, at)"
            " VALUES ($1, $2, $3, $4, jsonb_build_object($5::text, $6::text::jsonb), now())",
            transaction.company_id,
            caller_of(work.viewer),
            named.key,
            named.fingerprint,
            named.part,
            kept,
        )


def answers_to(viewer: Viewer) -> KeptAnswers:
    """Where the answers to a viewer are kept."""
    return _TO_FOUNDERS if viewer.role is Role.OPERATOR else _OF_COMPANIES


_OF_COMPANIES: Final = KeptAnswers()
_TO_FOUNDERS: Final = AnswersToFounders()


def _names(work: Work, named: RequestKey) -> tuple[int, str, str, str]:
    return work.viewer.company_id, caller_of(work.viewer), named.key, named.part


def _require_new(row: Record, named: RequestKey) -> None:
    kept = _read(row, named)
    if kept is not None:
        raise DoneBefore(kept)


def _read(row: Record, named: RequestKey) -> Kept | None:
    if row["fingerprint"] != named.fingerprint:
        raise KeyRefused(
            "IDEMPOTENCY_KEY_REUSED",
            f"the idempotency key {named.key!r} came with something else before: send what was sent then, or another"
            " key",
        )
    return None if row["answer"] is None else Kept.of(row["answer"])
