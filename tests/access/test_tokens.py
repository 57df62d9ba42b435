"""JWTs: only those the pinned issuer signed for us, with a pinned algorithm, and not expired."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from pydantic import HttpUrl

from core.authentication import authenticator
from core.authentication.tokens import Tokens
from core.errors import DeclarationError, Unauthenticated, Unavailable
from core.settings import Settings

ISSUER = "https://issuer.example"


class Issuer:
    """An identity provider on loopback: publishes the keys it is told to, counts how often they are fetched."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.fetched = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetched += 1
                body = issuer.body()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def body(self) -> bytes:
        published = []
        for kid, key in self.keys.items():
            kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
            published.append({**json.loads(kind.to_jwk(key.public_key())), "kid": kid, "use": "sig"})
        return json.dumps({"keys": published}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def issuer(key: rsa.RSAPrivateKey) -> Iterator[Issuer]:
    found = Issuer()
    found.keys["first"] = key
    yield found
    found.close()


@pytest.fixture
def settings(issuer: Issuer) -> Settings:
    return Settings(jwt_issuer=ISSUER, jwt_audience=["core"], jwt_jwks_url=issuer.url)


def claims(**changes: Any) -> dict[str, Any]:
    found = {"iss": ISSUER, "aud": "core", "sub": "ada", "exp": int(time.time()) + 60, "roles": ["viewer"], **changes}
    return {name: value for name, value in found.items() if value is not None}


def signed(key: Any, kid: str = "first", algorithm: str = "RS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm, headers={"kid": kid})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_good_token_gives_subject_roles_expiry_and_claims(settings: Settings, key: Any):
    principal = await authenticator(settings)(bearer(signed(key, team="red")))
    assert (principal.id, principal.roles) == ("ada", {"viewer"})
    assert principal.expires_at is not None
    assert 50 < principal.expires_at.timestamp() - time.time() <= 60
    assert principal.claims["team"] == "red"


@pytest.mark.parametrize(
    ("claim", "value", "roles"),
    [
        ("roles", ["a", "b"], {"a", "b"}),
        ("groups", "a b", {"a", "b"}),
        ("realm_access.roles", None, {"inner"}),
        ("https://acme.example/roles", ["a"], {"a"}),
        ("absent", None, set()),
        ("number", 7, set()),
    ],
)
async def test_roles_come_from_the_claim_of_the_setting(
    settings: Settings, key: Any, claim: str, value: Any, roles: set[str]
):
    settings = settings.model_copy(update={"jwt_roles_claim": claim})
    token = signed(key, **{"realm_access": {"roles": ["inner"]}, "roles": ["other"], claim: value})
    assert (await authenticator(settings)(bearer(token))).roles == roles


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": int(time.time()) - 60}, "it has expired"),
        ({"exp": None}, "it lacks"),
        ({"aud": "another"}, "another audience"),
        ({"aud": None}, "it lacks"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"iss": None}, "it lacks"),
        ({"sub": None}, "it lacks"),
        ({"nbf": int(time.time()) + 600}, "not valid yet"),
        ({"sub": "local"}, "somebody of ours"),
        ({"sub": "key:ci"}, "somebody of ours"),
    ],
)
async def test_a_token_that_is_not_for_us_now_is_refused(settings: Settings, key: Any, changes: Any, reason: str):
    with pytest.raises(Unauthenticated, match=reason):
        await authenticator(settings)(bearer(signed(key, **changes)))


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _deep() -> str:
    return base64.urlsafe_b64encode(b"[" * 30_000).rstrip(b"=").decode()


def _with_hmac_of_the_public_key(key: rsa.RSAPrivateKey) -> str:
    """HS256 with the published key as the secret: PyJWT refuses to make one, so it is made by hand."""
    published = RSAAlgorithm.to_jwk(key.public_key()).encode()
    content = f"{_part({'alg': 'HS256', 'kid': 'first', 'typ': 'JWT'})}.{_part(claims())}"
    signature = base64.urlsafe_b64encode(hmac.digest(published, content.encode(), hashlib.sha256)).rstrip(b"=")
    return f"{content}.{signature.decode()}"


