"""llama.cpp's own HTTP server, from the wheel `xllamacpp`, with the toy model: a real server that we did not write.

It runs in a process of its own, since it is native code with threads that a test run should not share. The process
ends when its standard input does, so it does not outlive whoever started it, however that ended.

`python -m tests.llama_server` runs one in the foreground and prints its `base_url`.
"""

from __future__ import annotations

import argparse
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tests.toy_model import NAME, toy_model

ROOT = Path(__file__).parent.parent
READY_WITHIN_S = 60.0
"""It takes a tenth of a second; much longer on a machine that is busy with something else."""


@contextmanager
def llama_server(*, api_key: str = "", context_tokens: int = 16384, parallel: int = 1) -> Iterator[str]:
    """The `base_url` of a server that is ready, on a free port of 127.0.0.1; it is stopped at the end.

    `context_tokens` is what one conversation may have; `parallel` is how many answers it can give at once.
    """
    command = [sys.executable, "-m", "tests.llama_server", "--until-eof", f"--api-key={api_key}"]
    command += [f"--context-tokens={context_tokens}", f"--parallel={parallel}"]
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(  # noqa: S603 — our own module
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            yield _printed_address(process, log)
        finally:
            _stop(process)


def main(arguments: Sequence[str] | None = None) -> None:
    """One server in this process, until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.llama_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--api-key", default="", help="refuse requests without it")
    parser.add_argument("--context-tokens", type=int, default=16384, help="for each conversation")
    parser.add_argument("--parallel", type=int, default=1, help="answers at once")
    parser.add_argument("--until-eof", action="store_true", help="stop when the standard input ends")
    given = parser.parse_args(arguments)

    import xllamacpp  # type: ignore[import-untyped]  # noqa: PLC0415 — native and large: not where only the address is wanted

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(toy_model())
    parameters.model_alias = {NAME}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = given.port
    parameters.api_keys = [given.api_key] if given.api_key else []
    parameters.n_ctx = given.context_tokens * given.parallel
    parameters.n_parallel = given.parallel
    # Of a model this small each word is a moment: more threads spin while they wait for each other, on a busy machine
    # most of the time (with four cores at work an answer of 4,000 words takes 8 s, and not more than 90).
    parameters.cpuparams.n_threads = 1
    parameters.endpoint_slots = True
    server = xllamacpp.Server(parameters)  # returns when it listens and the model is loaded
    sys.stdout.write(f"{server.listening_address}/v1\n")
    sys.stdout.flush()
    with suppress(KeyboardInterrupt):
        if given.until_eof:
            sys.stdin.read()
        else:
            threading.Event().wait()
    del server  # its destructor stops it


def _printed_address(process: subprocess.Popen[str], log: IO[str]) -> str:
    """The address that the process prints when it is ready. Raises with its log when it does not."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    output = process.stdout
    if output is None:
        raise AssertionError("The process was started without a pipe.")
    threading.Thread(target=lambda: lines.put(output.readline()), daemon=True).start()
    with suppress(queue.Empty):
        if line := lines.get(timeout=READY_WITHIN_S).strip():
            return line
    log.seek(0)
    raise RuntimeError(
        f"llama.cpp's server was not ready within {READY_WITHIN_S:.0f} s. It said:\n{log.read()[-4000:]}"
    )


def _stop(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    main()
