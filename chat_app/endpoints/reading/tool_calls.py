"""The calls that a model wants to be made, told apart by what servers send of them.

OpenAI numbers them (`index`) and sends `id` and name once. Gemini's compatible endpoint sends no number, or 0 for all;
Kimi sends none and means the place in the list; some vLLM versions make up a new `id` for each piece; Ollama-like
servers send each call whole, its arguments as an object. So a call begins where a piece has a name and is not plainly
more of the call before it: with the same number, a second name before any arguments is the rest of the first.
Gemini signs what it thought before a call (`extra_content`) and refuses the call later in the turn without that
(https://ai.google.dev/gemini-api/docs/thought-signatures). OpenAI's `custom` tools have an `input` in place of
arguments (https://platform.openai.com/docs/api-reference/chat/object). What is done about a call is the turn's
business.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chat_app.conversation.deltas import ToolCallDelta

_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class CallPiece:
    """What one chunk says of one call."""

    index: int | None
    """Its number, where the server gives one; else its place, where there are several in the chunk."""
    name: str = ""
    arguments: str = ""
    call_id: str = ""
    extra: str = ""
    """What the server wants back with the call, as JSON."""

    @property
    def names_a_call(self) -> bool:
        """Whether a call may begin with it."""
        return bool(self.name or self.arguments)


def call_pieces_in(said: Mapping[str, Any]) -> Iterator[CallPiece]:
    """The pieces in a delta or message: of `tool_calls`, and of the older `function_call`."""
    calls = said.get("tool_calls")
    calls = [call for call in (calls if isinstance(calls, list) else [calls]) if isinstance(call, dict)]
    for place, call in enumerate(calls):
        number = call.get("index")
        if isinstance(number, str) and number.isdecimal() and len(number) <= _DIGITS:
            number = int(number)
        if not isinstance(number, int) or isinstance(number, bool):
            number = place if len(calls) > 1 else None
        extra = call.get("extra_content")
        signed = json.dumps(extra, ensure_ascii=False) if isinstance(extra, dict) else ""
        yield from _piece(call.get("function") or call.get("custom"), number, call.get("id"), signed)
    yield from _piece(said.get("function_call"), 0, None)


def _piece(function: object, index: int | None, call_id: object, extra: str = "") -> Iterator[CallPiece]:
    if not isinstance(function, dict):
        if extra:
            yield CallPiece(index, extra=extra)
        return
    name, arguments = function.get("name"), function.get("arguments", function.get("input"))
    if isinstance(arguments, dict):
        arguments = json.dumps(arguments, ensure_ascii=False)
    piece = CallPiece(
        index,
        name if isinstance(name, str) else "",
        arguments if isinstance(arguments, str) else "",
        call_id if isinstance(call_id, str) else "",
        extra,
    )
    if piece.name or piece.arguments or piece.extra:
        yield piece


@dataclass(slots=True)
class _Call:
    number: int
    call_id: str
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether its arguments are all there: a JSON object."""
        try:
            return isinstance(json.loads("".join(self.arguments)), dict)
        except ValueError:
            return False


class ToolCalls:
    """The calls of one answer so far."""

    def __init__(self) -> None:
        self._count = 0
        self._by_index: dict[int, _Call] = {}
        self._last: _Call | None = None

    def __bool__(self) -> bool:
        return self._last is not None

    def delta(self, piece: CallPiece) -> ToolCallDelta:
        """`piece`, with the number of the call that it belongs to."""
        call = self._last if piece.index is None else self._by_index.get(piece.index)
        if call is None or _begins(piece, call):
            call = _Call(self._count, piece.call_id)
            self._count += 1
        self._last = call
        if piece.index is not None:
            self._by_index[piece.index] = call
        name = "" if call.arguments or piece.name == call.name else piece.name
        call.name += name
        if piece.arguments:
            call.arguments.append(piece.arguments)
        return ToolCallDelta(call.number, name, piece.arguments, piece.call_id, piece.extra)


def _begins(piece: CallPiece, call: _Call) -> bool:
    """Whether `piece` is of another call than the one that came before in its place."""
    if not (piece.name and call.name):
        return False
    if piece.call_id and call.call_id:
        return piece.call_id != call.call_id
    if call.whole or piece.index is not None:
        return call.whole
    return piece.name != call.name or not (piece.arguments or call.arguments)
