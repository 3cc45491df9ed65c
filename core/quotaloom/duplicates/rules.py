"""What a company takes for the same, and what becomes of a second one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

import orjson

from quotaloom.duplicates.free_mail import FREE_MAIL
from quotaloom.duplicates.normal_forms import checked_domain
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work

MOST_FREE_MAIL: Final = 1000
"""How many domains of free mail a company may name."""


class DuplicateSubject(StrEnum):
    """What is compared with its like."""

    LEAD = "lead"
    CUSTOMER = "customer"


class Compared(StrEnum):
    """By what two are taken for the same."""

    NAME = "name"
    PHONE = "phone"
    DOMAIN = "domain"


class DuplicateAction(StrEnum):
    """What becomes of a second one: it is refused, or it is entered and told of."""

    REFUSE = "refuse"
    TELL = "tell"


@dataclass(frozen=True, slots=True)
class Rule:
    """By which fields two leads, or two customers, are taken for the same; any one of them is enough.

    `free_mail` are domains that do not count; None stands for those that are known everywhere.
    """

    subject: DuplicateSubject
    compared: Sequence[Compared] = tuple(Compared)
    action: DuplicateAction = DuplicateAction.TELL
    free_mail: Sequence[str] | None = None

    @property
    def uncounted(self) -> frozenset[str]:
        """The domains that do not count."""
        return FREE_MAIL if self.free_mail is None else frozenset(self.free_mail)

    @property
    def refuses(self) -> bool:
        """Whether a second one is refused."""
        return self.action is DuplicateAction.REFUSE and bool(self.compared)


async def duplicate_rule(reader: Snapshot | Transaction, subject: DuplicateSubject) -> Rule:
    """The company's rule; where it has none, everything is compared and told."""
    row = await reader.fetch_one(
        "SELECT compared, action, free_mail FROM duplicate_rule WHERE company_id = $1 AND subject = $2",
        reader.company_id,
        subject.value,
    )
    if row is None:
        return Rule(subject)
    return Rule(
        subject,
        tuple(map(Compared, orjson.loads(row["compared"]))),
        DuplicateAction(row["action"]),
        None if row["free_mail"] is None else tuple(orjson.loads(row["free_mail"])),
    )


async def set_duplicate_rule(work: Work, rule: Rule) -> None:
    """Say what is taken for the same; by no field is nothing.

    Needs an admin or a service with `settings:write`. Raises `InputError` TOO_MANY, BAD_DOMAIN.
    """
    work.viewer.require(Scope.SETTINGS, "saying what counts as a duplicate")
    free_mail = None if rule.free_mail is None else _domains(rule.free_mail)

    async def apply(transaction: Transaction) -> None:
        before = await duplicate_rule(transaction, rule.subject)
        await transaction.execute(
            "INSERT INTO duplicate_rule (company_id, subject, compared, action, free_mail, version)"
            " VALUES ($1, $2, $3::text::jsonb, $4, $5::text::jsonb, 1) ON CONFLICT (subject, company_id) DO UPDATE"
            " SET compared = excluded.compared, action = excluded.action, free_mail = excluded.free_mail,"
            " version = duplicate_rule.version + 1",
            transaction.company_id,
            rule.subject.value,
            orjson.dumps(sorted(set(rule.compared))).decode(),
            rule.action.value,
            None if free_mail is None else orjson.dumps(free_mail).decode(),
        )
        after = asdict(rule) | {"free_mail": free_mail}
        transaction.record("duplicate_rule.set", "DuplicateRule", None, before=asdict(before), after=after)
        transaction.publish("duplicate_rule.set", subject=rule.subject.value)

    await work.write(apply)


def _domains(given: Sequence[str]) -> list[str]:
    if len(given) > MOST_FREE_MAIL:
        raise InputError("TOO_MANY", f"up to {MOST_FREE_MAIL} domains of free mail are possible", ("freeMail",))
    found = {checked_domain(one, ("freeMail", number)) for number, one in enumerate(given)}
    return sorted(domain for domain in found if domain is not None)
