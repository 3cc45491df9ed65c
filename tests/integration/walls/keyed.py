"""Keys that the planted company alone knows, and the twin's people who come with them.

Sessions of browsers, kept answers and claims are found by a key. The twin has the same ones, so that some of the
planted company's become its own here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import asyncpg

from quotaloom.platform.tokens import Grant, GrantKind, Identity
from tests.integration.graph.valid_calls import VALID
from tests.integration.walls.asking import strangers
from tests.integration.walls.planting import Walls
from tests.integration.walls.questions import READ, Question

KEYED: Final = "with the key of a request"
"""The kind of questions that come with the idempotency key."""

KEY: Final = "known to one"
ANN: Final = "the twin's Ann"
BY_SESSION: Final = "the twin's Ann, by a session of the planted company"


async def give_keys(admin: asyncpg.Connection[Any], walls: Walls) -> None:
    """Give Ann's answers of the planted company the key, and end her sessions at the twin."""
    ann = walls.world.floor.members["ann"]
    await admin.execute("UPDATE browser_session SET ended_at = begun_at WHERE company_id = $1", walls.twin_id)
    await admin.execute("UPDATE claim_request SET request_key = $2 WHERE company_id = $1", walls.planted_id, KEY)
    await admin.execute(
        "UPDATE kept_answer SET request_key = $2, caller = $3 WHERE company_id = $1",
        walls.planted_id,
        KEY,
        f"member {ann}",
    )


async def by_session(admin: asyncpg.Connection[Any], walls: Walls) -> Identity:
    """Ann of the twin, let in by a session that she has in the planted company alone."""
    ann = strangers(walls)[ANN]
    assert ann is not None
    session_id = await admin.fetchval("SELECT id FROM browser_session WHERE company_id = $1", walls.planted_id)
    return replace(ann, grant=Grant(GrantKind.SESSION, session_id))


def keyed(walls: Walls) -> list[Question]:
    """What is answered by a key: who she is, a claim again, and what was done before."""
    claim, task = VALID["claimRecords"](walls.world), VALID["createCustomer"](walls.world)
    claiming = "mutation ($input: ClaimRecordsInput!) { claimRecords(input: $input) { errors { code path } } }"
    creating = "mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { errors { code path } } }"
    return [
        Question(BY_SESSION, READ, "{ viewer { subject } }", {}),
        Question(ANN, "mutation", claiming, {"input": {**claim, "key": KEY}}),
        Question(ANN, KEYED, creating, {"input": task}),
    ]
