"""In turn: whoever waits longest gets the next."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from quotaloom_assignment.candidates import AssignmentParameters, hand_of
from quotaloom_sdk import Need, PoolPolicy, PoolRequest, PoolResult


def round_robin(request: PoolRequest[AssignmentParameters]) -> PoolResult:
    """Each record to whoever waits longest; who is away loses his turns, and nobody makes up for them later."""
    hand = hand_of(request, request.parameters)
    queue = [(*one.waiting, one) for one in hand.candidates if one.free]
    heapify(queue)
    for record in request.records:
        if not queue:
            hand.give(record, None)
            continue
        _, _, chosen = heappop(queue)
        hand.give(record, chosen, "It was your turn.")
        if chosen.free:
            heappush(queue, (*chosen.waiting, chosen))
    return hand.result("Each went to whoever had waited longest.")


ROUND_ROBIN = PoolPolicy(
    key="round_robin",
    title="In turn",
    description="Everybody in turn. Who is away is left out, and gets no more than his turn when he is back.",
    parameters=AssignmentParameters,
    needs=frozenset({Need.CALENDAR}),
    assign=round_robin,
)
