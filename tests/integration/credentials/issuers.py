"""An issuer of tokens outside, on a port of this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE: Final = "quotaloom-api"

KEYS: Final[dict[str, Any]] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}

_WRITERS: Final[dict[str, Any]] = {
    "RS256": RSAAlgorithm.to_jwk,
    "ES256": ECAlgorithm.to_jwk,
    "EdDSA": OKPAlgorithm.to_jwk,
}


def public(algorithm: str, kid: str | None = None) -> dict[str, Any]:
    """The public half of a key, as a set of keys has it."""
    written: dict[str, Any] = json.loads(_WRITERS[algorithm](KEYS[algorithm].public_key()))
    return {**written, "kid": kid or algorithm, "use": "sig", "alg": algorithm}


@dataclass
class Issuer:
    """What it serves, and tokens as it signs them."""

    url: str
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public(algorithm) for algorithm in KEYS])
    asked: int = 0
    """How often it was asked for its keys."""

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Claims that are good for five minutes; None leaves one out."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "00u1", "iat": now, "exp": now + 300, "jti": "abc"}
        return {name: value for name, value in {**usual, **changed}.items() if value is not None}

    def token(self, algorithm: str = "RS256", *, by: Any = None, header: Any = None, **changed: Any) -> str:
        """A token."""
        key = KEYS[algorithm] if by is None else by
        return jwt.encode(self.claims(**changed), key, algorithm, {"kid": algorithm, **(header or {})})

    @property
    def settings(self) -> dict[str, str]:
        """What a server is told of it."""
        return {"oidc_issuer": self.url, "oidc_audience": AUDIENCE}


@contextmanager
def issuing() -> Iterator[tuple[Issuer, ThreadingHTTPServer]]:
    """An issuer, and its server, which a test may close."""
    issuer = Issuer("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys = f"{issuer.url}/keys"
            issuer.asked += self.path == "/keys"
            documents = {
                "/keys": {"keys": issuer.keys},
                "/.well-known/openid-configuration": {
                    "issuer": issuer.url,
                    "jwks_uri": keys,
                    "authorization_endpoint": keys,
                    "token_endpoint": keys,
                },
            }
            body = json.dumps(documents.get(self.path)).encode()
            self.send_response(200 if self.path in documents else 404)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield issuer, server
        finally:
            server.shutdown()
            thread.join()
