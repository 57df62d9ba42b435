"""Pages that describe their postings in JSON-LD: https://schema.org/JobPosting."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup
from pydantic import ValidationError

from core.examples.models.models import Address
from core.examples.sources.posting import Posting, amount, currency, employment_type, key_of, moment, plain_text

Node = Mapping[str, Any]

_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*>")
# Paid units of a year, for https://schema.org/unitText; full time is taken as 40 hours a week.
_UNITS_A_YEAR = {"HOUR": 2080, "DAY": 260, "WEEK": 52, "MONTH": 12, "YEAR": 1}


def parsed(html: str) -> BeautifulSoup:
    """The page as HTML; XHTML's XML declaration and text without any element, which Beautiful Soup warns of, go."""
    return BeautifulSoup(_XML_DECLARATION.sub("", html) if "<" in html else "", "html.parser")


def nodes(page: BeautifulSoup, kind: str) -> Iterator[Node]:
    """Every JSON-LD object of this ``@type`` on the page; a block that is not JSON is passed over."""
    for script in page.find_all("script", type="application/ld+json"):
        try:
            yield from _of_type(json.loads(script.get_text()), kind)
        except (json.JSONDecodeError, RecursionError):
            continue


def _of_type(value: Any, kind: str) -> Iterator[Node]:
    if isinstance(value, list):
        for entry in value:
            yield from _of_type(entry, kind)
    elif isinstance(value, dict):
        if kind in _listed(value.get("@type")):
            yield value
        for key in ("@graph", "mainEntity", "itemListElement", "item"):
            yield from _of_type(value.get(key), kind)


def postings_of(page: BeautifulSoup, url: str, source: str) -> Iterator[Posting]:
    """The postings the page describes; descriptions without a title or a company are passed over."""
    for node in nodes(page, "JobPosting"):
        try:
            yield posting_of(node, url, source)
        except ValidationError:
            continue


def posting_of(node: Node, url: str, source: str) -> Posting:
    own_url = urljoin(url, _name(node.get("url")) or url)
    found: dict[str, Any] = {
        "source": source,
        "external_id": _name(node.get("identifier")) or key_of(own_url, _name(node.get("title"))),
        "title": _name(node.get("title")),
        "company": _name(node.get("hiringOrganization")),
        "description": plain_text(_name(node.get("description"))),
        "url": own_url,
        "employment_type": employment_type(node.get("employmentType")),
        "required_skills": _skills(node.get("skills")),
        "posted_at": moment(node.get("datePosted")),
        "valid_through": moment(node.get("validThrough")),
        **_place(node),
        **_salary(node.get("baseSalary")),
    }
    return Posting(**{name: value for name, value in found.items() if value not in (None, "", [])})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _name(value: Any) -> str | None:
    """Text, or the name or value of a thing: ``{"@type": "Organization", "name": "Acme"}``."""
    for found in _listed(value)[:1]:
        if isinstance(found, Mapping):
            return _name(found.get("value") or found.get("name"))
        return str(found).strip() or None
    return None


def _place(node: Node) -> Node:
    addresses = [place.get("address") for place in _listed(node.get("jobLocation")) if isinstance(place, Mapping)]
    found = [_address(address) for address in addresses if address]
    remote = "TELECOMMUTE" in _listed(node.get("jobLocationType"))
    names = [address.city or address.region or address.country for address in found]
    location = ", ".join(name for name in names if name) or ("Remote" if remote else None)
    return {"address": found[0] if found else None, "location": location, "remote": remote or None}


def _address(value: Any) -> Address:
    if not isinstance(value, Mapping):
        return Address(city=str(value))
    return Address(
        city=_name(value.get("addressLocality")),
        region=_name(value.get("addressRegion")),
        country=_name(value.get("addressCountry")),
        postal_code=_name(value.get("postalCode")),
        street=_name(value.get("streetAddress")),
    )


def _salary(value: Any) -> Node:
    """Pay a year: a ``MonetaryAmount`` whose value is a number or a ``QuantitativeValue``."""
    if not isinstance(value, Mapping):
        return {}
    given: Any = value.get("value")
    quantity: Node = given if isinstance(given, Mapping) else {"value": given, "unitText": value.get("unitText")}
    factor = _UNITS_A_YEAR.get(str(quantity.get("unitText") or "YEAR").upper(), 1)
    lowest = amount(quantity.get("minValue", quantity.get("value")))
    highest = amount(quantity.get("maxValue", quantity.get("value")))
    return {
        "salary_min": lowest * factor if lowest is not None else None,
        "salary_max": highest * factor if highest is not None else None,
        "salary_currency": currency(value.get("currency")),
    }


def _skills(value: Any) -> list[str]:
    found = [_name(skill) or "" for skill in _listed(value)]
    return [part.strip() for skill in found for part in skill.split(",") if part.strip()]
