"""What viewers see of random trees, worked out by hand from the rules of access, unit by unit and day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from quotaloom.organizations import sight
from quotaloom.organizations.sight import Posts, Sight, posts_on
from quotaloom.platform.database import Database, credentials
from tests.founding import found
from tests.integration.organizations.forests import DAYS, FIRST_DAY, STEP, Tree, plant, random_tree
from tests.progress import Progress, stepwise

TREES = 40
"""How many trees a company has: each viewer's statement looks through the company's holders."""

ROOT = STEP - 1
"""The company's own unit, above all trees; nobody of them heads it."""

Looker = tuple[int, int]
"""A member, and the number of the day on which he looks."""


Asked = tuple[Posts, dict[str, frozenset[int]]]
"""What he heads and holds, and the parts of what he sees."""


def seen_by_hand(tree: Tree, member: int, number: int) -> Sight:
    """What DOMAIN.md ("Access") lets him see: the subtrees that he heads today, himself, and names above him."""
    headed = {one.unit for one in tree.headships if one.other == member and one.covers(number)}
    held = {one.unit for one in tree.holdings if one.other == member and one.covers(number)}
    above = {unit: tree.climb(unit, number) for unit in tree.kinds}
    led = {unit for unit in tree.kinds if headed & set(above[unit])}
    ancestors = {one for unit in headed | held for one in above[unit][1:]}
    people = {one.other for one in tree.holdings if one.unit in led and one.covers(number)}
    people |= {one.other for one in tree.headships if one.unit in led and one.covers(number)}
    former = {one.other for one in tree.holdings if one.unit in led}
    return Sight(
        member,
        unit_ids=frozenset(led | held),
        named_unit_ids=frozenset(ancestors),
        member_ids=frozenset(people | {member}),
        named_member_ids=frozenset(former - people - {member}),
        headed_unit_ids=frozenset(headed),
        led_unit_ids=frozenset(led),
        top_unit_ids=frozenset(unit for unit in headed if not headed & set(above[unit][1:])),
        held_unit_ids=frozenset(held),
    )


def _date(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


# The product's own statements, each for all viewers at once: `$1` and the like are what a viewer is.
_FUNCTIONS = f"""
CREATE FUNCTION pg_temp.posts(bigint) RETURNS TABLE (part text, unit_id bigint, valid_from date, valid_to date)
    LANGUAGE sql STABLE AS $${sight.POSTS}$$;
CREATE FUNCTION pg_temp.subtrees(bigint[], bigint, date) RETURNS TABLE (part text, id bigint)
    LANGUAGE sql STABLE AS $${sight._SUBTREES}$$
"""


async def _asked(
    connection: asyncpg.Connection[Any], company_id: int, lookers: Sequence[Looker]
) -> dict[Looker, Asked]:
    """What the product's statements say of each viewer in a company."""
    await connection.execute(f"SET quotaloom.company_id = '{company_id}'")
    rows = await connection.fetch(
        "SELECT member, post.* FROM unnest($1::bigint[]) AS member, pg_temp.posts(member) AS post",
        [member for member, _ in lookers],
    )
    entered = defaultdict(list)
    for row in rows:
        entered[row["member"]].append(row)
    posts = {(member, number): posts_on(entered[member], _date(number)) for member, number in lookers}
    rows = await connection.fetch(
        "SELECT place, seen.* FROM ROWS FROM (unnest($1::bigint[]), unnest($2::date[]), unnest($3::text[]))"
        " WITH ORDINALITY AS viewer (member, day, headed, place),"
        " pg_temp.subtrees(headed::bigint[], member, day) AS seen",
        [member for member, _ in lookers],
        [_date(number) for _, number in lookers],
        ["{" + ",".join(map(str, posts[looker].headed_ids)) + "}" for looker in lookers],
    )
    found = defaultdict(list)
    for row in rows:
        found[row["place"]].append(row)
    return {looker: (posts[looker], sight._parts(found[place])) for place, looker in enumerate(lookers, start=1)}


@pytest.mark.parametrize("companies", [30, pytest.param(250, marks=pytest.mark.soak)])
async def test_sight_is_what_a_walk_finds(
    database: Database, database_url: str, companies: int, progress: Progress
) -> None:
    """On forty random trees a company with dated moves, heads and holders: what a walk up the tree gives each viewer.

    The application's role asks for all viewers of a company at once; 250 companies have 10,000 trees.
    """
    random, led = Random(8), 0
    connection = await asyncpg.connect(**credentials(database_url))
    await connection.execute(_FUNCTIONS)
    for company in stepwise(progress, range(companies), "a company with forty trees"):
        work = await found(database, key=f"company-{company}")
        trees = [random_tree(random, number, ROOT) for number in range(TREES)]
        await plant(work, trees, ROOT)
        looking = {(member, random.randrange(DAYS)): tree for tree in trees for member in tree.members}
        asked = await _asked(connection, work.company.id, list(looking))
        for (member, number), tree in looking.items():
            expected = seen_by_hand(tree, member, number)
            posts, parts = asked[member, number]
            assert sight._sight(member, posts.headed_ids, parts, False) == expected, (company, member, number)
            open_above = replace(expected, unit_ids=expected.unit_ids | expected.named_unit_ids)
            assert sight._sight(member, posts.headed_ids, parts, True) == open_above, (company, member, number)
            led += len(expected.led_unit_ids) > 1
    await connection.close()
    assert led > companies * TREES // 2  # the trees are no stubs: heads with units below them
