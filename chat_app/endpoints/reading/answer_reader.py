"""The bytes of one response to deltas, without I/O: what spans several chunks is decided here.

`Started` is held back until there is text, reasoning or a call: a role chunk, token counts or an empty chunk before an
error still leave a retry and the next endpoint possible. An answer is whole when it has a `finish_reason` or ends with
`[DONE]`, or came at once; else it was cut. Text and reasoning go through what tells tags and repetitions (`think_tags`,
`repeats`), calls through what tells them apart (`tool_calls`), pictures and recordings through `media`; each of these
is a part of the reader's state.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, Final

from chat_app.conversation.deltas import (
    Delta,
    Finish,
    Media,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    Usage,
    WasReasoning,
    WasText,
)
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.failures.refusals import not_openai, refusal_in_stream
from chat_app.endpoints.failures.rules import failure_of, stream_cut
from chat_app.endpoints.failures.server_words import decoded
from chat_app.endpoints.reading import sse
from chat_app.endpoints.reading.body import Body
from chat_app.endpoints.reading.chunks import (
    DETAILS,
    choice_of,
    error_of,
    in_message,
    is_last,
    model_of,
    other_index_in,
    pieces_of,
    plain_text_of,
    reasoning_name_in,
)
from chat_app.endpoints.reading.media import AudioPiece, MediaSoFar
from chat_app.endpoints.reading.packing import packed_in
from chat_app.endpoints.reading.repeats import Growth, OneReasoning
from chat_app.endpoints.reading.think_tags import ThinkTags
from chat_app.endpoints.reading.tool_calls import CallPiece, ToolCalls
from chat_app.errors import EndpointError

_GAVE_UP: Final = frozenset(
    {"abort", "cancelled", "canceled", "error", "insufficient_system_resource", "network_error", "timeout"}
)
"""Reasons that say that the server gave up: vLLM's and SGLang's, OpenRouter's, DeepSeek's, Zhipu's."""
_CUTS: Final = frozenset({"length", "content_filter"})
"""Reasons why an answer is not whole, which a `stop` behind them does not take back."""

_wire = logging.getLogger("chat_app.wire")


