"""How well a job fits a person: a weighted mean of four parts, each from 0 to 1.

=========  ======  ====================================================================================
part       weight  value
=========  ======  ====================================================================================
skills     0.50    share of the job's required skills that the person has
title      0.20    best share of a desired title's words that stand in the job's title
location   0.15    1 where the job is in one of the person's places, or remote and that is fine; else 0
salary     0.15    1 where the job pays at least what is asked, else the share of it that it pays
=========  ======  ====================================================================================

A part that job or person say nothing of is left out and the other weights are scaled up, so that silence neither helps
nor harms. With no part at all the score is 0.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.examples.models.models import Job, User
from core.examples.skills import same_skills


@dataclass(frozen=True, kw_only=True)
class Match:
    """``score`` from 0 to 1, and the parts it is made of."""

    score: float
    parts: Mapping[str, float]


def match(user: User, job: Job) -> Match:
    found = {name: part(user, job) for name, (_, part) in _PARTS.items()}
    parts = {name: value for name, value in found.items() if value is not None}
    weight = sum(_PARTS[name][0] for name in parts)
    total = sum(_PARTS[name][0] * value for name, value in parts.items())
    return Match(score=round(total / weight, 4) if weight else 0.0, parts=parts)


def _skills(user: User, job: Job) -> float | None:
    wanted = same_skills(job.required_skills)
    return len(wanted & same_skills(user.skills)) / len(wanted) if wanted else None


def _title(user: User, job: Job) -> float | None:
    words = _words(job.title)
    shares = [len(wish & words) / len(wish) for title in user.desired_titles if (wish := _words(title))]
    return max(shares, default=None)


def _location(user: User, job: Job) -> float | None:
    if job.remote and user.remote_ok:
        return 1.0
    place = f"{job.location or ''} {job.address.city or '' if job.address else ''}".strip().casefold()
    if not place or not user.locations:
        return None
    return float(any(wish.casefold() in place for wish in user.locations))


def _salary(user: User, job: Job) -> float | None:
    offered = job.salary_max if job.salary_max is not None else job.salary_min
    if offered is None or not user.salary_min:
        return None
    if user.salary_currency and job.salary_currency and user.salary_currency != job.salary_currency:
        return None  # amounts of two currencies say nothing about each other
    return min(1.0, offered / user.salary_min)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w+#.]+", text.casefold()))


_PARTS: Mapping[str, tuple[float, Callable[[User, Job], float | None]]] = {
    "skills": (0.50, _skills),
    "title": (0.20, _title),
    "location": (0.15, _location),
    "salary": (0.15, _salary),
}
