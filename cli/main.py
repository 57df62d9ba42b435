"""The console script ``jobhunter``."""

from cli.build import build_cli

main = build_cli()
