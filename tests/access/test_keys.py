"""API keys: shown once, stored as a digest, narrowed by scopes, ended by expiry and revocation."""

import hmac
from datetime import UTC, datetime, timedelta

import pytest

from core.access import Access, check
from core.authentication import authenticator
from core.authentication.keys import ApiKeys
from core.database.connection import Database
from core.errors import Forbidden, InputError, NotFound, TooManyAttempts, Unauthenticated
from core.settings import Settings


@pytest.fixture
def settings(database: Database) -> Settings:
    return Settings(mongodb_database=database.name, auth_required=True, key_cache_seconds=0)


@pytest.fixture
def keys(settings: Settings) -> ApiKeys:
    return ApiKeys(settings)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


async def test_a_key_authenticates_by_either_header_with_its_name_roles_and_scopes(keys: ApiKeys, settings: Settings):
    _, text = await keys.create("ci", roles=["viewer"], scopes=["read"], claims={"region": "north"})
    authenticate = authenticator(settings)
    for headers in (bearer(text), {"X-API-Key": text}, {"authorization": f"bearer {text}"}):
        principal = await authenticate(headers)
        assert (principal.id, principal.roles, principal.scopes) == ("key:ci", {"viewer"}, {"read"})
        assert principal.claims == {"region": "north"}


async def test_the_database_holds_a_digest_and_never_the_key(keys: ApiKeys, database: Database):
    key, text = await keys.create("ci")
    stored = await database["apikeys"].find_one({"_id": key.prefix})
    assert stored is not None
    assert text.split("_", 2)[2] not in str(stored)
    assert len(stored["hash"]) == 64
    assert text.startswith(f"core_{key.prefix}_")
    assert text not in repr(await keys.list())


async def test_every_key_is_another(keys: ApiKeys):
    assert len({(await keys.create("ci"))[1] for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: "core_00000000_" + text.split("_", 2)[2],
        lambda text: "core_",
        lambda text: "core_\ud800",
        lambda text: text.upper().replace("CORE_", "core_"),
    ],
)
async def test_anything_but_the_key_itself_is_refused_with_one_message(keys: ApiKeys, settings: Settings, spoil):
    _, text = await keys.create("ci")
    with pytest.raises(Unauthenticated, match=r"not (known|accepted)"):
        await authenticator(settings)(bearer(spoil(text)))


async def test_a_revoked_key_is_refused(keys: ApiKeys, settings: Settings):
    key, text = await keys.create("ci")
    revoked = await keys.revoke(key.prefix)
    assert revoked.status == "revoked"
    with pytest.raises(Unauthenticated, match="revoked"):
        await authenticator(settings)(bearer(text))
    assert (await keys.revoke(key.prefix)).revoked_at == revoked.revoked_at


async def test_another_server_notices_a_revocation_after_the_seconds_of_the_setting(keys: ApiKeys, settings: Settings):
    key, text = await keys.create("ci")
    remembering = authenticator(settings.model_copy(update={"key_cache_seconds": 60}))
    asking = authenticator(settings)
    await remembering(bearer(text))
    await keys.revoke(key.prefix)
    assert await remembering(bearer(text))
    with pytest.raises(Unauthenticated):
        await asking(bearer(text))


async def test_an_expired_key_is_refused_also_where_it_is_remembered(
    keys: ApiKeys, settings: Settings, database: Database
):
    key, text = await keys.create("ci", expires_at=datetime.now(UTC) + timedelta(hours=1))
    authenticate = authenticator(settings)
    assert (await authenticate(bearer(text))).expires_at == key.expires_at.replace(
        microsecond=key.expires_at.microsecond // 1000 * 1000
    )
    await database["apikeys"].update_one(
        {"_id": key.prefix}, {"$set": {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}}
    )
    with pytest.raises(Unauthenticated, match="expired"):
        await authenticate(bearer(text))
    assert (await keys.list())[0].status == "expired"


