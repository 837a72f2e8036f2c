"""One chunk, decoded from JSON, to neutral deltas: where the dialects of the wire are told apart.

Works on plain dictionaries. The SDK's typed objects cost about 100 µs a chunk against 13 µs (openai 3.52) and refuse
what some servers send. Nothing is required of a chunk, and values of an unexpected type are passed over, so that no
server can make an answer fail with a surprise. Refuses state: what spans several chunks is `answer_reader.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from chat_app.conversation.deltas import Finish, Media, ReasoningDelta, TextDelta, Usage
from chat_app.endpoints.reading.media import AudioPiece, pictures_in, recording_in
from chat_app.endpoints.reading.tool_calls import CallPiece, call_pieces_in

Piece: TypeAlias = TextDelta | ReasoningDelta | Media | AudioPiece | CallPiece | Finish | Usage

REASONING_NAMES: Final = ("reasoning", "reasoning_content", "reasoning_text", "thinking", "thinking_blocks")
"""Ollama and newer vLLM; DeepSeek, llama.cpp and older vLLM; others; LiteLLM has the last one besides. Several at once
hold the same text."""

DETAILS: Final = "reasoning_details"
"""The name of OpenRouter's and MiniMax's parts."""

_TEXTS: Final = frozenset({"text", "summary_text", "output_text", "text_delta"})
_PICTURES: Final = frozenset({"image_url", "output_image", "image", "inline_data"})
_OF_CHUNKS: Final = frozenset(
    {"id", "object", "created", "model", "system_fingerprint", "service_tier", "choices", "usage"}
)
_OF_CHOICES: Final = frozenset({"index", "delta", "logprobs", "finish_reason"})
_OF_DELTAS: Final = frozenset({"role", "content"})
_MOST_TOKENS: Final = 10**9
"""Counts beyond it are none."""

FINISH_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "model_length": "length",  # Mistral: https://docs.mistral.ai/api
        "max_tokens": "length",  # Anthropic and Gemini, as proxies pass them on
        "model_context_window_exceeded": "length",  # Anthropic, Zhipu
        "tool_use": "tool_calls",  # Anthropic
        # https://ai.google.dev/api/generate-content#FinishReason
        **dict.fromkeys(("safety", "recitation", "blocklist", "prohibited_content", "spii"), "content_filter"),
        "refusal": "content_filter",  # Anthropic
        "image_safety": "content_filter",
        "sensitive": "content_filter",  # Zhipu: https://docs.z.ai/api-reference/llm/chat-completion
        "content_filtered": "content_filter",  # Amazon Bedrock
        "guardrail_intervened": "content_filter",
        "max_output_tokens": "length",  # OpenAI's Responses API
    }
)
"""Why an answer ended, by the names that some servers have for OpenAI's reasons. Others stay, in lower case."""

_MINIMAX: Final[Mapping[int, int]] = MappingProxyType(
    {1002: 429, 1004: 401, 1008: 402, 1026: 400, 1027: 400, 1039: 429, 2013: 400, 2049: 401}
)
"""The HTTP statuses that MiniMax's own mean (https://platform.minimax.io/docs/api-reference/errorcode)."""


def pieces_of(chunk: Mapping[str, Any], index: int = 0) -> tuple[Piece, ...]:
    """What `chunk` adds to the answer, in order: what is said, calls, the end, and what the server counted.

    Only the choice with `index` is shown (`n` may be more). A whole answer (`choices[0].message`), as servers that do
    not stream send it, and a completions-style `choices[0].text` are read like a piece.
    """
    choice = choice_of(chunk, index)
    said = _said(choice)
    return (*_spoken(said), *call_pieces_in(said), *_finish(choice.get("finish_reason")), *_usage(chunk, choice))


def plain_text_of(chunk: Mapping[str, Any]) -> str:
    """The text of a chunk that has one and is known to say nothing else, which nearly all are; else empty.

    For speed alone: looking for all that a chunk may say takes three times as long.
    """
    choices = chunk.get("choices")
    if not (isinstance(choices, list) and len(choices) == 1 and isinstance(choice := choices[0], dict)):
        return ""
    said = choice.get("delta")
    if not (isinstance(said, dict) and isinstance(text := said.get("content"), str)):
        return ""
    more = choice.get("index", 0) != 0 or choice.get("finish_reason") or chunk.get("usage")
    known = chunk.keys() <= _OF_CHUNKS and choice.keys() <= _OF_CHOICES and said.keys() <= _OF_DELTAS
    return text if known and not more else ""


def in_message(choice: Mapping[str, Any]) -> bool:
    """Whether what `choice` says stands in a `message` in place of a `delta`."""
    return not _filled(choice.get("delta")) and _filled(choice.get("message"))


def is_last(chunk: Mapping[str, Any], choice: Mapping[str, Any]) -> bool:
    """Whether a message in `choice` may be the whole answer: it ends one, or the chunk says that it is no chunk."""
    return any(True for _ in _finish(choice.get("finish_reason"))) or chunk.get("object") == "chat.completion"


def reasoning_name_in(choice: Mapping[str, Any]) -> str:
    """The name by which reasoning stands in `choice`; empty where it stands among the content, or nowhere.

    Of the servers that have it in `reasoning_details` alone, some repeat there what they said before (MiniMax with
    `reasoning_split`). OpenRouter, which never repeats, has the same text in `reasoning`.
    """
    return _thought(_said(choice))[0]


def model_of(chunk: Mapping[str, Any]) -> str:
    """The model that the chunk says it comes from, or empty."""
    return _text(chunk.get("model"))


