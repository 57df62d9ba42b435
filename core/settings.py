"""Settings: ``CORE_…`` and ``MONGODB_…`` from the environment, ``.env``, and ``[tool.core]`` of ``pyproject.toml``.

Each may also be a file of its own name in ``CORE_SECRETS_DIR`` (as container platforms mount secrets). Secrets are
``SecretStr``: never shown, logged or stored.
"""

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, HttpUrl, SecretStr
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
)

from core.errors import DeclarationError


def _names(value: Any) -> Any:
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


Names = Annotated[list[str], NoDecode, BeforeValidator(_names)]
"""A list that an environment variable gives separated by commas."""


class Settings(BaseSettings):
    """Everything that can be set. ``data_dir`` is ``CORE_DATA_DIR`` in the environment, and so on."""

    model_config = SettingsConfigDict(
        env_prefix="CORE_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        validate_default=True,
        pyproject_toml_table_header=("tool", "core"),
    )

    mongodb_uri: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("MONGODB_URI", "mongodb_uri"),
        description="A MongoDB server; without it the embedded one is used",
    )
    mongodb_database: str = Field(
        "jobhunter",
        validation_alias=AliasChoices("MONGODB_DATABASE", "mongodb_database"),
        min_length=1,
        max_length=38,
        pattern=r'^[^/\\. "$*<>:|?\x00]+$',
        description="Name of the database",
    )
    modules: Names = Field(
        ["core.examples.models", "core.examples.operations"], description="Modules with models and operations"
    )
    data_dir: Path = Field(Path(".core"), description="Folder of the embedded database")
    database_timeout: float = Field(5.0, gt=0, description="Seconds until a silent database is reported as down")
    sample_data: bool = Field(True, description="Fill an empty database of the example application with sample data")
    page_size: int = Field(20, ge=1, description="Length of a list that asks for none")
    max_page_size: int = Field(100, ge=1, description="Length of a list at most")
    max_many: int = Field(1_000, ge=1, description="Documents that one create-, update- or delete-many may concern")
    max_related: int = Field(10_000, ge=1, description="Linked documents that one filter or one level may reach")
    max_groups: int = Field(1_000, ge=1, description="Groups that one aggregate may have")
    feed_queue: int = Field(1_000, ge=1, description="Changes that may wait for a subscriber; a slower one is closed")
    feed_known_ids: int = Field(
        200_000, ge=0, description="Documents all subscriptions remember: only who saw one is told that it is gone"
    )
    max_output_bytes: int = Field(
        1_000_000, ge=1_000, description="A larger output of a run is cut, and the run says so"
    )
    max_input_bytes: int = Field(4_000_000, ge=1_000, description="A larger input of a run is refused")
    run_lease: float = Field(
        30.0, ge=0.3, description="Seconds until a run whose process went silent counts as interrupted"
    )
    run_concurrency: int = Field(10, ge=1, description="Background runs at once in one server or worker")
    run_poll: float = Field(1.0, gt=0, description="Seconds between two looks for background runs of other processes")
    run_drain: float = Field(3.0, ge=0, description="Seconds that running operations get to end at a shutdown")
    run_retry_delay: float = Field(5.0, ge=0, description="Seconds before the second attempt; doubles with each one")
    run_retry_longest: float = Field(300.0, ge=0, description="Seconds between two attempts at most")
    run_log_lines: int = Field(10_000, ge=1, description="Lines a run's journal holds at most")
    run_log_line_bytes: int = Field(8_000, ge=100, description="A longer line of a journal is cut")
    run_retention_days: float | None = Field(None, gt=0, description="Runs older than this are deleted; none: kept")
    run_retention_count: int | None = Field(None, ge=1, description="Runs kept of each operation; none: all")
    idempotency_hours: float = Field(24.0, gt=0, description="How long an idempotency key stands")
    max_body_bytes: int = Field(1_000_000, ge=1_000, description="A larger request body is answered with 413")
    cors_origins: Names = Field([], description="Web origins whose pages may call this server; none by default")
    query_timeout: float = Field(30.0, gt=0, description="Seconds a GraphQL query may take; runs have their own")
    send_timeout: float = Field(10.0, gt=0, description="Seconds until a subscriber that does not read is closed")
    graphql_max_query_length: int = Field(100_000, ge=1, description="Characters of a document")
    graphql_max_tokens: int = Field(1_000, ge=1, description="Lexical tokens of a document")
    graphql_max_depth: int = Field(10, ge=1, description="Levels of nested fields; introspection counts as one")
    graphql_max_root_fields: int = Field(20, ge=1, description="Fields at the top of an operation")
    graphql_max_aliases: int = Field(30, ge=0, description="Aliases of an operation, fragments expanded")
    graphql_max_repeats: int = Field(20, ge=1, description="How often one name may stand in one selection set")
    graphql_max_directives: int = Field(9, ge=0, description="Directives at one place")
    graphql_max_cost: int = Field(
        50_000, ge=1, description="Fields an answer may hold by its page sizes; raise it along with max_page_size"
    )
    graphql_max_values: int = Field(50_000, ge=1, description="Values in the variables of a request")
    graphql_max_subscriptions: int = Field(100, ge=1, description="Operations at once on one WebSocket")
    graphql_init_timeout: float = Field(5.0, gt=0, description="Seconds a WebSocket may wait with connection_init")

    auth_required: bool = Field(False, description="Serve only requests with an API key or other accepted credentials")
    authenticate: str | None = Field(None, description="The application's own principal function: acme.auth:principal")
    jwt_issuer: str | None = Field(None, description="Issuer of the tokens that are accepted, as in their iss claim")
    jwt_audience: Names = Field([], description="Audiences (aud claim), one of which a token must be meant for")
    jwt_jwks_url: HttpUrl | None = Field(None, description="Where the issuer publishes its keys (jwks_uri)")
    jwt_algorithms: Names = Field(["RS256"], description="Algorithms a token may be signed with")
    jwt_roles_claim: str = Field("roles", description="Claim with the roles; dots lead into objects")
    anonymous: bool = Field(False, description="Serve requests without credentials what rules allow everybody (*)")
    allowed_hosts: Names = Field([], description="Names of this machine besides localhost, without authentication")
    insecure_no_authentication: bool = Field(False, description="Make everybody who reaches the port the owner")
    key_cache_seconds: float = Field(5.0, ge=0, description="Seconds until a server notices that a key was revoked")
    reauthenticate_seconds: float = Field(30.0, gt=0, description="Seconds between checks of a connection's rights")
    auth_failures_per_minute: int = Field(30, ge=1, description="Refused credentials an address may send a minute")

    @property
    def has_authentication(self) -> bool:
        """Whether requests have to say who makes them."""
        return self.auth_required or self.authenticate is not None or self.jwt_issuer is not None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        pyproject = PyprojectTomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, dotenv_settings, file_secret_settings, pyproject


@cache
def default_settings() -> Settings:
    """The environment's settings, read once: for code that is handed none.

    Raises:
        DeclarationError: a setting has a value it cannot have; the message names it.
    """
    return read_settings()


def read_settings(**overrides: Any) -> Settings:
    """Settings as they stand now; ``overrides`` win (``None`` means not given).

    Raises:
        DeclarationError: a setting has a value it cannot have; the message names it.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        # A keyword of BaseSettings that its class signature hides from type checkers.
        return Settings(_secrets_dir=os.environ.get("CORE_SECRETS_DIR"), **given)  # pyright: ignore[reportCallIssue]
    except ValueError as error:
        raise DeclarationError(f"settings: {_reasons(error)}") from error


def _reasons(error: ValueError) -> str:
    findings = getattr(error, "errors", None)
    if findings is None:
        return str(error)
    found = findings(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
