"""The most memory this process has held."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def peak_memory_mb() -> float:
    """In megabytes; where the system tells it, without what the parent held before this process began."""
    try:
        found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return (int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 2**10
