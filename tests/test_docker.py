"""What can be said of the image and of compose.yaml without an engine that runs them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from chat_app.config import Config
from chat_app.config_sources import FILE_VARIABLE, load
from chat_app.endpoints.discovery import endpoints_of
from chat_app.server.container import in_container

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
CHAT = SERVICES["chat"]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions: name and arguments, continued lines joined, comments left out."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    joined = "\n".join(line for line in lines if line.strip() and not line.startswith("#")).replace("\\\n", " ")
    return [(name, " ".join(rest.split())) for name, _, rest in (line.partition(" ") for line in joined.splitlines())]


def last_stage() -> list[tuple[str, str]]:
    """The instructions of the image itself; the stages before it only build."""
    everything = instructions()
    start = max(index for index, (name, _) in enumerate(everything) if name == "FROM")
    return everything[start:]


def only(name: str) -> str:
    """The arguments of an instruction that the last stage has once."""
    (found,) = [rest for other, rest in last_stage() if other == name]
    return found


def image_environ() -> dict[str, str]:
    """What the image adds to the environment."""
    return dict(pair.split("=", 1) for pair in shlex.split(only("ENV")))


def image_health_check() -> list[str]:
    """The image's health check, in the form of compose's `test`."""
    command = json.loads(only("HEALTHCHECK").partition(" CMD ")[2])
    return ["CMD", *command]


def writable_folders() -> list[str]:
    """The folders that belong to the image's user."""
    return [rest.split()[-1] for name, rest in last_stage() if name == "RUN" and "--owner" in rest]


