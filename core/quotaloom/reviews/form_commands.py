"""Making forms and changing them: a change is a new version, which reviews that began on an older one never see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

import orjson
from asyncpg import Record

from quotaloom.calendars.periods import Grain
from quotaloom.metrics.commands import check_key, check_name, key_taken, refuse_stale
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.registry import PolicyRegistry
from quotaloom.reviews.forms import Layout, NewPart, check_form

GRAINS: Final = (Grain.MONTH, Grain.QUARTER, Grain.HALF, Grain.YEAR)
"""The periods that can be reviewed."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a version of a form asks for."""

    parts: Sequence[NewPart]
    layout: Layout

    def to_json(self) -> dict[str, Any]:
        """For the audit record."""
        return {"parts": [asdict(part) for part in self.parts], **self.layout.to_json()}


@dataclass(frozen=True, slots=True)
class NewForm:
    """A form for every period of a grain, for the whole company or a unit's subtree."""

    key: str
    name: str
    grain: Grain
    content: Content
    unit_id: int | None = None


async def create_form(work: Work, registry: PolicyRegistry, form: NewForm) -> int:
    """Make a form, in its first version; returns its id.

    Raises `InputError` BAD_KEY, BAD_NAME, KEY_TAKEN, BAD_GRAIN, UNKNOWN_POLICY for a scorer that is not installed,
    `NotFound` for unit and metrics, and what `check_form` raises.
    """
    work.viewer.require(Scope.SETTINGS, "making a review form")
    check_key(form.key)
    check_name(form.name)
    if form.grain not in GRAINS:
        raise InputError("BAD_GRAIN", f"reviews are of a {', '.join(GRAINS[:-1])} or {GRAINS[-1]}", ("grain",))
    _check(registry, form.content)

    async def apply(transaction: Transaction) -> int:
        if form.unit_id is not None:
            await _require_unit(transaction, form.unit_id)
        row = await transaction.fetch_one(
            "INSERT INTO review_form (company_id, key, name, unit_id, grain, version) VALUES ($1, $2, $3, $4, $5, 1)"
            " ON CONFLICT (key, company_id) DO NOTHING RETURNING id",
            transaction.company_id,
            form.key,
            form.name.strip(),
            form.unit_id,
            form.grain.value,
        )
        if row is None:
            raise key_taken("review form", form.key)
        form_id = cast(int, row["id"])
        await _store_version(transaction, form_id, 1, form.content, None)
        after = {"key": form.key, "name": form.name, "grain": form.grain, "unit": form.unit_id}
        transaction.record("review_form.create", "ReviewForm", form_id, after={**after, **form.content.to_json()})
        transaction.publish("review_form.created", id=form_id, key=form.key)
        return form_id

    return await work.write(apply)


async def revise_form(
    work: Work,
    registry: PolicyRegistry,
    form_id: int,
    *,
    name: str | None = None,
    content: Content | None = None,
    reason: str | None = None,
    expected_version: int | None = None,
) -> None:
    """Rename a form, or give it another version for the cycles that are opened from now on.

    Raises `NotFound`, `Conflict` STALE, `InputError` ARCHIVED, NOTHING_TO_CHANGE and what `create_form` raises.
    """
    work.viewer.require(Scope.SETTINGS, "changing a review form")
    why = checked_reason(reason)
    if name is not None:
        check_name(name)
    if content is not None:
        _check(registry, content)
    elif name is None:
        raise InputError("NOTHING_TO_CHANGE", "name what is to be changed")

    async def apply(transaction: Transaction) -> None:
        before = await _hold_form(transaction, form_id)
        refuse_stale("review form", before["version"], expected_version)
        if before["archived_at"] is not None:
            raise InputError("ARCHIVED", f"{before['name']} is archived; restore it first", ("id",))
        number = None
        if content is not None:
            number = before["number"] + 1
            await _store_version(transaction, form_id, number, content, why)
        await transaction.execute(
            "UPDATE review_form SET name = coalesce($3, name), version = version + 1 WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            form_id,
            None if name is None else name.strip(),
        )
        after = {"name": name, "number": number, **({} if content is None else content.to_json())}
        before_it = {"name": before["name"], "number": before["number"]}
        transaction.record("review_form.revise", "ReviewForm", form_id, before=before_it, after=after, reason=why)
        transaction.publish("review_form.revised", id=form_id)

    await work.write(apply)


