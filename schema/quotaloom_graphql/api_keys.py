"""Keys of other systems: listed, made and revoked by admins."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import orjson
import strawberry

from quotaloom.credentials.key_texts import shown_key
from quotaloom.credentials.keys import create_key, key_count, keys_by_id, keys_page, revoke_key
from quotaloom.platform.access import Scope
from quotaloom.platform.unit_of_work import Record
from quotaloom.platform.work import Work
from quotaloom_graphql.connections import After, Connection, First, page, window
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_LIST
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, encode_id
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch, column

TYPE: Final = "ApiKey"


@strawberry.type(description="A key by which another system comes in; its secret is shown once, when it is made.")
class ApiKey:
    """A key."""

    id: strawberry.ID = column(
        lambda number: encode_id(TYPE, number), of="id", description="Names it for `revokeApiKey`."
    )
    name: str = strawberry.field(description="What it is for.")
    key: str = strawberry.field(description="What it begins with: tells it in the audit log, and lets nobody in.")
    scopes: list[str] = strawberry.field(description="What it may do, such as `graph:read`.")
    created_at: datetime = strawberry.field(description="When it was made.")
    created_by: str = strawberry.field(description="By whom.")
    expires_at: datetime | None = strawberry.field(description="When it ends; null where it does not end by itself.")
    last_used_at: datetime | None = strawberry.field(
        description="When it was used last, to within five minutes; null where it never was."
    )
    revoked_at: datetime | None = strawberry.field(description="When it was revoked; null where it was not.")
    revoked_by: str | None = strawberry.field(description="By whom.")


async def _api_keys(info: Info, first: First = 50, after: After = None) -> dict[str, Any]:
    offset, limit = window(first, after)
    (await info.context.work()).viewer.require_admin("seeing keys")
    total = await key_count(info.context.snapshot)
    rows = await keys_page(info.context.snapshot, limit=limit, offset=offset)
    return page(_shown(info.context.snapshot.company_id, rows), offset, total)


def _shown(company_id: int, rows: list[Record]) -> list[dict[str, Any]]:
    return [{**row, "key": shown_key(company_id, row["prefix"]), "scopes": orjson.loads(row["scopes"])} for row in rows]


async def _load_keys(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Keys by number; admins only."""
    if not (await info.context.work()).viewer.is_admin:
        return []
    return _shown(info.context.snapshot.company_id, await keys_by_id(info.context.snapshot, keys))


@strawberry.type
class ApiKeyQuery:
    """Root fields."""

    api_keys: Connection[ApiKey] = root_field(
        _api_keys,
        weight=WHOLE_LIST,
        description="All keys of your company, the latest first, revoked ones too; admins only.",
    )


@strawberry.input(description="A key for another system.")
class CreateApiKeyInput:
    """A new key."""

    name: str = strawberry.field(description="What it is for, such as `CRM`.")
    scopes: list[str] = strawberry.field(
        description=f"What it may do: of {', '.join(f'`{scope.value}`' for scope in Scope)}."
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it ends; null for a key that is good until it is revoked."
    )


@strawberry.input(description="A key that is to let nobody in any more.")
class RevokeApiKeyInput:
    """A key."""

    id: strawberry.ID = strawberry.field(description="The key.")


@strawberry.type(description="The new key.")
class CreateApiKeyPayload:
    """The key, or what was wrong."""

    api_key: ApiKey | None = batch(_load_keys, key="id", by="id", one=True, description="The key.")
    secret: str | None = strawberry.field(
        description="The whole key, for `Authorization: Bearer`. It is shown this once: nobody can look it up again,"
        " and it is null where the same is asked for again with its idempotency key."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="The key after the change.")
class ApiKeyPayload:
    """The key, or what was wrong."""

    api_key: ApiKey | None = batch(_load_keys, key="id", by="id", one=True, description="The key.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create(work: Work, input: CreateApiKeyInput, _: Services) -> dict[str, Any]:
    key_id, key = await create_key(work, input.name, input.scopes, input.expires_at)
    return {"id": key_id, "secret": key.text}


async def _revoke(work: Work, input: RevokeApiKeyInput, _: Services) -> dict[str, Any]:
    key_id = decode_id(input.id, TYPE, ("id",))
    await revoke_key(work, key_id)
    return {"id": key_id}


@strawberry.type
class ApiKeyMutation:
    """Mutations of keys."""

    create_api_key: CreateApiKeyPayload = mutation(
        _create,
        description="Make a key for another system; its secret is shown this once. Admins only.",
        told_once=("secret",),
    )
    revoke_api_key: ApiKeyPayload = mutation(
        _revoke, description="End a key, at once: what it has open is cut off. Admins only."
    )
