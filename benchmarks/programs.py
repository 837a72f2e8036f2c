"""The programs of a benchmark as processes: started, pinned to their cores, looked at from outside, stopped.

The program under test has two cores, as small servers do; the model's server and the visitors have the others, so that
they do not take its time. On a machine of two cores all share them. CPU time is what Linux counts for a process and
all its children (`/proc/PID/stat`), in hundredths of a second. Linux only.
"""

from __future__ import annotations

import json
import os
import re
import select
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
PEERS: Final = Path(__file__).parent / "peers"
READY_WITHIN_S: Final = 90.0
STOPPED_WITHIN_S: Final = 15.0
IDLE_S: Final = 1.0
"""How long the program is looked at before a wave."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_CORES: Final = sorted(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1))
TESTED_CORES: Final = frozenset(_CORES[:2])
OTHER_CORES: Final = frozenset(_CORES[2:] or _CORES)


@dataclass(frozen=True, slots=True)
class Program:
    """A running program that answers at `url`."""

    name: str
    url: str
    process: subprocess.Popen[str]

    @property
    def cpu_s(self) -> float:
        """CPU time of the process and its children so far."""
        return sum(_cpu_s(pid) for pid in _family(self.process.pid))

    @property
    def rss_mb(self) -> float:
        """Memory that is in use, with what it shares."""
        return sum(_kb(pid, "status", "VmRSS") for pid in _family(self.process.pid)) / 1024

    @property
    def private_mb(self) -> float:
        """Memory that it wrote itself."""
        return sum(_kb(pid, "smaps_rollup", "Anonymous") for pid in _family(self.process.pid)) / 1024


@contextmanager
def running(
    command: Sequence[str], folder: Path, *, cores: frozenset[int], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process with its streams as pipes, its log in `folder`, on `cores`; ended with the `with` block."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=folder,
            env=_environment(folder) | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),  # noqa: PLW1509 - no threads here
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@contextmanager
def upstream(folder: Path) -> Iterator[Program]:
    """The model's server."""
    command = [sys.executable, "-m", "benchmarks.upstream"]
    with running(command, folder, cores=OTHER_CORES) as process:
        yield Program("straight", f"http://127.0.0.1:{_line(process, folder).strip()}/v1", process)


@contextmanager
def begun(name: str, folder: Path, model_url: str, chainlit: Path | None = None) -> Iterator[Program]:
    """`ours` as `chat-app serve` starts it, `load_chat`, or `chainlit` from the environment of that Python: just begun.

    Two cores are its own. It is over `model_url`, and does not yet answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, environment = free_port(), {}
    match name:
        case "ours":
            settings = {"endpoints": [{"name": "paced", "base_url": model_url, "models": ["pace-50-300"]}]}
            (folder / "chat.yaml").write_text(json.dumps(settings), encoding="utf-8")
            command = [sys.executable, "-m", "chat_app", "serve", "--config", "chat.yaml", "--port", str(port)]
        case "load_chat":
            command = [sys.executable, str(PEERS / "load_chat_app.py"), model_url, str(port)]
        case "chainlit" if chainlit:
            program = [str(chainlit.parent / "chainlit"), "run", str(PEERS / "chainlit_app.py")]
            command = [*program, "--headless", "--port", str(port)]
            environment = {"CHAINLIT_APP_ROOT": str(folder), "MODEL_URL": model_url}
        case _:
            raise ValueError(name)
    with running(command, folder, cores=TESTED_CORES, environment=environment) as process:
        yield Program(name, f"http://127.0.0.1:{port}", process)


@contextmanager
def answering(name: str, folder: Path, model_url: str, chainlit: Path | None = None) -> Iterator[Program]:
    """The same, once it answers with its page."""
    with begun(name, folder, model_url, chainlit) as program:
        until = time.monotonic() + READY_WITHIN_S
        while not _answers(program.url):
            if time.monotonic() > until or program.process.poll() is not None:
                raise AssertionError(f"{name} is not ready. It said:\n{(folder / 'log.txt').read_text()[-4000:]}")
            time.sleep(0.05)
        yield program


@dataclass(frozen=True, slots=True)
class Wave:
    """What a wave of visitors saw (`timing.summary`), and what it took of the program they asked."""

    seen: dict[str, Any]
    cpu_s: float
    idle_cpu: float
    """CPU seconds a second with all pages open, before."""
    private_mb: tuple[float, float]
    """With the pages open; and the most while they asked."""
    around_cores: float = 0.0
    """How much of a core the busier of the visitors' process and the model's server took: near 1, times are theirs."""

    @property
    def cpu_per_1000(self) -> float:
        """CPU seconds per 1,000 tokens delivered, idle CPU not taken off; infinite when nothing was."""
        tokens = self.seen["tokens"]
        return 1000 * self.cpu_s / tokens if tokens else float("inf")


def wave(
    program: Program,
    folder: Path,
    driver: Sequence[str],
    *,
    model: Program,
    memory: bool = False,
    within_s: float = 300,
) -> Wave:
    """Have visitors ask `program` at once, from a process of their own; `memory` looks what it takes meanwhile.

    `driver` is the command of a process that does as `wave_process.py` says, `model` the model's server. Raises
    `AssertionError` with its log when it takes longer than `within_s` seconds.
    """
    with running(driver, folder, cores=OTHER_CORES) as process:
        assert _line(process, folder) == "ready\n", (folder / "log.txt").read_text()[-2000:]
        idle_cpu_s = program.cpu_s
        time.sleep(IDLE_S)
        idle_cpu = (program.cpu_s - idle_cpu_s) / IDLE_S
        open_mb, before_s = program.private_mb, program.cpu_s
        began_s, around_s = time.monotonic(), [_cpu_s(process.pid), model.cpu_s]
        _say(process)
        most_mb = [open_mb]
        each = (lambda: most_mb.append(program.private_mb)) if memory else None  # reading it stops the program a moment
        seen = json.loads(_line(process, folder, each=each, within_s=within_s))
        taken_s = program.cpu_s - before_s
        around = max(_cpu_s(process.pid) - around_s[0], model.cpu_s - around_s[1]) / (time.monotonic() - began_s)
        _say(process)
        process.wait(STOPPED_WITHIN_S)
    return Wave(seen, taken_s, idle_cpu, (open_mb, max(most_mb)), around)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback http
        return True
    return False


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of this machine's settings; the folder for all that a program wants to keep."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "OLLAMA_HOST": "http://127.0.0.1:1",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "OPENAI_API_KEY": "none",
    }


def _say(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def _line(
    process: subprocess.Popen[str], folder: Path, *, each: Callable[[], object] | None = None, within_s: float = 300
) -> str:
    """The next line that the process prints; `each` is called twice a second until then."""
    assert process.stdout
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if select.select([process.stdout], [], [], 0.5)[0]:
            if line := process.stdout.readline():
                return line
            break
        if each:
            each()
    raise AssertionError(f"{process.args!r} said nothing:\n{(folder / 'log.txt').read_text(errors='replace')[-4000:]}")


def _family(pid: int) -> Iterator[int]:
    """The process and all below it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # it ended meanwhile
            for child in children.read_text().split():
                yield from _family(int(child))


def _cpu_s(pid: int) -> float:
    """Its own time, and that of children that have ended. Source: proc(5), fields 14 to 17 of `stat`."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS
    return 0.0


def _kb(pid: int, file: str, name: str) -> int:
    with suppress(OSError):
        found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/{file}").read_text(), re.MULTILINE)
        return int(found[1]) if found else 0
    return 0
