"""Whatever README.md tells its readers to run works, in the form it stands there.

Commands run in a folder laid out like a clone, against a scripted server; docker's are compared with the files they are
about, since there may be no engine. The JavaScript runs in `browser/test_readme_javascript.py`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from tests.browser import app_process
from tests.browser.app_process import App
from tests.browser.upstream import Upstream, says, upstream
from tests.readme import README, ROOT, Piece, asking, of_kind, pieces

RUN_HERE = {"make", "docker", "chat-app", "python", "curl"}
RUN_IN_THE_BROWSER = {"js"}
PATIENCE_S = 60
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
COMMANDS = of_kind("chat-app")
SERVE = [command for command in COMMANDS if shlex.split(command)[1:2] in ([], ["serve"])]
OTHERS = [command for command in COMMANDS if command not in SERVE]


@pytest.fixture(scope="module")
def server() -> Iterator[Upstream]:
    """The server that everything here asks."""
    with upstream() as served:
        yield served


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, server: Upstream) -> Iterator[App]:
    """The page over it."""
    app = app_process.start(tmp_path_factory.mktemp("app"), f"endpoints: [{{name: own, base_url: {server.base_url}}}]")
    yield app
    app.stop()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder like a fresh clone after `make run`: the settings, and the environment that it made."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@pytest.fixture
def environment(clone: Path, server: Upstream) -> dict[str, str]:
    """Nothing of this machine's but its programs; a free port; a server to be found; no reports to anybody."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(clone),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "CHAT_APP__SERVER__PORT": "0",
        "OPENAI_BASE_URL": server.base_url,
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def test_a_fence_is_cut_into_what_can_be_run() -> None:
    """Comments go, continued lines are one, and lines that share a variable stay together."""
    text = "Text\n```sh\nmake run     # sets up\n.venv/bin/chat-app serve \\\n  --demo\n```\n"
    text += "```sh\nx=$(curl a)\necho $x\n```\n```python\nprint(1)\n```\n```\nplain\n```\n"
    assert list(pieces(text)) == [
        Piece("make", "make run"),
        Piece("chat-app", ".venv/bin/chat-app serve --demo"),
        Piece("curl", "x=$(curl a)\necho $x\n"),
        Piece("python", "print(1)\n"),
        Piece("", "plain\n"),
    ]


def test_everything_in_the_readme_is_run_by_a_test() -> None:
    """A new fence of another kind needs a test; of these kinds all pieces are run, however many there are."""
    text = README.read_text(encoding="utf-8")
    found = {piece.kind for piece in pieces(text)}
    assert found == RUN_HERE | RUN_IN_THE_BROWSER
    assert text.count("\n```") % 2 == 0


@pytest.mark.parametrize("command", of_kind("make"))
def test_what_make_is_told_is_a_target(command: str) -> None:
    """It is not run: `make test` is what runs this."""
    program, *targets = shlex.split(command)
    known = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert program == "make"
    assert targets
    assert set(targets) <= set(known)


