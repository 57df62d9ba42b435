"""Who makes a request: one function from headers to a ``Principal``, for HTTP, WebSocket and SSE alike."""

from core.authentication.chain import OwnFunction, authenticator
from core.authentication.credentials import Authenticate, credentials
from core.authentication.expiry import until_refused
from core.authentication.exposure import check_exposure

__all__ = ["Authenticate", "OwnFunction", "authenticator", "check_exposure", "credentials", "until_refused"]
