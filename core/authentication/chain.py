"""The principal function of a server: API keys, the application's own function, JWTs, in this order."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from core.access import ANONYMOUS, Principal
from core.authentication.credentials import CLIENT, Authenticate, lowered, token_of
from core.authentication.keys import MARK, ApiKeys
from core.authentication.local import LocalOwner
from core.errors import DeclarationError, Unauthenticated
from core.settings import Settings

if TYPE_CHECKING:  # both are imported when configured: they take a tenth of a second each
    from core.authentication.attempts import Attempts
    from core.authentication.tokens import Tokens

OwnFunction = Callable[[Mapping[str, str]], Awaitable[Principal | None] | Principal | None]
"""An application's own: from lower-case headers to a principal, or None for credentials that are not its own.
It may raise ``Unauthenticated``."""


def authenticator(settings: Settings, own: OwnFunction | None = None) -> Authenticate:
    """The function every surface asks. ``own`` is the application's own; ``settings.authenticate`` may name one.

    Without any of it configured there is only the local owner.

    Raises:
        DeclarationError: the settings name a function that is not there, or pin too little of a token.
    """
    if own is None and settings.authenticate:
        own = _imported(settings.authenticate)
    if own is None and not settings.has_authentication:
        return LocalOwner(settings)
    from core.authentication.attempts import Attempts

    return _Chain(settings, own, Attempts(settings.auth_failures_per_minute))


class _Chain:
    def __init__(self, settings: Settings, own: OwnFunction | None, attempts: "Attempts") -> None:
        self._own = own
        self._keys = ApiKeys(settings)
        self._tokens = _tokens(settings) if settings.jwt_issuer else None
        self._attempts = attempts
        self._anonymous = settings.anonymous

    async def __call__(self, headers: Mapping[str, str]) -> Principal:
        headers = lowered(headers)
        token, client = token_of(headers), headers.get(CLIENT)
        if client and not (token and self._keys.remembers(token)):
            self._attempts.check(client)
        try:
            return await self._principal(headers, token)
        except Unauthenticated:
            if client and token:
                self._attempts.refused(client)
            raise

    async def _principal(self, headers: Mapping[str, str], token: str | None) -> Principal:
        if token and not token.isascii():  # https://www.rfc-editor.org/rfc/rfc6750#section-2.1
            raise Unauthenticated("these credentials are not accepted here")
        if token and token.startswith(MARK):
            return await self._keys.principal_of(token)
        if self._own is not None and (found := await _called(self._own, headers)) is not None:
            return found
        if token and self._tokens:
            return await self._tokens.principal_of(token)
        if token or "authorization" in headers:
            raise Unauthenticated("these credentials are not accepted here")
        if self._anonymous:
            return ANONYMOUS
        raise Unauthenticated("who are you? Send `Authorization: Bearer …` with an API key or a token")


def _tokens(settings: Settings) -> "Tokens":
    try:
        from core.authentication.tokens import Tokens
    except ImportError as error:
        raise DeclarationError(
            "CORE_JWT_ISSUER needs PyJWT; install the extra: pip install 'core-jobhunter[oidc]'"
        ) from error
    return Tokens(settings)


async def _called(own: OwnFunction, headers: Mapping[str, str]) -> Principal | None:
    found: Any = own(headers)
    if inspect.isawaitable(found):
        found = await found
    if found is not None and not isinstance(found, Principal):
        raise TypeError(f"{own!r} must give a core.Principal or None, not {type(found).__name__}")
    return found


def _imported(path: str) -> OwnFunction:
    module, colon, name = path.partition(":")
    try:
        found = getattr(import_module(module), name) if colon else None
    except (ImportError, AttributeError) as error:
        raise DeclarationError(f"CORE_AUTHENTICATE={path}: {error}") from error
    if not callable(found):
        raise DeclarationError(f"CORE_AUTHENTICATE={path} names no function; write it as acme.auth:principal")
    return cast(OwnFunction, found)
