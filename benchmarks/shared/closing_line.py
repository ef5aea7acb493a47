"""The last line every benchmark prints: what was measured, ours beside the peer, on which machine."""

from __future__ import annotations

import json
import os
import platform
import re
from pathlib import Path

KEYS = ("name", "ours", "peer", "ratio", "unit", "hardware")


def closing_line(name: str, ours: float, peer: float, unit: str, *, less_is_better: bool = False) -> str:
    """One line of JSON.

    Args:
        name: What was measured.
        ours: Our value.
        peer: The peer's value.
        unit: Of both.
        less_is_better: Whether ``ratio`` is peer over ours, as for seconds, instead of ours over peer.

    Returns:
        An object with :data:`KEYS`; ``ratio``, above 1 where ours is better, is null where it would divide by 0.
    """
    over, under = (peer, ours) if less_is_better else (ours, peer)
    ratio = round(over / under, 3) if under else None
    values = (name, float(f"{ours:.5g}"), float(f"{peer:.5g}"), ratio, unit, hardware())
    return json.dumps(dict(zip(KEYS, values, strict=True)))


def hardware() -> str:
    """Processor, cores, threads used, and the load at this moment."""
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    return f"{processor()}, {os.cpu_count()} cores, threads: {threads}, load {os.getloadavg()[0]:.1f}"


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()
