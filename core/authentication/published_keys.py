"""The keys an issuer publishes as a JSON Web Key Set (https://www.rfc-editor.org/rfc/rfc7517#section-5).

PyJWT's client fetches them; when to fetch is decided here, because its own cache holds up tokens whose key is known
while another request waits for the issuer.
"""

import asyncio
import math
import time

import jwt

from core.errors import Unauthenticated, Unavailable

_TIMEOUT = 5
"""Seconds the issuer has to answer."""
_LIFETIME = 300
"""Seconds until a key that the issuer has removed is refused."""
_PAUSE = 2
"""Seconds between a fetch that failed and the next one."""


class PublishedKeys:
    """Keys by their id: fetched when first needed, after five minutes, and, at most every ``cooldown`` seconds, for an
    id that is not among them. One request fetches at a time; none waits for a key that is known.
    """

    def __init__(self, url: str, cooldown: float) -> None:
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=_TIMEOUT)
        self._cooldown = cooldown
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = self._failed = -math.inf
        self._fetching = asyncio.Lock()

    async def get(self, id: object) -> jwt.PyJWK:
        """Raises:
        Unauthenticated: the issuer publishes no such key.
        Unavailable: the issuer does not answer, or not with keys.
        """
        if not self._knows(id):
            async with self._fetching:
                if not self._knows(id) and time.monotonic() - self._fetched >= min(self._cooldown, _LIFETIME):
                    await self._fetch()
        found = self._keys.get(id) if isinstance(id, str) else None
        if found is None:
            raise Unauthenticated("this token is not accepted: it is signed with a key its issuer does not publish")
        return found

    def _knows(self, id: object) -> bool:
        return isinstance(id, str) and id in self._keys and time.monotonic() - self._fetched < _LIFETIME

    async def _fetch(self) -> None:
        if time.monotonic() - self._failed < _PAUSE:
            raise Unavailable(_UNAVAILABLE)
        try:
            keys = await asyncio.to_thread(self._client.get_signing_keys)
        except (jwt.PyJWTError, ValueError) as error:
            self._failed = time.monotonic()
            raise Unavailable(_UNAVAILABLE) from error
        self._keys = {str(key.key_id): key for key in keys}
        self._fetched = time.monotonic()


_UNAVAILABLE = "the token cannot be checked: its issuer's keys cannot be fetched"
