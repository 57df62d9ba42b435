"""Content negotiation: https://www.rfc-editor.org/rfc/rfc9110#name-accept."""

from collections.abc import Sequence

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
HTML = "text/html"


def negotiate(accept: str | None, offers: Sequence[str]) -> str | None:
    """The offer a client likes best; among equals the more exactly named, then the earlier. None: none is accepted."""
    if not accept or not accept.strip():
        return offers[0]
    ranges = [_parsed(part) for part in accept.split(",")]
    ranked = [(*_preference(offer, ranges), -position, offer) for position, offer in enumerate(offers)]
    quality, _, _, best = max(ranked)
    return best if quality > 0 else None


def media_type(header: str | None) -> tuple[str, str]:
    """Type and charset of a Content-Type header, lower-case; the charset defaults to utf-8."""
    name, *parameters = (header or "").lower().split(";")
    charsets = [
        value.strip(' "') for key, _, value in (one.partition("=") for one in parameters) if key.strip() == "charset"
    ]
    return name.strip(), charsets[0] if charsets else "utf-8"


def _preference(offer: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """Quality and exactness of the most exact range that covers the offer."""
    exactness = {offer: 2, offer.partition("/")[0] + "/*": 1, "*/*": 0}
    found = [(exactness[name], quality) for name, quality in ranges if name in exactness]
    exact, quality = max(found, default=(0, 0.0))
    return quality, exact


def _parsed(part: str) -> tuple[str, float]:
    name, *parameters = part.strip().lower().split(";")
    quality = next((value for key, _, value in (one.partition("=") for one in parameters) if key.strip() == "q"), "1")
    try:
        return name.strip(), min(max(float(quality), 0.0), 1.0)
    except ValueError:
        return name.strip(), 0.0
