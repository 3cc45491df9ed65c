"""The source of a plugin that has twelve kinds of bad policy for every hook that is asked."""

from __future__ import annotations

KINDS = (
    "raises",
    "hangs",
    "nan",
    "infinite",
    "negative",
    "wrong_total",
    "wrong_type",
    "wrong_length",
    "mutates",
    "gigabyte",
    "exits",
    "dawdles",
)
"""What is wrong with each; `dawdles` answers well, just under the deadline, and `mutates` answers well too."""

ANSWERED = frozenset({"mutates", "dawdles"})

FAULTS = {
    "raises": "it raised RuntimeError: no luck",
    "hangs": "it gave no answer within 3 seconds, and was stopped",
    "nan": "NaN",
    "infinite": "Infinity",
    "negative": "-1",
    "wrong_type": "it answered with str, not with",
    "gigabyte": "it wanted more than 256 MB of memory",
    "exits": "its worker exited with code 0",
}
"""What the error says of each, where it says the same for all hooks."""

FAULTS_OF = {
    ("allocation", "wrong_total"): "an allocation gives children or matrix, not both",
    ("allocation", "wrong_length"): "children has 3 entries for 2 children",
    ("crediting", "wrong_total"): "the direct shares sum to 9/10; they must sum to exactly 1",
    ("crediting", "wrong_length"): "it gives 60 credits; 50 at the most",
}

SOURCE = '''
    import os, time
    from decimal import Decimal
    from fractions import Fraction
    from quotaloom_sdk import (
        AllocationResult, AllocationRule, Credit, CreditingResult, CreditingRule, Explanation, Parameters, hookimpl,
    )

    QUOTALOOM_API = "1.0"
    BECAUSE = Explanation("Because.")

    def weights(*children):
        return AllocationResult(children=children, explanation=BECAUSE)

    def to_all(share):
        return lambda request: forged(share, request)

    def credits(request, share=Fraction(1)):
        return CreditingResult(credits=(Credit(request.deal.position_id, share),), explanation=BECAUSE)

    def forged(share, request):
        """An answer that goes around the checks of its class."""
        answer = credits(request)
        object.__setattr__(answer.credits[0], "share", share)
        return answer

    def raises(request):
        raise RuntimeError("no luck")

    def hangs(request):
        while True:
            pass

    def gigabyte(request):
        return len(bytearray(1024 ** 3))

    def exits(request):
        os._exit(0)

    def wrong_type(request):
        return "half and half"

    def two_shapes(request):
        answer = weights(1, 1)
        object.__setattr__(answer, "matrix", ((1,) * 12,) * 2)
        return answer

    def spoiled(request):
        object.__setattr__(request.children[0], "id", "0")
        object.__setattr__(request, "months", ())
        return weights(3, 1)

    def slow_weights(request):
        time.sleep(2.5)
        return weights(3, 1)

    def sixty(request):
        answer = credits(request)
        each = tuple(Credit(str(number), Fraction(1, 60)) for number in range(1, 61))
        object.__setattr__(answer, "credits", each)
        return answer

    def spoiled_deal(request):
        object.__setattr__(request.deal, "amount", 999_999_00)
        return credits(request)

    def slow_credits(request):
        time.sleep(2.5)
        return credits(request)

    SHARED = {
        "raises": raises, "hangs": hangs, "gigabyte": gigabyte, "exits": exits, "wrong_type": wrong_type,
    }
    ALLOCATION = {
        **SHARED,
        "nan": lambda request: weights(Decimal("NaN"), 1),
        "infinite": lambda request: weights(Decimal("Infinity"), 1),
        "negative": lambda request: weights(-1, 2),
        "wrong_total": two_shapes,
        "wrong_length": lambda request: weights(1, 1, 1),
        "mutates": spoiled,
        "dawdles": slow_weights,
    }
    CREDITING = {
        **SHARED,
        "nan": to_all(Decimal("NaN")),
        "infinite": to_all(Decimal("Infinity")),
        "negative": to_all(Fraction(-1)),
        "wrong_total": to_all(Fraction(9, 10)),
        "wrong_length": sixty,
        "mutates": spoiled_deal,
        "dawdles": slow_credits,
    }

    def words(key):
        return {"key": key, "title": key, "description": "Bad.", "parameters": Parameters}

    @hookimpl
    def quotaloom_allocation_rules():
        for key, function in ALLOCATION.items():
            yield AllocationRule(**words("allocation_" + key), allocate=function)

    @hookimpl
    def quotaloom_crediting_rules():
        for key, function in CREDITING.items():
            yield CreditingRule(**words("crediting_" + key), credit=function)
'''
