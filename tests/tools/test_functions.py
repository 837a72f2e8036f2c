"""Python functions as tools."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chat_app.conversation.messages import Image
from chat_app.conversation.tools import Table, ToolOutput
from chat_app.errors import ToolError
from chat_app.tools.functions import MOST_THREADS, Function, UnusableError
from tests.tools import sample_functions

PLACE = "tests.tools.sample_functions"


def function(name: str, timeout_s: float = 10.0) -> Function:
    """One of the sample functions."""
    return Function.imported(f"{PLACE}:{name}", "", timeout_s, Path.cwd())


async def result(name: str, arguments: Mapping[str, Any]) -> ToolOutput:
    """What comes of calling it."""
    return await function(name).run(arguments)


def test_the_docstring_and_the_annotations_tell_the_model() -> None:
    """As one schema without references or titles, descriptions and bounds kept."""
    weather = function("weather")
    assert (weather.name, weather.description) == ("weather", "The weather at a place.\n\nIt is always fine.")
    assert weather.parameters == {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "place": {
                "description": "Where.",
                "type": "object",
                "properties": {"city": {"type": "string"}, "country": {"type": "string", "default": "DE"}},
                "required": ["city"],
            },
            "days": {"type": "integer", "minimum": 1, "maximum": 7, "default": 1, "description": "How many."},
            "unit": {"type": "string", "enum": ["C", "F"], "default": "C"},
        },
        "required": ["place"],
    }


async def test_arguments_are_checked_and_converted() -> None:
    """Numbers as text are taken, as models write them."""
    output = await result("weather", {"place": {"city": "Ulm"}, "days": "3"})
    assert output == ToolOutput("Ulm, DE: fine for 3 days, 21 C")


async def test_bad_arguments_are_told_to_the_model_one_by_one() -> None:
    """With the name of each, and without what pydantic says for programmers."""
    with pytest.raises(ToolError) as error:
        await result("weather", {"place": {}, "days": 9, "moon": 1})
    assert error.value.sentence == (
        "The arguments of `weather` are wrong. `place.city`: Field required."
        " `days`: Input should be less than or equal to 7. `moon`: Extra inputs are not permitted."
    )


async def test_parameters_may_have_any_name() -> None:
    """Also those that pydantic uses for itself, or hides."""
    tool = function("model_dump")
    assert set(tool.parameters["properties"]) == {"copy", "json", "_hidden"}
    assert (await tool.run({"copy": 1, "json": 2})).text == "3"


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("nothing", "Done."),
        ("value", '{"a":[1,2.5,null]}'),
        ("list", "[1,2]"),
        ("pillow", "Shown to the user."),
        ("mixed", 'Look:\n\n{"b":1}'),
    ],
)
async def test_what_a_function_returns_becomes_an_output(what: str, text: str) -> None:
    """Values as JSON, pictures and tables beside the text."""
    assert (await result("returns", {"what": what})).text == text


async def test_outputs_pictures_and_displays_are_taken() -> None:
    """As they are; a picture of Pillow with its size."""
    assert await result("returns", {"what": "output"}) == ToolOutput("as it is", failed=True)
    (picture,) = (await result("returns", {"what": "pillow"})).media
    assert isinstance(picture, Image)
    assert (picture.mime_type, picture.width, picture.height) == ("image/png", 3, 2)
    mixed = await result("returns", {"what": "mixed"})
    assert [type(one) for one in (*mixed.media, *mixed.displays)] == [Image, Table]
    with pytest.raises(ToolError, match="returned a `object`"):
        await result("returns", {"what": "odd"})


async def test_what_a_function_raises_is_told_to_the_model(caplog: pytest.LogCaptureFixture) -> None:
    """Type and words; the log gets the type alone."""
    with pytest.raises(ToolError, match="`broken` failed: ValueError: my words"):
        await result("broken", {"words": "my words"})
    (record,) = caplog.records
    assert (record.msg, vars(record)["error"]) == ("tool_failed", "ValueError")
    assert "my words" not in str(vars(record))
    with pytest.raises(ToolError, match="failed: TimeoutError: the other side"):
        await result("impatient", {})


@pytest.mark.parametrize("name", ["slow", "hanging"])
async def test_a_function_that_takes_too_long_is_given_up(name: str) -> None:
    """Async or not."""
    sample_functions.hangs.clear()
    with pytest.raises(ToolError, match=r"took longer than 0.05 s"):
        await function(name, 0.05).run({})
    sample_functions.hangs.set()


async def test_threads_that_hang_do_not_pile_up() -> None:
    """There are only so many of one function, and they do not take the loop's own."""
    sample_functions.hangs.clear()
    hanging = function("hanging")
    calls = [asyncio.create_task(hanging.run({})) for _ in range(MOST_THREADS)]
    await asyncio.sleep(0)
    with pytest.raises(ToolError, match=f"runs {MOST_THREADS} times already"):
        await hanging.run({})
    assert await asyncio.to_thread(lambda: "free") == "free"
    sample_functions.hangs.set()
    assert {output.text for output in await asyncio.gather(*calls)} == {"Done."}
    assert (await hanging.run({})).text == "Done."


@pytest.mark.parametrize(
    ("place", "rule", "fix"),
    [
        ("tests.tools.nowhere:f", "`tests.tools.nowhere` cannot be imported: ModuleNotFoundError", "working directory"),
        (f"{PLACE}:nothing", f"There is no `nothing` in `{PLACE}`.", "Name one of its functions."),
        (f"{PLACE}:number", "`number` is no function.", "Name a function of"),
        (f"{PLACE}:Thing", "`Thing` is no function.", "Name a function of"),
        (f"{PLACE}:undocumented", "It has no docstring.", "it tells the model what"),
        (f"{PLACE}:many", r"Its parameter `\*values: 'int'` has no name", "Name each parameter"),
        (f"{PLACE}:unreadable", "Its annotations have no JSON schema", "Take plain types."),
    ],
)
def test_a_function_that_cannot_be_a_tool_says_why(place: str, rule: str, fix: str) -> None:
    """And what to do."""
    with pytest.raises(UnusableError, match=rule) as error:
        Function.imported(place, "", 1, Path.cwd())
    assert fix in error.value.fix


async def test_functions_lie_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `python -m`, whose path its own imports then have as well."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "shed_of_tools.py").write_text(
        'def rake():\n    """Rakes."""\n    import shed_of_rakes\n    return 1\n'
    )
    (tmp_path / "shed_of_rakes.py").touch()
    rake = Function.imported("shed_of_tools:rake", "other", 5, tmp_path)
    assert (rake.name, (await rake.run({})).text) == ("other", "1")


def test_a_module_that_fails_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it raises."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "shed_that_fell.py").write_text("1 / 0")
    with pytest.raises(UnusableError, match="ZeroDivisionError"):
        Function.imported("shed_that_fell:rake", "", 5, tmp_path)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "chat_app")
