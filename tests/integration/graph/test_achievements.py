"""The ledger through the graph: posting, reversing, and who sees which entries."""

from __future__ import annotations

from typing import Any

import pytest

from quotaloom.organizations.commands.companies import update_company
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.asking import ask, do, gid

LEDGER = "{ achievements { totalCount nodes { sourceKey amount } } }"


def item(position: str, key: str, **values: Any) -> dict[str, Any]:
    """An order of 100.00 of a position, by its key."""
    return {
        "metric": "revenue",
        "amount": "100",
        "businessDate": "2026-05-04",
        "source": "ORDER",
        "sourceKey": key,
        "idempotencyKey": key,
        "credits": [{"positionKey": position}],
        **values,
    }


async def post(floor: Floor, *items: dict[str, Any], who: Identity | None = None) -> dict[str, Any]:
    """Post the items."""
    return await do(floor, "postAchievements", "achievements { id amount } posted replayed", who, items=list(items))


async def seen(floor: Floor, who: str | None = None) -> list[str]:
    """The source keys of the entries that somebody sees."""
    found = (await ask(floor, LEDGER, who))["achievements"]
    assert found["totalCount"] == len(found["nodes"])
    return sorted(row["sourceKey"] for row in found["nodes"])


async def test_an_order_is_posted_once(database: Database) -> None:
    """The same item again answers with the entry that stands there."""
    floor = await furnish(database)
    first = await post(floor, item("ann", "1"))
    assert (first["posted"], first["replayed"], first["errors"]) == (1, 0, [])
    again = await post(floor, item("ann", "1"), item("bob", "2"))
    assert (again["posted"], again["replayed"]) == (1, 1)
    assert again["achievements"][0] == first["achievements"][0]
    assert await floor.ledger() == {"ann": (100_00, 0), "bob": (100_00, 0)}


async def test_an_entry_tells_what_it_is(database: Database) -> None:
    """Position, member, metric and source of a split payment; its instant counts for the company's day."""
    floor = await furnish(database)
    credits = [
        {"positionKey": "ann", "share": "0.5"},
        {"positionId": gid("OrgUnit", floor.units["bob"]), "memberKey": "bob", "share": "0.5"},
        {"positionKey": "cem", "share": "1", "kind": "OVERLAY"},
    ]
    # 17:30 UTC is 01:30 of the next day in Shanghai.
    late = item(
        "ann", "p", amount="0.01", metric="collected_payments", source="PAYMENT", businessDate=None, credits=credits
    )
    posted = await post(floor, late | {"occurredAt": "2026-05-04T17:30:00Z"})
    assert posted["errors"] == []
    query = """{ achievements(newestFirst: false) { nodes { businessDate credit amount originalAmount currency rate
        source sourceKey idempotencyKey metric { key } position { key } member { name } reverses { id } } } }"""
    rows = (await ask(floor, query))["achievements"]["nodes"]
    assert rows[0] == {
        "businessDate": "2026-05-05",
        "credit": "DIRECT",
        "amount": "0.01",
        "originalAmount": "0.01",
        "currency": "CNY",
        "rate": "1",
        "source": "PAYMENT",
        "sourceKey": "p",
        "idempotencyKey": "p#0",
        "metric": {"key": "collected_payments"},
        "position": {"key": "ann"},
        "member": {"name": "Ann"},
        "reverses": None,
    }
    assert [(row["amount"], row["credit"]) for row in rows] == [
        ("0.01", "DIRECT"),
        ("0.00", "DIRECT"),
        ("0.01", "OVERLAY"),
    ]


async def test_without_a_metric_the_source_says_what_counts(database: Database) -> None:
    """An order is revenue, a payment a collected payment; a visit has to say so."""
    floor = await furnish(database)
    bare = {"metric": None}
    posted = await post(
        floor,
        item("ann", "a", **bare),
        item("ann", "b", source="PAYMENT", **bare),
        item("ann", "c", source="ACTIVITY", metric="visits", amount="1"),
    )
    assert posted["errors"] == []
    query = "{ achievements(newestFirst: false) { nodes { sourceKey source metric { key } } } }"
    nodes = (await ask(floor, query))["achievements"]["nodes"]
    assert [(node["sourceKey"], node["source"], node["metric"]["key"]) for node in nodes] == [
        ("a", "ORDER", "revenue"),
        ("b", "PAYMENT", "collected_payments"),
        ("c", "ACTIVITY", "visits"),
    ]
    refused = await post(floor, item("ann", "d", source="ACTIVITY", **bare))
    assert refused["errors"] == ["METRIC_NEEDED at items.0.metric"]


async def test_everything_that_is_wrong_is_told_at_once(database: Database) -> None:
    """Every fault of every item, in the names that the caller used; nothing is posted, not even the good item."""
    floor = await furnish(database)
    bad_credits = [{"positionKey": "ann", "share": "0.5"}, {"share": "NaN"}]
    refused = await post(
        floor,
        item("ann", "good"),
        item("nowhere", "a", customerKey="nobody", productId="x"),
        item("ann", "b", metric="smiles"),
        item("ann", "c", businessDate=None),
        item("ann", "d", businessDate=None, occurredAt="2026-05-04T17:30:00"),
        item("ann", "e", credits=bad_credits, idempotencyKey=""),
        item("ann", "f", amount="1.234", source="IMPORT"),
        item("empty", "g"),
        item("ann", "h", credits=[{"positionKey": "ann", "share": "1E-999999999"}]),
    )
    assert refused["errors"] == [
        "UNKNOWN_POSITION at items.1.credits.0.positionKey",
        "UNKNOWN_CUSTOMER at items.1.customerKey",
        "UNKNOWN_PRODUCT at items.1.productId",
        "UNKNOWN_METRIC at items.2.metric",
        "ONE_DATE at items.3.businessDate",
        "NAIVE_INSTANT at items.4.occurredAt",
        "ID_OR_KEY at items.5.credits.1.positionId",
        "BAD_SHARE at items.5.credits.1.share",
        "BAD_KEY at items.5.idempotencyKey",
        "TOO_PRECISE at items.6.amount",
        "BAD_SOURCE at items.6.source",
        "NO_HOLDER at items.7.credits.0.positionKey",
        "BAD_SHARE at items.8.credits.0.share",
    ]
    assert (refused["achievements"], refused["posted"]) == ([], None)
    assert await seen(floor) == []
    assert (await post(floor))["errors"] == ["NO_ITEMS at items"]


