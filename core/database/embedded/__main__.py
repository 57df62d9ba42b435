"""``python -m core.database.embedded --data-dir DIR [--port N] [--linger SECONDS] [--test-commands]``"""

import argparse
import logging
import sys
from pathlib import Path

from core.database.embedded.process import detach
from core.database.embedded.server import serve

parser = argparse.ArgumentParser(prog="core.database.embedded")
parser.add_argument("--data-dir", type=Path, required=True)
parser.add_argument("--port", type=int, help="also listen on this TCP port of 127.0.0.1")
parser.add_argument("--linger", type=float, help="stop this many seconds after the last connection closed")
parser.add_argument("--ready", type=int, help="detach, and write to this file descriptor when connections are accepted")
parser.add_argument("--code-version", help="the release to report to clients")
parser.add_argument("--test-commands", action="store_true", help="offer configureFailPoint")
arguments = parser.parse_args()
logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
if arguments.ready is not None:
    detach()
try:
    serve(
        arguments.data_dir, port=arguments.port, linger=arguments.linger, ready=arguments.ready,
        version=arguments.code_version, test_commands=arguments.test_commands,
    )  # fmt: skip
except (ValueError, OSError) as error:
    sys.exit(f"cannot serve {arguments.data_dir}: {error}")
