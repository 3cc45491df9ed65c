"""Links of members to sign-ins elsewhere: listed, made and taken away by admins."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import strawberry

from quotaloom.credentials.links import link_count, link_member, links_by_id, links_page, unlink_member
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Record
from quotaloom.platform.work import Work
from quotaloom_graphql.connections import After, Connection, First, page, window
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_LIST
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, encode_id
from quotaloom_graphql.organization_loaders import load_members
from quotaloom_graphql.organizations import Member
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch, column

TYPE: Final = "MemberLink"


@strawberry.type(description="That somebody who signs in elsewhere comes in as a member.")
class MemberLink:
    """A link."""

    id: strawberry.ID = column(
        lambda number: encode_id(TYPE, number), of="id", description="Names it for `unlinkMember`."
    )
    issuer: str = strawberry.field(description="Who vouches for him, as the tokens name it.")
    subject: str = strawberry.field(description="What he is called there: the claim `sub` of his tokens.")
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="As whom he comes in.")
    created_at: datetime = strawberry.field(description="Since when.")
    created_by: str = strawberry.field(description="Who linked them.")


async def _member_links(info: Info, first: First = 50, after: After = None) -> dict[str, Any]:
    offset, limit = window(first, after)
    (await info.context.work()).viewer.require_admin("seeing links")
    total = await link_count(info.context.snapshot)
    return page(await links_page(info.context.snapshot, limit=limit, offset=offset), offset, total)


async def _load_links(keys: list[int], info: Info) -> list[Record]:
    """Links by number; admins only."""
    if not (await info.context.work()).viewer.is_admin:
        return []
    return await links_by_id(info.context.snapshot, keys)


@strawberry.type
class MemberLinkQuery:
    """Root fields."""

    member_links: Connection[MemberLink] = root_field(
        _member_links,
        weight=WHOLE_LIST,
        description="All links of members to sign-ins elsewhere, the latest first; admins only.",
    )


@strawberry.input(description="Somebody who signs in elsewhere, and the member that he is.")
class LinkMemberInput:
    """A new link."""

    member_id: strawberry.ID = strawberry.field(description="The member.")
    subject: str = strawberry.field(description="What he is called there: the claim `sub` of his tokens.")
    issuer: str | None = strawberry.field(
        default=None, description="Who vouches for him; null for the provider that this server trusts."
    )


@strawberry.input(description="A link that is to let nobody in any more.")
class UnlinkMemberInput:
    """A link."""

    id: strawberry.ID = strawberry.field(description="The link.")


@strawberry.type(description="The link after the change.")
class MemberLinkPayload:
    """The link, or what was wrong."""

    member_link: MemberLink | None = batch(
        _load_links, key="id", by="id", one=True, description="The link; null once it is taken away."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _link(work: Work, input: LinkMemberInput, services: Services) -> dict[str, Any]:
    issuer = services.outside_issuer if input.issuer is None else input.issuer
    if issuer is None:
        message = "this server trusts no provider yet (QUOTALOOM_OIDC_ISSUER): name the issuer"
        raise InputError("BAD_ISSUER", message, ("issuer",))
    return {"id": await link_member(work, decode_id(input.member_id, "Member", ("memberId",)), issuer, input.subject)}


async def _unlink(work: Work, input: UnlinkMemberInput, _: Services) -> dict[str, Any]:
    link_id = decode_id(input.id, TYPE, ("id",))
    await unlink_member(work, link_id)
    return {"id": link_id}


@strawberry.type
class MemberLinkMutation:
    """Mutations of links."""

    link_member: MemberLinkPayload = mutation(
        _link, description="Let somebody who signs in elsewhere in as a member. Admins only."
    )
    unlink_member: MemberLinkPayload = mutation(
        _unlink, description="Let him in no more, at once: what he has open is cut off. Admins only."
    )
