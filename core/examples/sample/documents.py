"""Sample documents from a seeded generator: the same ones every time, their dates counted back from today."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from beanie import PydanticObjectId

from core.examples.documents.content import cv_content
from core.examples.documents.html import cover_letter, cv_html
from core.examples.documents.pdf import cv_pdf
from core.examples.matching import match
from core.examples.models.links import link_to
from core.examples.models.models import (
    Address,
    Application,
    ApplicationStatus,
    Cv,
    EmploymentType,
    Experience,
    Job,
    JobStatus,
    Notification,
    NotificationStatus,
    TestItem,
    User,
)
from core.examples.sample.words import (
    BENEFITS,
    COMPANIES,
    FAMILIES,
    LEVELS,
    PEOPLE,
    PLACES,
    WORKLOADS,
    Family,
)
from core.examples.sources.posting import slug

JOBS, ITEMS, CVS, APPLICATIONS, NOTIFICATIONS = 320, 12, 5, 28, 24


def sample_id(kind: str, number: int) -> PydanticObjectId:
    return PydanticObjectId(hashlib.sha256(f"{kind}/{number}".encode()).digest()[:12])


def _random(kind: str, number: int) -> Random:
    """A generator of its own for each document, so that adding one changes no other."""
    return Random(f"{kind}/{number}")  # noqa: S311  (nothing secret)


def items() -> list[TestItem]:
    return [
        TestItem(id=sample_id("item", number), name=f"Item {number + 1}", value=(number * 7) % 50)
        for number in range(ITEMS)
    ]


def users(today: datetime) -> list[User]:
    return [_user(number, today) for number in range(len(PEOPLE))]


def _user(number: int, today: datetime) -> User:
    random = _random("user", number)
    name, family_number, place_number = PEOPLE[number]
    family, place = FAMILIES[family_number], PLACES[place_number]
    title = family.titles[0]
    return User(
        id=sample_id("user", number),
        name=name,
        email=f"{slug(name).replace('_', '.').encode('ascii', 'ignore').decode()}@example.org",
        phone=f"+49 30 555 {random.randint(1000, 9999)}",
        headline=f"{title} with {random.randint(3, 14)} years behind them",
        summary=f"I like to {random.choice(family.tasks)}, and to {random.choice(FAMILIES[0].tasks)}.",
        skills=random.sample(family.skills, 6),
        desired_titles=list(family.titles[:2]),
        locations=[place[0]],
        remote_ok=random.random() < 0.7,
        salary_min=round(family.pay * place[3]) * 1000,
        salary_currency=place[4],
        experience=_experience(random, family),
        created_at=today - timedelta(days=90 - number),
    )


def _experience(random: Random, family: Family) -> list[Experience]:
    first = date(2023, random.randint(1, 12), 1)
    before = date(2018, random.randint(1, 12), 1)
    return [
        Experience(
            title=family.titles[0],
            company=random.choice(COMPANIES),
            start=first,
            summary=f"I {random.choice(family.tasks)}.",
        ),
        Experience(
            title=family.titles[-1], company=random.choice(COMPANIES), start=before, end=first - timedelta(days=1)
        ),
    ]


def jobs(today: datetime, seeker: User) -> list[Job]:
    """Postings; two of three are scored against ``seeker``."""
    return [_job(number, today, seeker) for number in range(JOBS)]


def _job(number: int, today: datetime, seeker: User) -> Job:
    random = _random("job", number)
    family, company = random.choice(FAMILIES), random.choice(COMPANIES)
    level, factor = random.choice(LEVELS)
    city, region, country, local, currency = random.choice(PLACES)
    title = f"{level}{random.choice(family.titles)}"
    skills = random.sample(family.skills, random.randint(3, 5))
    pay = round(family.pay * factor * local * random.uniform(0.93, 1.08)) * 1000
    remote = random.random() < 0.22
    posted = today - timedelta(days=random.randint(0, 60), minutes=random.randint(0, 1440))
    source = random.choice(("stepstone", "stepstone", "indeed", None))
    job = Job(
        id=sample_id("job", number),
        title=title,
        company=company,
        location=f"{city} (remote possible)" if remote else city,
        address=Address(city=city, region=region, country=country),
        remote=remote,
        description=_description(random, company, title, family, skills),
        url=f"https://jobs.example.com/{slug(company)}/{number + 1001}" if source else None,
        employment_type=EmploymentType.FULL_TIME if random.random() < 0.85 else EmploymentType.PART_TIME,
        required_skills=skills,
        salary_min=pay if random.random() < 0.7 else None,
        salary_max=round(pay * 1.2 / 1000) * 1000 if random.random() < 0.7 else None,
        salary_currency=currency,
        active=random.random() < 0.85,
        is_verified=random.random() < 0.3,
        source=source,
        external_id=str(number + 1001) if source else None,
        source_fields=_source_fields(random, source, pay),
        posted_at=posted,
        created_at=posted + timedelta(hours=2),
        updated_at=posted + timedelta(hours=2),
    )
    _advance(job, random, seeker)
    return job


def _description(random: Random, company: str, title: str, family: Family, skills: list[str]) -> str:
    tasks = random.sample(family.tasks, 3)
    return (
        f"{company} looks for a {title}. You will {tasks[0]}, {tasks[1]} and {tasks[2]}. "
        f"You know {', '.join(skills[:-1])} and {skills[-1]}. "
        "We work in small teams, write things down and go home in time."
    )


def _source_fields(random: Random, source: str | None, pay: int) -> dict[str, dict[str, Any]]:
    if source == "stepstone":
        return {source: {"workload": random.choice(WORKLOADS), "salary_band": f"{pay // 1000}-{pay * 6 // 5000}k"}}
    if source == "indeed":
        return {source: {"company_rating": f"{random.uniform(2.9, 4.8):.1f}", "benefits": random.choice(BENEFITS)}}
    return {}


def _advance(job: Job, random: Random, seeker: User) -> None:
    job.status = random.choice((JobStatus.NEW, JobStatus.MATCHED, JobStatus.MATCHED))
    if not job.active:
        job.status = JobStatus.CLOSED
    if job.status != JobStatus.NEW:
        job.match_score = round(match(seeker, job).score * 100, 2)


def cvs(people: list[User], postings: list[Job], today: datetime) -> list[Cv]:
    """A CV each for the first people, for the posting that fits them best."""
    found: list[Cv] = []
    for number, user in enumerate(people[:CVS]):
        job = best_jobs(user, postings)[0]
        content = cv_content(user, job)
        found.append(
            Cv(
                id=sample_id("cv", number),
                title=content.title,
                user=link_to(user),
                job=link_to(job),
                highlighted_skills=list(content.highlighted_skills),
                html=cv_html(content),
                pdf=cv_pdf(content),
                created_at=today - timedelta(days=number, hours=3),
            )
        )
    return found


def best_jobs(user: User, postings: list[Job]) -> list[Job]:
    return sorted((job for job in postings if job.active), key=lambda job: match(user, job).score, reverse=True)


def applications(people: list[User], postings: list[Job], written: list[Cv], today: datetime) -> Iterator[Application]:
    cv_of = {(cv.user.to_ref().id, cv.job.to_ref().id): cv for cv in written}
    best = [best_jobs(user, postings) for user in people]
    for number in range(APPLICATIONS):
        random = _random("application", number)
        user, job = people[number % len(people)], best[number % len(people)][number // len(people)]
        status = random.choice(list(ApplicationStatus))
        created = today - timedelta(days=random.randint(1, 25), hours=random.randint(0, 23))
        cv = cv_of.get((user.id, job.id))
        yield Application(
            id=sample_id("application", number),
            title=f"{user.name} – {job.full_title()}",
            user=link_to(user),
            job=link_to(job),
            cv=link_to(cv) if cv else None,
            status=status,
            cover_letter=cover_letter(user, job, cv.highlighted_skills if cv else []),
            apply_url=job.url,
            created_at=created,
            submitted_at=None if status == ApplicationStatus.PREPARED else created + timedelta(hours=5),
        )
        job.status = JobStatus.APPLIED


def notifications(people: list[User], today: datetime) -> Iterator[Notification]:
    for number in range(NOTIFICATIONS):
        random = _random("notification", number)
        found, fitting = random.randint(4, 60), random.randint(0, 4)
        status = random.choice((NotificationStatus.STORED, NotificationStatus.SENT, NotificationStatus.SENT))
        at = today - timedelta(days=number, hours=random.randint(0, 8))
        yield Notification(
            id=sample_id("notification", number),
            user=link_to(people[number % 4]),
            subject="Your job hunt today",
            message=f"{found} new jobs, {fitting} of them fit you well.",
            status=status,
            created_at=at,
            sent_at=at + timedelta(seconds=2) if status == NotificationStatus.SENT else None,
        )
