"""A limit on refused credentials, so that guessing does not load the database or the issuer."""

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from core.errors import TooManyAttempts


class Attempts:
    """Refusals by client address, in this process; ``per_minute`` of them, then the client has to wait."""

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._refusals = FixedWindowRateLimiter(MemoryStorage())

    def check(self, client: str) -> None:
        """Raises:
        TooManyAttempts: wait a minute.
        """
        if not self._refusals.test(self._limit, client):
            raise TooManyAttempts("too many refused credentials from your address; try again in a minute")

    def refused(self, client: str) -> None:
        self._refusals.hit(self._limit, client)
