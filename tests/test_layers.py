"""The shape of the program, kept: who may import whom, and which library is known where.

Two small dicts say it, `ast` reads the sources, and made-up bad sources show that the check can fail.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path, PurePath
from types import MappingProxyType

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(path.relative_to(ROOT / "chat_app") for path in (ROOT / "chat_app").rglob("*.py"))

_BELOW = frozenset({"config", "conversation", "errors"})
_PARTS = frozenset({"ui", "endpoints", "tools", "uploads", "feedback", "server"})
LAYERS: Mapping[str, AbstractSet[str]] = MappingProxyType(
    {
        "__init__": frozenset(),
        "errors": frozenset(),
        "conversation": frozenset({"errors"}),
        "config": frozenset({"conversation", "errors"}),
        "config_sources": _BELOW,
        **dict.fromkeys(_PARTS, _BELOW),  # never each other: `app` and `service` hand one's functions to the other
        "service": _PARTS | _BELOW | {"config_sources"},
        "app": _PARTS | _BELOW | {"service", "config_sources"},
        "cli": _PARTS | _BELOW | {"app", "config_sources"},
        "__main__": frozenset({"cli"}),
    }
)
"""What each part of the package may import from it, beside itself and the version."""

LIBRARIES: Mapping[str, AbstractSet[str]] = MappingProxyType(
    {
        "openai": frozenset({"endpoints"}),
        "httpx2": frozenset({"endpoints", "tools"}),
        "tenacity": frozenset({"endpoints"}),
        "gradio": frozenset({"ui", "app"}),
        "fastapi": frozenset({"server", "app", "ui/queue_routes.py"}),  # Gradio's routes are FastAPI's
        "starlette": frozenset({"server", "app", "ui/queue_routes.py"}),
        "uvicorn": frozenset({"server", "app", "endpoints/loopback.py"}),  # the demo is a server too
        "brotli": frozenset({"server/compressed.py"}),
        "uvloop": frozenset({"endpoints/lookups.py"}),
        "itsdangerous": frozenset({"feedback"}),
        "filelock": frozenset({"feedback"}),
        "pydantic": frozenset({"config", "config_sources", "endpoints", "feedback", "tools"}),
        "pydantic_core": frozenset({"tools/functions.py"}),
        "mcp": frozenset({"tools"}),
        "mcp_types": frozenset({"tools"}),
        "vl_convert": frozenset({"tools"}),
        "PIL": frozenset({"uploads", "tools"}),
        "pypdf": frozenset({"uploads"}),
        "docx": frozenset({"uploads"}),
        "openpyxl": frozenset({"uploads"}),
        "pptx": frozenset({"uploads"}),
        "charset_normalizer": frozenset({"uploads"}),
        "yaml": frozenset({"config_sources", "cli/starter.py"}),  # `config init` writes it
        "dotenv": frozenset({"config_sources"}),
        "typer": frozenset({"cli"}),
        "rich": frozenset({"cli"}),
    }
)
"""Where each third-party library is known: parts of the package, or single files. What is not named is not used."""

EMPTY_NAMES = frozenset({"utils", "util", "helpers", "core", "common", "base", "manager", "misc"})
LONGEST_LINES = 400

IMPORT_QUIETLY = """
import sys
did = []
def watch(event, arguments):
    if event == "open":
        path = str(arguments[0])
        if not path.endswith((".py", ".pyc", ".so", ".pyd")) and not path.startswith((sys.prefix, sys.base_prefix)):
            did.append(f"opened {path}")
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.mkdir"}:
        did.append(f"{event} {arguments!r}")
sys.addaudithook(watch)
__import__(sys.argv[1])
print(*did, sep="\\n")
sys.exit(bool(did))
"""
"""Imports the module it is given and tells what that did beside reading Python's own files."""


def breaches(path: PurePath, source: str) -> list[str]:
    """What is wrong with the imports of the module at `path`, relative to the package."""
    part = path.parts[0].removesuffix(".py")
    if part not in LAYERS:
        return [f"{path}: the part {part!r} is not in LAYERS"]
    found = []
    for library, inside in _imports(ast.parse(source)):
        if library == "chat_app":
            if inside not in LAYERS[part] | {part, "__init__"}:
                found.append(f"{path}: {part} may not import {inside}")
        elif library not in sys.stdlib_module_names and not {part, path.as_posix()} & LIBRARIES.get(library, set()):
            found.append(f"{path}: {library or 'a relative import'} does not belong here")
    return found


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each imported library, and for our own package the part of it. Imports inside functions count as well."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                for name in names:
                    yield _split(name.name)
            case ast.ImportFrom("chat_app", names, 0):
                for name in names:
                    yield _split(f"chat_app.{name.name}")
            case ast.ImportFrom(module, _, 0):
                yield _split(module or "")
            case ast.ImportFrom():
                yield "", ""


