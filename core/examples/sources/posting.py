"""Posting: what a source found, in one form whatever the source; and the small readers all sources share."""

import hashlib
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Annotated, Any, cast

from bs4 import BeautifulSoup
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.errors import UserError
from core.examples.models.models import Address, EmploymentType
from core.examples.models.models.job import bag_key

_DEEPEST = 20


class SourceError(UserError):
    """A source that cannot be read: the message names it and says why."""


def storable(value: Any, depth: int = 0) -> Any:
    """A JSON value as MongoDB can keep it: lone surrogates replaced, whole numbers beyond 64 bits and what is nested
    too deeply as text, keys without the signs that mean something in a path."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, (dict, list)) and depth == _DEEPEST:
        return "…"
    if isinstance(value, dict):
        found = cast(dict[str, Any], value)
        return {storable(bag_key(name)): storable(inner, depth + 1) for name, inner in found.items()}
    if isinstance(value, list):
        return [storable(inner, depth + 1) for inner in cast(list[Any], value)]
    return value


def _storable_fields(fields: dict[str, Any]) -> dict[str, Any]:
    return storable(fields)


class Posting(BaseModel):
    """A job as found. Only fields the source gave are set, so that storing it leaves all others as they are."""

    model_config = ConfigDict(str_strip_whitespace=True)

    source: str = Field(min_length=1)
    external_id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    company: str = Field(min_length=1)
    location: str | None = None
    address: Address | None = None
    remote: bool = False
    description: str = ""
    url: str | None = None
    employment_type: EmploymentType | None = None
    required_skills: list[str] = Field(default_factory=list)
    salary_min: float | None = Field(default=None, ge=0)
    salary_max: float | None = Field(default=None, ge=0)
    salary_currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    active: bool = True
    posted_at: datetime | None = None
    valid_through: datetime | None = None
    source_fields: Annotated[dict[str, Any], AfterValidator(_storable_fields)] = Field(default_factory=dict)
    """What only this source knows."""

    def mentions(self, keywords: tuple[str, ...]) -> bool:
        """Whether any keyword stands in title, company or description; without keywords every posting does."""
        text = f"{self.title}\n{self.company}\n{self.description}".casefold()
        return not keywords or any(word.casefold() in text for word in keywords)

    def is_in(self, location: str | None) -> bool:
        return not location or location.casefold() in (self.location or "").casefold()


def moment(value: Any) -> datetime | None:
    """A moment in UTC from Unix seconds, ISO 8601 or RFC 5322 text; None where it is unreadable."""
    if value in (None, "") or isinstance(value, bool):
        return None
    try:
        found = _moment(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _moment(value: Any) -> datetime:
    if isinstance(value, (int, float)) or str(value).isdigit():
        return datetime.fromtimestamp(float(value), UTC)
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return parsedate_to_datetime(str(value))


def amount(value: Any) -> float | None:
    """A number from 0 to below a billion, or text that is one; None for anything else."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if 0 <= found < 1e9 else None


def currency(value: Any) -> str | None:
    """``"eur"`` → ``"EUR"``; None for what is no ISO 4217 code."""
    found = str(value or "").strip().upper()
    return found if re.fullmatch("[A-Z]{3}", found) else None


_EMPLOYMENT_TYPES = {member.value.replace("_", ""): member for member in EmploymentType}


def employment_type(value: Any) -> EmploymentType | None:
    """``"Full-time"``, ``"FULL_TIME"`` and ``["FULL_TIME", …]`` are all ``full_time``; None where nothing is known."""
    values = value if isinstance(value, list) else [value]
    words = (re.sub(r"[^a-z]", "", str(found).casefold()) for found in values)
    return next((_EMPLOYMENT_TYPES[word] for word in words if word in _EMPLOYMENT_TYPES), None)


def plain_text(markup: str | None) -> str:
    """Text of an HTML fragment: a line a block, entities resolved, nothing executable left."""
    if not markup:
        return ""
    if "<" not in markup:
        return unescape(markup).strip()
    soup = BeautifulSoup(markup, "html.parser")
    for dropped in soup(["script", "style"]):
        dropped.decompose()
    for block in soup(["p", "li", "div", "br", "tr", "h1", "h2", "h3", "h4"]):
        block.append("\n")
    lines = (" ".join(line.split()) for line in soup.get_text().splitlines())
    return "\n".join(line for line in lines if line)


def key_of(*parts: str | None) -> str:
    """A stable id for a posting whose source gives none."""
    return hashlib.sha256("\x1f".join(part or "" for part in parts).encode()).hexdigest()[:24]


def slug(name: str) -> str:
    """``"StepStone.de"`` → ``"stepstone_de"``: a key that MongoDB takes in a path."""
    return re.sub(r"[^0-9a-z]+", "_", name.casefold()).strip("_") or "source"
