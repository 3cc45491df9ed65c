"""Plugins with exactly one fault each, and what the conformance kit says of it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from types import ModuleType

from quotaloom_sdk.testing.conformance import FindingKind

HEAD = """
    import datetime, os, random, secrets, socket, subprocess, sys, time
    from decimal import Decimal
    from fractions import Fraction
    from pydantic import Field
    from quotaloom_sdk import *

    QUOTALOOM_API = "1.0"
    BECAUSE = Explanation("Because.")
    WORDS = {"title": "Title", "description": "Words."}

    def even(request):
        return AllocationResult(explanation=BECAUSE)

    def weights(*given):
        return AllocationResult(children=given, explanation=BECAUSE)

    def rule(allocate, parameters=Parameters, needs=frozenset(), key="rule"):
        return AllocationRule(key=key, parameters=parameters, needs=needs, allocate=allocate, **WORDS)
"""

RULE = """
    @hookimpl
    def quotaloom_allocation_rules():
        yield rule(allocate)
"""


@dataclass(frozen=True)
class Faulty:
    """A plugin's source below `HEAD`, the one kind of finding it has, and words of its message."""

    source: str
    kind: FindingKind
    words: str

    @property
    def text(self) -> str:
        """The whole module."""
        return module_text(self.source)


def module_text(source: str) -> str:
    """A whole module: with what all import, and a hook for the function `allocate` where there is none."""
    hook = "" if "@hookimpl" in source else dedent(RULE)
    return dedent(HEAD) + dedent(source) + hook


def written(folder: Path, text: str, name: str = "acme_rules") -> Path:
    """The file of a module with that source."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return path


def imported(path: Path) -> ModuleType:
    """The module in that file, which is no module that others could import."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.__spec__ = None
    return module


