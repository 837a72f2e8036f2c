"""Draws one Vega-Lite chart: the specification comes on standard input, the PNG goes to standard output.

Run by `vega.py` in a process of its own, with nothing of this program imported. Ends with 1 and a line on standard
error when the specification is wrong, and is ended by the system when it takes more than its limits.
"""

from __future__ import annotations

import resource
import sys
from typing import Final

import vl_convert

_CPU_S: Final = 10
_MEMORY_BYTES: Final = 2_000_000_000


def _draw() -> None:
    try:
        picture = vl_convert.vegalite_to_png(sys.stdin.read(), scale=2, allowed_base_urls=[])
    except ValueError as error:
        sys.exit(str(error).partition("\n    at ")[0])
    sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
    _draw()
