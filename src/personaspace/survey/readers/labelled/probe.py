"""Read an SPSS or Stata file in a process of its own first, since a damaged one can end the process that reads it.

pyreadstat parses in C, and some damaged files (compressed ``.zsav`` above all) end its process by a signal, which no
``except`` can catch, or make it fill the memory or never end. So the file is read once in a child, which takes about a
fifth of a second and the time that the file takes, and again in this process if that went well. Reading is
deterministic, so that what the child survives is survived here; what the child found is not handed over, since the
metadata would have to be spelled out type by type. Of large files the child parses everything and keeps only the texts:
making objects of numbers takes most of the time and all of the memory, and cannot fail.
"""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from personaspace.errors import SurveyError, escaped

SECONDS = 60
BYTES_A_SECOND = 1_000_000
"""A child may take a minute, and a second for every so many bytes."""

MEMORY = 1 << 30
MEMORY_A_BYTE = 500
"""A child may take so much address space, and so much more for every byte of the file."""

LARGE = 5_000_000
"""Cells of a large file."""

CHILD = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]), int(sys.argv[3])))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, OSError, ValueError):
    pass
import pyreadstat
path, suffix, rows, cells = sys.argv[1], sys.argv[2], int(sys.argv[4]), int(sys.argv[5])
read = {".dta": pyreadstat.read_dta, ".por": pyreadstat.read_por}.get(suffix, pyreadstat.read_sav)
por = suffix == ".por"
more = {} if por else {"user_missing": True}
try:
    for encoding in ({},) if por else ({}, {"encoding": "LATIN1"}):
        try:
            about = read(path, metadataonly=True, **encoding)[1]
            names = about.column_names
            if len(names) * (rows or about.number_rows or 0) > cells:
                texts = [name for name in names if about.readstat_variable_types.get(name) == "string"]
                more["usecols"] = texts or names[:1]
            read(path, output_format="dict", disable_datetime_conversion=True, row_limit=rows, **more, **encoding)
            break
        except pyreadstat.ReadstatError:
            pass
except MemoryError:
    sys.exit("it needs more memory than a file of its size should")
except Exception:
    pass
"""


def probe(path: Path, rows: int | None = None) -> None:
    """Raise :class:`SurveyError` where reading a file ends the process, takes too long or too much memory.

    Errors that pyreadstat itself raises are left to the reading that follows.

    Args:
        path: The file.
        rows: How many of its rows will be read; all if not given.
    """
    about = path.stat()
    _probe(path.resolve(), about.st_size, about.st_mtime_ns, rows or 0)


@lru_cache(maxsize=16)
def _probe(path: Path, size: int, _: int, rows: int) -> None:
    limits = [str(MEMORY + MEMORY_A_BYTE * size), str(rows), str(LARGE)]
    command = [
        sys.executable,
        "-P",
        "-c",
        CHILD,
        str(path),
        path.suffix.lower(),
        *limits,
    ]  # -P: no module of the folder
    seconds = SECONDS + size / BYTES_A_SECOND
    try:
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise _damaged(path, "reading it does not end") from error
    if ended.returncode < 0:
        raise _damaged(path, f"reading it ends the process by signal {-ended.returncode}")
    if ended.returncode > 0:
        last = ended.stderr.strip().splitlines()[-1:] or [f"exit status {ended.returncode}"]
        raise _damaged(path, last[0])


def _damaged(path: Path, why: str) -> SurveyError:
    return SurveyError(f"{path} is damaged ({escaped(why, most=200)}): get the file anew, or save it again")