async def test_use_is_noted(keys: ApiKeys, settings: Settings):
    _, text = await keys.create("ci")
    assert (await keys.list())[0].last_used_at is None
    await authenticator(settings)(bearer(text))
    assert (await keys.list())[0].last_used_at is not None


async def test_a_key_that_would_mean_nothing_is_not_made(keys: ApiKeys):
    for arguments in (
        {"name": " "},
        {"name": "ci", "scopes": ["reed"]},
        {"name": "ci", "scopes": ["read:"]},
        {"name": "ci", "expires_at": datetime(2000, 1, 1, tzinfo=UTC)},
    ):
        with pytest.raises(InputError):
            await keys.create(**arguments)
    with pytest.raises(NotFound):
        await keys.revoke("00000000")


async def test_digests_are_compared_in_constant_time_and_for_unknown_keys_too(
    keys: ApiKeys, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """The comparison is the standard library's, and an unknown prefix goes the same way as a wrong secret."""
    compared: list[int] = []
    original = hmac.compare_digest

    def spy(one: str, other: str) -> bool:
        compared.append(len(other))
        return original(one, other)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    _, text = await keys.create("ci")
    for wrong in (text[:-2], "core_ffffffff_" + text.split("_", 2)[2]):
        with pytest.raises(Unauthenticated):
            await authenticator(settings)(bearer(wrong))
    assert compared == [64, 64]


async def test_refused_keys_of_one_address_are_limited_and_others_are_not(keys: ApiKeys, settings: Settings):
    _, text = await keys.create("ci")
    authenticate = authenticator(settings.model_copy(update={"auth_failures_per_minute": 3}))
    attacker, colleague = {":client": "192.0.2.1"}, {":client": "192.0.2.2"}
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            await authenticate({**bearer("core_00000000_x"), **attacker})
    with pytest.raises(TooManyAttempts) as caught:
        await authenticate({**bearer("core_00000000_x"), **attacker})
    assert (caught.value.code, caught.value.status) == ("LIMIT_EXCEEDED", 429)
    assert (await authenticate({**bearer(text), **colleague})).id == "key:ci"


async def test_a_key_in_use_goes_on_where_others_of_its_address_guess(keys: ApiKeys, settings: Settings):
    _, text = await keys.create("ci")
    changes = {"auth_failures_per_minute": 1, "key_cache_seconds": 60}
    authenticate = authenticator(settings.model_copy(update=changes))
    here = {":client": "192.0.2.1"}
    await authenticate({**bearer(text), **here})
    with pytest.raises(Unauthenticated):
        await authenticate({**bearer("core_00000000_x"), **here})
    with pytest.raises(TooManyAttempts):
        await authenticate({**bearer("core_00000000_x"), **here})
    assert (await authenticate({**bearer(text), **here})).id == "key:ci"


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        ((), {"read Job", "create Job", "delete Job", "read Note", "run search", "run other", "read TaskRun"}),
        (("read",), {"read Job", "read Note", "read TaskRun"}),
        (("read:Job",), {"read Job"}),
        (("write:Job",), {"create Job", "delete Job"}),
        (("create:Job", "read"), {"create Job", "read Job", "read Note", "read TaskRun"}),
        (("run:search",), {"run search", "read TaskRun"}),
        (("run",), {"run search", "run other", "read TaskRun"}),
        (("nonsense",), set()),
    ],
)
async def test_scopes_narrow_what_even_an_owner_may_do(keys: ApiKeys, scopes: tuple[str, ...], allowed: set[str]):
    principal = (await keys.create("x", roles=["owner"]))[0].principal
    principal = type(principal)(id=principal.id, roles=principal.roles, scopes=frozenset(scopes))
    everything = ["read Job", "create Job", "delete Job", "read Note", "run search", "run other", "read TaskRun"]
    for one in everything:
        verb, what = one.split()
        if one in allowed:
            check(Access(), verb, principal, what)
        else:
            with pytest.raises(Forbidden, match=f"{verb}:{what}"):
                check(Access(), verb, principal, what)
