"""Rendering with Jinja2. Everything people typed is escaped."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from core.examples.documents.content import CvContent
from core.examples.models.models import Job, User


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("core.examples.documents"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def cv_html(content: CvContent) -> str:
    """The CV as a web page that needs nothing else: no scripts, fonts or images from elsewhere."""
    return _templates().get_template("cv.html").render(cv=content)


def cover_letter(user: User, job: Job, skills: list[str]) -> str:
    """A plain-text letter to go with an application."""
    return _templates().get_template("cover_letter.txt").render(user=user, job=job, skills=skills)
