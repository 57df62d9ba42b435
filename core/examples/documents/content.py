"""What a CV says, decided once; HTML and PDF only render it."""

from dataclasses import dataclass

from core.examples.models.models import Experience, Job, User
from core.examples.skills import same_skills


@dataclass(frozen=True, kw_only=True)
class Entry:
    """``heading`` stands out, ``detail`` beside it does not."""

    heading: str = ""
    detail: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True)
class CvContent:
    title: str
    name: str
    headline: str
    contact: str
    highlighted_skills: tuple[str, ...]
    sections: tuple[Section, ...]


def cv_content(user: User, job: Job) -> CvContent:
    """A CV for this posting: the skills it asks for come first. Sections with nothing in them are left out."""
    wanted = same_skills(job.required_skills)
    highlighted = [skill for skill in user.skills if same_skills([skill]) & wanted]
    others = [skill for skill in user.skills if skill not in highlighted]
    sections = (
        Section(title="Profile", entries=_texts(user.summary)),
        Section(title=f"Skills for {job.title}", entries=_texts(" · ".join(highlighted))),
        Section(title="Further skills" if highlighted else "Skills", entries=_texts(" · ".join(others))),
        Section(title="Experience", entries=tuple(_station(one) for one in user.experience)),
    )
    return CvContent(
        title=f"{user.name} – {job.full_title()}",
        name=user.name,
        headline=user.headline or "",
        contact=" · ".join(part for part in (user.email, user.phone, ", ".join(user.locations)) if part),
        highlighted_skills=tuple(highlighted),
        sections=tuple(section for section in sections if section.entries),
    )


def _texts(text: str) -> tuple[Entry, ...]:
    return (Entry(text=text),) if text else ()


def _station(one: Experience) -> Entry:
    until = f"{one.end:%m/%Y}" if one.end else "today"
    return Entry(heading=f"{one.title}, {one.company}", detail=f"{one.start:%m/%Y} – {until}", text=one.summary)
