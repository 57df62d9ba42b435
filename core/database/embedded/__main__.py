"""``python -m core.database.embedded --data-dir DIR [--port N] [--linger SECONDS]``"""

import argparse
import asyncio
from pathlib import Path

from core.database.embedded.server import serve

parser = argparse.ArgumentParser(prog="core.database.embedded")
parser.add_argument("--data-dir", type=Path, required=True)
parser.add_argument("--port", type=int, help="also listen on this TCP port of 127.0.0.1")
parser.add_argument("--linger", type=float, help="stop this many seconds after the last connection closed")
arguments = parser.parse_args()
asyncio.run(serve(arguments.data_dir, port=arguments.port, linger=arguments.linger))
