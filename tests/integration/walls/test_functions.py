"""Functions of the database that row-level security does not reach: each of their conditions is a wall of its own."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from tests.integration.walls.asking import Asking
from tests.integration.walls.planting import Walls

ISSUER, SUBJECT, KEY = "https://id.example", "known", "once"

CALLS: Final[Mapping[str, Sequence[tuple[str, ...]]]] = {
    "company_clocks": [()],
    "companies_listening": [()],
    "company_id_of": [("nowhere",)],
    "kept_for_operator": [("operator ops", "never"), ("operator other", KEY), ("member 1", KEY)],
    "outside_members": [(ISSUER, SUBJECT), (ISSUER, "unknown"), ("https://elsewhere.example", SUBJECT)],
}
"""What is asked of each of them: mostly for what is there under another name."""

UNCONDITIONAL: Final = {"company_clocks"}
"""What is answered in full: the jobs go by the clocks of all companies."""

_CONDITION: Final = re.compile(
    r"\b(?:WHERE|AND|ON)\s+(.+?)(?=\s+(?:AND|WHERE|JOIN|ORDER BY)\b|\s*\$function\$)", re.DOTALL
)

Answers = set[tuple[object, ...]]


async def test_each_condition_of_a_function_is_needed(asking: Asking, admin: asyncpg.Connection[Any]) -> None:
    """Without one of them, whoever asks for what is not his is answered with a row more."""
    await prepare(admin, asking.walls)
    functions = {row["name"]: row["definition"] for row in await admin.fetch(FUNCTIONS)}
    assert functions.keys() == CALLS.keys()
    needless, tried = [], 0
    for name, definition in functions.items():
        conditions = list(_CONDITION.finditer(definition))
        assert bool(conditions) != (name in UNCONDITIONAL), name
        before = await answers(asking, name)
        for condition in conditions:
            tried += 1
            async with without(admin, definition, condition):
                if not await answers(asking, name) - before:
                    needless.append((name, condition[1]))
    assert needless == []
    assert tried > 10


FUNCTIONS: Final = """
SELECT proname AS name, pg_get_functiondef(oid) AS definition FROM pg_proc
WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY proname
"""


async def answers(asking: Asking, name: str) -> Answers:
    """All that the function answers to a unit of work without a company."""
    found: Answers = set()
    async with asking.database.snapshot(0) as snapshot:
        for given in CALLS[name]:
            places = ", ".join(f"${place}" for place in range(1, len(given) + 1))
            rows = await snapshot.fetch(f"SELECT answer.* FROM {name}({places}) AS answer", *given)
            found |= {(given, *row.values()) for row in rows}
    return found


@asynccontextmanager
async def without(admin: asyncpg.Connection[Any], definition: str, condition: re.Match[str]) -> AsyncIterator[None]:
    """Run the block without one condition of a function."""
    start, end = condition.span(1)
    await admin.execute(f"{definition[:start]}true{definition[end:]}")
    try:
        yield
    finally:
        await admin.execute(definition)


async def prepare(admin: asyncpg.Connection[Any], walls: Walls) -> None:
    """An operator's kept answer, and a member's; a subject; a listener that is off and stands nowhere, and policies
    that are none."""
    await admin.execute("SET session_replication_role = replica")
    await admin.execute("DELETE FROM listener_position")
    for company, caller in ((walls.planted_id, "operator ops"), (walls.twin_id, "member 1")):
        await admin.execute(
            "UPDATE kept_answer SET caller = $2, request_key = $3 WHERE company_id = $1"
            " AND id = (SELECT min(id) FROM kept_answer WHERE company_id = $1)",
            *(company, caller, KEY),
        )
        await admin.execute(
            "UPDATE outside_subject SET issuer = $2, subject = $3 WHERE company_id = $1"
            " AND id = (SELECT min(id) FROM outside_subject WHERE company_id = $1)",
            *(company, ISSUER, SUBJECT),
        )
    for company, kind, active in ((walls.planted_id, "pool", True), (walls.twin_id, "listener", False)):
        await admin.execute(
            "UPDATE policy_setting SET kind = $2, active = $3 WHERE company_id = $1", company, kind, active
        )
    await admin.execute("SET session_replication_role = origin")