@pytest.mark.parametrize(
    "forge",
    [
        lambda key: signed(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        lambda key: f"{_part({'alg': 'none', 'kid': 'first'})}.{_part(claims())}.",
        _with_hmac_of_the_public_key,
        lambda key: signed(key, algorithm="RS512"),
        lambda key: signed(key, kid="unknown"),
        lambda key: signed(key)[:-4] + "AAAA",
        lambda key: signed(key).rsplit(".", 1)[0] + ".",
        lambda key: f"{_part({'alg': 'RS256', 'kid': {'$ne': 1}})}.{_part(claims())}.AAAA",
        lambda key: f"{_part({'alg': 'RS256'})}.{_part(claims())}.AAAA",
        lambda key: f"{_part([])}.{_part(claims())}.AAAA",
        lambda key: "a.b.c",
        lambda key: f"{_part({'alg': 'RS256', 'kid': 'first'})}.{_deep()}.AAAA",
        lambda key: "no token",
        lambda key: "\ud800.é.\0",
    ],
)
async def test_a_forged_or_malformed_token_is_refused(settings: Settings, key: Any, forge: Any):
    with pytest.raises(Unauthenticated):
        await authenticator(settings)(bearer(forge(key)))


async def test_a_key_the_issuer_has_added_is_found_and_one_it_has_removed_is_refused(
    settings: Settings, issuer: Issuer, key: Any
):
    tokens = Tokens(settings, cooldown=0)
    assert (await tokens.principal_of(signed(key))).id == "ada"
    second = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    issuer.keys = {"second": second}
    assert (await tokens.principal_of(signed(second, kid="second"))).id == "ada"
    with pytest.raises(Unauthenticated):
        await tokens.principal_of(signed(key))


async def test_unknown_keys_do_not_make_us_fetch_again_and_again(settings: Settings, issuer: Issuer, key: Any):
    authenticate = authenticator(settings)
    for number in range(20):
        with pytest.raises(Unauthenticated):
            await authenticate(bearer(signed(key, kid=f"guess-{number}")))
    assert issuer.fetched == 1


async def test_a_known_key_does_not_wait_for_an_issuer_that_is_slow_about_another(
    settings: Settings, issuer: Issuer, key: Any
):
    tokens = Tokens(settings, cooldown=0)
    await tokens.principal_of(signed(key))
    answered = threading.Event()
    issuer.body = lambda: answered.wait(4) and b'{"keys": []}'  # type: ignore[method-assign, return-value, assignment]
    waiting = asyncio.create_task(tokens.principal_of(signed(key, kid="unknown")))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    assert (await tokens.principal_of(signed(key))).id == "ada"
    assert time.monotonic() - began < 1
    answered.set()
    with pytest.raises(Unavailable):
        await waiting
    assert (await tokens.principal_of(signed(key))).id == "ada"


async def test_an_issuer_that_is_down_is_not_asked_by_every_request(settings: Settings, issuer: Issuer, key: Any):
    issuer.body = lambda: b"down"
    authenticate = authenticator(settings)
    for _ in range(10):
        with pytest.raises(Unavailable):
            await authenticate(bearer(signed(key)))
    assert issuer.fetched == 1


async def test_elliptic_keys_work_where_they_are_allowed(settings: Settings, issuer: Issuer):
    curve = ec.generate_private_key(ec.SECP256R1())
    issuer.keys["curve"] = curve
    token = signed(curve, kid="curve", algorithm="ES256")
    with pytest.raises(Unauthenticated):
        await authenticator(settings)(bearer(token))
    allowed = settings.model_copy(update={"jwt_algorithms": ["ES256"]})
    assert (await authenticator(allowed)(bearer(token))).id == "ada"


async def test_an_issuer_that_does_not_answer_is_unavailable_and_lets_nobody_in(settings: Settings, key: Any):
    gone = settings.model_copy(update={"jwt_jwks_url": HttpUrl("http://127.0.0.1:9/jwks.json")})
    with pytest.raises(Unavailable, match="keys cannot be fetched"):
        await authenticator(gone)(bearer(signed(key)))


async def test_an_issuer_that_answers_nonsense_lets_nobody_in(settings: Settings, issuer: Issuer, key: Any):
    for body in (b"<html>", b"[]", b"{}", b'{"keys": []}'):
        issuer.body = lambda body=body: body
        with pytest.raises((Unavailable, Unauthenticated)):
            await authenticator(settings)(bearer(signed(key)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"jwt_audience": []}, "CORE_JWT_AUDIENCE"),
        ({"jwt_jwks_url": None}, "CORE_JWT_JWKS_URL"),
        ({"jwt_algorithms": ["HS256"]}, "HS256"),
        ({"jwt_algorithms": ["RS256", "none"]}, "none"),
        ({"jwt_algorithms": []}, "nothing"),
        ({"jwt_jwks_url": "http://issuer.example/jwks.json"}, "https"),
    ],
)
def test_settings_that_pin_too_little_stop_start_up(settings: Settings, changes: Any, message: str):
    with pytest.raises(DeclarationError, match=message):
        authenticator(Settings(**{**settings.model_dump(exclude_unset=True), **changes}))