def error_of(chunk: Mapping[str, Any]) -> object:
    """The error that stands where an answer was expected: an object or a text; None when there is none.

    `{"error": …}` (OpenAI, llama.cpp, TGI, Ollama), in the choice (OpenRouter), `{"object": "error", …}` (older vLLM),
    `base_resp` (MiniMax), and without choices `{"detail": …}` (FastAPI), `{"errors": […]}` (Cloudflare) and
    `{"error_message": …}` (Venice).
    `"error": null` in a chunk is no error.
    """
    if chunk.get("object") == "error":
        return chunk
    if error := chunk.get("error") or choice_of(chunk).get("error"):
        return error
    match chunk.get("base_resp"):
        case {"status_code": int(code), "status_msg": str(words)} if code:
            return {"message": words, "code": _MINIMAX.get(code, code)}
    if "choices" in chunk:
        return None
    return next((chunk[name] for name in ("detail", "errors", "error_message") if chunk.get(name)), None)


def choice_of(chunk: Mapping[str, Any], index: int = 0) -> Mapping[str, Any]:
    """The choice that is shown, the one with `index`; empty when there is none."""
    choices = chunk.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and choice.get("index", 0) in (index, str(index), None):
            return choice
    return {}


def other_index_in(chunk: Mapping[str, Any]) -> int | None:
    """The index of a choice in `chunk` that is not shown; None where there is none."""
    choices = chunk.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        match choice:
            case {"index": int(index)} if index:
                return int(index)
    return None


def _said(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    # Perplexity sends the whole `message` so far beside each `delta`: the delta is what is new.
    for place in ("delta", "message"):
        said = choice.get(place)
        if isinstance(said, dict) and said:
            return said
        if isinstance(said, str) and said:
            return {"content": said}
    return {"content": choice.get("text")}


def _filled(said: object) -> bool:
    return isinstance(said, dict | str) and bool(said)


def _spoken(said: Mapping[str, Any]) -> Iterator[TextDelta | ReasoningDelta | Media | AudioPiece]:
    _, reasoning = _thought(said)
    if reasoning:
        yield ReasoningDelta(reasoning)
    yield from _content(said.get("content"))
    yield from _content(said.get("refusal"))
    match said.get("audio"):
        case {"transcript": transcript}:
            yield from _content(transcript)
    yield from recording_in(said)
    yield from pictures_in(said.get("images"))


def _thought(said: Mapping[str, Any]) -> tuple[str, str]:
    """The first name with reasoning behind it, and the reasoning; both empty when there is none.

    Behind a name stands a text; a list of parts, or an object, with texts (Mistral's and Anthropic's shapes, as
    proxies pass them on).
    `reasoning_details`: https://openrouter.ai/docs/use-cases/reasoning-tokens,
    https://platform.minimax.io/docs/api-reference/text-openai-api; what is encrypted is passed over.
    """
    for name in (*REASONING_NAMES, DETAILS):
        if (value := said.get(name)) and (text := "".join(_thoughts(value))):
            return name, text
    return "", ""


def _thoughts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for part in value:
                yield from _thoughts(part)
        case {"text": str() | list() as inner} | {"summary": str() | list() as inner}:
            yield from _thoughts(inner)
        case {"thinking": str() | list() as inner} | {"content": str() | list() as inner}:
            yield from _thoughts(inner)


def _content(content: object) -> Iterator[TextDelta | ReasoningDelta | Media]:
    """A text, or a list of parts: texts, and Mistral's `thinking` or Databricks' `reasoning`, which are lists again.

    A text has its type by the names of several protocols, or none; the Assistants of OpenAI put it into a `value`.
    """
    match content:
        case str():
            if content:
                yield TextDelta(content)
        case list():
            for part in content:
                yield from _content(part)
        case {"type": str(kind)} if kind in _PICTURES:
            yield from pictures_in(content)
        case {"inlineData": _} | {"inline_data": _}:
            yield from pictures_in(content)
        case {"type": "thinking", "thinking": thinking} | {"type": "reasoning", "summary": thinking}:
            yield from (ReasoningDelta(text) for text in _thoughts(thinking) if text)
        case {"text": {"value": str(text)}, **more} | {"text": str(text), **more}:
            if more.get("type", "text") in _TEXTS:
                yield from _content(text)
        case _:
            pass


def _finish(reason: object) -> Iterator[Finish]:
    """Gemini's endpoint adds its own reason: `content_filter: RECITATION`, `function_call_filter: …`."""
    if isinstance(reason, str) and reason not in {"", "null"}:
        first = reason.partition(":")[0].strip().lower().removeprefix("finish_reason_")
        yield Finish(FINISH_REASONS.get(first, first))


def _usage(chunk: Mapping[str, Any], choice: Mapping[str, Any]) -> Iterator[Usage]:
    """Token counts: of the chunk, in the choice (Moonshot), or under `x_groq` (Groq)."""
    groq = chunk.get("x_groq")
    places = (chunk.get("usage"), choice.get("usage"), groq.get("usage") if isinstance(groq, dict) else None)
    for usage in places:
        if isinstance(usage, dict):
            read = _count(usage.get("prompt_tokens", usage.get("input_tokens")))
            written = _count(usage.get("completion_tokens", usage.get("output_tokens")))
            if (read, written) != (None, None):
                yield Usage(read, written)
                return


def _count(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) <= len(str(_MOST_TOKENS)):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST_TOKENS else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
