"""One function says who asks, on every transport; without configuration only this machine is served."""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest

from core.access import ANONYMOUS, LOCAL_OWNER, Access, Principal, check
from core.authentication import authenticator, check_exposure, credentials, until_refused
from core.errors import DeclarationError, Forbidden, Unauthenticated, Unavailable
from core.settings import Settings

ADA = Principal(id="ada", roles=frozenset({"viewer"}))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST.", "app.localhost"])
def test_a_server_for_its_own_machine_starts_without_authentication(host: str):
    check_exposure(host, Settings())


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "::",
        "192.168.1.5",
        "example.org",
        "127.0.0.1.example.org",
        "localhost.example.org",
        "::ffff:1.2.3.4",
        "",
    ],
)
def test_a_server_for_other_machines_refuses_to_start_without_authentication(host: str):
    with pytest.raises(DeclarationError) as caught:
        check_exposure(host, Settings())
    for remedy in ("CORE_AUTH_REQUIRED", "keys create", "CORE_JWT_ISSUER", "CORE_AUTHENTICATE", "--insecure-no-auth"):
        assert remedy in caught.value.message


@pytest.mark.parametrize(
    "configured",
    [
        {"auth_required": True},
        {"jwt_issuer": "https://issuer.example"},
        {"authenticate": "acme.auth:principal"},
        {"insecure_no_authentication": True},
    ],
)
def test_with_authentication_or_the_explicit_flag_it_starts(configured: dict[str, object]):
    check_exposure("0.0.0.0", Settings(**configured))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "127.0.0.1:8000"},
        {"Host": "localhost:8000", "Origin": "http://localhost:5173"},
        {"Host": "[::1]:8000", "Origin": "http://[::1]:8000"},
        {"Host": "localhost", ":client": "127.0.0.1"},
        {"Host": "localhost", ":client": "::1"},
        {"Host": "localhost", ":client": "::ffff:127.0.0.1"},
        {"Host": "dev.example", "Origin": "https://dev.example"},
        {"Host": "localhost:8000", "Origin": "https://app.example"},
    ],
)
async def test_without_authentication_this_machine_is_the_owner(headers: dict[str, str]):
    settings = Settings(allowed_hosts=["dev.example"], cors_origins=["https://app.example"])
    assert await authenticator(settings)(headers) is LOCAL_OWNER


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000", "Origin": "http://evil.example:8000"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost:8000", "Origin": "https://evil.example"},
        {"Host": "localhost:8000", "Origin": "null"},
        {"Host": "localhost:8000", "Origin": ""},
        {"Host": ""},
        {"Host": "[broken"},
        {"Host": "localhost@evil.example"},
        {"Host": "localhost", ":client": "192.168.1.9"},
        {"Host": "localhost", ":client": "2001:db8::1"},
    ],
)
async def test_dns_rebinding_foreign_origins_and_other_machines_are_refused(headers: dict[str, str]):
    with pytest.raises(Forbidden, match="authentication"):
        await authenticator(Settings())(headers)
    assert await authenticator(Settings(insecure_no_authentication=True))(headers) is LOCAL_OWNER


def test_the_credentials_of_a_websocket_payload_stand_for_headers_and_nothing_else_of_it_does():
    payload = {
        "Authorization": "Bearer one", "headers": {"X-Api-Key": "two"}, "tenant": "red", "Host": "localhost",
        "X-Forwarded-User": "ada", ":client": "127.0.0.1", "number": 7, "none": None,
    }  # fmt: skip
    found = credentials({"Host": "evil.example"}, payload=payload, client="192.0.2.7")
    assert found == {
        "authorization": "Bearer one", "x-api-key": "two", "host": "evil.example", ":client": "192.0.2.7",
        ":payload:tenant": "red", ":payload:host": "localhost", ":payload:x-forwarded-user": "ada",
        ":payload::client": "127.0.0.1",
    }  # fmt: skip
    assert credentials({"authorization": "Bearer real"}, payload=payload)["authorization"] == "Bearer real"
    assert credentials({}, payload={"headers": "text"}) == {":payload:headers": "text"}


