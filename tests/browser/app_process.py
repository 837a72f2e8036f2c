"""The app as its users start it: a process of its own, from a settings file, told apart from this machine.

Its environment holds nothing of ours: no keys, no proxies, and an `OLLAMA_HOST` where nothing listens, so that an
Ollama on the developer's machine is not found. It runs in a folder of its own, and leaves nothing elsewhere.
"""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chat_app.config import Config

READY_WITHIN_S = 60.0
"""It takes about 5 s, nearly all of it to import Gradio."""
STOPPED_WITHIN_S = 15.0
LOOK_S = 0.05
NO_OLLAMA = "http://127.0.0.1:1"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+\S*")


@dataclass(frozen=True)
class App:
    """A running app."""

    base_url: str
    """Its address without a slash at the end."""
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """All that it has printed so far."""
        return (self.folder / "log.txt").read_text(errors="replace")

    @property
    def feedback(self) -> Path:
        """The folder of its feedback."""
        return self.folder / "feedback"

    def rows(self) -> list[dict[str, str]]:
        """The rows of its feedback file, which may not be there yet."""
        with suppress(FileNotFoundError), (self.feedback / "feedback.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
        return []

    def stop(self) -> int:
        """Ask it to stop, as a container does. Its exit status; one that does not stop in time is killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def start(
    folder: Path, settings: str, *, environment: Mapping[str, str] | None = None, arguments: Sequence[str] = ()
) -> App:
    """The app with `settings`, which is YAML, running in `folder` and ready to be asked. Raises with its log if not."""
    config, log = folder / "chat.yaml", folder / "log.txt"
    config.write_text(settings, encoding="utf-8")
    (folder / "tmp").mkdir(exist_ok=True)
    with log.open("ab") as output:
        before = output.tell()  # what another printed that ran here earlier
        process = subprocess.Popen(  # noqa: S603 — our own module
            [sys.executable, "-m", "chat_app", "serve", "--config", str(config), "--port", "0", *arguments],
            cwd=folder,
            env=_environment(folder) | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        return App(_address(process, log, before), folder, process)
    except BaseException:
        process.kill()
        process.wait()
        raise


def comes_within(
    app: App, seconds: float, true: Callable[[], bool], alive: Callable[[], object] = lambda: None
) -> bool:
    """Whether `true` becomes true within so many seconds in which `app` runs, and whoever else `alive` asks.

    After each `LOOK_S` the app is asked for its health. While it does not answer, since the machine has no time for it,
    no time passes; an app that only waits answers at once.
    """
    for _ in range(round(seconds / LOOK_S)):
        if true():
            return True
        next_s = time.monotonic() + LOOK_S
        _answers(f"{app.base_url}/health")
        alive()
        time.sleep(max(next_s - time.monotonic(), 0.0))
    return true()


def _environment(folder: Path) -> dict[str, str]:
    """What the process sees. Feedback goes into `folder`, whatever the settings say."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "OLLAMA_HOST": NO_OLLAMA,
        "CHAT_APP__CHAT__FLAGGING_DIR": str(folder / Config().chat.flagging_dir),
    }


def _address(process: subprocess.Popen[bytes], log: Path, before: int) -> str:
    """The address that the process printed behind the first `before` bytes, as soon as it answers there."""
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        if printed := _ADDRESS.search(log.read_bytes()[before:].decode(errors="replace")):
            base_url = printed.group().rstrip("/")
            if _answers(f"{base_url}/health"):
                return base_url
        time.sleep(0.05)
    raise AssertionError(f"The app was not ready (exit status {process.poll()}). It said:\n{log.read_text()[-4000:]}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 — loopback http
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
