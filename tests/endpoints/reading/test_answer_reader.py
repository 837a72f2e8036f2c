from __future__ import annotations

import json
from collections.abc import AsyncIterator
from time import perf_counter
from typing import Any

import httpx
import httpx2
import pytest
import respx

from chat_app import errors
from chat_app.conversation.deltas import (
    Delta,
    Finish,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    Usage,
    merge,
)
from chat_app.endpoints.reading.answer_reader import AnswerReader
from chat_app.endpoints.reading.sse import MAX_EVENT_BYTES
from chat_app.errors import EndpointError
from tests.endpoints.reading.whole import ASKED, read
from tests.endpoints.wire import BASE, answer, connected


def said(content: str | None = None, *, finish: str | None = None, **more: Any) -> str:
    """A chunk as most servers send it."""
    choice = {"index": 0, "delta": {} if content is None else {"content": content}, "finish_reason": finish}
    return json.dumps({"object": "chat.completion.chunk", "model": "m", "choices": [choice], **more})


def sse(*payloads: str, end: str = "\n\n") -> bytes:
    """The payloads as events."""
    return "".join(f"data: {payload}{end}" for payload in payloads).encode()


HELLO: tuple[Delta, ...] = (Started("main", "m"), TextDelta("Hello"), Finish("stop"))
COUNTED = (*HELLO, Usage(9, 2))
COUNTS = '{"model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}'

OPENAI = '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'

