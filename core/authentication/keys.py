"""API keys: ``core_<prefix>_<secret>``, shown once and stored as a SHA-256 digest.

A plain digest is enough because the secret has 256 random bits; slow hashes are for what people choose.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection

from core.access import Principal, unknown_scopes
from core.database.connection import client_of_loop, reached
from core.errors import InputError, NotFound, Unauthenticated
from core.settings import Settings

COLLECTION = "apikeys"
MARK = "core_"
_SHAPE = re.compile(r"core_([0-9a-f]{8})_[\w-]{43}", re.ASCII)
_NO_DIGEST = "0" * 64
_MOST_CACHED = 1_000
_USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """What is known of a key; its secret is not. Times are in UTC."""

    prefix: str
    name: str
    roles: frozenset[str]
    scopes: frozenset[str]
    claims: Mapping[str, str]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    @property
    def status(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= datetime.now(UTC) else "active"

    @property
    def principal(self) -> Principal:
        """Keys of one name are one principal, so that a new key sees the runs of the one it replaces."""
        return Principal(
            id=f"key:{self.name}", roles=self.roles, scopes=self.scopes, expires_at=self.expires_at, claims=self.claims
        )


class ApiKeys:
    """The keys of a database. Good ones are remembered for ``settings.key_cache_seconds``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cache: dict[str, tuple[float, Principal]] = {}

    async def create(
        self,
        name: str,
        *,
        roles: Iterable[str] = (),
        scopes: Iterable[str] = (),
        claims: Mapping[str, str] | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which cannot be had again. ``claims`` are for row filters: ``{"region": "north"}``.

        Raises:
            InputError: the name is empty, a scope means nothing, or ``expires_at`` has passed.
        """
        roles, scopes = sorted(set(roles)), sorted(set(scopes))
        _check(name, scopes, expires_at)
        prefix = secrets.token_hex(4)
        text = f"{MARK}{prefix}_{secrets.token_urlsafe(32)}"
        document = {
            "_id": prefix, "hash": _digest(text), "name": name, "roles": roles, "scopes": scopes,
            "claims": dict(claims or {}), "created_at": datetime.now(UTC), "expires_at": expires_at,
            "revoked_at": None, "last_used_at": None,
        }  # fmt: skip
        await reached(self._collection.insert_one(document), self._settings)
        return _key(document), text

    async def list(self) -> list[ApiKey]:
        """Every key, the newest first."""
        found = await reached(self._collection.find().sort("created_at", -1).to_list(), self._settings)
        return [_key(document) for document in found]

    async def revoke(self, prefix: str) -> ApiKey:
        """End a key for good. Servers notice within ``settings.key_cache_seconds``, this one at once.

        Raises:
            NotFound: there is no such key.
        """
        prefix = prefix.removeprefix(MARK)[:8]
        await reached(
            self._collection.update_one(
                {"_id": prefix, "revoked_at": None}, {"$set": {"revoked_at": datetime.now(UTC)}}
            ),
            self._settings,
        )
        document = await reached(self._collection.find_one({"_id": prefix}), self._settings)
        if document is None:
            raise NotFound(f"there is no key {prefix!r}; `keys list` shows all")
        self._cache.clear()
        return _key(document)

    def remembers(self, text: str) -> bool:
        """Whether the key was good a moment ago."""
        return self._remembered(_digest(text)) is not None

    async def principal_of(self, text: str) -> Principal:
        """Raises:
        Unauthenticated: the key is unknown, revoked or expired.
        """
        digest = _digest(text)
        principal = self._remembered(digest) or await self._looked_up(text, digest)
        if principal.expires_at and principal.expires_at <= datetime.now(UTC):
            raise Unauthenticated("this API key has expired")
        return principal

    def _remembered(self, digest: str) -> Principal | None:
        until, principal = self._cache.get(digest, (0.0, None))
        return principal if until > time.monotonic() else None

    async def _looked_up(self, text: str, digest: str) -> Principal:
        shape = _SHAPE.fullmatch(text)
        document = await reached(self._collection.find_one({"_id": shape[1] if shape else ""}), self._settings)
        stored = document["hash"] if document else _NO_DIGEST
        if not hmac.compare_digest(digest, stored) or document is None:
            raise Unauthenticated("this API key is not known")
        key = _key(document)
        if key.revoked_at:
            raise Unauthenticated("this API key has been revoked")
        await self._note_use(key)
        if len(self._cache) >= _MOST_CACHED:
            self._cache.clear()
        self._cache[digest] = (time.monotonic() + self._settings.key_cache_seconds, key.principal)
        return key.principal

    async def _note_use(self, key: ApiKey) -> None:
        now = datetime.now(UTC)
        if key.last_used_at is None or now - key.last_used_at > _USE_NOTED_EVERY:
            change = {"$set": {"last_used_at": now}}
            await reached(self._collection.update_one({"_id": key.prefix}, change), self._settings)

    @property
    def _collection(self) -> AsyncCollection[dict[str, Any]]:
        return client_of_loop()[self._settings.mongodb_database][COLLECTION]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _key(document: Mapping[str, Any]) -> ApiKey:
    fields = {
        name: document[name] for name in ("name", "claims", "created_at", "expires_at", "revoked_at", "last_used_at")
    }
    return ApiKey(
        prefix=document["_id"], roles=frozenset(document["roles"]), scopes=frozenset(document["scopes"]), **fields
    )


def _check(name: str, scopes: list[str], expires_at: datetime | None) -> None:
    if not name.strip():
        raise InputError("a key needs a name, that of the person or program who gets it")
    if stray := unknown_scopes(scopes):
        raise InputError(
            f"the scope {stray[0]!r} means nothing; write read, write, create, update, delete or run, alone or with a "
            "name: read:Job, run:search_jobs"
        )
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise InputError(f"the key would have expired on {expires_at.isoformat()} already")
