"""Settings of jobhunter: ``JOBHUNTER_…`` from the environment and ``.env``. Every outside address is one of them."""

from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class JobhunterSettings(BaseSettings):
    """``stepstone_url`` is ``JOBHUNTER_STEPSTONE_URL`` in the environment, and so on.

    Addresses of searches are templates: ``{keywords}``, ``{location}`` and ``{limit}`` are filled in, encoded.
    """

    model_config = SettingsConfigDict(env_prefix="JOBHUNTER_", env_file=".env", env_ignore_empty=True, extra="ignore")

    default_source: str | None = Field(default=None, description="What scrape_jobs reads when it is given no source")
    stepstone_url: str | None = Field(default=None, description="Search page of the StepStone-like site")
    indeed_url: str | None = Field(default=None, description="Search feed of the Indeed-like site")
    company_info_url: str | None = Field(
        default=None, description="Directory of companies answering JSON; {company} is filled in"
    )
    feed_dir: Path | None = Field(default=None, description="Folder whose files every principal may read as a source")

    user_agent: str = Field(default="core-jobhunter/0.1", min_length=1, description="How fetching introduces itself")
    fetch_timeout: float = Field(default=15.0, gt=0, description="Seconds one request may take")
    fetch_attempts: int = Field(
        default=3, ge=1, le=10, description="Tries of a request that fails for a passing reason"
    )
    fetch_backoff: float = Field(
        default=0.5, ge=0, description="Seconds before the second try, doubled for each further one"
    )
    fetch_delay: float = Field(default=1.0, ge=0, description="Seconds between two requests to one host")
    max_fetch_bytes: int = Field(default=20_000_000, ge=1, description="Largest answer or file that is read")

    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server: smtp://user:password@host:587 (with STARTTLS where offered) or smtps://…",
    )
    mail_from: str = Field(default="jobhunter@localhost", description="Sender of mails")
    alert_email: str | None = Field(default=None, description="Who gets a mail when a run fails")
    pdf_font: Path | None = Field(default=None, description="TrueType font for CVs beyond Latin-1; DejaVu Sans is one")


@cache
def jobhunter_settings() -> JobhunterSettings:
    """The environment's settings, read once."""
    return JobhunterSettings()