# name of server and version, and where the sample is from; the body; what it gives
WHOLE: dict[str, tuple[bytes, tuple[Delta, ...]]] = {
    "OpenAI 2025 (platform.openai.com/docs/api-reference/chat-streaming)": (
        sse(
            OPENAI + '"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}',
            OPENAI + '"delta":{"content":"Hello"},"logprobs":null,"finish_reason":null}],"usage":null}',
            OPENAI + '"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}',
            COUNTS,
            "[DONE]",
        ),
        COUNTED,
    ),
    "Azure OpenAI 2024-10-21 (learn.microsoft.com, content filtering)": (
        sse(
            '{"choices":[],"model":"","prompt_filter_results":[{"prompt_index":0}]}',
            said("Hello"),
            said(finish="stop"),
            "[DONE]",
        ),
        HELLO,
    ),
    "Ollama 0.12 (openai/openai.go)": (
        sse(
            OPENAI + '"delta":{"role":"assistant","content":"","reasoning":"Hm"},"finish_reason":null}]}',
            said("Hello"),
            said("", finish="stop"),
            COUNTS,
            "[DONE]",
        ),
        (Started("main", "m"), ReasoningDelta("Hm"), *COUNTED[1:]),
    ),
    "llama.cpp b6000 (tools/server/README.md): timings beside the counts": (
        sse(said("Hello"), said(finish="stop"), COUNTS.replace("}}", '},"timings":{"prompt_n":9}}'), "[DONE]"),
        COUNTED,
    ),
    "OpenRouter (openrouter.ai/docs/api-reference/streaming): comments": (
        b": OPENROUTER PROCESSING\n\n"
        + sse(said("Hello"))
        + b": OPENROUTER PROCESSING\n\n"
        + sse(said(finish="stop"), "[DONE]"),
        HELLO,
    ),
    "transformers serve 4.55: counts with the end": (
        sse(said("Hello"), said(finish="stop", usage={"prompt_tokens": 9, "completion_tokens": 2})),
        COUNTED,
    ),
    "counts on every chunk, growing (vLLM continuous_usage_stats)": (
        sse(
            said(None, usage={"prompt_tokens": 9, "completion_tokens": 0}),
            said("Hello", finish="stop", usage={"prompt_tokens": 9, "completion_tokens": 2}),
            "[DONE]",
        ),
        (Started("main", "m"), Usage(9, 0), TextDelta("Hello"), Finish("stop"), Usage(9, 2)),
    ),
    "sse-starlette: CRLF and pings": (
        b": ping - 2026-01-01\r\n\r\n" + sse(said("Hello"), said(finish="stop"), "[DONE]", end="\r\n\r\n"),
        HELLO,
    ),
    "a byte-order mark first": (b"\xef\xbb\xbf" + sse(said("Hello"), said(finish="stop")), HELLO),
    "no finish_reason but [DONE]": (sse(said("Hello"), "[DONE]"), HELLO[:2]),
    "finish_reason but no [DONE]": (sse(said("Hello"), said(finish="stop")), HELLO),
    "no blank line at the end": (sse(said("Hello"), said(finish="stop"), "[DONE]").rstrip(), HELLO),
    "nothing behind [DONE] is read": (sse(said("Hello"), "[DONE]", said("!"), "{broken"), HELLO[:2]),
    "the middle of a character between two writes": (sse(said("Hel"), said("lo"), said(finish="stop")), HELLO),
    "an emoji cut into two escapes": (
        sse(
            '{"model":"m","choices":[{"delta":{"content":"a\\ud83d"}}]}',
            '{"model":"m","choices":[{"delta":{"content":"\\ude42b"}}]}',
            "[DONE]",
        ),
        (Started("main", "m"), TextDelta("a🙂b")),
    ),
    "half an emoji alone": (
        sse('{"model":"m","choices":[{"delta":{"content":"a\\ude42b"}}]}', "[DONE]"),
        (Started("main", "m"), TextDelta("a\ufffdb")),
    ),
    "pings as data (LiteLLM before Anthropic's)": (
        sse('{"type":"ping"}', "", "[]", "7", said("Hello"), "[DONE]"),
        HELLO[:2],
    ),
    "one JSON value (a proxy that does not stream)": (
        (
            b'\n {"object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant",'
            b'"content":"Hello"},"finish_reason":"stop"}],\n"usage":{"prompt_tokens":9,"completion_tokens":2}}'
        ),
        COUNTED,
    ),
    "one JSON value that does not say why it ends": (
        b'{"model":"m","choices":[{"message":{"content":"Hello"}}]}',
        HELLO[:2],
    ),
    "an empty answer": (
        sse(said(""), said(finish="stop"), COUNTS, "[DONE]"),
        (Started("main", "m"), Finish("stop"), Usage(9, 2)),
    ),
    "blanks in place of reasoning (DeepSeek, without thinking)": (
        sse('{"model":"m","choices":[{"delta":{"reasoning_content":"\\n"}}]}', said("Hello"), said(finish="stop")),
        HELLO,
    ),
    "blank lines around reasoning in a field (vLLM 0.11)": (
        sse(
            '{"model":"m","choices":[{"delta":{"reasoning":"\\nHm"}}]}',
            said("\n\n"),
            said("Hello"),
            said(finish="stop"),
        ),
        (Started("main", "m"), ReasoningDelta("Hm"), *HELLO[1:]),
    ),
    "a call, and again in the whole message (MiniMax-M3)": (
        sse(
            '{"model":"m","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f"}}]}}]}',
            '{"choices":[{"message":{"tool_calls":[{"function":{"name":"f"}}]},"finish_reason":"tool_calls"}]}',
        ),
        (Started("main", "m"), ToolCallDelta(0, "f"), Finish("tool_calls")),
    ),
    "a tag that never became one": (
        sse(said("Hello <thi"), said(finish="stop"), "[DONE]"),
        (Started("main", "m"), TextDelta("Hello "), Finish("stop"), TextDelta("<thi")),
    ),
    "OpenAI by the way of gRPC: a reason by its full name": (
        sse(said("Hello"), said(finish="FINISH_REASON_STOP")),
        HELLO,
    ),
    "a stop behind the limit": (
        sse(said("Hello"), said(finish="MAX_TOKENS"), said(finish="stop")),
        (*HELLO[:2], Finish("length")),
    ),
    "an unreadable event behind the reason": (
        sse(said("Hello"), said(finish="stop"), "DONE", "{broken", COUNTS),
        COUNTED,
    ),
    "no model named": (
        sse('{"choices":[{"delta":{"content":"Hello"}}]}', "[DONE]"),
        (Started("main", "m"), TextDelta("Hello")),
    ),
}


@pytest.mark.parametrize(("body", "deltas"), WHOLE.values(), ids=WHOLE.keys())
def test_a_whole_answer_is_the_same_however_its_bytes_are_cut(body: bytes, deltas: tuple[Delta, ...]) -> None:
    """In one piece, and in two pieces cut at every position."""
    assert read([body]) == (deltas, None)
    for place in range(len(body) + 1):
        assert read([body[:place], body[place:]]) == (deltas, None)


