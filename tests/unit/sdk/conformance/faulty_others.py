"""Policies of the other kinds, listeners and fields with exactly one fault each."""

from __future__ import annotations

from quotaloom_sdk.testing.conformance import FindingKind
from tests.unit.sdk.conformance.faulty_plugins import Faulty

_GRAPH = """
        @hookimpl
        def quotaloom_graphql():
            field = ObjectField(on="OrgUnit", name="acme_size", description="Size.", type=int, read=read)
            yield GraphQLExtension(key="graph", prefix="Acme", object_fields=(field,), **WORDS)
"""

OTHERS = {
    "credits that sum to nine tenths": Faulty(
        """
        def credit(request):
            answer = CreditingResult(credits=(Credit(request.deal.position_id, Fraction(1)),), explanation=BECAUSE)
            object.__setattr__(answer.credits[0], "share", Fraction(9, 10))
            return answer

        @hookimpl
        def quotaloom_crediting_rules():
            yield CreditingRule(key="credit", parameters=Parameters, credit=credit, **WORDS)
        """,
        FindingKind.WRONG_ANSWER,
        "the direct shares sum to 9/10; they must sum to exactly 1",
    ),
    "a credit of NaN": Faulty(
        """
        def credit(request):
            return CreditingResult(
                credits=(Credit(request.deal.position_id, Decimal("NaN")),), explanation=BECAUSE
            )

        @hookimpl
        def quotaloom_crediting_rules():
            yield CreditingRule(key="credit", parameters=Parameters, credit=credit, **WORDS)
        """,
        FindingKind.NOT_FINITE,
        "the share of a credit must be finite, not NaN",
    ),
    "a named position twice": Faulty(
        """
        def credit(request):
            on_top = Credit(request.deal.position_id, Decimal("0.1"), overlay=True)
            given = request.named or (Credit("of nobody else", Decimal(1)),)
            return CreditingResult(credits=(*given, on_top), explanation=BECAUSE)

        @hookimpl
        def quotaloom_crediting_rules():
            yield CreditingRule(key="credit", parameters=Parameters, credit=credit, **WORDS)
        """,
        FindingKind.WRONG_ANSWER,
        "credits has '",
    ),
    "half a cent": Faulty(
        """
        def reward(request):
            lines = tuple(
                IncentiveLine(line.metric_key, "Half", line.achieved / 2, BECAUSE) for line in request.lines
            )
            return IncentiveResult(lines=lines, explanation=BECAUSE)

        @hookimpl
        def quotaloom_incentive_rules():
            yield IncentiveRule(key="reward", parameters=Parameters, reward=reward, **WORDS)
        """,
        FindingKind.WRONG_TYPE,
        "must be a whole number of minor units (int), not ",
    ),
    "a rate against no target": Faulty(
        """
        def reward(request):
            bonus = sum(1 for line in request.lines if line.achieved / line.target > 1)
            return IncentiveResult(lines=(), explanation=Explanation(f"{bonus} above target."))

        @hookimpl
        def quotaloom_incentive_rules():
            needs = frozenset({Need.PLAN})
            yield IncentiveRule(key="reward", parameters=Parameters, needs=needs, reward=reward, **WORDS)
        """,
        FindingKind.EXCEPTION,
        "(acme_rules.py, line",
    ),
    "a record for somebody without room": Faulty(
        """
        def assign(request):
            first = request.candidates[0].member_id if request.candidates else None
            assignments = tuple(Assignment(record.id, first) for record in request.records)
            return PoolResult(assignments=assignments, explanation=BECAUSE)

        @hookimpl
        def quotaloom_pool_policies():
            yield PoolPolicy(key="assign", parameters=Parameters, assign=assign, **WORDS)
        """,
        FindingKind.WRONG_ANSWER,
        "who has no room for it",
    ),
    "a memory that is not understood": Faulty(
        """
        def assign(request):
            turns = int(request.memory or "0")
            assignments = tuple(Assignment(record.id, None) for record in request.records)
            return PoolResult(assignments=assignments, memory=f"turn {turns}", explanation=BECAUSE)

        @hookimpl
        def quotaloom_pool_policies():
            yield PoolPolicy(key="assign", parameters=Parameters, assign=assign, **WORDS)
        """,
        FindingKind.EXCEPTION,
        "it raised ValueError: invalid literal for int() with base 10: 'turn 0' (acme_rules.py, line",
    ),
    "no assignment for the last record": Faulty(
        """
        def assign(request):
            assignments = tuple(Assignment(record.id, None) for record in request.records[:-1])
            return PoolResult(assignments=assignments, explanation=BECAUSE)

        @hookimpl
        def quotaloom_pool_policies():
            yield PoolPolicy(key="assign", parameters=Parameters, assign=assign, **WORDS)
        """,
        FindingKind.WRONG_LENGTH,
        "there are 0 for 1 records",
    ),
    "a gate for deals whose amount is known": Faulty(
        """
        def examine(request):
            if request.deal.amount > 50_000_00:
                unmet = (UnmetStandard("big", "Ask your head."),)
                return GateResult(unmet=unmet, explanation=BECAUSE)
            return GateResult(explanation=BECAUSE)

        @hookimpl
        def quotaloom_stage_gates():
            yield StageGate(key="examine", parameters=Parameters, examine=examine, **WORDS)
        """,
        FindingKind.EXCEPTION,
        "it raised TypeError: '>' not supported between instances of 'NoneType' and 'int' (acme_rules.py, line",
    ),
    "a score above the most": Faulty(
        """
        def score(request):
            parts = tuple(PartScore(part.key, Fraction(part.most) + 1, BECAUSE) for part in request.parts)
            return ReviewResult(score=Decimal(0), parts=parts, explanation=BECAUSE)

        @hookimpl
        def quotaloom_review_scorers():
            yield ReviewScorer(key="score", parameters=Parameters, score=score, **WORDS)
        """,
        FindingKind.WRONG_ANSWER,
        "; the most is ",
    ),
    "a negative score": Faulty(
        """
        def score(request):
            parts = tuple(PartScore(part.key, Decimal(0), BECAUSE) for part in request.parts)
            return ReviewResult(score=Decimal(-1), parts=parts, explanation=BECAUSE)

        @hookimpl
        def quotaloom_review_scorers():
            yield ReviewScorer(key="score", parameters=Parameters, score=score, **WORDS)
        """,
        FindingKind.NEGATIVE,
        "score must not be negative: -1",
    ),
    "a listener that answers": Faulty(
        """
        def listen(event):
            return event.payload["policy"]

        @hookimpl
        def quotaloom_event_listeners():
            yield EventListener(
                key="listen", parameters=Parameters, topics=("policy.switched",), listen=listen, **WORDS
            )
        """,
        FindingKind.WRONG_TYPE,
        "it answered with str, not with None",
    ),
    "a listener for what is not told": Faulty(
        """
        def listen(event):
            event.payload["amount"]

        @hookimpl
        def quotaloom_event_listeners():
            yield EventListener(
                key="listen", parameters=Parameters, topics=("opportunity.won",), listen=listen, **WORDS
            )
        """,
        FindingKind.EXCEPTION,
        "it raised KeyError: 'amount' (acme_rules.py, line",
    ),
    "attributes that may be negative": Faulty(
        """
        def allocate(request):
            return weights(*(child.attributes.number("stores") or 0 for child in request.children))

        @hookimpl
        def quotaloom_allocation_rules():
            yield rule(allocate, needs=frozenset({Need.ATTRIBUTES}))
        """,
        FindingKind.NEGATIVE,
        "is negative: -",
    ),
    "fields that read one by one": Faulty(
        """
        async def read(reader, ids):
            found = [(await reader.units([one]))[0] for one in ids]
            return [unit and unit.load and unit.load.customers for unit in found]
        """
        + _GRAPH,
        FindingKind.ONE_BY_ONE,
        "; ask for all of them in one call",
    ),
    "fields that leave out what cannot be seen": Faulty(
        """
        async def read(reader, ids):
            return [unit.load and unit.load.customers for unit in await reader.units(ids) if unit]
        """
        + _GRAPH,
        FindingKind.WRONG_LENGTH,
        "field OrgUnit.acme_size: it answered with ",
    ),
    "fields that rely on the viewer": Faulty(
        """
        async def read(reader, ids):
            return [unit.load and unit.load.customers for unit in await reader.units(ids)]
        """
        + _GRAPH,
        FindingKind.EXCEPTION,
        "field OrgUnit.acme_size: it raised AttributeError: 'NoneType' object has no attribute 'load'",
    ),
    "fields of another type": Faulty(
        """
        async def read(reader, ids):
            return [unit and unit.name for unit in await reader.units(ids)]
        """
        + _GRAPH,
        FindingKind.WRONG_TYPE,
        " of type str, not with a whole number",
    ),
    "fields in an order of their own": Faulty(
        """
        async def read(reader, ids):
            return sorted(len(one) for one in ids)
        """
        + _GRAPH,
        FindingKind.WRONG_ANSWER,
        "field OrgUnit.acme_size: asked for the same ids the other way round, it gives other answers",
    ),
    "fields that go past the reader": Faulty(
        """
        async def read(reader, ids):
            socket.create_connection(("127.0.0.1", 5432))
            return [None] * len(ids)
        """
        + _GRAPH,
        FindingKind.NETWORK,
        "field OrgUnit.acme_size: socket.getaddrinfo('127.0.0.1', 5432) (acme_rules.py, line",
    ),
    "fields that read the clock": Faulty(
        """
        async def read(reader, ids):
            return [datetime.datetime.now().hour for _ in ids]
        """
        + _GRAPH,
        FindingKind.NOT_DETERMINISTIC,
        "field OrgUnit.acme_size: it reads the clock: datetime.now (acme_rules.py, line",
    ),
    "fields that are too big for the graph": Faulty(
        """
        async def read(reader, ids):
            return [unit and unit.load and unit.load.open_amount for unit in await reader.units(ids)]
        """
        + _GRAPH,
        FindingKind.WRONG_ANSWER,
        "does not fit into an Int of GraphQL; make the field a Decimal",
    ),
    "fields of a type that is not exact": Faulty(
        """
        async def read(reader, ids):
            return [None for _ in ids]
        """
        + _GRAPH.replace("type=int", "type=float"),
        FindingKind.UNUSABLE,
        "field OrgUnit.acme_size: type float is not possible: use bool, int, str, Decimal, date, datetime, a type of",
    ),
    "fields whose arguments nobody knows": Faulty(
        """
        async def read(reader, ids, *, size: "Size"):
            return [None] * len(ids)
        """
        + _GRAPH,
        FindingKind.UNUSABLE,
        "field OrgUnit.acme_size: name 'Size' is not defined",
    ),
}