async def test_only_those_who_may_post_post(database: Database) -> None:
    """A service with the scope posts, and without the right to read sees how many, not which; a head may not."""
    floor = await furnish(database)
    shop = Identity(floor.work.company.id, "shop", Role.SERVICE, scopes=frozenset({Scope.ACHIEVEMENTS.value}))
    assert await post(floor, item("ann", "1"), who=shop) == {
        "achievements": [],
        "posted": 1,
        "replayed": 0,
        "errors": [],
    }
    head = Identity(floor.work.company.id, "hal", Role.MEMBER, floor.members["hal"])
    with pytest.raises(AssertionError, match="achievements:write"):
        await post(floor, item("ann", "2"), who=head)
    assert await seen(floor) == ["1"]


async def test_entries_are_seen_with_the_figures_of_position_or_member(database: Database) -> None:
    """A seller sees his own, a head those below him; that members see the figures above opens no entries."""
    floor = await furnish(database)
    await post(floor, item("ann", "ann"), item("bob", "bob"), item("cem", "cem"))
    assert await seen(floor) == ["ann", "bob", "cem"]
    for open_above in (False, True):
        await update_company(floor.work, {"members_see_ancestors": open_above})
        assert await seen(floor, "hal") == ["ann", "bob"]
        assert await seen(floor, "ann") == ["ann"]
    hidden = (await ask(floor, "{ achievements(newestFirst: false) { nodes { id sourceKey } } }"))["achievements"]
    cem = next(row["id"] for row in hidden["nodes"] if row["sourceKey"] == "cem")
    assert await ask(floor, "query ($id: ID!) { node(id: $id) { id } }", "ann", id=cem) == {"node": None}
    assert await ask(floor, "query ($id: ID!) { node(id: $id) { id } }", "cem", id=cem) == {"node": {"id": cem}}


async def test_entries_are_filtered_and_paged(database: Database) -> None:
    """By metric, unit, member, period and source; pages go on where the last one ended."""
    floor = await furnish(database)
    await post(
        floor,
        item("ann", "a", businessDate="2026-01-31"),
        item("bob", "b", businessDate="2026-02-01"),
        item("cem", "c", businessDate="2026-02-02", metric="orders", amount="3"),
        item("cem", "d", businessDate="2026-02-02", metric="collected_payments", source="PAYMENT"),
    )
    east, cem = gid("OrgUnit", floor.units["east"]), gid("Member", floor.members["cem"])
    found = {
        arguments: [
            row["sourceKey"]
            for row in (await ask(floor, f"{{ achievements({arguments}) {{ nodes {{ sourceKey }} }} }}"))[
                "achievements"
            ]["nodes"]
        ]
        for arguments in (
            'metric: "revenue"',
            f'orgUnit: "{east}"',
            f'member: "{cem}"',
            'period: "2026-02"',
            "source: PAYMENT",
            'asOf: "2026-05-31"',
        )
    }
    assert list(found.values()) == [["b", "a"], ["b", "a"], ["d", "c"], ["d", "c", "b"], ["d"], []]
    page = """query ($after: String) { achievements(first: 3, after: $after, newestFirst: false) {
        edges { node { sourceKey } } totalCount pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    first = (await ask(floor, page))["achievements"]
    assert [edge["node"]["sourceKey"] for edge in first["edges"]] == ["a", "b", "c"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (4, True)
    rest = (await ask(floor, page, after=first["pageInfo"]["endCursor"]))["achievements"]
    assert [edge["node"]["sourceKey"] for edge in rest["edges"]] == ["d"]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_an_entry_is_taken_back_in_part(database: Database) -> None:
    """The reversal names its entry and the entry its reversal; more than is left is refused."""
    floor = await furnish(database)
    entry = (await post(floor, item("ann", "1")))["achievements"][0]["id"]
    fields = "achievement { amount source reverses { id reversals { amount } } }"
    facts = {"entryId": entry, "idempotencyKey": "r", "reason": "Returned", "amount": "30"}
    taken = await do(floor, "reverseAchievement", fields, **facts)
    assert taken["achievement"] == {
        "amount": "-30.00",
        "source": "REFUND",
        "reverses": {"id": entry, "reversals": [{"amount": "-30.00"}]},
    }
    more = await do(floor, "reverseAchievement", fields, **facts | {"idempotencyKey": "s", "amount": "70.01"})
    assert (more["achievement"], [error.split(" at ")[1] for error in more["errors"]]) == (None, ["amount"])
    unknown = await do(floor, "reverseAchievement", fields, **facts | {"entryId": gid("Achievement", 10**17)})
    assert unknown["errors"] == ["UNKNOWN_ENTRY at entryId"]
