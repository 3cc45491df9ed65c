"""`quotaloom serve` with plugins: found once, known to every serving process, refused where strict."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.data_folders import copy_folder
from tests.integration.graph.graph_plugin import SOURCE
from tests.integration.server.processes import SECONDS, Home, Server
from tests.unit.policies.installing import GOOD, PluginFolder, with_hook

ALLOWED = "*, acme:trusted"
OURS = ("allocation.even", "allocation.last_year", "reviews.weighted_score")


@pytest.fixture
def plugins(home: Home) -> Path:
    """A folder with a plugin of fields and one of policies, to be put on the import path."""
    path = home.data.parent / "plugins"
    path.mkdir()
    folder = PluginFolder(path)
    folder.install(SOURCE, name="acme")
    folder.install(GOOD, name="beta", distribution="beta-rules")
    return path


def serve(home: Home, plugins: Path, *arguments: str, allowed: str = ALLOWED, strict: str = "0") -> Server:
    return home.serve(
        *arguments, PYTHONPATH=str(plugins), QUOTALOOM_PLUGINS_ALLOWED=allowed, QUOTALOOM_PLUGINS_STRICT=strict
    )


SWITCH = """mutation ($policy: String!, $active: Boolean!) {
    switchPolicy(input: {policy: $policy, active: $active}) { policy { active } errors { message } }
}"""


def test_every_serving_process_knows_the_plugins_and_each_switch(
    home: Home, plugins: Path, folder_of_acme: Path
) -> None:
    """Each request is a connection of its own and meets either process: all answer alike after each switch."""
    copy_folder(folder_of_acme, home.data)
    server = serve(home, plugins, "--workers", "2")
    query = "{ policies { key active } acme { today } }"
    for active in (True, False, True):
        for policy in ("acme.graph", "beta.first"):
            switched = server.ask(SWITCH, server.token, policy=policy, active=active)
            assert switched["data"]["switchPolicy"] == {"policy": {"active": active}, "errors": []}
        for _ in range(20):
            data = server.ask(query, server.token)["data"]
            active_now = {one["key"] for one in data["policies"] if one["active"] and one["key"] not in OURS}
            assert active_now == ({"acme.graph", "beta.first"} if active else set())
            assert (data["acme"] is not None) is active
    said = server.end()
    assert "Looking at the plugin beta" in said
    assert home.is_left_alone()


def test_the_sdl_with_plugins_is_that_of_the_installation(home: Home, plugins: Path) -> None:
    """Front-end teams generate their types from it."""
    settings = {"PYTHONPATH": str(plugins), "QUOTALOOM_PLUGINS_ALLOWED": ALLOWED}
    assert "acmeBurden(factor: Decimal! =" in home.run("schema", "--with-plugins", **settings).stdout
    assert "acmeBurden" not in home.run("schema", **settings).stdout


@pytest.mark.parametrize(
    ("allowed", "lines"),
    [
        ("*", ["acme  installed", "runs in workers", "not used, as the plugin is not trusted with the graph: Burdens"]),
        ("none", ["beta  not used", "this installation does not allow it"]),
        ("*, acme:trusted", ["trusted, runs in the server", "graphql: Burdens"]),
    ],
)
def test_the_operator_sees_what_is_allowed_and_trusted(
    home: Home, plugins: Path, allowed: str, lines: list[str]
) -> None:
    """`quotaloom plugins` tells where each runs, and what is left out for want of trust."""
    listed = home.run("plugins", PYTHONPATH=str(plugins), QUOTALOOM_PLUGINS_ALLOWED=allowed).stdout
    assert [line for line in lines if line not in listed] == []
    assert "allocation  built in" in listed


@pytest.mark.parametrize("allowed", ["*", "*, bad:trusted"])
def test_strict_mode_refuses_the_start_before_anybody_is_served(home: Home, plugins: Path, allowed: str) -> None:
    """Wherever the bad plugin would run, the command ends with 1 and names it with the reason."""
    bad = with_hook("""
        @hookimpl
        def quotaloom_allocation_rule():
            yield rule("first")
    """)
    PluginFolder(plugins).install(bad, name="bad", distribution="bad-rules")
    result = home.run("serve", PYTHONPATH=str(plugins), QUOTALOOM_PLUGINS_ALLOWED=allowed, QUOTALOOM_PLUGINS_STRICT="1")
    assert result.returncode == 1
    assert "plugin 'bad' (bad-rules 1.2): unknown hook quotaloom_allocation_rule" in result.stderr
    assert "did you mean quotaloom_allocation_rules?" in result.stderr
    assert home.is_left_alone()


SLOW = with_hook("""
    import time
    from pydantic import Field, field_validator

    class Naps(Parameters):
        seconds: int = Field(default=0, description="How long its validation takes.")

        @field_validator("seconds")
        @classmethod
        def _nap(cls, seconds):
            time.sleep(seconds)
            return seconds

    @hookimpl
    def quotaloom_allocation_rules():
        yield AllocationRule(
            key="slow", title="Slow", description="Takes its time.", parameters=Naps, allocate=lambda request: None
        )
""")

NAP = """mutation ($parameters: JSON!) {
    switchPolicy(input: {policy: "slow.slow", active: true, parameters: $parameters}) {
        policy { active } errors { code message }
    }
}"""

SWITCHED = {"switchPolicy": {"policy": {"active": True}, "errors": []}}


@pytest.fixture
def napping(home: Home, folder_of_acme: Path) -> Server:
    """A server with a policy whose parameters take as long to validate as they say; its worker is up."""
    path = home.data.parent / "plugins"
    path.mkdir()
    PluginFolder(path).install(SLOW, name="slow", distribution="slow-rules")
    copy_folder(folder_of_acme, home.data)
    server = serve(home, path, allowed="*")
    assert nap(server, 0, SECONDS)["data"] == SWITCHED
    return server


def nap(server: Server, seconds: int, patience: float) -> Any:
    """The answer to a call of so many seconds, for which the client waits only so long."""
    return httpx.post(
        f"{server.home.url}/graphql",
        json={"query": NAP, "variables": {"parameters": {"seconds": seconds}}},
        headers={"authorization": f"Bearer {server.token}"},
        timeout=patience,
    ).json()


def test_clients_that_hang_up_give_their_places_before_a_plugin_to_others(napping: Server) -> None:
    """24 calls of four seconds fill two workers and the company's 16 places; once their clients are gone, the next
    call finds a place, and is answered when a worker is free.
    """

    def impatient(_: int) -> None:
        with suppress(httpx.ReadTimeout):
            nap(napping, 4, 1.0)

    with ThreadPoolExecutor(24) as clients:
        list(clients.map(impatient, range(24)))
    assert nap(napping, 0, SECONDS)["data"] == SWITCHED
    napping.end()


def test_a_call_of_a_plugin_that_outlasts_the_server_is_told_so(napping: Server) -> None:
    """Nine seconds are more than the server has after SIGTERM: the client is told as data, and may try again."""
    with ThreadPoolExecutor(1) as clients:
        answer = clients.submit(nap, napping, 9, SECONDS)
        time.sleep(1)
        napping.end(signal.SIGTERM)
    (error,) = answer.result()["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert error["message"] == "the server is being shut down; please try again"