class AnswerReader:
    """Reads one response: `feed` it all bytes in order, then ask for the `end`. Both raise `EndpointError`."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._body = Body()
        self._model = asked.model
        self._held: list[Delta] = []
        self._halves: dict[type, str] = {}
        self._texts = Growth()
        self._thoughts = Growth()
        self._cut = False
        self._index = 0
        self._name = "content"
        self._others: list[dict[str, Any]] = []
        self._reasoned_in_field = False
        self._tags = ThinkTags()
        self._reasoning = OneReasoning()
        self._calls = ToolCalls()
        self._media = MediaSoFar()
        self.begun = False
        """Whether a part of the answer has been given out."""
        self.finished = False
        """Whether the answer is known to be whole, though token counts may follow."""
        self.done = False
        """Whether the server has said that nothing follows."""

    def feed(self, piece: bytes) -> Iterator[Delta]:
        """The deltas that `piece` completes, before the error that it may end in."""
        try:
            for event in self._body.feed(piece):
                yield from self._deltas(event)
        except sse.EventTooLarge as error:
            yield from self.interrupted()
            raise failure_of(error, self._asked) from error

    def end(self) -> Iterator[Delta]:
        """What is left when no bytes follow. Raises unless the answer is whole."""
        for event in self._body.end():
            if self._body.is_json or _is_whole(event):
                yield from self._deltas(event, at_end=True)
        yield from self._other_answer()
        if self.begun or self.finished or self.done:
            yield from self._rest()
        if not (self.finished or self.done):
            raise self._unfinished()
        if not self.begun:
            yield from self._begin()

    def interrupted(self) -> Iterator[Delta]:
        """What was held back, when no more comes because something went wrong; nothing before the answer has begun."""
        if self.begun:
            yield from self._rest()

    def _unfinished(self) -> EndpointError:
        """Why an answer that ended without saying so is not whole: perhaps the server says it without the protocol."""
        stray = self._body.stray
        value = decoded(stray)
        if isinstance(value, dict) and (error := error_of(value)):
            return refusal_in_stream(error, self._asked)
        if stray and self.begun:
            return refusal_in_stream(stray, self._asked)
        return not_openai(stray, self._asked) if stray else stream_cut(self._asked, begun=self.begun)

    def _deltas(self, event: sse.Event, *, at_end: bool = False) -> Iterator[Delta]:
        if self.done:
            return
        _wire.debug("%s < %s", self._asked.name, event.data)
        if event.name == sse.ERROR:
            yield from self.interrupted()
            raise refusal_in_stream(decoded(event.data) or event.data, self._asked)
        if not event.data.strip():
            return
        packed = packed_in(event.data)
        if self._body.is_json and not any("choices" in chunk or error_of(chunk) for chunk in packed.chunks):
            raise not_openai(event.data, self._asked)
        for chunk in packed.chunks:
            yield from self._chunk(chunk)
        if packed.done:
            self.done = True
            yield from self._other_answer()
            yield from self._rest()
        elif packed.problem is None:
            self.finished = self.finished or (self._body.is_json and len(packed.chunks) == 1)
        elif not (self.finished or at_end):
            yield from self.interrupted()
            raise failure_of(packed.problem, self._asked) from packed.problem

    def _other_answer(self) -> Iterator[Delta]:
        """The answer with another number, where there is none with the number 0."""
        others, self._others = self._others, []
        if others and not self.begun:
            self._index = other_index_in(others[0]) or 0
            for chunk in others:
                yield from self._chunk(chunk)

    def _chunk(self, chunk: dict[str, Any]) -> Iterator[Delta]:
        self._model = model_of(chunk) or self._model
        if self._index or not (text := plain_text_of(chunk)):
            yield from self._all_of(chunk)
            return
        text = self._texts.new_in(text, may_repeat=self._name == DETAILS and self._thoughts.proven)
        if self.begun and text.isascii() and not self._halves and self._tags.passes(text):
            yield TextDelta(text)  # as `_text` would give it
        else:
            yield from self._text(text)

    def _all_of(self, chunk: dict[str, Any]) -> Iterator[Delta]:
        error = error_of(chunk)
        choice = choice_of(chunk, self._index)
        if not (choice or self.begun or self._index) and other_index_in(chunk) is not None:
            self._others.append(chunk)
        message, last = in_message(choice), is_last(chunk, choice)
        self._name = reasoning_name_in(choice) or self._name
        for piece in pieces_of(chunk, self._index):
            match piece:
                case ReasoningDelta(text) | TextDelta(text):
                    yield from self._written(piece, text, message=message, last=last)
                case CallPiece():
                    if not (message and last and self._calls) and (piece.names_a_call or self._calls):
                        yield from self._given(self._calls.delta(piece))
                case Media() | AudioPiece():
                    yield from self._shown(piece, message=message)
                case Finish(reason) if reason in _GAVE_UP:
                    error = error or f"finish_reason: {reason}"
                case Finish() | Usage():
                    yield from self._aside(piece)
        if error is not None:
            yield from self.interrupted()
            raise refusal_in_stream(error, self._asked)

    def _written(self, piece: ReasoningDelta | TextDelta, text: str, *, message: bool, last: bool) -> Iterator[Delta]:
        """What is new in a piece of text or reasoning."""
        channel, read = self._channel_of(piece)
        may_repeat = self._name == DETAILS and (channel is self._thoughts or self._thoughts.proven)
        if message:
            yield from read(channel.new_in_message(text, last=last))
        else:
            yield from read(channel.new_in(text, may_repeat=may_repeat))

    def _shown(self, piece: Media | AudioPiece, *, message: bool) -> Iterator[Delta]:
        """A picture; nothing yet of a recording, but that the answer has begun."""
        if isinstance(piece, AudioPiece):
            self._media.hear(piece, whole=message)
            yield from self._begin()
            return
        for shown in self._media.new_in(piece):
            yield from self._given(shown)

    def _channel_of(self, piece: ReasoningDelta | TextDelta) -> tuple[Growth, Callable[[str], Iterator[Delta]]]:
        if isinstance(piece, ReasoningDelta):
            return self._thoughts, self._thought
        return self._texts, self._text

    def _aside(self, piece: Finish | Usage) -> Iterator[Delta]:
        """What tells of the answer, and begins none."""
        if isinstance(piece, Finish):
            if self._cut and piece.reason == "stop":
                return
            self.finished, self._cut = True, self._cut or piece.reason in _CUTS
        if self.begun:
            yield piece
        else:
            self._held.append(piece)

    def _thought(self, text: str) -> Iterator[Delta]:
        """Reasoning from a field of its own. Blanks before its first word, or alone, are none."""
        text = self._mended(text, ReasoningDelta)
        if not self._reasoned_in_field:
            text = text.lstrip()
        if text:
            self._reasoned_in_field = True
            self._tags.reasoning_came()
            yield from self._given(ReasoningDelta(self._reasoning.new_in(text, self._name)))

    def _text(self, text: str) -> Iterator[Delta]:
        for delta in self._tags.feed(self._mended(text, TextDelta)):
            yield from self._split(delta)

    def _split(self, delta: TextDelta | ReasoningDelta | WasReasoning | WasText) -> Iterator[Delta]:
        if isinstance(delta, ReasoningDelta):
            delta = ReasoningDelta(self._reasoning.new_in(delta.text, "tags"))
        elif isinstance(delta, WasText) and self._reasoned_in_field:
            delta = TextDelta(delta.text)
        yield from self._given(delta)

    def _given(
        self, delta: TextDelta | ReasoningDelta | WasReasoning | WasText | ToolCallDelta | Media
    ) -> Iterator[Delta]:
        if not isinstance(delta, TextDelta | ReasoningDelta) or delta.text:
            yield from self._begin()
            yield delta

    def _rest(self) -> Iterator[Delta]:
        """What was held back until more came, when no more comes."""
        yield from self._thought(self._thoughts.end() + self._half(ReasoningDelta))
        yield from self._text(self._texts.end() + self._half(TextDelta))
        for delta in self._tags.end(cut=self._cut or not (self.finished or self.done)):
            yield from self._split(delta)
        for recording in self._media.end():
            yield from self._given(recording)

    def _begin(self) -> Iterator[Delta]:
        if not self.begun:
            self.begun = True
            yield Started(self._asked.name, self._model)
            yield from self._held
            self._held.clear()

    def _half(self, channel: type) -> str:
        """U+FFFD for half a character that stays alone."""
        return "\ufffd" if self._halves.pop(channel, "") else ""

    def _mended(self, text: str, channel: type) -> str:
        r"""`text` without half characters.

        Servers that cut an emoji between two chunks send its halves as `"\ud83d"` and `"\ude00"`: one waits here for
        the other, and one that stays alone becomes U+FFFD, since it could not be written to the page or a file.
        """
        half = self._halves.pop(channel, "")
        if text.isascii() and not half:
            return text
        text = half + text
        if "\ud800" <= text[-1:] <= "\udbff":
            text, self._halves[channel] = text[:-1], text[-1]
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_whole(event: sse.Event) -> bool:
    """Whether an event that the end of the body cut short lacks only the blank line."""
    packed = packed_in(event.data)
    return event.name == sse.ERROR or packed.done or bool(packed.chunks) or packed.problem is None
