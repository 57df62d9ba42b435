"""``hostInfo``: https://www.mongodb.com/docs/manual/reference/command/hostInfo/"""

import os
import platform
import sys
from datetime import UTC, datetime
from typing import Any

from ..call import Call
from ..engine import Engine

Reply = dict[str, Any]


def host_info(engine: Engine, call: Call) -> Reply:
    """What Python knows of the machine; graphical clients ask before they show anything."""
    page, pages = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
    cores = os.cpu_count() or 1
    system = platform.uname()
    return {
        "system": {
            "currentTime": datetime.now(UTC), "hostname": system.node, "cpuAddrSize": 64 if sys.maxsize > 2**32 else 32,
            "memSizeMB": page * pages // 2**20, "numCores": cores,
            "numCoresAvailableToProcess": _available(cores), "cpuArch": system.machine,
        },
        "os": {"type": system.system, "name": system.system, "version": system.release},
        "extra": {
            "versionString": f"{system.system} {system.release} {system.version}", "kernelVersion": system.release,
            "libcVersion": platform.libc_ver()[1], "pageSize": page, "numPages": pages,
            "maxOpenFiles": os.sysconf("SC_OPEN_MAX"),
        },
    }  # fmt: skip


def _available(cores: int) -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
