"""``jobhunter keys``: API keys, made, listed and revoked in the database of the settings."""

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.output import print_json, print_table
from cli.session import run
from core.access import known_roles, unknown_scopes
from core.authentication.keys import ApiKey, ApiKeys
from core.errors import InputError
from core.renderers import Services

keys = typer.Typer(no_args_is_help=True)

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "y": timedelta(days=365)}


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Who gets the key; its runs are recorded as key:NAME")],
    role: Annotated[list[str] | None, typer.Option(help="A role it has; may be repeated")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="Narrow it: read, write:Job, run:search_jobs; repeatable")
    ] = None,
    claim: Annotated[list[str] | None, typer.Option(help="NAME=VALUE for row filters; repeatable")] = None,
    expires: Annotated[str, typer.Option(help="A time from now (12h, 90d, 1y), a date, or never")] = "1y",
) -> None:
    """Make a key. It is shown this once: only a digest of it is stored."""

    async def work(services: Services) -> tuple[ApiKey, str]:
        _check_scopes(services, scope or [])
        found = await ApiKeys(services.settings).create(
            name, roles=role or (), scopes=scope or (), claims=_claims(claim or []), expires_at=_moment(expires)
        )
        _warn_of_roles(services, role or [])
        return found

    made, text = run(work)
    print(text)
    until = f"until {made.expires_at:%Y-%m-%d %H:%M} UTC" if made.expires_at else "for ever"
    _say(f"Keep it: it cannot be shown again. It is good {until}. Revoke it with: keys revoke {made.prefix}")
    _say("Send it as: Authorization: Bearer <key>")


@keys.command(name="list")
def list_(json: Annotated[bool, typer.Option("--json", help="As JSON")] = False) -> None:
    """Every key, the newest first; never a secret."""

    async def work(services: Services) -> list[ApiKey]:
        return await ApiKeys(services.settings).list()

    found: list[ApiKey] = run(work)
    rows = [_row(key) for key in found]
    if json:
        print_json([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
    else:
        print_table(list(_COLUMNS), rows)


@keys.command()
def revoke(prefix: Annotated[str, typer.Argument(help="The key's prefix, as `keys list` shows it")]) -> None:
    """End a key for good, within seconds on every server."""

    async def work(services: Services) -> ApiKey:
        return await ApiKeys(services.settings).revoke(prefix)

    revoked: ApiKey = run(work)
    _say(f"The key {revoked.prefix} of {revoked.name} is revoked.")


_COLUMNS = ("prefix", "name", "status", "roles", "scopes", "claims", "created", "expires", "last_used")


def _row(key: ApiKey) -> list[str | None]:
    moments = (key.created_at, key.expires_at, key.last_used_at)
    return [
        key.prefix,
        key.name,
        key.status,
        " ".join(sorted(key.roles)),
        " ".join(sorted(key.scopes)),
        " ".join(f"{name}={value}" for name, value in sorted(key.claims.items())),
        *(f"{moment:%Y-%m-%d %H:%M}" if moment else None for moment in moments),
    ]


def _moment(text: str) -> datetime | None:
    if text == "never":
        return None
    if match := re.fullmatch(r"(\d{1,5})([hdwy])", text):
        return datetime.now(UTC) + int(match[1]) * _UNITS[match[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--expires {text}: write 12h, 90d, 8w, 1y, a date like 2030-01-31, or never") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _claims(given: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    for name, sign, value in pairs:
        if not (name and sign and value):
            raise InputError(f"--claim {name}{sign}{value}: write NAME=VALUE, as in region=north")
    return {name: value for name, _, value in pairs}


def _check_scopes(services: Services, scopes: list[str]) -> None:
    catalog = services.catalog
    if stray := unknown_scopes(scopes, catalog.models, catalog.operations):
        raise InputError(
            f"--scope {stray[0]}: write read, write, create, update or delete, alone or with a model "
            f"({', '.join(catalog.models)}); or run, alone or with an operation ({', '.join(catalog.operations)})"
        )


def _warn_of_roles(services: Services, roles: list[str]) -> None:
    known = known_roles(services.catalog)
    for role in roles:
        if role not in known:
            _say(f"No rule of this application names the role {role!r}; known: {', '.join(sorted(known))}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)
