"""Functions for the tests, as an operator may write them."""

from __future__ import annotations

import asyncio
import threading
from base64 import b64encode
from typing import Annotated, Any, Literal

from PIL import Image as Pillow
from pydantic import BaseModel, BeforeValidator, Field

from chat_app.conversation.messages import Image
from chat_app.conversation.tools import Table, ToolOutput

number = 3
hangs = threading.Event()


class Place(BaseModel):
    """Where."""

    city: str
    country: str = "DE"


def weather(
    place: Place, days: Annotated[int, Field(ge=1, le=7, description="How many.")] = 1, unit: Literal["C", "F"] = "C"
) -> str:
    """The weather at a place.

    It is always fine.
    """
    return f"{place.city}, {place.country}: fine for {days} days, 21 {unit}"


async def slow() -> str:
    """Waits for long."""
    await asyncio.sleep(60)
    return "slept"


def hanging() -> None:
    """Hangs until `hangs` is set."""
    hangs.wait(60)


def broken(words: str) -> None:
    """Raises."""
    raise ValueError(words)


def impatient() -> None:
    """Raises what a limit of time raises."""
    raise TimeoutError("the other side")


def model_dump(copy: int, json: int, _hidden: int = 0) -> int:
    """Has names that pydantic uses itself."""
    return copy + json + _hidden


def returns(what: str) -> Any:
    """Returns one of many things."""
    picture = Image("image/png", b64encode(b"x").decode())
    things: dict[str, Any] = {
        "nothing": None,
        "value": {"a": [1, 2.5, None]},
        "list": [1, 2],
        "output": ToolOutput("as it is", failed=True),
        "pillow": Pillow.new("RGB", (3, 2)),
        "mixed": ["Look:", picture, Table(("a",), (("1",),)), {"b": 1}],
        "odd": object(),
    }
    return things[what]


def undocumented() -> None:  # noqa: D103 -- that is what it is for
    return


def many(*values: int) -> int:
    """Takes any number of values."""
    return sum(values)


def unreadable(value: threading.Event) -> None:
    """Takes what no model can write."""


class Thing:
    """No function."""


def halves() -> dict[str, list[str]]:
    """Gives what has no UTF-8."""
    return {"a\ud83d": ["\ud83d"]}


def picky(words: Annotated[str, BeforeValidator({}.__getitem__)]) -> str:
    """Fails while its arguments are looked at."""
    return words