RULES = {
    "chance": Faulty(
        """
        def allocate(request):
            return weights(*(random.randint(1, 9) for _ in request.children))
        """,
        FindingKind.NOT_DETERMINISTIC,
        "it uses chance: random.getrandbits",
    ),
    "secret chance": Faulty(
        """
        def allocate(request):
            return weights(*(secrets.randbelow(10**9) for _ in request.children))
        """,
        FindingKind.NOT_DETERMINISTIC,
        "it uses chance: os.urandom (acme_rules.py, line",
    ),
    "clock": Faulty(
        """
        def allocate(request):
            return weights(*(datetime.date.today().month for _ in request.children))
        """,
        FindingKind.NOT_DETERMINISTIC,
        "it reads the clock: date.today (acme_rules.py, line",
    ),
    "time": Faulty(
        """
        def allocate(request):
            time.time()
            return even(request)
        """,
        FindingKind.NOT_DETERMINISTIC,
        "it reads the clock: time.time (acme_rules.py, line",
    ),
    "memory of earlier calls": Faulty(
        """
        CALLS = []

        def allocate(request):
            CALLS.append(1)
            return weights(*(len(CALLS) for _ in request.children))
        """,
        FindingKind.NOT_DETERMINISTIC,
        "the same request gave two answers: AllocationResult(children=(",
    ),
    "chance of its own": Faulty(
        """
        OWN = random.Random()

        def allocate(request):
            return weights(*(OWN.randrange(10**6) for _ in request.children))
        """,
        FindingKind.NOT_DETERMINISTIC,
        "the same request gave two answers: ",
    ),
    "changed input": Faulty(
        """
        def allocate(request):
            for child in request.children:
                object.__setattr__(child, "name", "Mine")
            return even(request)
        """,
        FindingKind.INPUT_MUTATED,
        "it changes children of its request",
    ),
    "changed parameters": Faulty(
        """
        class Steps(Parameters):
            steps: list[int] = Field(default=[1], max_length=3, description="Some steps.")

        def allocate(request):
            request.parameters.steps.append(1)
            return even(request)

        @hookimpl
        def quotaloom_allocation_rules():
            yield rule(allocate, Steps)
        """,
        FindingKind.INPUT_MUTATED,
        "it changes parameters of its request",
    ),
    "text that cannot be stored": Faulty(
        """
        def allocate(request):
            return AllocationResult(explanation=Explanation("a\\x00b"))
        """,
        FindingKind.WRONG_ANSWER,
        "the text of an explanation holds the NUL character, which cannot be stored",
    ),
    "number without end": Faulty(
        """
        def allocate(request):
            return AllocationResult(explanation=Explanation("Long.", (("v", Decimal("1." + "1" * 200_000)),)))
        """,
        FindingKind.WRONG_ANSWER,
        "the value 'v' has too many digits; round it",
    ),
    "weight without end": Faulty(
        """
        def allocate(request):
            return weights(*(10**5000 for _ in request.children))
        """,
        FindingKind.WRONG_ANSWER,
        "children[0] has more than 512 bits",
    ),
    "parameters that do not come back": Faulty(
        """
        from typing import Any
        from pydantic import field_serializer

        class Counted(Parameters):
            count: int = Field(default=1, ge=1, le=1000, description="How many.")

            @field_serializer("count")
            def word(self, count) -> Any:
                return count if count == 1 else "many"

        @hookimpl
        def quotaloom_allocation_rules():
            yield rule(even, Counted)
        """,
        FindingKind.WRONG_ANSWER,
        "its parameters cannot be validated and stored: its parameters are written as {'count': 'many'}",
    ),
    "NaN": Faulty(
        """
        def allocate(request):
            return weights(*(Decimal("NaN") for _ in request.children))
        """,
        FindingKind.NOT_FINITE,
        "children[0] is NaN, not a finite number",
    ),
    "infinity": Faulty(
        """
        def allocate(request):
            return AllocationResult(months=(Decimal("Infinity"),) * len(request.months), explanation=BECAUSE)
        """,
        FindingKind.NOT_FINITE,
        "months[0] is Infinity, not a finite number",
    ),
    "negative weights, of what was refunded": Faulty(
        """
        def allocate(request):
            return weights(*(sum(child.achieved) for child in request.children))

        @hookimpl
        def quotaloom_allocation_rules():
            yield rule(allocate, needs=frozenset({Need.HISTORY}))
        """,
        FindingKind.NEGATIVE,
        "is negative: -",
    ),
    "children of one name taken for one": Faulty(
        """
        def allocate(request):
            return weights(*({child.name: 1 for child in request.children}.values()))
        """,
        FindingKind.WRONG_LENGTH,
        "children has 1 entries for 2 children",
    ),
    "eleven months": Faulty(
        """
        def allocate(request):
            return AllocationResult(months=(1,) * 11, explanation=BECAUSE)
        """,
        FindingKind.WRONG_LENGTH,
        "months has 11 entries for 12 months",
    ),
    "float weights": Faulty(
        """
        def allocate(request):
            return weights(*(0.5 for _ in request.children))
        """,
        FindingKind.WRONG_TYPE,
        "children[0] is of type float; a weight is an int, a Decimal or a Fraction",
    ),
    "no result at all": Faulty(
        """
        def allocate(request):
            even(request)
        """,
        FindingKind.WRONG_TYPE,
        "it answered with None, not with an AllocationResult",
    ),
    "two shapes at once": Faulty(
        """
        def allocate(request):
            answer = even(request)
            object.__setattr__(answer, "children", (1,) * len(request.children))
            object.__setattr__(answer, "matrix", ((1,) * 12,) * len(request.children))
            return answer
        """,
        FindingKind.WRONG_ANSWER,
        "an allocation gives children or matrix, not both",
    ),
    "no children": Faulty(
        """
        def allocate(request):
            return weights(*(Fraction(1, len(request.children)) for _ in (0, *request.children)[1:] or 1 / 0))
        """,
        FindingKind.EXCEPTION,
        "it raised ZeroDivisionError: division by zero (acme_rules.py, line",
    ),
    "exit": Faulty(
        """
        def allocate(request):
            sys.exit("enough")
        """,
        FindingKind.EXCEPTION,
        "it raised SystemExit: enough (acme_rules.py, line",
    ),
    "sleep": Faulty(
        """
        def allocate(request):
            time.sleep(0.3)
            return even(request)
        """,
        FindingKind.TOO_SLOW,
        "it took 0.2 seconds or more, twice; a call may take 0.2",
    ),
    "endless loop": Faulty(
        """
        def allocate(request):
            while True:
                pass
        """,
        FindingKind.TOO_SLOW,
        "it took 0.2 seconds or more, twice; a call may take 0.2",
    ),
    "network": Faulty(
        """
        def allocate(request):
            socket.create_connection(("127.0.0.1", 9))
            return even(request)
        """,
        FindingKind.NETWORK,
        "socket.getaddrinfo('127.0.0.1', 9) (acme_rules.py, line",
    ),
    "network, and nobody to know": Faulty(
        """
        def allocate(request):
            try:
                socket.socket().connect(("127.0.0.1", 9))
            except:
                pass
            return even(request)
        """,
        FindingKind.NETWORK,
        "socket.connect(('127.0.0.1', 9)) (acme_rules.py, line",
    ),
    "reads a file": Faulty(
        """
        def allocate(request):
            with open(__file__) as lines:
                return even(request)
        """,
        FindingKind.FILES,
        "open('",
    ),
    "writes a file": Faulty(
        """
        def allocate(request):
            os.open("/nowhere/log", os.O_CREAT | os.O_WRONLY)
            return even(request)
        """,
        FindingKind.FILES,
        "open('/nowhere/log'",
    ),
    "makes a folder": Faulty(
        """
        def allocate(request):
            os.mkdir("/nowhere")
            return even(request)
        """,
        FindingKind.FILES,
        "os.mkdir('/nowhere'",
    ),
    "program": Faulty(
        """
        def allocate(request):
            subprocess.run(["true"])
            return even(request)
        """,
        FindingKind.PROGRAMS,
        "subprocess.Popen('true', ['true']) (acme_rules.py, line",
    ),
    "parameter without description": Faulty(
        """
        class Bare(Parameters):
            factor: int = Field(default=1, ge=0, le=9)

        @hookimpl
        def quotaloom_allocation_rules():
            yield rule(even, Bare)
        """,
        FindingKind.NO_DESCRIPTION,
        "factor; an admin would have to guess what it does",
    ),
    "parameters that break their own validation": Faulty(
        """
        from pydantic import field_validator

        class Odd(Parameters):
            factor: int = Field(default=1, ge=0, le=9, description="A factor.")

            @field_validator("factor")
            @classmethod
            def _even(cls, factor):
                return {1: 1, 2: 2}[factor]

        @hookimpl
        def quotaloom_allocation_rules():
            yield rule(even, Odd)
        """,
        FindingKind.EXCEPTION,
        "its parameters cannot be validated and stored: it raised KeyError",
    ),
    "parameters that nobody can guess": Faulty(
        """
        from pydantic import field_validator

        class Secret(Parameters):
            word: str = Field(description="The word.")

            @field_validator("word")
            @classmethod
            def _known(cls, word):
                if word != "Rumpelstiltskin":
                    raise ValueError("that is not it")
                return word

        @hookimpl
        def quotaloom_allocation_rules():
            yield rule(even, Secret)
        """,
        FindingKind.NOT_CHECKED,
        "no parameters could be generated for it: give the required ones a default or `examples`",
    ),
    "sets in any order": Faulty(
        """
        def allocate(request):
            seen = {child.id: None for child in sorted(request.children, key=lambda one: hash(one.id))}
            return weights(*(list(seen).index(child.id) + 1 for child in request.children))
        """,
        FindingKind.NOT_DETERMINISTIC,
        "in another process the same request gave another answer: AllocationResult(children=(",
    ),
}
"""Allocation rules."""