def own(headers: object) -> Principal | None:
    assert isinstance(headers, dict)
    if headers.get("x-user") == "banned":
        raise Unauthenticated("you are banned")
    return ADA if headers.get("x-user") == "ada" else None


async def test_an_own_function_gives_the_principal_and_may_refuse():
    async def awaited(headers: object) -> Principal | None:
        return own(headers)

    for function in (own, awaited):
        authenticate = authenticator(Settings(), function)
        assert await authenticate({"X-User": "ada"}) is ADA
        with pytest.raises(Unauthenticated, match="banned"):
            await authenticate({"X-User": "banned"})
        for unknown in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}, {"X-API-Key": "x"}):
            with pytest.raises(Unauthenticated):
                await authenticate(unknown)


async def test_an_own_function_is_named_by_the_settings(monkeypatch: pytest.MonkeyPatch):
    module = ModuleType("acme_auth")
    module.principal = own  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "acme_auth", module)
    assert await authenticator(Settings(authenticate="acme_auth:principal"))({"X-User": "ada"}) is ADA
    for wrong in ("acme_auth", "acme_auth:absent", "absent_module:principal", "acme_auth:__name__"):
        with pytest.raises(DeclarationError, match="CORE_AUTHENTICATE"):
            authenticator(Settings(authenticate=wrong))


async def test_an_own_function_that_gives_no_principal_lets_nobody_in():
    with pytest.raises(TypeError, match=r"core\.Principal"):
        await authenticator(Settings(), lambda headers: {"id": "ada"})({})  # type: ignore[arg-type, return-value]


async def test_without_credentials_nobody_is_anybody_unless_the_setting_says_so():
    with pytest.raises(Unauthenticated):
        await authenticator(Settings(auth_required=True))({})
    authenticate = authenticator(Settings(auth_required=True, anonymous=True))
    assert await authenticate({}) is ANONYMOUS
    with pytest.raises(Unauthenticated):
        await authenticate({"Authorization": "Bearer wrong"})


def test_anonymous_passes_only_what_is_declared_for_everybody():
    check(Access(read="*"), "read", ANONYMOUS, "Job")
    for access in (Access(), Access(read=()), Access(read={"viewer"})):
        with pytest.raises(Unauthenticated):
            check(access, "read", ANONYMOUS, "Job")
    check(Access(), "read", ADA, "Job")
    check(Access(read="viewer"), "read", ADA, "Job")
    check(Access(read=["editor", "viewer"]), "read", ADA, "Job")
    for refused in (Access(read=()), Access(read="editor")):
        with pytest.raises(Forbidden):
            check(refused, "read", ADA, "Job")


async def test_a_long_connection_ends_when_its_credentials_expire():
    soon = Principal(id="ada", expires_at=datetime.now(UTC) + timedelta(seconds=0.2))

    async def authenticate(headers: object) -> Principal:
        return soon

    began = time.monotonic()
    with pytest.raises(Unauthenticated, match="expired"):
        await until_refused(authenticate, {}, soon, seconds=60)
    assert 0.1 < time.monotonic() - began < 5


@pytest.mark.parametrize("change", ["revoked", "other roles", "other scopes", "somebody else"])
async def test_a_long_connection_ends_when_its_rights_do(change: str):
    now = {
        "other roles": Principal(id="ada"),
        "other scopes": Principal(id="ada", roles=ADA.roles, scopes=frozenset({"read"})),
        "somebody else": Principal(id="bob", roles=ADA.roles),
    }
    asked = 0

    async def authenticate(headers: object) -> Principal:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise Unavailable("the database is away for a moment")
        if asked > 2 and change == "revoked":
            raise Unauthenticated("revoked")
        return now.get(change, ADA) if asked > 2 else ADA

    with pytest.raises(Unauthenticated):
        await asyncio.wait_for(until_refused(authenticate, {}, ADA, seconds=0.01), 5)
    assert asked == 3
