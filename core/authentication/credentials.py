"""What a request brings to say who makes it, in one form for every transport."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from core.access import Principal

Authenticate = Callable[[Mapping[str, str]], Awaitable[Principal]]
"""From the mapping ``credentials`` makes (or plain headers) to the principal.

Raises:
    Unauthenticated: no credentials, or such that are not accepted.
    Forbidden: a server without authentication, asked from elsewhere than this machine.
    TooManyAttempts: too many refused credentials came from this address.
"""

CLIENT = ":client"
"""Key of the peer's address. No header can have this name (https://www.rfc-editor.org/rfc/rfc9110#name-field-names)."""

PAYLOAD = ":payload:"
"""Prefix of what a WebSocket's payload says: nothing there may pass for a header that a browser or a proxy writes."""

_CREDENTIALS = frozenset({"authorization", "x-api-key"})


def credentials(
    headers: Mapping[str, str], *, payload: Mapping[str, Any] | None = None, client: str | None = None
) -> Mapping[str, str]:
    """Lower-case header names to values. ``client`` is the peer's address. ``payload`` is that of a WebSocket's
    ``connection_init``: ``Authorization`` and ``X-API-Key`` in it (at the top or under ``headers``) stand for headers
    that are not there; its other texts are found under ``:payload:name``.
    """
    found = _texts(payload)
    found.update(lowered(headers))
    if client:
        found[CLIENT] = client
    return found


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def token_of(headers: Mapping[str, str]) -> str | None:
    """The key or token: of ``X-API-Key``, or of ``Authorization: Bearer``."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return headers.get("x-api-key") or (token.strip() or None if scheme.lower() == "bearer" else None)


def _texts(payload: Mapping[str, Any] | None) -> dict[str, str]:
    if not payload:
        return {}
    nested = payload.get("headers")
    inner = cast(dict[str, Any], nested) if isinstance(nested, dict) else dict[str, Any]()
    texts = {str(name).lower(): value for name, value in (*inner.items(), *payload.items()) if isinstance(value, str)}
    return {name if name in _CREDENTIALS else f"{PAYLOAD}{name}": value for name, value in texts.items()}
