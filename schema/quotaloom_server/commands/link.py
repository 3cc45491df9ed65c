"""`quotaloom link`: members who sign in elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from quotaloom.credentials.links import link_member, links_page, unlink_member
from quotaloom.organizations.reads import members
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.settings import load_settings
from quotaloom.platform.work import Work
from quotaloom_server import bearers
from quotaloom_server.commands.at_work import at_work
from quotaloom_server.output import ASIDE, RESULT

link = typer.Typer(
    help="Let members in who sign in elsewhere, and list and undo it.", no_args_is_help=True, rich_markup_mode=None
)

Company = Annotated[str, typer.Option(metavar="KEY", help="The company's key.")]
Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="What the provider calls him: the claim `sub`.")]
Issuer = Annotated[
    str | None, typer.Option(metavar="URL", help="Who vouches for him.  [default: QUOTALOOM_OIDC_ISSUER]")
]


@link.command("create")
def create(
    subject: Subject,
    company: Company,
    member: Annotated[str, typer.Option(metavar="KEY", help="The member's key.")],
    issuer: Issuer = None,
) -> None:
    """Let whom the provider calls SUBJECT in as a member."""
    settings = load_settings()
    vouching = _issuer(issuer, settings.oidc_issuer)

    async def make(work: Work) -> None:
        found = await bearers.member_named(work.database, work.company, member, work.now)
        assert found.member_id is not None, "a member has a number"
        await link_member(work, found.member_id, vouching, subject)

    at_work(settings, company, make)
    ASIDE.print(f"{subject} of {vouching} comes in as {member} of {company}.")


@link.command("list")
def list_(company: Company) -> None:
    """List who comes in as whom, the latest first."""

    async def read(work: Work) -> list[tuple[str, str, str]]:
        async with work.snapshot() as snapshot:
            rows = await links_page(snapshot)
            keys = {row["id"]: row["key"] for row in await members(snapshot, [row["member_id"] for row in rows])}
        return [(keys[row["member_id"]], row["subject"], row["issuer"]) for row in rows]

    table = Table("member", "subject", "issuer", box=None, pad_edge=False)
    for row in at_work(load_settings(), company, read):
        table.add_row(*row)
    RESULT.print(table)


@link.command("remove")
def remove(subject: Subject, company: Company, issuer: Issuer = None) -> None:
    """Let whom the provider calls SUBJECT in no more, at once."""
    settings = load_settings()
    vouching = _issuer(issuer, settings.oidc_issuer)

    async def end(work: Work) -> None:
        async with work.snapshot() as snapshot:
            sql = "SELECT id FROM outside_subject WHERE issuer = $1 AND subject = $2"
            row = await snapshot.fetch_one(sql, vouching, subject)
        if row is None:
            raise NotFound("UNKNOWN_LINK", f"Nobody of {company} is {subject!r} of {vouching}.")
        await unlink_member(work, row["id"])

    at_work(settings, company, end)
    ASIDE.print(f"{subject} of {vouching} comes into {company} no more.")


def _issuer(given: str | None, usual: str | None) -> str:
    issuer = usual if given is None else given
    if issuer is None:
        raise InputError("NO_ISSUER", "Name the --issuer, or set QUOTALOOM_OIDC_ISSUER.")
    return issuer
