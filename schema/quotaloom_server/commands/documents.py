"""`quotaloom documents`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quotaloom_server.output import RESULT

REFUSED = 1


def documents(
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="A file or folder.  [default: QUOTALOOM_TRUSTED_DOCUMENTS]")
    ] = None,
) -> None:
    """List trusted documents with their ids and costs, and check each of them.

    The exit code is 1 where one is not valid or goes beyond a limit of the settings.
    """
    from graphql import GraphQLError, OperationDefinitionNode

    from quotaloom.platform.limits import LimitExceeded
    from quotaloom.platform.settings import load_settings
    from quotaloom_graphql.plugin_graphs import extensions_of
    from quotaloom_graphql.schema import build_schema
    from quotaloom_server.hosting import plugins_here
    from quotaloom_server.trusted_documents import digest, read_documents

    settings = load_settings()
    admission = build_schema(limits=settings, plugins=extensions_of(plugins_here(settings))).admission
    refused = 0
    for text in read_documents(path or settings.trusted_documents):
        RESULT.print(digest(text))
        try:
            document = admission.parsed(text)
            faults = [fault.message for fault in admission.faults(document)]
            for one in () if faults else document.definitions:
                if isinstance(one, OperationDefinitionNode):
                    name = one.name.value if one.name else "without a name"
                    RESULT.print(f"  {one.operation.value} {name}: cost {admission.cost(document, one, {}):,}")
        except (GraphQLError, LimitExceeded) as error:
            faults = [str(error)]
        for fault in faults:
            RESULT.print(f"  refused: {fault}", markup=False)
        refused += bool(faults)
    if refused:
        raise typer.Exit(REFUSED)
