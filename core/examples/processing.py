"""What can be read out of a posting's own words: skills, places, whether it is remote, its kind of employment."""

import re

from core.examples.models.models import Address, EmploymentType, Job
from core.examples.skills import normal, skills_in
from core.examples.sources.posting import employment_type, plain_text

_REMOTE = re.compile(r"\b(?:remote|home[ -]?office|work from (?:home|anywhere))\b", re.IGNORECASE)
_NOT_REMOTE = re.compile(r"\b(?:no|not|non)[ -]remote\b", re.IGNORECASE)
_EMPLOYMENT = re.compile(
    r"\b(full[ -]?time|part[ -]?time|contractor|temporary|intern(?:ship)?|volunteer|per[ -]diem)\b", re.IGNORECASE
)
_COUNTRIES = {
    "usa": "US", "united states": "US", "uk": "GB", "united kingdom": "GB", "canada": "CA", "germany": "DE",
    "deutschland": "DE", "austria": "AT", "switzerland": "CH", "france": "FR", "netherlands": "NL", "spain": "ES",
}  # fmt: skip
_CITIES = {
    "nyc": ("New York", "NY", "US"), "new york": ("New York", "NY", "US"), "sf": ("San Francisco", "CA", "US"),
    "la": ("Los Angeles", "CA", "US"), "washington, dc": ("Washington", "DC", "US"), "berlin": ("Berlin", None, "DE"),
    "munich": ("Munich", None, "DE"), "hamburg": ("Hamburg", None, "DE"), "london": ("London", None, "GB"),
}  # fmt: skip
_STATE = re.compile(r"[A-Z]{2}\Z")


def refine(job: Job) -> list[str]:
    """Fill in what the posting's words tell; what is set stays. Gives the names of the fields that changed."""
    before = job.model_dump()
    job.description = plain_text(job.description)
    text = f"{job.title}\n{job.description}"
    skills = [normal(skill) for skill in job.required_skills]
    job.required_skills = list(dict.fromkeys([*skills, *skills_in(text)]))
    job.address = job.address or address_of(job.location)
    job.remote = job.remote or is_remote(f"{job.location or ''}\n{text}")
    job.employment_type = job.employment_type or _employment(text)
    after = job.model_dump()
    return [name for name in after if after[name] != before[name]]


def is_remote(text: str) -> bool:
    return bool(_REMOTE.search(text)) and not _NOT_REMOTE.search(text)


def address_of(location: str | None) -> Address | None:
    """``"San Jose, CA"``, ``"London, UK"``, ``"NYC"``: the first place named, where its form is known; else None."""
    place = (location or "").partition(";")[0].strip()
    if not place or _REMOTE.search(place):
        return None
    if place.casefold() in _CITIES:
        city, region, country = _CITIES[place.casefold()]
        return Address(city=city, region=region, country=country)
    *parts, last = [part.strip() for part in place.split(",")]
    country = _COUNTRIES.get(last.casefold())
    if country and parts:
        return Address(city=parts[0], region=parts[1] if len(parts) > 1 else None, country=country)
    if len(parts) == 1 and _STATE.match(last):
        return Address(city=parts[0], region=last, country="US")
    return None


def _employment(text: str) -> EmploymentType | None:
    found = _EMPLOYMENT.search(text)
    return employment_type(found.group(1).casefold().replace("internship", "intern")) if found else None
