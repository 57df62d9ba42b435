"""Settings from the environment and ``.env``. Secrets are ``SecretStr``: never shown, logged or stored."""

from functools import cache
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _core(name: str) -> AliasChoices:
    return AliasChoices(f"CORE_{name.upper()}", name)


class Settings(BaseSettings):
    """Everything that can be set. Names in capitals, as in ``MONGODB_URI=… jobhunter serve``."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True)

    mongodb_uri: SecretStr | None = Field(None, description="A MongoDB server; without it the embedded one is used")
    mongodb_database: str = Field("jobhunter", min_length=1, max_length=38, pattern=r'^[^/\\. "$*<>:|?\x00]+$')
    modules: str = Field("core.examples.models,core.examples.operations", validation_alias=_core("modules"),
                         description="Modules with models and operations, separated by commas")
    data_dir: Path = Field(Path(".core"), validation_alias=_core("data_dir"), description="Files of the embedded database")
    page_size: int = Field(20, ge=1, validation_alias=_core("page_size"))
    max_page_size: int = Field(100, ge=1, validation_alias=_core("max_page_size"))
    max_output_bytes: int = Field(1_000_000, ge=1_000, validation_alias=_core("max_output_bytes"),
                                  description="A larger output of a run is cut, and the run says so")
    database_timeout: float = Field(5.0, gt=0, validation_alias=_core("database_timeout"),
                                    description="Seconds until a database that does not answer is reported as down")
    sample_data: bool = Field(True, validation_alias=_core("sample_data"))

    @property
    def module_names(self) -> list[str]:
        return [name.strip() for name in self.modules.split(",") if name.strip()]


@cache
def default_settings() -> Settings:
    """The environment's settings, read once: for code that is handed none."""
    return Settings()
