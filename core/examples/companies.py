"""Looking a company up in a directory that answers JSON, at the address in the setting ``company_info_url``."""

import json
from typing import Any, cast
from urllib.parse import quote

from core.errors import UserError
from core.examples.models.models import CompanyInfo
from core.examples.settings import JobhunterSettings
from core.examples.sources.fetching import Fetcher
from core.examples.sources.posting import SourceError, plain_text

# The names directories use, the first that is there wins; Wikipedia's page summaries have title, extract, content_urls.
_NAMES = ("name", "title", "displaytitle")
_DESCRIPTIONS = ("description_long", "extract", "description")
_URLS = ("website", "homepage", "url")


async def fetch_company_info(company: str, settings: JobhunterSettings, fetcher: Fetcher) -> CompanyInfo:
    """
    Raises:
        UserError: no directory is set.
        SourceError: the directory does not answer, does not know the company, or answers no JSON object.
    """
    if not settings.company_info_url:
        raise UserError("there is no directory of companies: set JOBHUNTER_COMPANY_INFO_URL, with {company} in it")
    page = await fetcher.get(settings.company_info_url.replace("{company}", quote(company, safe="")))
    try:
        found: Any = json.loads(page.text)
    except json.JSONDecodeError as error:
        raise SourceError(f"{page.url} answered no JSON") from error
    if not isinstance(found, dict):
        raise SourceError(f"{page.url} answered no JSON object")
    return _company(cast(dict[str, Any], found), company)


def _company(found: dict[str, Any], company: str) -> CompanyInfo:
    def first(names: tuple[str, ...]) -> str | None:
        return next((plain_text(value) for name in names if isinstance(value := found.get(name), str) and value), None)

    return CompanyInfo(name=first(_NAMES) or company, description=first(_DESCRIPTIONS), url=first(_URLS))
