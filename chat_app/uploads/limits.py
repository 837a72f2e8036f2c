"""What the reading of one file may cost: settings as plain numbers, and the limits that the child puts on itself.

Knows no library: the child must be limited before it imports one. `RLIMIT_AS` counts all addresses, so it is never less
than the memory that is used. Measured (Python 3.11, Linux): 12 MB of addresses after the start, 23 with Pillow, 31 with
python-docx, 42 with openpyxl, 48 with python-pptx, 51 with pypdf. On Windows, which has no such limits, only the
time on the wall is.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

if sys.platform != "win32":
    import resource


@dataclass(frozen=True, slots=True)
class Limits:
    """What one reading may cost, and how much may come of it."""

    cpu_s: int
    """Seconds of CPU, all in all."""
    memory_bytes: int
    text_max_bytes: int
    """Of a text in UTF-8."""
    max_pages: int
    image_max_px: int
    image_max_pixels: int


def limit_this_process(limits: Limits) -> None:
    """Have the system end this process when it takes more; it leaves no memory image behind."""
    if sys.platform != "win32":
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_CPU, limits.cpu_s)
        _limit(resource.RLIMIT_AS, limits.memory_bytes)


if sys.platform != "win32":

    def _limit(what: int, most: int) -> None:
        """Set one limit, or leave a stricter one of the system as it is."""
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most if what != resource.RLIMIT_CPU else hard))
