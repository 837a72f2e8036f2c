"""The reading of one file as the page does it, with what it cost: measured by a small process between.

A child's peak of memory begins with that of whoever started it (Linux, `exec_mmap`), and a test process is larger than
what is to be measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import Any

from chat_app.config import UploadsConfig
from chat_app.uploads.kinds import kind_of
from chat_app.uploads.reading import command, environment, request_of

_BETWEEN = """
import json, os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
said = child.stdout.read()
_, status, used = os.wait4(child.pid, 0)
print(json.dumps([said.decode(), os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a child said (nothing, when the system ended it), and what it took."""

    said: dict[str, Any]
    status: int
    cpu_s: float
    memory_bytes: int


async def measured(name: str, content: bytes, config: UploadsConfig | None = None) -> Measured:
    """The child's answer to a file."""
    request = request_of(kind_of(name, content), len(content), config or UploadsConfig()) + content
    between = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-c", _BETWEEN, *command()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment(),
    )
    said, _ = await between.communicate(request)
    answer, status, cpu_s, kilobytes = json.loads(said)
    return Measured(json.loads(answer) if answer else {}, status, cpu_s, 1024 * kilobytes)