@pytest.mark.parametrize("command", OTHERS)
def test_a_command_succeeds(command: str, clone: Path, environment: dict[str, str]) -> None:
    """With a server that answers, in a fresh clone."""
    done = subprocess.run(  # noqa: S603 — as it stands in README.md
        ["bash", "-c", command],  # noqa: S607 — the reader's shell
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if "init" in command:
        assert (clone / command.rpartition(" ")[2]).read_text(encoding="utf-8").startswith("#")


@pytest.mark.parametrize("command", SERVE)
def test_the_page_is_served(command: str, clone: Path, environment: dict[str, str]) -> None:
    """It says where, is healthy there, although its server may be down, and ends when told to."""
    with subprocess.Popen(  # noqa: S603 — as it stands in README.md
        shlex.split(command), cwd=clone, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        too_late = threading.Timer(PATIENCE_S, process.kill)
        too_late.start()
        try:
            greeting = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/", greeting)
            assert address, greeting + process.stdout.read()
            assert httpx2.get(f"{address.group()}health").json()["status"] == "ok"
            process.send_signal(signal.SIGTERM)
            assert "Traceback" not in process.stdout.read()
            assert process.wait() == 0
        finally:
            too_late.cancel()
            process.kill()


def test_docker_is_told_of_what_is_there() -> None:
    """The files that `build` and `up` read, and the services that the sentence beside it promises."""
    commands = [shlex.split(command) for command in of_kind("docker")]
    assert [command[1] for command in commands] == ["compose", "build", "run"]
    assert commands[0][2:] == ["up", "--build", "--detach"]
    assert {"chat", "ollama", "pull"} == set(SERVICES)
    assert commands[1][2:] == ["-t", SERVICES["chat"]["image"], "."]


def test_docker_run_fits_the_image() -> None:
    """Port, volume and image are those of the Dockerfile; the host is one that the container is told of."""
    (command,) = (shlex.split(command) for command in of_kind("docker") if " run " in command)
    *options, image = command[2:]
    given = dict(zip(options[::2], options[1::2], strict=True))
    assert set(given) == {"-p", "-v", "-e", "--add-host"}
    assert image == SERVICES["chat"]["image"]
    assert f"EXPOSE {given['-p'].split(':')[-1]}" in DOCKERFILE.splitlines()
    assert given["-v"].split(":")[-1] in {volume.split(":")[1] for volume in SERVICES["chat"]["volumes"]}
    name, _, address = given["-e"].partition("=")
    assert name in SERVICES["chat"]["environment"]
    assert [given["--add-host"]] == SERVICES["chat"]["extra_hosts"]
    assert httpx2.URL(address).host == given["--add-host"].split(":")[0]


@pytest.mark.parametrize("code", of_kind("python"))
def test_the_python_prints_the_answers(
    code: str, clone: Path, environment: dict[str, str], app: App, server: Upstream
) -> None:
    """The first whole, the second as it grows; and the second question is asked with the first conversation."""
    server.reset()
    server.then(says("Because", " of air."), says("It", " is", " red.", pace_s=0.3))
    script = clone / "snippet.py"
    script.write_text(asking(code, app.base_url), encoding="utf-8")
    done = subprocess.run(  # noqa: S603 — as it stands in README.md
        [sys.executable, str(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    _, answer, *partials = done.stdout.splitlines()
    assert answer == "Because of air."
    assert list(dict.fromkeys(partials)) == ["It", "It is", "It is red."]
    assert [message["content"] for message in server.asked[-1].body["messages"]] == [
        "Why is the sky blue?",
        "Because of air.",
        "And at sunset?",
    ]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("code", of_kind("curl"))
def test_the_shell_script_prints_the_answer(code: str, environment: dict[str, str], app: App, server: Upstream) -> None:
    """As server-sent events, the last with all of it."""
    server.reset()
    server.then(says("Because", " of air."))
    done = subprocess.run(  # noqa: S603 — as it stands in README.md
        ["bash", "-c", asking(code, app.base_url)],  # noqa: S607 — the reader's shell
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    event, data = done.stdout.strip().split("\n\n")[-1].splitlines()
    assert event == "event: complete"
    assert json.loads(data.removeprefix("data: "))[0] == "Because of air."
    assert server.asked[-1].body["messages"][-1]["content"] == "Why is the sky blue?"


@pytest.mark.parametrize("code", of_kind("js"))
def test_the_javascript_calls_what_there_is(code: str, app: App) -> None:
    """By the name and with the arguments that the app says it takes."""
    endpoints: Any = httpx2.get(f"{app.base_url}/gradio_api/info").json()["named_endpoints"]
    calls = re.findall(r'\.predict\("([^"]+)", \{([^}]*)\}\)', code)
    assert calls
    for name, arguments in calls:
        known = {parameter["parameter_name"] for parameter in endpoints[name]["parameters"]}
        assert set(re.findall(r"(\w+):", arguments)) <= known
