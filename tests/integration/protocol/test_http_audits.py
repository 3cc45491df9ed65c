"""GraphQL over HTTP, as the audits of the reference implementation see it, and what they do not look at."""

from __future__ import annotations

import json

from tests.integration.live.boards import LiveServer
from tests.integration.protocol.running import Suites


async def test_every_audit_of_graphql_http_passes(suites: Suites, server: LiveServer) -> None:
    """All 61, the SHOULDs and MAYs as well."""
    code, said = await suites.run("audit.mjs", f"http://127.0.0.1:{server.port}/graphql")
    assert code == 0, said
    found = json.loads(said)
    assert [one for one in found if one["status"] != "ok"] == []
    assert len(found) == 61
