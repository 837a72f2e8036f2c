"""How `chat-app serve` starts and ends, in processes of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.ports import free_port

ROOT = Path(__file__).parents[2]


@contextmanager
def started(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The program in `folder`, killed in the end."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "OLLAMA_HOST": "http://127.0.0.1:1"}
    command = [sys.executable, "-m", "chat_app", "serve", "--demo", *options]
    with subprocess.Popen(  # noqa: S603 -- our own program
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def compressed(port: int, path: str) -> tuple[str | None, str | None, int]:
    """How a browser gets it: the encoding, how long it may be kept, and its length."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip, br"})
        reply = connection.getresponse()
        return reply.headers["Content-Encoding"], reply.headers["Cache-Control"], len(reply.read())
    finally:
        connection.close()


def answered(port: int, path: str, process: subprocess.Popen[str]) -> tuple[int, bytes]:
    """Status and body, asked for again until the port is open."""
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read()
        except ConnectionRefusedError:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        finally:
            connection.close()


def test_the_port_opens_first_and_the_page_follows(tmp_path: Path) -> None:
    """`/health` answers in less than half the time to the page; who asks for that meanwhile gets it, and no error.

    Document and scripts are compressed, and a script is kept for good.
    """
    port, began = free_port(), time.monotonic()
    with started(tmp_path, "--port", str(port)) as process:
        alive = answered(port, "/health", process)
        alive_s = time.monotonic() - began
        early = answered(port, "/ready", process)
        page = answered(port, "/", process)
        page_s = time.monotonic() - began
        script = "/" + re.findall(r"assets/index-[\w-]+\.js", page[1].decode())[0]
        plain = len(answered(port, script, process)[1])
        document, asset = compressed(port, "/"), compressed(port, script)
        process.send_signal(signal.SIGTERM)
        said, complained = process.communicate(timeout=30)

    assert (alive[0], early[0], page[0]) == (200, 503, 200)
    assert b'"not_ready"' in early[1]
    assert b"gradio_config" in page[1]
    assert alive_s < page_s / 2
    assert (document[:2], asset[:2]) == (("br", "no-store"), ("br", "public, max-age=31536000, immutable"))
    assert document[2] < len(page[1]) / 3
    assert asset[2] < plain / 2
    assert said.startswith(f"The page:   http://127.0.0.1:{port}/")
    assert (process.returncode, complained) == (0, "")


def test_a_signal_during_the_start_ends_it(tmp_path: Path) -> None:
    """With status 0, and before there is a page."""
    port = free_port()
    with started(tmp_path, "--port", str(port)) as process:
        answered(port, "/health", process)
        process.send_signal(signal.SIGTERM)
        said, complained = process.communicate(timeout=30)

    assert (process.returncode, said, complained) == (0, "", "")


@pytest.mark.parametrize(
    ("settings", "status", "said"),
    [
        ("chat: {flagging_dir: chat.yaml/x}", 1, "signing.key"),
        ("chat: {examples: [{text: Look, files: [none.png]}]}", 2, "none.png"),
    ],
)
def test_what_fails_while_the_page_is_built_ends_the_process(
    tmp_path: Path, settings: str, status: int, said: str
) -> None:
    """With the sentence, the hint and the status of every expected error, and no greeting."""
    (tmp_path / "chat.yaml").write_text(settings, encoding="utf-8")
    with started(tmp_path, "--port", "0", "--config", "chat.yaml") as process:
        greeting, complained = process.communicate(timeout=60)

    assert (process.returncode, greeting) == (status, "")
    assert said in complained
    assert "Traceback" not in complained


def test_a_port_in_use_is_told_before_anything_is_built(tmp_path: Path) -> None:
    """At once: Gradio is not even imported."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with started(tmp_path, "--port", str(port)) as process:
            _, complained = process.communicate(timeout=60)

    assert process.returncode == 1
    assert complained.startswith(f"Port {port} is used by another program.")