def test_the_base_is_the_slim_python_in_every_stage() -> None:
    """The others build on the first: an environment is copied from one Python to the same Python."""
    assert (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()[0].startswith("FROM python:3.13-slim")
    bases = [rest.split() for name, rest in instructions() if name == "FROM"]
    names = {words[2] for words in bases if len(words) == 3}
    assert len(bases) > 2
    assert {words[0] for words in bases[1:]} <= names


def test_the_user_is_not_root_and_owns_one_folder_alone() -> None:
    """By number, so that an orchestrator can see that it is not root."""
    number = only("USER").split(":")[0]
    assert number.isdecimal()
    assert int(number) > 0
    assert writable_folders() == ["/data"]
    assert not [rest for name, rest in last_stage() if name == "COPY" and "--chown" in rest]


def test_signals_reach_the_program() -> None:
    """A shell in between would keep SIGTERM to itself."""
    assert only("STOPSIGNAL") == "SIGTERM"
    (command,) = json.loads(only("ENTRYPOINT"))
    assert command in PROJECT["scripts"]
    assert json.loads(only("CMD")) == ["serve"]


def test_exactly_what_is_locked_is_installed() -> None:
    """Everything the project needs is in the lock; pip checks its hashes and adds nothing when the program is added."""
    installs = [rest for name, rest in instructions() if name == "RUN" and " install " in rest and "pip " in rest]
    assert len(installs) == 2
    assert "--require-hashes --requirement /tmp/requirements.lock" in installs[0]
    assert "--no-deps --no-index" in installs[1]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {_normal(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    assert {_normal(re.split(r"[^\w.-]", needed)[0]) for needed in PROJECT["dependencies"]} <= locked
    assert "://" not in lock


def test_byte_code_is_shipped_for_everything() -> None:
    """None is made at installation, so that none is made for what is left out; nor at run time."""
    runs = [rest for name, rest in instructions() if name == "RUN" and "pip " in rest and " install " in rest]
    assert all("--no-compile" in rest for rest in runs)
    assert sum("-m compileall" in rest for _, rest in instructions()) == 2
    assert image_environ()["PYTHONDONTWRITEBYTECODE"] == "1"


def test_what_is_left_out_by_name_is_still_called_so() -> None:
    """A new Gradio may have moved its files; then the build would stop at them."""
    (removed,) = re.findall(r"rm -r ((?:[\w./]+ )+)&&", " ".join(rest for _, rest in instructions()))
    gradio = find_spec("gradio")
    assert gradio is not None
    assert gradio.origin is not None
    site_packages = Path(gradio.origin).parent.parent
    assert [name for name in removed.split() if not (site_packages / name).exists()] == []


def test_all_that_is_copied_gets_into_the_build() -> None:
    """`.dockerignore` leaves out everything but what it names, and names nothing that is not copied."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    sources = {
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    assert {source.split("/")[0] for source in sources} == let_in
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_program_in_the_image_is_set_for_a_container(tmp_path: Path) -> None:
    """It listens on all addresses, at the port that is exposed, writes where it may, and knows where it is."""
    environ = image_environ()
    file = ROOT / environ[FILE_VARIABLE].lstrip("/")
    config = load(config_file=file, environ=environ, cwd=tmp_path).config
    assert config.server.host == "0.0.0.0"  # noqa: S104 - in a container
    assert config.server.port == int(only("EXPOSE"))
    assert config.chat.flagging_dir.is_relative_to(*writable_folders())
    assert in_container(environ, tmp_path)


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_asks_health(tmp_path: Path, status: int, *, healthy: bool) -> None:
    """At the port that is set, and not through a proxy that the environment names."""
    with _server(status) as (port, asked):
        assert (_health_check(port, tmp_path).returncode == 0) is healthy
        assert asked == ["/health"]


def test_the_health_check_fails_when_nothing_listens(tmp_path: Path) -> None:
    """A refused connection is an exit status, and no wait."""
    with _server(200) as (port, _):
        pass
    assert _health_check(port, tmp_path).returncode == 1


def test_compose_has_the_page_an_ollama_and_a_model_for_it() -> None:
    """Both servers are watched and come back; the page does not wait for the model."""
    assert set(SERVICES) == {"chat", "ollama", "pull"}
    for name in ("chat", "ollama"):
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
        assert SERVICES[name]["restart"] == "unless-stopped"
    assert CHAT["healthcheck"]["test"] == image_health_check()
    assert CHAT["build"] == "."
    assert CHAT["depends_on"] == ["ollama"]
    assert CHAT["extra_hosts"] == ["host.docker.internal:host-gateway"]


def test_the_pull_waits_for_ollama_and_ends() -> None:
    """It asks the Ollama of this file, and is not begun again once it was successful."""
    pull = SERVICES["pull"]
    assert pull["depends_on"] == {"ollama": {"condition": "service_healthy"}}
    assert pull["restart"].startswith("on-failure")
    assert pull["image"] == SERVICES["ollama"]["image"]
    assert pull["command"] == ["pull", "${CHAT_MODEL:-llama3.2}"]
    assert pull["environment"]["OLLAMA_HOST"] == CHAT["environment"]["OLLAMA_HOST"]


def test_feedback_and_models_are_kept() -> None:
    """In the volumes that the file declares, at the places that the programs write to; all else is read-only."""
    mounts = [mount.split(":") for service in SERVICES.values() for mount in service.get("volumes", [])]
    named = {source: target for source, target, *_ in mounts if not source.startswith(".")}
    assert set(named) == set(COMPOSE["volumes"])
    assert [named["feedback"]] == writable_folders()
    assert named["models"] == "/root/.ollama"
    assert CHAT["read_only"] is True
    assert CHAT["tmpfs"] == ["/tmp"]  # noqa: S108 - a mount, not a file


def test_the_settings_of_the_clone_are_those_of_the_container() -> None:
    """The folder is mounted where the image looks for its settings, so that a change needs no new image."""
    folder = Path(image_environ()[FILE_VARIABLE]).parent
    assert f"./{folder.relative_to('/')}:{folder}:ro" in CHAT["volumes"]


def test_a_dotenv_for_a_page_outside_does_not_change_the_container() -> None:
    """What the image sets about places and addresses stands in compose.yaml too, which is stronger than `.env`."""
    assert CHAT["env_file"] == [{"path": ".env", "required": False}]
    set_by_image = {
        name: value for name, value in image_environ().items() if name.startswith(("CHAT_APP__", FILE_VARIABLE))
    }
    assert {name: CHAT["environment"].get(name) for name in set_by_image} == set_by_image


def test_every_variable_in_compose_is_read_by_the_program(tmp_path: Path) -> None:
    """Settings must be known ones; the others are those that endpoints are found by."""
    given = {name: value or "http://somewhere.test" for name, value in CHAT["environment"].items()}
    others = {name for name in given if not name.startswith("CHAT_APP")}
    file = ROOT / given[FILE_VARIABLE].lstrip("/")
    load(config_file=file, environ={name: given[name] for name in given.keys() - others}, cwd=tmp_path)
    read = Recorded(given)
    endpoints_of(Config(), read, in_container=True)
    endpoints_of(Config(), Recorded({}, read.asked), in_container=True)
    assert others <= read.asked


def test_the_page_asks_the_ollama_of_the_same_file() -> None:
    """By the name of its service, as long as no other server is set."""
    given = {name: value for name, value in CHAT["environment"].items() if value is not None}
    (endpoint,) = endpoints_of(Config(), given, in_container=True).endpoints
    assert endpoint.base_url == "http://ollama:11434/v1"


def test_the_published_port_is_the_one_that_is_served_and_for_this_machine_alone() -> None:
    """There is no login: who opens the page to others does so on purpose."""
    (published,) = CHAT["ports"]
    assert published.startswith("127.0.0.1:")
    assert published.endswith(f":{only('EXPOSE')}")
    assert "ports" not in SERVICES["ollama"]


class Recorded(Mapping[str, str]):
    """An environment that remembers which names it was asked for."""

    def __init__(self, values: Mapping[str, str], asked: set[str] | None = None) -> None:
        self._values = values
        self.asked = set() if asked is None else asked

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _health_check(port: int, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    marker, program, *arguments = image_health_check()
    assert (marker, program) == ("CMD", "python")
    environ = os.environ | {"CHAT_APP__SERVER__PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
    return subprocess.run(  # noqa: S603 - the image's own command
        [sys.executable, *arguments], env=environ, cwd=cwd, stderr=subprocess.DEVNULL, timeout=20, check=False
    )


@contextmanager
def _server(status: int) -> Iterator[tuple[int, list[str]]]:
    """A server that answers everything with `status`: its port, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            thread.join()
