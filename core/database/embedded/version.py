"""Which release of Core this is: client and server of one data directory must be of the same."""

from functools import cache


@cache
def code_version() -> str:
    """The installed version. The server is told it by who starts it, as finding out takes a while."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("core-jobhunter")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0"