BEGUN = HELLO[:2]
FAILED: dict[str, tuple[bytes, tuple[Delta, ...], type[EndpointError], str]] = {
    "nothing at all": (b"", (), errors.StreamCut, "stopped before"),
    "blank lines": (b"\n\n\n", (), errors.StreamCut, "stopped before"),
    "comments for ever": (b": ping\n\n" * 9, (), errors.StreamCut, "stopped before"),
    "a role and no more": (sse(said("")), (), errors.StreamCut, "stopped before"),
    "blanks and no more": (sse(said(" \n")), (), errors.StreamCut, "stopped before"),
    "the beginning of a tag and no more": (sse(said("<thi")), (), errors.StreamCut, "stopped before"),
    "an error behind the beginning of a tag": (
        sse(said("Hello<"), '{"error":"broken"}'),
        (BEGUN[0], TextDelta("Hello<")),
        errors.ServerFailed,
        "broken",
    ),
    "a clean end in the middle": (sse(said("Hello")), BEGUN, errors.StreamCut, "stopped before"),
    "a clean end inside a chunk": (sse(said("Hello")) + b'data: {"choi', BEGUN, errors.StreamCut, "stopped before"),
    "vLLM 0.11: abort": (sse(said("Hello"), said(finish="abort")), BEGUN, errors.ServerFailed, "abort"),
    "a web page": (b"<html><title>Sign in</title>", (), errors.NotOpenAI, "a web page: Sign in"),
    "text that is no event behind an answer": (
        sse(said("Hello")) + b"stray\n",
        BEGUN,
        errors.ServerFailed,
        "main failed: stray.",
    ),
    "an error on a bare line behind an answer": (
        sse(said("Hello")) + b'{\n"error": {"code": 503, "message": "Overloaded"}\n}\n',
        BEGUN,
        errors.ServerFailed,
        "(HTTP 503): Overloaded",
    ),
    "an error behind a comment": (b': ping\n\n{"error": {"code": 503}}', (), errors.ServerFailed, "(HTTP 503)"),
    "objects of which the last is cut": (
        (said("Hel") + said("lo") + said()[:9]).encode(),
        BEGUN,
        errors.StreamCut,
        "stopped before",
    ),
    "plain text": (b"no healthy upstream", (), errors.NotOpenAI, "no healthy upstream"),
    "other JSON": (b'{"message": "Welcome to my API"}', (), errors.NotOpenAI, "Welcome to my API"),
    "broken JSON": (b'{"choices": [', (), errors.NotOpenAI, "not the OpenAI protocol"),
    "JSON as deep as it can be": (b"[" * 10_000, (), errors.NotOpenAI, "not the OpenAI protocol"),
    "broken JSON in a chunk": (sse(said("Hello"), "{broken", "[DONE]"), BEGUN, errors.StreamBroken, "unreadable"),
    "llama.cpp b6000: an error object": (
        sse(said("Hello"), '{"error":{"code":500,"message":"decode failed","type":"server_error"}}'),
        BEGUN,
        errors.ServerFailed,
        "main failed (HTTP 500): decode failed.",
    ),
    "TGI 3: a text": (sse('{"error":"CUDA out of memory","error_type":"generation"}'), (), errors.ServerFailed, "CUDA"),
    "vLLM 0.6: flat": (sse('{"object":"error","message":"bad","code":400}'), (), errors.RequestRefused, "bad"),
    "OpenRouter: a rate limit": (sse('{"error":{"code":429,"message":"Slow"}}'), (), errors.RateLimited, "Slow"),
    "a code as text": (sse('{"error":{"code":"503","message":"busy"}}'), (), errors.ServerFailed, "(HTTP 503)"),
    "an error event": (b"event: error\ndata: it broke\n\n", (), errors.ServerFailed, "main failed: it broke."),
    "an error event with JSON": (
        b'event: error\ndata: {"message": "it broke"}\n\n',
        (),
        errors.ServerFailed,
        "main failed: it broke.",
    ),
    "older llama.cpp: an error field": (b'error: {"message": "slot"}\n\n', (), errors.ServerFailed, "slot"),
    "an error in place of a whole answer": (b'{"error": "model not found"}', (), errors.ModelMissing, "`m`"),
    "Gemini: an error in a list": (b'[{"error":{"code":400,"message":"Bad"}}]', (), errors.RequestRefused, "Bad"),
    "an error with null": (sse('{"error":null,"choices":[]}'), (), errors.StreamCut, "stopped before"),
}


@pytest.mark.parametrize(("body", "deltas", "kind", "says"), FAILED.values(), ids=FAILED.keys())
def test_what_is_no_whole_answer_says_so_behind_what_had_arrived(
    body: bytes, deltas: tuple[Delta, ...], kind: type[EndpointError], says: str
) -> None:
    """In one piece or cut in two, and nothing is begun by a body without text."""
    for place in range(min(len(body), 200) or 1):
        given, failure = read([body[:place], body[place:]])
        assert given == deltas
        assert type(failure) is kind
        assert says in failure.sentence


