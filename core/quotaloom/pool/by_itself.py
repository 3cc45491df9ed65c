"""Handing out what waits in pools that do it by themselves: the job that is asked for whenever something enters one."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Final

from quotaloom.ownership.arrivals import GATHERING, HAND_OUT, ask_to_hand_out
from quotaloom.platform.errors import InputError
from quotaloom.platform.jobs.handlers import Job, JobHandler
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost
from quotaloom.pool.handing_out import MOST_HANDED, hand_out

AGAIN: Final = timedelta(minutes=10)
"""How often the policies are asked again about what they have left: somebody may have come back, or have room."""

_SOMETHING_WAITS = """
SELECT FROM pool WHERE company_id = $1 AND id = $2 AND hands_out AND NOT closed AND EXISTS (
    SELECT FROM ownership WHERE company_id = $1 AND pool_id = $2 AND member_id IS NULL AND position_id IS NULL
)
"""

_log = logging.getLogger(__name__)


def handing_out_by_itself(host: PolicyHost, again: timedelta = AGAIN) -> JobHandler:
    """Does the jobs that pools ask for which hand out by themselves; the plugins are those of `host`."""
    return JobHandler(HAND_OUT, partial(_hand_out_waiting, host=host, again=again))


async def _hand_out_waiting(job: Job, host: PolicyHost, again: timedelta) -> None:
    """Hand out what waits in the pool; ask for another job while something is left that somebody may get later."""
    work = await job.work()
    pool_id = int(job.payload["pool"])
    if not await _something_waits(work, pool_id):
        return
    given, asked = await _handed_out(work, host, pool_id)
    if given:
        _log.info("a pool of %s handed out %d records", work.company.key, given)
    if given < asked:
        await work.write(partial(_ask_again, pool_id=pool_id, every=again))
    elif asked == MOST_HANDED:
        await work.write(partial(_ask_again, pool_id=pool_id, every=GATHERING))


async def _something_waits(work: Work, pool_id: int) -> bool:
    async with work.snapshot() as snapshot:
        return await snapshot.fetch_one(_SOMETHING_WAITS, snapshot.company_id, pool_id) is not None


async def _handed_out(work: Work, host: PolicyHost, pool_id: int) -> tuple[int, int]:
    """How many records somebody got, of how many."""
    try:
        answer = await hand_out(work, host, pool_id)
    except InputError as error:
        if error.code == "NO_POLICY":
            return 0, 1
        raise
    return sum(one.member_id is not None for one in answer.handed), len(answer.handed)


async def _ask_again(transaction: Transaction, pool_id: int, every: timedelta) -> None:
    await ask_to_hand_out(transaction, [pool_id], every)