async def archive_form(work: Work, form_id: int, *, archived: bool = True, expected_version: int | None = None) -> None:
    """Let no more cycles be opened on a form, or let them again; those under way go on."""
    work.viewer.require(Scope.SETTINGS, "archiving a review form")

    async def apply(transaction: Transaction) -> None:
        before = await _hold_form(transaction, form_id)
        refuse_stale("review form", before["version"], expected_version)
        await transaction.execute(
            "UPDATE review_form SET archived_at = $3, version = version + 1 WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            form_id,
            transaction.now if archived else None,
        )
        transaction.record("review_form.archive", "ReviewForm", form_id, after={"archived": archived})
        transaction.publish("review_form.archived", id=form_id, archived=archived)

    await work.write(apply)


def _check(registry: PolicyRegistry, content: Content) -> None:
    check_form(content.parts, content.layout)
    if content.layout.scorer is not None:
        registry.get(content.layout.scorer, "review", path=("scorer",))


async def _require_unit(transaction: Transaction, unit_id: int) -> None:
    row = await transaction.fetch_one(
        "SELECT kind FROM org_unit WHERE company_id = $1 AND id = $2", transaction.company_id, unit_id
    )
    if row is None:
        raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("orgUnitId",))


async def _hold_form(transaction: Transaction, form_id: int) -> Record:
    row = await transaction.fetch_one(
        "SELECT form.*, (SELECT max(number) FROM review_form_version AS made WHERE made.company_id = form.company_id"
        " AND made.form_id = form.id) AS number FROM review_form AS form"
        " WHERE form.company_id = $1 AND form.id = $2 FOR UPDATE",
        transaction.company_id,
        form_id,
    )
    if row is None:
        raise NotFound("NOT_FOUND", "there is no such review form", ("id",))
    return row


async def _store_version(
    transaction: Transaction, form_id: int, number: int, content: Content, reason: str | None
) -> None:
    parts = content.parts
    metrics = await _metrics(transaction, parts)
    row = await transaction.fetch_one(
        "INSERT INTO review_form_version (company_id, form_id, number, layout, reason, made_at, made_by)"
        " VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7) RETURNING id",
        transaction.company_id,
        form_id,
        number,
        orjson.dumps(content.layout.to_json()).decode(),
        reason,
        transaction.now,
        transaction.writer.subject,
    )
    assert row is not None
    await transaction.execute(
        "INSERT INTO review_part (company_id, form_version_id, key, title, kind, weight, most, metric_id, ordinal)"
        " SELECT $1, $2, part.* FROM unnest($3::text[], $4::text[], $5::text[], $6::numeric[], $7::numeric[],"
        " $8::bigint[]) WITH ORDINALITY AS part",
        transaction.company_id,
        row["id"],
        [part.key for part in parts],
        [part.title.strip() for part in parts],
        [part.kind.value for part in parts],
        [part.weight for part in parts],
        [part.most for part in parts],
        metrics,
    )


async def _metrics(transaction: Transaction, parts: Sequence[NewPart]) -> list[Any]:
    """The id of each part's metric, None where it has none."""
    keys = [part.metric for part in parts if part.metric is not None and "\0" not in part.metric]
    found = {row["key"]: row["id"] for row in await metrics_by_key(transaction, keys)}
    for place, part in enumerate(parts):
        if part.metric is not None and part.metric not in found:
            message = f"there is no metric {part.metric[:60]!r}"
            raise NotFound("UNKNOWN_METRIC", message, ("parts", place, "metric"))
    return [None if part.metric is None else found[part.metric] for part in parts]
