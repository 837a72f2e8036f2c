"""One chunk, decoded from JSON, to neutral deltas: where the dialects of the wire are told apart.

Works on plain dictionaries. The SDK's typed objects cost about 100 µs a chunk against 13 µs (openai 3.52) and refuse
what some servers send. Nothing is required of a chunk, and values of an unexpected type are passed over, so that no
server can make an answer fail with a surprise. Refuses state: what spans several chunks is `answer_reader.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from chat_app.conversation.deltas import Delta, Finish, ReasoningDelta, TextDelta, Usage

REASONING_NAMES: Final = ("reasoning", "reasoning_content", "reasoning_text")
"""Ollama and vLLM from 0.11; DeepSeek, llama.cpp and older vLLM; others. Several at once hold the same text."""


def deltas_of(chunk: Mapping[str, Any]) -> tuple[Delta, ...]:
    """What `chunk` adds to the answer, in order: reasoning, text, the end, and what the server counted.

    Only the choice with index 0 is shown (`n` may be more). A whole answer (`choices[0].message`), as servers that do
    not stream send it, and a completions-style `choices[0].text` are read like a piece.
    """
    choice = _choice(chunk)
    return (*_spoken(choice), *_finish(choice.get("finish_reason")), *_usage(chunk, choice))


def model_of(chunk: Mapping[str, Any]) -> str:
    """The model that the chunk says it comes from, or empty."""
    return _text(chunk.get("model"))


def error_of(chunk: Mapping[str, Any]) -> object:
    """The error that stands where an answer was expected: an object or a text; None when there is none.

    `{"error": …}` (OpenAI, llama.cpp, TGI, Ollama), in the choice (OpenRouter), `{"object": "error", …}` (older vLLM),
    and `{"detail": …}` without choices (FastAPI). `"error": null` in a chunk is no error.
    """
    if chunk.get("object") == "error":
        return chunk
    if error := chunk.get("error") or _choice(chunk).get("error"):
        return error
    return chunk.get("detail") if "choices" not in chunk else None


def _choice(chunk: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = chunk.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and choice.get("index", 0) in (0, None):
            return choice
    return {}


def _spoken(choice: Mapping[str, Any]) -> Iterator[Delta]:
    # Perplexity sends the whole `message` so far beside each `delta`: the delta is what is new.
    for place in ("delta", "message"):
        said = choice.get(place)
        if isinstance(said, dict):
            break
    else:
        said = {"content": choice.get("text")}
    if reasoning := next(filter(None, (_text(said.get(name)) for name in REASONING_NAMES)), ""):
        yield ReasoningDelta(reasoning)
    yield from _content(said.get("content"))
    yield from _content(said.get("refusal"))


def _content(content: object) -> Iterator[Delta]:
    """A text, or a list of parts (Mistral): texts, and `thinking` whose value is again a list of texts."""
    match content:
        case str():
            if content:
                yield TextDelta(content)
        case list():
            for part in content:
                yield from _content(part)
        case {"type": "thinking", "thinking": thinking}:
            yield from (ReasoningDelta(delta.text) for delta in _content(thinking) if isinstance(delta, TextDelta))
        case {"type": "text", "text": str(text)}:
            yield from _content(text)
        case _:
            pass


def _finish(reason: object) -> Iterator[Delta]:
    if isinstance(reason, str) and reason not in {"", "null"}:
        yield Finish(reason)


def _usage(chunk: Mapping[str, Any], choice: Mapping[str, Any]) -> Iterator[Delta]:
    """Token counts: of the chunk, in the choice (Moonshot), or under `x_groq` (Groq)."""
    groq = chunk.get("x_groq")
    places = (chunk.get("usage"), choice.get("usage"), groq.get("usage") if isinstance(groq, dict) else None)
    for usage in places:
        if isinstance(usage, dict):
            read, written = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
            if (read, written) != (None, None):
                yield Usage(read, written)
                return


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
