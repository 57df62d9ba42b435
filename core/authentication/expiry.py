"""A connection lives longer than the credentials it began with may."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NoReturn

from core.access import Principal
from core.authentication.credentials import Authenticate
from core.errors import TooManyAttempts, Unauthenticated, Unavailable


async def until_refused(
    authenticate: Authenticate, headers: Mapping[str, str], principal: Principal, *, seconds: float
) -> NoReturn:
    """Wait beside a long connection; it ends when this raises.

    Asks ``authenticate`` again every ``seconds``, and at ``principal.expires_at`` in any case.

    Raises:
        Unauthenticated: the credentials have expired or been revoked, or now mean other rights.
    """
    while True:
        await asyncio.sleep(max(0.0, min(seconds, _left(principal))))
        if _left(principal) <= 0:
            raise Unauthenticated("your credentials have expired; connect again with new ones")
        try:
            found = await authenticate(headers)
        except (TooManyAttempts, Unavailable):
            continue  # nobody can say, so what was said last stands
        if (found.id, found.roles, found.scopes) != (principal.id, principal.roles, principal.scopes):
            raise Unauthenticated("your rights have changed; connect again")


def _left(principal: Principal) -> float:
    if principal.expires_at is None:
        return float("inf")
    return (principal.expires_at - datetime.now(UTC)).total_seconds()
