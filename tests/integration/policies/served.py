"""Policies of the graph as an admin sees and switches them, asked in the process of the test."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from quotaloom.platform.access import Role
from quotaloom.platform.tokens import Identity
from quotaloom.policies.discovery import Discovery, Plugin, discover
from quotaloom.policies.errors import Quarantined
from quotaloom.policies.host import PolicyHost
from quotaloom.targets.attainment_feed import AttainmentFeed
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_sdk import PolicyDefinition
from tests.integration.funnels.floors import NOON, Floor
from tests.integration.graph.asking import SCHEMA
from tests.unit.policies.registered import plugin

SWITCH = """mutation ($input: SwitchPolicyInput!) { switchPolicy(input: $input) {
    policy { key active } errors { code path message }
} }"""


def installed(*definitions: PolicyDefinition, version: str = "1.2", put_aside: str | None = None) -> PolicyHost:
    """The product's plugins, and those of `acme` at a version or the reason why it is put aside."""
    plugins: tuple[Plugin, ...] = discover().plugins
    if definitions:
        plugins = (replace(plugin(*definitions), version=version), *plugins)
    quarantined = (Quarantined("acme", "acme-rules", version, put_aside),) if put_aside else ()
    return PolicyHost(Discovery(plugins, quarantined))


class Desk:
    """An admin of a floor's company, or somebody else, at a day, before a host."""

    def __init__(self, floor: Floor, host: PolicyHost, who: str | None = None, later: timedelta = timedelta()) -> None:
        self._floor = floor
        self._host = host
        self._now: datetime = NOON + later
        member_id = None if who is None else floor.members[who]
        role = Role.ADMIN if who is None else Role.MEMBER
        self._identity = Identity(floor.work.company.id, who or "ada", role, member_id)

    @property
    def today(self) -> date:
        """The business date."""
        return self._floor.work.company.today(self._now)

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of a query that must not fail."""
        services = Services(
            self._floor.work.database, self._host, lambda: self._now, AttainmentFeed(self._floor.work.database)
        )
        async with RequestContext(services, self._identity) as context:
            result = await SCHEMA.execute(query, variables, context_value=context)
        assert not result.errors, result.errors
        return result.data

    async def switch(self, policy: str, active: bool = True, **input: Any) -> list[str]:
        """Switch a policy; what was wrong, as "code at path"."""
        found = await self.ask(SWITCH, input={"policy": policy, "active": active, **input})
        return [f"{error['code']} at {'.'.join(error['path'])}" for error in found["switchPolicy"]["errors"]]

    async def policy(self, key: str, fields: str) -> dict[str, Any]:
        """One policy of the graph."""
        (found,) = [
            one for one in (await self.ask(f"{{ policies {{ key {fields} }} }}"))["policies"] if one["key"] == key
        ]
        del found["key"]
        return dict(found)
