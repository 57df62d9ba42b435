"""The check before a server listens: open to others only with authentication."""

from core.authentication.local import is_loopback
from core.errors import DeclarationError
from core.settings import Settings


def check_exposure(host: str, settings: Settings) -> None:
    """``host`` is the address or name to listen on; a unix socket's path counts as this machine.

    Raises:
        DeclarationError: others could reach the server, and it would let everybody do everything.
    """
    if settings.has_authentication or settings.insecure_no_authentication or host.startswith("/") or is_loopback(host):
        return
    raise DeclarationError(
        f"listening on {host} lets other machines in, and nothing says who may do what. Either stay on 127.0.0.1; or "
        "set CORE_AUTH_REQUIRED=true and make a key with `jobhunter keys create`, CORE_JWT_ISSUER for an identity "
        "provider, or CORE_AUTHENTICATE for a function of your own; or pass --insecure-no-authentication, which makes "
        "everybody who reaches the port its owner"
    )
