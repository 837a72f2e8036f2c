"""Python functions as tools: what the model is told of them, and the call.

The docstring is the description, the annotations are the schema, by pydantic: `Annotated[int, Field(ge=0)]` and
`Annotated[str, Field(description=…)]` do what they say. What a function may return: text, a `ToolOutput`, a picture of
Pillow, the parts and displays of `chat_app.conversation` (`Image`, `Audio`, `File`, `Plot`, `Table`, …) alone or in a
list with text, None, or anything that pydantic can write as JSON. What it raises is told to the model by its type and
words, and to the log by its type alone.

A function that is not async runs in a thread of its own, not one of the loop's: a thread cannot be stopped, so one that
hangs past its limit would keep a place of those which the whole program shares. There are only so many at a time.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import inspect
import io
import logging
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self, get_type_hints

from PIL import Image as Pillow
from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, ValidationError, create_model
from pydantic_core import PydanticSerializationError, to_json

from chat_app.conversation.messages import Audio, File, Image
from chat_app.conversation.plain_text import in_plain_text
from chat_app.conversation.tools import Gallery, Html, Plot, Replies, Table, ToolOutput
from chat_app.errors import ToolError
from chat_app.tools.schemas import plain_schema

MOST_THREADS: Final = 32
"""Of one function at the same time, those that hang included."""
_MOST_MISTAKES: Final = 10
_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

_log = logging.getLogger(__name__)


class UnusableError(Exception):
    """A function cannot be a tool: its words say why, its `fix` what to do."""

    def __init__(self, rule: str, fix: str) -> None:
        super().__init__(rule)
        self.fix = fix


class Function:
    """A callable with what a model is told of it. Raises `UnusableError` when that cannot be made out."""

    def __init__(self, function: Callable[..., Any], name: str, timeout_s: float) -> None:
        self.name = name
        self.description = inspect.cleandoc(function.__doc__ or "")
        if not self.description:
            raise UnusableError("It has no docstring.", "Write one: it tells the model what the function does.")
        self._function = function
        self._timeout_s = timeout_s
        self._names, self._arguments = _arguments_of(function)
        self.parameters = plain_schema(self._arguments.model_json_schema())
        self._threads = threading.BoundedSemaphore(MOST_THREADS)

    @classmethod
    def imported(cls, place: str, name: str, timeout_s: float, folder: Path) -> Self:
        """The function at `package.module:function`, which may also lie in `folder`. Raises `UnusableError`."""
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))  # as `python -m` has it, and as the function's own imports need it
        module_name, _, own_name = place.partition(":")
        try:
            module = importlib.import_module(module_name)
        except Exception as error:  # a module may raise anything
            rule = f"`{module_name}` cannot be imported: {type(error).__name__}: {error}."
            raise UnusableError(rule, f"It must be installed, or lie in the working directory, `{folder}`.") from error
        function = getattr(module, own_name, None)
        if function is None:
            raise UnusableError(f"There is no `{own_name}` in `{module_name}`.", "Name one of its functions.")
        if not callable(function) or inspect.isclass(function):
            raise UnusableError(f"`{own_name}` is no function.", f"Name a function of `{module_name}`.")
        return cls(function, name or own_name, timeout_s)

    async def run(self, arguments: Mapping[str, Any]) -> ToolOutput:
        """What came of the call. Raises `ToolError`."""
        try:
            checked = self._arguments.model_validate(dict(arguments))
        except ValidationError as error:
            raise ToolError(f"The arguments of `{self.name}` are wrong. {_mistakes(error)}", hint="") from None
        values = {name: getattr(checked, field) for name, field in self._names.items()}
        try:
            async with asyncio.timeout(self._timeout_s) as limit:
                output = output_of(await self._called(values))
        except ToolError:
            raise
        except Exception as error:  # an operator's function may raise anything: the model is told
            if isinstance(error, TimeoutError) and limit.expired():
                raise self._late() from None
            _log.warning("tool_failed", extra={"tool": self.name, "error": type(error).__name__})
            raise ToolError(f"`{self.name}` failed: {type(error).__name__}: {error}", hint="") from error
        return output

    async def _called(self, values: Mapping[str, Any]) -> Any:
        if inspect.iscoroutinefunction(self._function):
            return await self._function(**values)
        if not self._threads.acquire(blocking=False):
            raise ToolError(f"`{self.name}` runs {MOST_THREADS} times already.", hint="Try again later.")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        context = contextvars.copy_context()

        def settle(value: Any, error: BaseException | None) -> None:
            if not done.done():
                done.set_result(value) if error is None else done.set_exception(error)

        def work() -> None:
            value, error = None, None
            try:
                value = context.run(self._function, **values)
            except Exception as raised:  # noqa: BLE001 -- it belongs to who waits
                error = raised
            finally:
                self._threads.release()
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, value, error)

        threading.Thread(target=work, name=f"tool {self.name}", daemon=True).start()
        value = await done
        return await value if inspect.isawaitable(value) else value

    def _late(self) -> ToolError:
        return ToolError(
            f"`{self.name}` took longer than {self._timeout_s:g} s.",
            hint="Ask for less at once, or raise its `timeout_s` in `tools.functions`.",
        )


def output_of(value: Any) -> ToolOutput:
    """What a function returned, as an output. Raises `ToolError` when it is nothing that a model can be told."""
    if isinstance(value, ToolOutput):
        return value
    texts: list[str] = []
    media: list[Image | Audio | File] = []
    displays: list[Plot | Table | Gallery | Html | Replies] = []
    rest: list[Any] = []
    mixed = isinstance(value, list | tuple)
    for part in value if mixed else (value,):
        if isinstance(part, Image | Audio | File):
            media.append(part)
        elif isinstance(part, Pillow.Image):
            media.append(_picture(part))
        elif isinstance(part, Plot | Table | Gallery | Html | Replies):
            displays.append(part)
        elif isinstance(part, str):
            texts.append(part)
        else:
            rest.append(part)
    if not media and not displays and (mixed or rest):  # a plain value
        return ToolOutput("Done." if value is None else _json(value))
    texts += [_json(part) for part in rest if part is not None]
    return ToolOutput("\n\n".join(texts) or "Shown to the user.", tuple(media), tuple(displays))


def _json(value: Any) -> str:
    try:
        return to_json(in_plain_text(value)).decode()
    except (PydanticSerializationError, ValueError) as error:
        raise ToolError(f"It returned a `{type(value).__name__}`, which cannot be told as text.", hint="") from error


def _picture(picture: Pillow.Image) -> Image:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return Image("image/png", b64encode(content.getvalue()).decode(), "", picture.width, picture.height)


def _arguments_of(function: Callable[..., Any]) -> tuple[dict[str, str], type[BaseModel]]:
    """The model of the arguments, and its fields by the names of the parameters, which may be no names of fields."""
    try:
        hints = get_type_hints(function, include_extras=True)
        parameters = inspect.signature(function).parameters.values()
    except (NameError, TypeError, ValueError) as error:
        raise UnusableError(f"Its annotations cannot be read: {error}.", "Write types that it can import.") from error
    names: dict[str, str] = {}
    fields: dict[str, Any] = {}
    for number, parameter in enumerate(parameters):
        if parameter.kind not in _NAMED:
            rule = f"Its parameter `{parameter}` has no name that a model could use."
            raise UnusableError(rule, "Name each parameter; `*args`, `**kwargs` and what stands before `/` cannot be.")
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        names[parameter.name] = f"argument_{number}"
        fields[f"argument_{number}"] = (hints.get(parameter.name, Any), Field(default, alias=parameter.name))
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=False)
    try:
        model = create_model(function.__name__, __config__=config, **fields)
        model.model_json_schema()
    except (PydanticUserError, TypeError) as error:
        words = str(error).partition("\n")[0]
        raise UnusableError(f"Its annotations have no JSON schema: {words}", "Take plain types.") from error
    return names, model


def _mistakes(error: ValidationError) -> str:
    """What is wrong with the arguments, a sentence for each, in words that a model can act on."""
    told = []
    for mistake in error.errors(include_url=False, include_input=False)[:_MOST_MISTAKES]:
        where = ".".join(str(step) for step in mistake["loc"])
        told.append(f"{f'`{where}`: ' if where else ''}{mistake['msg'].removeprefix('Value error, ').rstrip('.')}.")
    return " ".join(told)
