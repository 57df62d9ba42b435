"""JWTs of an OpenID Connect issuer, checked against the keys it publishes.

Algorithm, issuer and audience are pinned by the settings and ``exp`` is required, as RFC 8725 asks
(https://www.rfc-editor.org/rfc/rfc8725). Only public-key algorithms exist here: with a published key as the secret of
an HMAC, anybody could sign.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import jwt

from core.access import ANONYMOUS, LOCAL_OWNER, Principal
from core.authentication.local import is_loopback
from core.authentication.published_keys import PublishedKeys
from core.errors import DeclarationError, Unauthenticated
from core.settings import Settings

_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA"}
)
_LEEWAY = 10
"""Seconds the clocks of issuer and server may differ."""


class Tokens:
    """The tokens of one issuer. ``cooldown`` is that of ``PublishedKeys``.

    Raises:
        DeclarationError: the settings do not pin enough.
    """

    def __init__(self, settings: Settings, *, cooldown: float = 30) -> None:
        _check(settings)
        self._settings = settings
        self._keys = PublishedKeys(str(settings.jwt_jwks_url), cooldown)

    async def principal_of(self, token: str) -> Principal:
        """Raises:
        Unauthenticated: the token is malformed, expired, not for us, or not signed by the issuer.
        Unavailable: the issuer's keys cannot be fetched.
        """
        try:
            key = await self._keys.get(jwt.get_unverified_header(token).get("kid"))
            claims = jwt.decode(
                token, key, algorithms=self._settings.jwt_algorithms, issuer=self._settings.jwt_issuer,
                audience=self._settings.jwt_audience, leeway=_LEEWAY, options={"require": ["exp", "iss", "aud", "sub"]},
            )  # fmt: skip
        except (jwt.PyJWTError, RecursionError) as error:
            reason = _REASONS.get(type(error), "it is not valid")
            raise Unauthenticated(f"this token is not accepted: {reason}") from error
        return self._principal(claims)

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        subject = str(claims["sub"])
        if subject in (ANONYMOUS.id, LOCAL_OWNER.id) or subject.startswith("key:"):
            raise Unauthenticated(f"this token is not accepted: {subject!r} names somebody of ours")
        return Principal(
            id=subject, roles=frozenset(_roles(claims, self._settings.jwt_roles_claim)),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC), claims=claims,
        )  # fmt: skip


_REASONS: Mapping[type[Exception], str] = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.ImmatureSignatureError: "it is not valid yet",
    jwt.InvalidAudienceError: "it is meant for another audience",
    jwt.InvalidIssuerError: "it is of another issuer",
    jwt.InvalidAlgorithmError: "it is signed with another algorithm",
    jwt.MissingRequiredClaimError: "it lacks exp, iss, aud or sub",
}


def _roles(claims: Mapping[str, Any], path: str) -> list[str]:
    """What stands under a dotted path (``realm_access.roles``): a list, or a text with spaces between the roles."""
    found = claims.get(path) or _at(claims, path.split("."))
    if isinstance(found, str):
        return found.split()
    return [str(role) for role in cast(list[Any], found)] if isinstance(found, list) else []


def _at(value: Any, names: list[str]) -> Any:
    for name in names:
        value = cast(Mapping[str, Any], value).get(name) if isinstance(value, Mapping) else None
    return value


def _check(settings: Settings) -> None:
    missing = [name for name in ("jwt_audience", "jwt_jwks_url") if not getattr(settings, name)]
    if missing:
        raise DeclarationError(f"CORE_JWT_ISSUER also needs CORE_{missing[0].upper()}")
    url = settings.jwt_jwks_url
    if url and url.scheme != "https" and not is_loopback(url.host or ""):
        raise DeclarationError(f"CORE_JWT_JWKS_URL={url}: whoever sits in between could put in keys; use https")
    refused = [name for name in settings.jwt_algorithms if name not in _ALGORITHMS]
    if refused or not settings.jwt_algorithms:
        raise DeclarationError(
            f"CORE_JWT_ALGORITHMS: {', '.join(refused) or 'nothing'} cannot be used with an issuer's public keys; "
            f"choose among {', '.join(sorted(_ALGORITHMS))}"
        )
