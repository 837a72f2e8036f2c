"""Messages as the protocol of OpenAI writes them: what endpoints are sent, and what feedback keeps.

A message of text alone is a plain string, and neighbours of one role are one message: many servers take nothing else,
and the chat templates of many models (Mistral's, Gemma's) refuse two questions in a row. Only pictures and recordings
make its content a list. Documents are text, so they stand in the string, each in an element that names it. The same
parts give the same bytes whatever follows them, so a server finds them in its cache on every later turn.

An answer that called tools is one message here and several there: what was said with its calls, one `tool` message for
each call, and what was said then. The protocol's `tool` messages hold text alone, so pictures of results follow as a
message of the visitor's role once all results stand; those of an answer go before the next question, because what the
assistant says may hold none. No such message follows a `tool` one directly, nor does a question behind a stopped
answer: Mistral's API and templates refuse that, so the assistant has said something between. Where no tools are
offered, calls and results are left out (servers refuse a call without `tools`), but not those that wait for an answer:
they are told as text.

What models make up must not make a request invalid: names are reduced to what the protocol allows, arguments that are
no JSON object are written as `{}` (llama.cpp and vLLM fail on others; their result says what was wrong), a call without
a result gets one.

Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, TypeAlias

from chat_app.conversation.messages import (
    Audio,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from chat_app.conversation.plain_text import plain_text

Wire: TypeAlias = dict[str, Any]
PlaceOf: TypeAlias = Callable[[Image | Audio], str]
"""What stands for the bytes of a picture or recording."""

NO_RESULT: Final = "This call has no result: it was ended before."
NO_WORDS: Final = "(An answer without words.)"
"""Stands for an answer that is a picture, or nothing but calls: many templates refuse two questions in a row, and some
one behind a result."""
PICTURES_OF_CALL: Final = "The pictures that the call of"
"""How the message begins in which pictures of results follow these."""
_BLANK_LINE: Final = "\n\n"
_LONGEST_NAME: Final = 64
_ENDING: Final = re.compile(r"</document(_*)")
_NOT_IN_NAME: Final = re.compile(r"[^A-Za-z0-9_-]")
_AUDIO_FORMATS: Final = {"audio/mpeg": "mp3", "audio/mp3": "mp3"}


def in_place(media: Image | Audio) -> str:
    """The bytes themselves, as the protocol wants them: a picture as a data URL, a recording as base64."""
    return f"data:{media.mime_type};base64,{media.data}" if isinstance(media, Image) else media.data


def written(
    messages: Sequence[Message],
    *,
    tools: bool = False,
    reasoning: str = "",
    place_of: PlaceOf = in_place,
    joined: bool = True,
) -> list[Wire]:
    """The `messages` of a request.

    `tools` says whether it offers any, `reasoning` is the name under which what the model thought goes with its
    answers; empty leaves it out. `joined` makes neighbours of one role one message.
    """
    way = _Way(place_of, reasoning, tools=tools)
    wire: list[Wire] = []
    shown: list[Image] = []
    answered = False
    last = messages[-1] if messages else None
    groups = [list(group) for _, group in groupby(messages, key=lambda message: message.role)]
    for said in groups if joined else ([message] for message in messages):
        role = said[0].role
        if role != "assistant":
            parts = (*_said_before(shown), *_joined(said))
            if role == "user" and answered and wire[-1]["role"] != "assistant":
                wire.append(_assistant(NO_WORDS))
            answered = False
            wire.append({"role": role, "content": _content(parts, place_of)})
            shown = []
            continue
        wire += _answers(said, way, in_progress=said[-1] is last)
        answered = True
        shown = [part for message in said for part in message.parts if isinstance(part, Image)]
    return wire


def text_of(file: File) -> str:
    """A document as a model reads it: an element that names it and says what of it is missing, around its text."""
    endings = _ENDING.findall(file.text)
    element = "document" + "_" * (1 + max(map(len, endings)) if endings else 0)
    missing = f" left_out={_quoted(file.cut)}" if file.cut else ""
    return f"<{element} name={_quoted(file.name)} type={_quoted(file.mime_type)}{missing}>\n{file.text}\n</{element}>"


def _joined(messages: Iterable[Message]) -> Iterator[Part]:
    """The parts of messages of one role, with a blank line between two of them."""
    for number, message in enumerate(messages):
        if number:
            yield Text(_BLANK_LINE)
        parts = [part for part in message.parts if part != Text("")]
        for left, part in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
            yield Text(text_of(part) + (_BLANK_LINE if left else "")) if isinstance(part, File) else part


def _content(parts: Iterable[Part], place_of: PlaceOf) -> str | list[Wire]:
    """A string where `parts` are all text; else a list in their order, neighbouring texts as one."""
    content: list[Wire] = []
    text = ""
    for part in parts:
        match part:
            case Text(more):
                text += more
            case Image() | Audio():
                content += _text_parts(text)
                content.append(_media(part, place_of))
                text = ""
    if not content:
        return plain_text(text)
    return [*content, *_text_parts(text)]


def _text_parts(text: str) -> list[Wire]:
    return [{"type": "text", "text": plain_text(text)}] if text.strip() else []


def _media(part: Image | Audio, place_of: PlaceOf) -> Wire:
    if isinstance(part, Image):
        return {"type": "image_url", "image_url": {"url": place_of(part)}}
    kind = _AUDIO_FORMATS.get(part.mime_type, "wav")
    return {"type": "input_audio", "input_audio": {"data": place_of(part), "format": kind}}


def _said_before(pictures: Sequence[Image]) -> Iterator[Part]:
    """The pictures of the answer before, in front of what the visitor says."""
    if pictures:
        yield Text("The pictures of your last answer:")
        yield from pictures


@dataclass(frozen=True, slots=True)
class _Way:
    """How answers are written."""

    place_of: PlaceOf
    reasoning: str
    tools: bool


@dataclass(slots=True)
class _Round:
    """What an assistant said at once, with its calls and what came of them."""

    text: str = ""
    reasoning: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    results: dict[str, ToolResult] = field(default_factory=dict)


def _answers(said: Sequence[Message], way: _Way, *, in_progress: bool) -> Iterator[Wire]:
    if all(message.plain for message in said):
        yield _assistant(_BLANK_LINE.join(message.text for message in said))
        return
    rounds = [each for message in said for each in _rounds(message)]
    if way.tools:
        for each in rounds:
            yield from _round(each, way)
        return
    thoughts = _BLANK_LINE.join(each.reasoning for each in rounds if each.reasoning)
    yield _assistant(_BLANK_LINE.join(map(_said, said)), thoughts, way.reasoning)
    if in_progress and any(each.results for each in rounds):
        yield {"role": "user", "content": _content(_told(rounds), way.place_of)}


def _said(message: Message) -> str:
    """The text of an answer; with a blank line between what was said before calls and after them."""
    if message.plain:
        return message.text
    return _BLANK_LINE.join(each.text for each in _rounds(message) if each.text) or NO_WORDS


def _assistant(text: str, thoughts: str = "", reasoning: str = "") -> Wire:
    wire: Wire = {"role": "assistant", "content": plain_text(text)}
    return {**wire, reasoning: plain_text(thoughts)} if reasoning and thoughts else wire


def _rounds(message: Message) -> list[_Round]:
    """The parts of an answer, a new round wherever something follows results."""
    rounds = [_Round()]
    for part in message.parts:
        now = rounds[-1]
        if isinstance(part, ToolResult):
            now.results[part.call_id] = part
            continue
        if now.results:
            now = _Round()
            rounds.append(now)
        match part:
            case Text(text):
                now.text += text
            case Reasoning(text):
                now.reasoning += text
            case ToolCall():
                now.calls.append(part)
    if not (message.plain or any(each.text or each.calls for each in rounds)):
        rounds[0].text = NO_WORDS
    return rounds


def _round(said: _Round, way: _Way) -> Iterator[Wire]:
    wire = _assistant(said.text, said.reasoning, way.reasoning)
    if not said.calls:
        if said.text:
            yield wire
        return
    # An empty string and not null, which some chat templates write as "None".
    yield {**wire, "tool_calls": [_call(call) for call in said.calls]}
    results = [(call, said.results.get(call.call_id)) for call in said.calls]
    for call, result in results:
        text = result.text if result and result.text else NO_RESULT
        yield {"role": "tool", "tool_call_id": call.call_id, "content": plain_text(text)}
    pictures = tuple(_pictures(results))
    if pictures:
        yield _assistant(NO_WORDS)
        yield {"role": "user", "content": _content(pictures, way.place_of)}


def _call(call: ToolCall) -> Wire:
    function = {"name": _name(call), "arguments": call.arguments if _is_object(call.arguments) else "{}"}
    wire: Wire = {"id": call.call_id, "type": "function", "function": function}
    return {**wire, "extra_content": json.loads(call.extra)} if call.extra else wire


def _pictures(results: Iterable[tuple[ToolCall, ToolResult | None]]) -> Iterator[Part]:
    for call, result in results:
        if result and result.images:
            yield Text(f"{PICTURES_OF_CALL} `{_name(call)}` gave:")
            yield from result.images


def _told(rounds: Iterable[_Round]) -> Iterator[Part]:
    """Calls and their results as text, for a model that is not offered any tools but was given these."""
    yield Text("These calls were made for you. Answer with what they gave.")
    for each in rounds:
        for call in each.calls:
            result = each.results.get(call.call_id)
            text = result.text if result else NO_RESULT
            yield Text(_BLANK_LINE + text_of(File(f"{_name(call)}({call.arguments})", "text/plain", text)))
            yield from result.images if result else ()


def _name(call: ToolCall) -> str:
    return _NOT_IN_NAME.sub("_", call.name)[:_LONGEST_NAME] or "unknown"


def _is_object(arguments: str) -> bool:
    try:
        return isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        return False


def _quoted(text: str) -> str:
    return json.dumps(plain_text(text), ensure_ascii=False)
