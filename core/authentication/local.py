"""A server without authentication: everybody on this machine is the owner, and nobody else is anybody.

A page on the web can make a browser on this machine send requests here: under a name of its own that it points at
127.0.0.1 (DNS rebinding), or across origins over a WebSocket, which no CORS check stops. The ``Host`` and ``Origin``
that the browser writes tell both.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from core.access import LOCAL_OWNER, Principal
from core.authentication.credentials import CLIENT, lowered
from core.errors import Forbidden
from core.settings import Settings


class LocalOwner:
    """Authenticates whoever asks from this machine, under a name of this machine, as the owner.

    ``settings.allowed_hosts`` are further names, ``settings.cors_origins`` further pages;
    ``settings.insecure_no_authentication`` lets everybody in.
    """

    def __init__(self, settings: Settings) -> None:
        self._names = frozenset(name.lower() for name in settings.allowed_hosts)
        self._origins = frozenset(settings.cors_origins)
        self._everybody = settings.insecure_no_authentication

    async def __call__(self, headers: Mapping[str, str]) -> Principal:
        if not self._everybody:
            self._check(lowered(headers))
        return LOCAL_OWNER

    def _check(self, headers: Mapping[str, str]) -> None:
        client = headers.get(CLIENT, "")
        if _is_address(client) and not is_loopback(client):
            raise Forbidden(f"this server has no authentication and serves its own machine only, not {client}")
        for header, url in (("host", f"//{headers.get('host', '')}"), ("origin", headers.get("origin", ""))):
            name = _host_of(url)
            known = is_loopback(name) or name in self._names or (header == "origin" and url in self._origins)
            if header in headers and not known:
                raise Forbidden(
                    f"the {header} {headers[header]!r} is not a name of this machine; configure authentication, or add "
                    "the name to CORE_ALLOWED_HOSTS"
                )


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine (https://www.rfc-editor.org/rfc/rfc6761#section-6.3)."""
    name = host.lower().rstrip(".").strip("[]")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return _is_address(name) and _mapped(name).is_loopback


def _mapped(address: str) -> IPv4Address | IPv6Address:
    found = ip_address(address)
    return getattr(found, "ipv4_mapped", None) or found


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
