from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.conversation.deltas import Finish, ReasoningDelta, TextDelta, Usage
from chat_app.endpoints.reading.chunks import (
    FINISH_REASONS,
    Piece,
    error_of,
    model_of,
    other_index_in,
    pieces_of,
    plain_text_of,
    reasoning_name_in,
)
from chat_app.endpoints.reading.tool_calls import CallPiece


def delta(**fields: Any) -> dict[str, Any]:
    """A chunk with one choice whose delta has `fields`."""
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": fields}]}


SAMPLES: tuple[tuple[str, dict[str, Any], tuple[Piece, ...]], ...] = (
    ("OpenAI: the first chunk has the role", delta(role="assistant", content="", refusal=None), ()),
    ("OpenAI: text", delta(content="Hel"), (TextDelta("Hel"),)),
    ("OpenAI: spaces are text", delta(content=" \n\t"), (TextDelta(" \n\t"),)),
    ("OpenAI: a refusal is shown", delta(refusal="I can't."), (TextDelta("I can't."),)),
    (
        "OpenAI: the last chunk has the counts and no choices",
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}},
        (Usage(9, 2),),
    ),
    (
        "OpenAI: the end",
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": None},
        (Finish("stop"),),
    ),
    ("Azure: filter results first, without choices", {"choices": [], "prompt_filter_results": [{}]}, ()),
    (
        "Azure: filter results last, in a choice without delta",
        {"choices": [{"index": 0, "finish_reason": None, "content_filter_offsets": {}}]},
        (),
    ),
    ("DeepSeek: content is null while it thinks", delta(content=None, reasoning_content="Hm"), (ReasoningDelta("Hm"),)),
    ("Ollama 0.12, vLLM 0.11: reasoning", delta(content="", reasoning="Hm"), (ReasoningDelta("Hm"),)),
    ("others: reasoning_text", delta(reasoning_text="Hm"), (ReasoningDelta("Hm"),)),
    (
        "OpenRouter, vLLM 0.11: the same thought under two names",
        delta(reasoning="Hm", reasoning_content="Hm", content="So"),
        (ReasoningDelta("Hm"), TextDelta("So")),
    ),
    ("vLLM: a null beside the other name", delta(reasoning=None, reasoning_content="Hm"), (ReasoningDelta("Hm"),)),
    (
        "Mistral: a list of parts",
        delta(
            content=[
                {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
                {"type": "text", "text": "So"},
                {"type": "reference", "reference_ids": [1]},
            ]
        ),
        (ReasoningDelta("Hm"), TextDelta("So")),
    ),
    (
        "LiteLLM: counts in a chunk with an empty delta",
        {"choices": [{"index": 0, "delta": {}}], "usage": {"prompt_tokens": 9, "completion_tokens": 2}},
        (Usage(9, 2),),
    ),
    (
        "transformers serve: counts on the chunk that ends it",
        {
            "choices": [{"index": 0, "delta": {}, "finish_reason": "length"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
        },
        (Finish("length"), Usage(9, 2)),
    ),
    (
        "Moonshot: counts in the choice",
        {"choices": [{"index": 0, "delta": {}, "usage": {"prompt_tokens": 9, "completion_tokens": 2}}]},
        (Usage(9, 2),),
    ),
    (
        "Groq: counts under its own name",
        {"choices": [], "x_groq": {"usage": {"prompt_tokens": 9, "completion_tokens": 2}}},
        (Usage(9, 2),),
    ),
    (
        "Perplexity: the message so far beside the delta",
        {"choices": [{"index": 0, "delta": {"content": "lo"}, "message": {"content": "Hello"}}]},
        (TextDelta("lo"),),
    ),
    (
        "any server that does not stream",
        {
            "object": "chat.completion",
            "choices": [
                {"index": 0, "message": {"content": "Hello", "reasoning_content": "Hm"}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": 9, "completion_tokens": 2},
        },
        (ReasoningDelta("Hm"), TextDelta("Hello"), Finish("stop"), Usage(9, 2)),
    ),
    (
        "llama.cpp /v1/completions and older proxies: text",
        {"choices": [{"text": "Hel", "index": 0, "finish_reason": None}]},
        (TextDelta("Hel"),),
    ),
    (
        "n = 2: only the first answer",
        {"choices": [{"index": 1, "delta": {"content": "B"}}, {"index": 0, "delta": {"content": "A"}}]},
        (TextDelta("A"),),
    ),
    ("n = 2: a chunk of the second answer", {"choices": [{"index": 1, "delta": {"content": "B"}}]}, ()),
    ("TGI: a choice without index", {"choices": [{"delta": {"content": "A"}}]}, (TextDelta("A"),)),
    (
        "some proxies: null as a word, an empty reason",
        {"choices": [{"delta": {"content": "A"}, "finish_reason": "null"}]},
        (TextDelta("A"),),
    ),
    ("LM Studio: a call", delta(tool_calls=[{"index": 0, "function": {"name": "f"}}]), (CallPiece(0, "f"),)),
    ("DashScope: no calls", delta(content="A", tool_calls=[]), (TextDelta("A"),)),
    (
        "OpenRouter: details beside the same reasoning",
        delta(reasoning="Hm", reasoning_details=[{"type": "reasoning.text", "text": "Hm"}]),
        (ReasoningDelta("Hm"),),
    ),
    (
        "MiniMax: details alone, some encrypted",
        delta(reasoning_details=[{"type": "reasoning.encrypted", "data": "x"}, {"summary": "H"}, {"text": "m"}]),
        (ReasoningDelta("Hm"),),
    ),
    ("OpenAI: the words of a spoken answer", delta(audio={"transcript": "Hel"}), (TextDelta("Hel"),)),
    ("a part without type", delta(content={"text": "Hel"}), (TextDelta("Hel"),)),
    ("Responses API: output_text", delta(content=[{"type": "output_text", "text": "Hel"}]), (TextDelta("Hel"),)),
    ("Anthropic: text_delta", delta(content={"type": "text_delta", "text": "Hel"}), (TextDelta("Hel"),)),
    ("Assistants: a value", delta(content=[{"type": "text", "text": {"value": "Hel"}}]), (TextDelta("Hel"),)),
    ("a part of another type", delta(content=[{"type": "image", "text": "Hel"}]), ()),
    ("a text in place of the delta", {"choices": [{"delta": "Hel"}]}, (TextDelta("Hel"),)),
    ("reasoning as a list", delta(reasoning_content=[{"type": "text", "text": "H"}, "m"]), (ReasoningDelta("Hm"),)),
    ("reasoning as an object", delta(reasoning={"content": "Hm"}), (ReasoningDelta("Hm"),)),
    ("thinking", delta(thinking="Hm"), (ReasoningDelta("Hm"),)),
    (
        "LiteLLM: thinking blocks alone",
        delta(thinking_blocks=[{"type": "thinking", "thinking": "Hm"}]),
        (ReasoningDelta("Hm"),),
    ),
    ("counts as text and as a fraction", {"usage": {"prompt_tokens": "9", "completion_tokens": 2.0}}, (Usage(9, 2),)),
    ("counts by other names", {"usage": {"input_tokens": 9, "output_tokens": 2}}, (Usage(9, 2),)),
    ("counts that are none", {"usage": {"prompt_tokens": True, "completion_tokens": -1}}, ()),
    ("counts beyond belief", {"usage": {"prompt_tokens": 10**10, "completion_tokens": "1" * 5000}}, ()),
    (
        "counts that are half a token",
        {"usage": {"prompt_tokens": 1.5, "completion_tokens": 10**9}},
        (Usage(None, 10**9),),
    ),
    ("junk", {"choices": {"0": {}}, "usage": [1], "x_groq": "x", "model": 7}, ()),
    ("more junk", {"choices": [None, 3, {"index": []}, {"delta": 3, "message": 7, "text": 5}]}, ()),
)


@pytest.mark.parametrize(("chunk", "deltas"), [sample[1:] for sample in SAMPLES], ids=[sample[0] for sample in SAMPLES])
def test_a_chunk_of_any_dialect_gives_its_deltas(chunk: dict[str, Any], deltas: tuple[Piece, ...]) -> None:
    """Reasoning apart from text and once, counts wherever they stand, one answer of several."""
    assert pieces_of(chunk) == deltas
    assert error_of(chunk) is None


@pytest.mark.parametrize(
    ("said", "means"),
    [
        *FINISH_REASONS.items(),
        ("MAX_TOKENS", "length"),
        ("STOP", "stop"),
        ("FINISH_REASON_MAX_TOKENS", "length"),
        ("CONTENT_FILTER", "content_filter"),
        ("content_filter: RECITATION", "content_filter"),
        ("function_call_filter: MALFORMED_FUNCTION_CALL", "function_call_filter"),
        ("eos_token", "eos_token"),
    ],
)
def test_why_an_answer_ended_is_said_in_one_language(said: str, means: str) -> None:
    """OpenAI's, where a server has another word for the same; what nobody knows stays as it is."""
    assert pieces_of({"choices": [{"delta": {}, "finish_reason": said}]}) == (Finish(means),)


NAMES = st.sampled_from(
    [
        *("choices", "delta", "message", "content", "text", "type", "thinking", "reasoning", "index", "usage"),
        *("tool_calls", "function", "function_call", "name", "arguments", "id", "reasoning_details", "base_resp"),
        *("prompt_tokens", "completion_tokens", "finish_reason", "error", "object", "detail", "x_groq", "model"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_no_chunk_makes_the_reading_fail(chunk: dict[str, Any]) -> None:
    """Whatever types stand where others were expected."""
    pieces_of(chunk)
    error_of(chunk)
    assert isinstance(model_of(chunk), str)


@pytest.mark.parametrize(
    ("chunk", "error"),
    [
        ({"error": {"message": "bad", "code": 500}}, {"message": "bad", "code": 500}),
        ({"error": "bad", "error_type": "generation"}, "bad"),
        ({"choices": [{"error": {"code": 502}, "finish_reason": "error"}]}, {"code": 502}),
        ({"object": "error", "message": "bad"}, {"object": "error", "message": "bad"}),
        ({"detail": "bad"}, "bad"),
        ({"errors": [{"message": "bad"}]}, [{"message": "bad"}]),
        ({"error_message": "bad"}, "bad"),
        ({"base_resp": {"status_code": 1008, "status_msg": "bad"}}, {"message": "bad", "code": 402}),
        ({"base_resp": {"status_code": 0, "status_msg": ""}, "choices": []}, None),
        ({"error": None, "choices": []}, None),
        ({"choices": [], "detail": "fine"}, None),
    ],
    ids=[
        *("OpenAI, llama.cpp", "TGI", "OpenRouter", "vLLM 0.6", "FastAPI", "Cloudflare", "Venice", "MiniMax"),
        *("MiniMax without", "null is none", "detail beside choices"),
    ],
)  # fmt: skip
def test_an_error_in_the_stream_is_found(chunk: dict[str, Any], error: object) -> None:
    """In each place where servers put it, and not where there is none."""
    assert error_of(chunk) == error


def test_the_model_that_answers_is_named() -> None:
    """Or left empty when the chunk does not say."""
    assert model_of({"model": "llama3.2:3b"}) == "llama3.2:3b"
    assert model_of({}) == ""


@pytest.mark.parametrize("chunk", [chunk for _, chunk, _ in SAMPLES], ids=[name for name, _, _ in SAMPLES])
def test_a_chunk_that_is_read_as_text_alone_says_nothing_else(chunk: dict[str, Any]) -> None:
    """Reading all of it comes to the same, for every dialect."""
    if text := plain_text_of(chunk):
        assert pieces_of(chunk) == (TextDelta(text),)
        assert error_of(chunk) is None
        assert other_index_in(chunk) is None


_FIELDS = st.sampled_from(["role", "content", "reasoning", "refusal", "tool_calls", "audio", "images", "finish_reason"])
_VALUES: st.SearchStrategy[Any] = st.none() | st.text(max_size=3) | st.just([]) | st.just({})


@given(
    st.dictionaries(_FIELDS, _VALUES),
    st.dictionaries(st.sampled_from(["index", "finish_reason", "error", "logprobs", "usage"]), _VALUES | st.integers()),
    st.dictionaries(st.sampled_from(["usage", "error", "model", "object", "x_groq"]), _VALUES),
)
def test_no_chunk_is_read_as_text_alone_that_says_more(
    said: dict[str, Any], choice: dict[str, Any], chunk: dict[str, Any]
) -> None:
    """However its fields are filled."""
    whole = {**chunk, "choices": [{"index": 0, "delta": said, **choice}]}
    if text := plain_text_of(whole):
        assert pieces_of(whole) == (TextDelta(text),)
        assert error_of(whole) is None
        assert reasoning_name_in(whole["choices"][0]) == ""


def test_the_usual_chunk_is_read_as_text_alone() -> None:
    """As OpenAI, vLLM, llama.cpp and Ollama send it: that is nearly every chunk there is."""
    usual = {**delta(content="Hel"), "id": "chatcmpl-1", "created": 1, "model": "m", "system_fingerprint": None}
    usual["choices"][0] |= {"logprobs": None, "finish_reason": None}
    assert plain_text_of(usual) == "Hel"