def _split(name: str) -> tuple[str, str]:
    library, _, rest = name.partition(".")
    inside = rest.partition(".")[0]
    return library, inside if inside in LAYERS else "__init__"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_go_one_way_and_libraries_stay_where_they_are_known(path: Path) -> None:
    """`LAYERS` and `LIBRARIES` are the rules; what breaks one is named."""
    assert not breaches(path, (ROOT / "chat_app" / path).read_text())


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("conversation/turn.py", "from chat_app.endpoints.client import connect"),
        ("conversation/turn.py", "from chat_app.config import Config"),
        ("conversation/turn.py", "import pydantic"),
        ("errors.py", "from chat_app.conversation import deltas"),
        ("ui/page.py", "from chat_app.endpoints import client"),
        ("ui/page.py", "from chat_app import feedback"),
        ("ui/page.py", "import chat_app.server.health as health"),
        ("ui/page.py", "def f():\n    if True:\n        from chat_app.feedback.store import FeedbackStore"),
        ("endpoints/client.py", "from chat_app.app import serve"),
        ("feedback/store.py", "import gradio as gr"),
        ("server/logs.py", "from openai import OpenAI"),
        ("endpoints/client.py", "import requests"),
        ("endpoints/client.py", "from .request import body_of"),
        ("endpoints/other.py", "import uvicorn"),
        ("shed/rake.py", ""),
    ],
)
def test_the_check_finds_what_breaks_a_rule(path: str, source: str) -> None:
    """A rule that cannot fail is none."""
    assert len(breaches(PurePath(path), source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("ui/page.py", "import gradio\nfrom chat_app.ui.render import draw\nfrom chat_app.conversation import deltas"),
        ("endpoints/client.py", "from chat_app import __version__\nimport openai, httpx2, asyncio"),
        ("cli/servers.py", "from chat_app.app import serve\nimport typer"),
    ],
)
def test_the_check_allows_what_is_meant_to_be(path: str, source: str) -> None:
    """Nor is one that always fails."""
    assert breaches(PurePath(path), source) == []


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_is_short_and_named_after_something(path: Path) -> None:
    """A long module has a second idea in it, and a name that says nothing collects them."""
    assert not {part.removesuffix(".py") for part in path.parts} & EMPTY_NAMES
    assert len((ROOT / "chat_app" / path).read_text().splitlines()) <= LONGEST_LINES


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own, which has imported nothing yet and writes no byte code."""
    return subprocess.run(  # noqa: S603 — our own sources
        [sys.executable, "-B", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    "part",
    ["conversation.turn", "errors", "config", "config_sources", "endpoints.client", "feedback.store", "server", "cli"],
)
def test_importing_does_no_work(part: str) -> None:
    """No file but Python's own is opened, nothing is connected, bound or started."""
    done = python("-c", IMPORT_QUIETLY, f"chat_app.{part}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_check_for_work_at_import_notices_work(tmp_path: Path) -> None:
    """The same for the audit hook: a module that reads the machine's settings is caught."""
    (tmp_path / "greedy.py").write_text("open('/etc/hosts').close()")
    done = python("-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{IMPORT_QUIETLY}", "greedy")
    assert (done.returncode, done.stdout) == (1, "opened /etc/hosts\n")


@pytest.mark.parametrize(
    ("part", "heavy"),
    [
        ("cli", ("gradio", "openai", "uvicorn", "httpx2")),
        ("endpoints.client", ("gradio",)),
        ("feedback.store", ("gradio", "openai")),
        ("config_sources", ("gradio", "openai", "typer")),
        ("conversation.turn", ("gradio", "openai", "pydantic")),
    ],
)
def test_importing_a_part_leaves_heavy_libraries_alone(part: str, heavy: tuple[str, ...]) -> None:
    """Gradio alone takes seconds: `--help` and `config` do without it."""
    done = python("-c", f"import sys, chat_app.{part}; print(*sys.modules)")
    assert done.stderr == ""
    assert not set(heavy) & set(done.stdout.split())
