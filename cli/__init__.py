"""The command line, and the composition of all surfaces into one application."""

from cli.build import build_cli

__all__ = ["build_cli"]
