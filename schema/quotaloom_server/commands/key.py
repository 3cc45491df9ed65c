"""`quotaloom key`: keys of other systems."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from quotaloom.credentials.key_texts import KeyText
from quotaloom.credentials.keys import create_key, key_named, keys_page, revoke_key
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import NotFound
from quotaloom.platform.settings import load_settings
from quotaloom.platform.unit_of_work import Record
from quotaloom.platform.work import Work
from quotaloom_server.commands.at_work import at_work
from quotaloom_server.output import ASIDE, RESULT, raw

_SCOPES = ", ".join(scope.value for scope in Scope)

key = typer.Typer(
    help="Make, list and revoke keys by which other systems come in.", no_args_is_help=True, rich_markup_mode=None
)

Company = Annotated[str, typer.Option(metavar="KEY", help="The company's key.")]


@key.command("create")
def create(
    company: Company,
    name: Annotated[str, typer.Option(metavar="NAME", help="What it is for.")],
    scope: Annotated[list[str], typer.Option(metavar="SCOPE", help=f"What it may do, repeatable: {_SCOPES}.")],
    days: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=3660, help="Days that it is good for.  [default: until it is revoked]"),
    ] = None,
) -> None:
    """Make a key and print it.

    It is shown this once. Only the key goes to standard output, so that KEY=$(quotaloom key create …) keeps it.
    """

    async def make(work: Work) -> KeyText:
        expires_at = None if days is None else work.now + timedelta(days=days)
        _, made = await create_key(work, name, scope, expires_at)
        return made

    made = at_work(load_settings(), company, make)
    ASIDE.print(f"Key {name!r} of {company}, good {'until it is revoked' if days is None else f'for {days} days'}:")
    raw(made.text)


@key.command("list")
def list_(company: Company) -> None:
    """List the keys of a company, the latest first."""

    async def read(work: Work) -> list[Record]:
        async with work.snapshot() as snapshot:
            return await keys_page(snapshot)

    table = Table("key", "name", "scopes", "ends", "last used", box=None, pad_edge=False)
    for row in at_work(load_settings(), company, read):
        table.add_row(row["prefix"], row["name"], row["scopes"], _end_of(row), _moment(row["last_used_at"]) or "never")
    RESULT.print(table)


@key.command("revoke")
def revoke(
    company: Company,
    prefix: Annotated[str, typer.Argument(metavar="KEY", help="What `quotaloom key list` calls it, such as 0123abcd.")],
) -> None:
    """End a key, at once and for good."""

    async def end(work: Work) -> str:
        async with work.snapshot() as snapshot:
            found = await key_named(snapshot, prefix)
        if found is None:
            raise NotFound("UNKNOWN_KEY", f"{company} has no key {prefix[:30]!r}; `quotaloom key list` has them all.")
        await revoke_key(work, found["id"])
        name: str = found["name"]
        return name

    ASIDE.print(f"Revoked {at_work(load_settings(), company, end)!r}.")


def _end_of(row: Record) -> str:
    if row["revoked_at"] is not None:
        return f"revoked {_moment(row['revoked_at'])}"
    return _moment(row["expires_at"]) or "when revoked"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}Z"