def test_deltas_come_as_soon_as_their_bytes() -> None:
    """Nothing waits for the end but what may still be taken back."""
    reader = AnswerReader(ASKED)

    assert [*reader.feed(sse(said("")))] == []
    assert not reader.begun
    assert [*reader.feed(sse(said("Hel")))] == [Started("main", "m"), TextDelta("Hel")]
    assert reader.begun
    assert [*reader.feed(sse(said("lo")))] == [TextDelta("lo")]
    assert not reader.finished
    assert [*reader.feed(sse(said(finish="stop")))] == [Finish("stop")]
    assert reader.finished
    assert [*reader.feed(sse("[DONE]"))] == []
    assert reader.done


HELD = {
    "half a tag": (said("Hello <thi"), "", "Hello <thi"),
    "half a character": ('{"choices":[{"delta":{"content":"Hello \\ud83d"}}]}', "", "Hello \ufffd"),
    "half a character in the thought": ('{"choices":[{"delta":{"reasoning":"Hm\\ud83d"}}]}', "Hm\ufffd", ""),
    "a piece that may repeat": (
        '{"choices":[{"delta":{"reasoning_details":[{"text":"a"},{"text":"a"}]}}]}',
        "aaaa",
        "",
    ),
}


@pytest.mark.parametrize(("payload", "reasoning", "text"), HELD.values(), ids=HELD.keys())
@pytest.mark.parametrize("ending", ["interrupted", "unreadable", "too large", "an error event"])
def test_what_was_held_back_is_not_lost(payload: str, reasoning: str, text: str, ending: str) -> None:
    """However the answer breaks off."""
    reader, deltas = AnswerReader(ASKED), list[Delta]()
    times = 2 if "details" in payload else 1
    deltas.extend(reader.feed(sse(*[payload] * times)))
    if ending == "interrupted":
        deltas.extend(reader.interrupted())
        assert [*reader.interrupted()] == []
    else:
        bad = {"unreadable": b"data: {x\n\n", "an error event": b"event: error\ndata: no\n\n"}.get(ending)
        with pytest.raises(EndpointError):
            deltas.extend(reader.feed(bad or b"data: " + b"x" * MAX_EVENT_BYTES))
    said = [delta for delta in deltas if not isinstance(delta, Started)]
    assert "".join(delta.text for delta in said if isinstance(delta, ReasoningDelta)) == reasoning
    assert "".join(delta.text for delta in said if isinstance(delta, TextDelta)) == text


def test_nothing_is_begun_by_an_interruption() -> None:
    """What was held back before the first word leaves another attempt possible."""
    reader = AnswerReader(ASKED)
    assert [*reader.feed(sse(said("<thi"))), *reader.interrupted()] == []


async def test_what_was_held_back_comes_before_the_error_of_a_broken_connection(httpx2_mock: respx.Router) -> None:
    """Through the client, which raises only then."""

    async def breaking() -> AsyncIterator[bytes]:
        yield sse(said("Hello <thi"))
        raise httpx2.ReadError("reset")

    httpx2_mock.post(f"{BASE}/chat/completions").mock(return_value=httpx.Response(200, content=breaking()))
    async with connected() as endpoint:
        deltas, failure = await answer(endpoint)
    assert isinstance(failure, EndpointError)
    assert merge(deltas) == (Started("main", "m"), TextDelta("Hello <thi"))


def test_a_body_that_is_no_stream_is_not_read_for_ever() -> None:
    """Nor kept, beyond what an answer may be."""
    reader = AnswerReader(ASKED)
    assert [*reader.feed(b"[" + b" " * (MAX_EVENT_BYTES - 1))] == []
    with pytest.raises(errors.StreamBroken):
        [*reader.feed(b" ")]


@pytest.mark.parametrize("blank", [b"\n", b" ", b": ping\n", b":", b":\r"])
def test_a_beginning_without_a_word_costs_what_it_is_long(blank: bytes) -> None:
    """Blanks and comments before the first word are not kept."""
    small, large = (min(seconds(blank, count) for _ in range(3)) for count in (2_000, 32_000))
    assert large / small < 48


def seconds(blank: bytes, count: int) -> float:
    """How long it takes to read `count` pieces of nothing."""
    reader, began = AnswerReader(ASKED), perf_counter()
    for _ in range(count):
        for _ in reader.feed(blank * 8):
            pass
    return perf_counter() - began
