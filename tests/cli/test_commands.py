"""What all commands share: how they are found, how errors are told, how soon they answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from chat_app import __version__
from chat_app.config_sources import Loaded
from chat_app.errors import StoreFailed
from tests.cli.conftest import Run

HEAVY = ("gradio", "openai", "fastapi", "uvicorn", "httpx2")


class Page(ModuleType):
    """Stands for `chat_app.cli.serving`, which serves until it is stopped: notes what it was asked to serve."""

    def __init__(self) -> None:
        super().__init__("chat_app.cli.serving")
        self.served: list[tuple[Loaded, bool]] = []
        self.error: Exception | None = None

    def serve(self, loaded: Loaded, *, demo: bool) -> None:
        """As the real one, without a page."""
        self.served.append((loaded, demo))
        if self.error:
            raise self.error


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    """The page that `serve` imports."""
    page = Page()
    monkeypatch.setitem(sys.modules, "chat_app.cli.serving", page)
    return page


@pytest.mark.parametrize("command", [(), ("serve",)])
def test_without_a_command_the_page_is_served(run: Run, page: Page, command: tuple[str, ...]) -> None:
    """`chat-app` and `chat-app serve` are the same and take the same options."""
    Path("mine.yaml").write_text("chat: {title: Mine}\n", encoding="utf-8")
    options = ("--config", "mine.yaml", "--host", "0.0.0.0", "--port", "1", "--root-path", "/x", "--demo")  # noqa: S104

    assert run(*command).exit_code == 0
    result = run(*command, *options)

    assert (result.exit_code, result.output) == (0, "")
    (plain, plain_demo), (loaded, demo) = page.served
    assert (plain.config.server.port, plain_demo) == (7860, False)
    server = loaded.config.server
    assert (loaded.config.chat.title, server.host, server.port, server.root_path) == ("Mine", "0.0.0.0", 1, "/x")  # noqa: S104
    assert demo
    assert loaded.origins["server.port"] == "command line: --port"


def test_bad_settings_are_told_all_at_once_and_nothing_starts(run: Run, page: Page) -> None:
    """Exit status 2; where and what is wrong on one line, the fix below it, all on standard error."""
    Path("bad.yaml").write_text("chat:\n  titel: x\nserver:\n  host: ''\n", encoding="utf-8")
    result = run("--config", "bad.yaml", "--port", "99999")
    assert (result.exit_code, result.stdout, page.served) == (2, "", [])
    assert result.stderr.splitlines() == [
        "The settings have 3 problems.",
        "command line: --port: server.port: Must be at most 65535.",
        "    The port to listen on; 0 takes a free one.",
        "bad.yaml:2: chat.titel: There is no such setting.",
        "    Did you mean `title`?",
        "bad.yaml:4: server.host: Must not be empty.",
        "    The address to listen on; `0.0.0.0` for all of the machine's.",
    ]


def test_other_expected_errors_are_told_with_their_hint(run: Run, page: Page) -> None:
    """Exit status 1, no traceback."""
    page.error = StoreFailed("The folder cannot be written.", hint="Choose another: `chat.flagging_dir` [here].")
    result = run("serve")
    assert result.exit_code == 1
    assert result.stderr == "The folder cannot be written.\nChoose another: `chat.flagging_dir` [here].\n"


def test_a_defect_is_not_hidden(run: Run, page: Page) -> None:
    """What nobody expected keeps its traceback."""
    page.error = ZeroDivisionError()
    assert isinstance(run("serve").exception, ZeroDivisionError)


def test_the_version_is_printed(run: Run) -> None:
    """And nothing is started."""
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"chat-app {__version__}\n")


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("serve",),
        ("check",),
        ("models",),
        ("pull",),
        ("config",),
        ("config", "show"),
        ("config", "explain"),
        ("config", "schema"),
        ("config", "init"),
    ],
)
def test_every_command_has_help(run: Run, command: tuple[str, ...]) -> None:
    """It says how it is used and what it does."""
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert f"Usage: {' '.join(('chat-app', *command))}" in result.stdout
    assert len(result.stdout.split()) > 10


@pytest.mark.parametrize("arguments", [("serv",), ("config", "shew"), ("--prot", "1"), ("--port", "many")])
def test_a_slip_in_the_arguments_is_told_without_a_traceback(run: Run, page: Page, arguments: tuple[str, ...]) -> None:
    """Exit status 2, as for bad settings."""
    result = run(*arguments)
    assert (result.exit_code, page.served) == (2, [])
    assert "Usage: chat-app" in result.stderr


def test_commands_that_need_no_page_do_not_import_one(tmp_path: Path) -> None:
    """`--help` and `config` answer at once: Gradio alone takes seconds."""
    code = (
        "import sys; from chat_app.cli import commands; from chat_app.__main__ import main\n"
        "commands()(['config', 'show'], standalone_mode=False)\n"
        f"print('heavy:', [name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_the_module_runs_as_the_command_does(tmp_path: Path) -> None:
    """`python -m chat_app` is `chat-app`, under that name, and a bad file is no traceback."""
    command = [sys.executable, "-m", "chat_app", "config", "show", "--config", "no.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "The settings have 1 problem.",
        "command line: --config: There is no file `no.yaml`.",
        "    Name another, or make it: `chat-app config init no.yaml`.",
    ]


def test_serve_starts_although_the_trusted_certificates_cannot_be_read(tmp_path: Path) -> None:
    """Gradio alone would end the program at its import; the endpoints with TLS say what is wrong on the page."""
    environ = {
        **os.environ,
        "SSL_CERT_FILE": str(tmp_path / "missing.pem"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-m", "chat_app", "--demo", "--port=0"]
    with subprocess.Popen(  # noqa: S603 -- our own program
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline().startswith("The page:")
        finally:
            process.terminate()
