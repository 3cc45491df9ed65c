"""The source of fake plugins: a good one, a thoroughly bad one, and some that fail while they are imported."""

from __future__ import annotations

HEAD = """
    import os, signal, subprocess, sys, threading, time
    from decimal import Decimal
    from pydantic import Field
    from quotaloom_sdk import (
        AllocationResult, AllocationRule, CannotDecide, EventListener, Explanation, GraphQLExtension, Need, Parameters,
        RootField, hookimpl,
    )

    QUOTALOOM_API = "1.0"
    RULES = []

    def answer(*weights, text="Because."):
        return AllocationResult(children=weights, explanation=Explanation(text))

    def rule(function):
        RULES.append(AllocationRule(
            key=function.__name__, title="Title", description="Words.", parameters=Parameters, allocate=function
        ))
        return function

    @hookimpl
    def quotaloom_allocation_rules():
        return RULES
"""

GOOD = (
    HEAD
    + """
    class Factor(Parameters):
        factor: int = Field(default=2, ge=1, description="Times what was achieved.")

    def by_year(request):
        factor = request.parameters.factor
        return answer(*(factor * sum(child.achieved) for child in request.children))

    RULES.append(AllocationRule(
        key="by_year", title="By year", description="By last year.", parameters=Factor,
        needs=frozenset({Need.HISTORY}), allocate=by_year,
    ))

    def heard(event):
        return ("heard", event)

    @hookimpl
    def quotaloom_event_listeners():
        yield EventListener(
            key="ear", title="Ear", description="Hears.", parameters=Parameters, topics=("target.published",),
            listen=heard,
        )

    async def read(reader):
        return 1

    @hookimpl
    def quotaloom_graphql():
        field = RootField(name="one", description="One.", type=int, read=read)
        yield GraphQLExtension(key="fields", title="Fields", description="Words.", prefix="Good", root_fields=(field,))
"""
)

BAD = (
    HEAD
    + """
    class Own(Exception):
        def __str__(self):
            return "no such region"

    class Mine(AllocationResult):
        pass

    @rule
    def raises(request):
        raise Own

    @rule
    def undecided(request):
        raise CannotDecide("no unit below Company has a size")

    @rule
    def huge_number(request):
        answered = answer(1, 1)
        object.__setattr__(answered.explanation, "values", (("v", Decimal("1e999999999")),))
        return answered

    @rule
    def half_a_letter(request):
        return answer(1, 1, text="\\ud800")

    @rule
    def unreadable_error(request):
        raise ValueError("\\ud800" + "x" * 10_000)

    @rule
    def leaves(request):
        raise SystemExit(3)

    @rule
    def hangs(request):
        while True:
            pass

    @rule
    def ignores_signals(request):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)

    @rule
    def wrong_type(request):
        return "half and half"

    @rule
    def own_type(request):
        return Mine(explanation=Explanation("Mine."))

    @rule
    def function(request):
        return lambda: 1

    @rule
    def huge_answer(request):
        return answer(1, text="x" * 20_000_000)

    @rule
    def mutates(request):
        object.__setattr__(request.children[0], "achieved", (999,))
        object.__setattr__(request, "months", ())
        return answer(1, 1)

    @rule
    def gigabyte(request):
        return answer(len(bytearray(1024 ** 3)), 1)

    @rule
    def swallows(request):
        hoard = []
        try:
            while True:
                hoard.append(bytearray(1024 ** 2))
        except MemoryError:
            raise MemoryError from None

    @rule
    def exits(request):
        os._exit(0)

    @rule
    def exits_with_3(request):
        os._exit(3)

    @rule
    def segfaults(request):
        os.kill(os.getpid(), signal.SIGSEGV)

    @rule
    def slow(request):
        time.sleep(0.6)
        return answer(1, 2)

    @rule
    def many_threads(request):
        def burn():
            while True:
                pass
        for _ in range(2):
            threading.Thread(target=burn, daemon=True).start()
        burn()

    @rule
    def burns_a_little(request):
        until = time.process_time() + 0.6
        while time.process_time() < until:
            pass
        return answer(1, 1)

    @rule
    def prints(request):
        for stream in (sys.stdout, sys.stderr):
            stream.write("garbage \\\\x00" * 100_000)
            stream.flush()
        os.write(1, b"\\\\xff" * 100_000)
        os.system("echo garbage; echo garbage >&2")
        return answer(1, sys.stdin.read() == "")

    @rule
    def forks(request):
        os.fork()
        return answer(3, 4)

    def offspring():
        child = os.fork()
        if not child:
            time.sleep(600)
        return child, subprocess.Popen(["sleep", "600"]).pid

    @rule
    def leaves_children(request):
        return answer(os.getpid(), *offspring())

    @rule
    def hangs_with_children(request):
        with open(os.path.join(os.path.dirname(__file__), "pids"), "w") as pids:
            print(os.getpid(), *offspring(), file=pids)
        while True:
            pass

    @rule
    def looks_around(request):
        handles = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
                   if os.path.exists(f"/proc/self/fd/{n}")]
        with open("/proc/self/environ") as environ, open("/proc/self/cmdline") as line:
            found = [environ.read(), line.read(), repr(os.environ), os.getcwd(), *handles, *sys.modules]
        return answer(1, text=chr(10).join(found).replace(chr(0), chr(10)))
""".replace("\\\\", "\\")
)

IMPORTS = {
    "imports_missing": "import a_module_that_is_nowhere",
    "exits_at_import": "import os; os._exit(0)",
    "hangs_at_import": "while True: pass",
    "hoards_at_import": "hoard = bytearray(1024 ** 3)",
    "raises_at_import": "raise SystemExit('not today')",
    "bad_hook": HEAD + "\n    @hookimpl\n    def quotaloom_alocation_rules():\n        return ()\n",
}
"""By module."""
