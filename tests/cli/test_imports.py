"""What is left out of Gradio's import, each in a process of its own; all of it must go on working without that."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from chat_app.cli.imports import READ_IN, lean

ROOT = Path(__file__).parents[2]
SIZES = """
import ast, os, sys
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
from contextlib import nullcontext
from chat_app.cli.imports import lean
parsed, parse = 0, ast.parse
def counting(*arguments, **options):
    global parsed
    parsed += 1
    return parse(*arguments, **options)
ast.parse = counting
with lean() if sys.argv[1] == "lean" else nullcontext():
    import gradio
left_out = [name for name in ("pandas.core", "mcp.server") if name not in sys.modules]
print(parsed, len(sys.modules), *left_out)
"""
"""Imports Gradio, and counts the sources that were parsed, twice for each stub, and the modules that are there."""


def python(code: str, *arguments: str) -> str:
    """What a program prints."""
    done = subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_gradio_that_is_installed_is_the_one_this_was_read_in() -> None:
    """With another, look at its import again: nothing is left out of it."""
    assert version("gradio").startswith(READ_IN)


def test_gradio_is_imported_with_much_less() -> None:
    """No source is read for stubs, no pandas and no mcp is there: a fifth of all modules."""
    parsed, modules, *left_out = python(SIZES, "plain").split()
    lean_parsed, lean_modules, *lean_left_out = python(SIZES, "lean").split()

    assert left_out == []
    assert lean_left_out == ["pandas.core", "mcp.server"]
    assert int(lean_parsed) < int(parsed) / 3
    assert int(lean_modules) < 0.85 * int(modules)


def test_what_was_put_off_works_as_soon_as_it_is_used() -> None:
    """By a name that is looked up in it, or by the import of a module below it; and it is found by who imports it."""
    code = """
from chat_app.cli.imports import LaterModule, lean
with lean():
    import pandas
assert type(pandas) is LaterModule and not hasattr(pandas, "__wrapped__") and pandas.__file__
import pandas.io.formats.style
assert type(pandas) is not LaterModule
print(int(pandas.DataFrame({"a": [1, 2]}).a.sum()), pandas.__spec__.loader is pandas.__loader__)
"""
    assert python(code) == "3 True"
    assert python(code.replace("import pandas.io.formats.style", "pandas.Series")) == "3 True"


def test_who_looks_while_it_runs_waits() -> None:
    """A question may be asked in one thread while another is the first to look."""
    code = """
import sys, threading, time
from chat_app.cli.imports import lean
with lean():
    import openai
def look(wait_s):
    time.sleep(wait_s)
    print(openai.types.Model.__name__)
threads = [threading.Thread(target=look, args=[wait_s]) for wait_s in (0, 0.02, 0.05, 0.1)]
for each in threads: each.start()
for each in threads: each.join()
"""
    assert python(code).split() == ["Model"] * 4


def test_what_is_hidden_from_gradio_is_there_afterwards() -> None:
    """Tools are looked for with the same package."""
    code = """
from chat_app.cli.imports import lean
with lean():
    try:
        import mcp
    except ModuleNotFoundError as error:
        print(error.name)
import mcp
print(mcp.__name__)
"""
    assert python(code).split() == ["mcp", "mcp"]


def test_a_question_is_asked_without_the_types_of_everything_else() -> None:
    """A turn and a failure look into none of openai's overviews; whoever does finds them whole."""
    code = """
import asyncio, sys
from chat_app.cli.imports import LaterModule, lean
with lean():
    import openai
import httpx2
from chat_app.endpoints.client import connect
from tests.endpoints.wire import HELLO, answer, config

async def ask(status, body):
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, content=body))
    async with httpx2.AsyncClient(transport=transport) as client:
        return await answer(connect(config(), http_client=client))

print(asyncio.run(ask(200, b"".join(HELLO)))[0][1].text)
print(type(asyncio.run(ask(401, b"{}"))[1]).__name__)
put_off = [openai.types, sys.modules["openai.types.responses"]]
print(*(type(each) is LaterModule for each in put_off), "openai.types.responses.response" in sys.modules)
print(openai.types.responses.Response.__name__, openai.types.Model.__name__)
print(*(type(each) is LaterModule for each in put_off))
"""
    said, failure, *overviews = python(code).splitlines()
    assert (said, failure) == ("Hello", "KeyRefused")
    assert overviews == ["True True False", "Response Model", "False False"]


@pytest.mark.parametrize("found", ["6.30.0", "6.32.0", "7.0.0", None])
def test_another_gradio_is_imported_as_it_is(found: str | None) -> None:
    """Or none."""

    def of(name: str) -> str:
        if found is None:
            raise PackageNotFoundError(name)
        return found

    before = list(sys.meta_path)
    with lean(of):
        assert sys.meta_path == before
    with lean(lambda _: f"{READ_IN}0"):
        assert len(sys.meta_path) == len(before) + 1
    assert sys.meta_path == before
