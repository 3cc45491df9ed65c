"""The source of a plugin that attacks the server's end of the conversation."""

from __future__ import annotations

from tests.integration.isolation.plugins import HEAD

HOSTILE = (
    HEAD
    + """
    import gc, pickle
    from multiprocessing.connection import Connection
    from quotaloom_sdk import InvalidResult

    class Boom(Exception):
        pass

    class Speechless(InvalidResult):
        def __str__(self):
            raise Boom("from a class of the plugin")

    class Leaving(Exception):
        def __str__(self):
            raise SystemExit("from a class of the plugin")

    def write(message):
        for connection in [one for one in gc.get_objects() if isinstance(one, Connection)]:
            if connection.writable and not connection.closed:
                connection.send_bytes(message)

    @rule
    def cannot_be_told(request):
        raise Speechless("x")

    @rule
    def leaves_when_told(request):
        raise Leaving

    @rule
    def says_too_much(request):
        raise ValueError("\\ud800 \\x00" + "x" * 1_000_000)

    @rule
    def writes_a_pickle(request):
        write(pickle.dumps(Boom("from a class of the plugin")))
        time.sleep(1)
        return answer(1, 2)

    @rule
    def writes_much(request):
        write(b"x" * 20_000_000)
        return answer(1, 2)

    @rule
    def answers_twice(request):
        import struct
        write(struct.pack("!cqq", b"t", 2**40, 1))
        time.sleep(1)
        return answer(1, 2)

    @rule
    def is_good(request):
        return answer(3, 4)
"""
)
