from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from chat_app.config import EndpointConfig
from chat_app.conversation.deltas import Answer, Finish, ReasoningDelta, Started, TextDelta, Usage, fold
from chat_app.conversation.messages import Message, assistant, system, user
from chat_app.conversation.turn import Request
from chat_app.endpoints.client import HttpEndpoint, connect
from chat_app.endpoints.demo import MODELS, Demo, pause_s, running
from chat_app.endpoints.demo_answers import SCRIPTS, Scripted
from chat_app.endpoints.loopback import serving
from chat_app.errors import EndpointError, ModelMissing, RateLimited, ServerFailed, StreamCut

AT_ONCE = 1e6

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one demo for all: each takes 0.2 s to stop


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncGenerator[HttpEndpoint]:
    """The demo, asked by the client that asks all other servers too."""
    async with running(words_per_s=AT_ONCE) as config:
        endpoint = connect(config)
        yield endpoint
        await endpoint.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire() -> AsyncGenerator[httpx2.AsyncClient]:
    """A plain client of the demo, for what our own never sends."""
    async with running(words_per_s=AT_ONCE) as config, httpx2.AsyncClient(base_url=config.base_url) as client:
        yield client


async def _answer(demo: HttpEndpoint, *messages: Message, model: str = MODELS[0], **parameters: Any) -> Answer:
    answer = Answer()
    async for delta in demo.stream(Request(messages, model, parameters)):
        answer = fold(answer, delta, 0.0)
    return answer


async def test_it_says_that_it_is_a_demo_and_what_to_type(demo: HttpEndpoint) -> None:
    """Whatever else is asked, each word with a script is offered."""
    answer = await _answer(demo, user("Why is the sky blue?"))
    assert "demo" in answer.text
    offered = {word for word in SCRIPTS if f"- `{word}`" in answer.text}
    assert offered == {word for word, script in SCRIPTS.items() if not script.tool}
    assert answer.finish_reason == "stop"


async def test_it_lists_its_models(demo: HttpEndpoint) -> None:
    """The same that its settings name."""
    assert await demo.models() == demo.config.models == MODELS


@pytest.mark.parametrize("word", ["markdown", "code", "math", "diagram", "picture", "long"])
async def test_text_arrives_exactly_as_it_is_scripted(demo: HttpEndpoint, word: str) -> None:
    """Tabs, indentation and blank lines, word for word."""
    body = {"messages": [{"role": "user", "content": word}]}
    answer = await _answer(demo, user(f"Show me {word.upper()}!"))
    assert answer.text == SCRIPTS[word].answer(body).text


async def test_the_scripts_show_what_they_promise() -> None:
    """Headings, a table, a list, code with a tab, and formulas in all four delimiters."""
    text = {word: script.answer({"messages": []}).text for word, script in SCRIPTS.items()}
    assert all(mark in text["markdown"] for mark in ("# ", "## ", "|:--", "1. ", "   - ", "> "))
    assert "```python\n" in text["code"]
    assert "\n\tpython" in text["code"]
    assert all(mark in text["math"] for mark in (" $a", "\n$$", r"\(e", r"\[\sum"))


async def test_it_thinks_before_it_answers(demo: HttpEndpoint) -> None:
    """All of the reasoning comes first, apart from the text."""
    deltas = [delta async for delta in demo.stream(Request((user("think"),), MODELS[0]))]
    kinds = [type(delta) for delta in deltas]
    assert kinds.count(ReasoningDelta) > 1
    assert kinds.index(TextDelta) > max(at for at, kind in enumerate(kinds) if kind is ReasoningDelta)


async def test_echo_answers_with_what_it_was_sent(demo: HttpEndpoint) -> None:
    """Roles, order, parameters and the text unaltered: tests of the page and the API ask it."""
    text = "\n\n\techo  two spaces \u2028 é 🙂 ```\n"
    answer = await _answer(
        demo, system("Be brief."), user("Hi"), assistant(" Hello\n"), user(text), temperature=0.5, stop=["x"]
    )
    sent = json.loads(answer.text.removeprefix("```json\n").removesuffix("\n```"))
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": " Hello\n"},
        {"role": "user", "content": text},
    ]
    assert (sent["temperature"], sent["stop"], sent["model"]) == (0.5, ["x"], MODELS[0])


@pytest.mark.parametrize(
    ("word", "error", "words"),
    [("error", ServerFailed, "asked it to"), ("busy", RateLimited, "busy")],
)
async def test_it_can_fail_before_it_answers(
    demo: HttpEndpoint, word: str, error: type[EndpointError], words: str
) -> None:
    """Nothing has arrived, and the error has the server's own words."""
    with pytest.raises(error, match=words):
        await anext(demo.stream(Request((user(word),), MODELS[0])))


@pytest.mark.parametrize(("word", "error"), [("break", ServerFailed), ("drop", StreamCut)])
async def test_it_can_fail_in_mid_answer(demo: HttpEndpoint, word: str, error: type[EndpointError]) -> None:
    """By an error object in the stream, and by an end that nobody announced; what had come was given out."""
    stream = demo.stream(Request((user(word),), MODELS[0]))
    received = [await anext(stream) for _ in range(4)]
    assert [type(delta) for delta in received] == [Started, TextDelta, TextDelta, TextDelta]
    with pytest.raises(error):
        async for _ in stream:
            pass


@pytest.mark.parametrize(
    ("word", "reason", "empty"),
    [("cut", "length", False), ("filter", "content_filter", False), ("empty", "stop", True)],
)
async def test_an_answer_can_end_otherwise_than_one_wishes(
    demo: HttpEndpoint, word: str, reason: str, *, empty: bool
) -> None:
    """Cut by the token limit, stopped by a filter, or with nothing in it."""
    answer = await _answer(demo, user(word))
    assert answer.finish_reason == reason
    assert (answer.text == "") is empty


async def test_max_tokens_cuts_the_answer(demo: HttpEndpoint) -> None:
    """A word is a token, and thoughts count."""
    answer = await _answer(demo, user("markdown"), max_tokens=3)
    assert (answer.text, answer.finish_reason) == ("# A heading", "length")
    thought = await _answer(demo, user("think"), max_tokens=2)
    assert (thought.reasoning, thought.text, thought.finish_reason) == ("The question", "", "length")
    assert thought.usage.completion_tokens == 2


async def test_usage_is_told_when_it_is_asked_for(demo: HttpEndpoint) -> None:
    """Only then, as OpenAI does it."""
    deltas = [delta async for delta in demo.stream(Request((user("cut now"),), MODELS[0]))]
    assert [delta for delta in deltas if isinstance(delta, Usage | Finish)] == [Finish("length"), Usage(2, 8)]
    plain = Request((user("cut"),), MODELS[0], {"stream_options": {"include_usage": False}})
    assert not any(isinstance(delta, Usage) for delta in [delta async for delta in demo.stream(plain)])


async def test_a_model_that_it_does_not_list_is_missing(demo: HttpEndpoint) -> None:
    """As at any other server."""
    with pytest.raises(ModelMissing):
        await _answer(demo, user("Hi"), model="gpt-4o")


async def test_it_answers_whole_when_no_stream_is_asked_for(wire: httpx2.AsyncClient) -> None:
    """Text, thoughts and usage in one JSON object."""
    asked = {"model": "demo", "messages": [{"role": "user", "content": [{"type": "text", "text": "think"}]}]}
    answer = (await wire.post("/chat/completions", json=asked)).json()
    (choice,) = answer["choices"]
    assert choice["message"]["content"] == "The answer is **42**."
    assert choice["message"]["reasoning_content"]
    assert choice["finish_reason"] == "stop"
    assert answer["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize(
    "body", [b"no JSON", b"[]", b'"text"', b"{}", b'{"model": "demo"}', b'{"model": "demo", "messages": ["x"]}']
)
async def test_a_request_that_is_none_is_refused_and_not_crashed_on(wire: httpx2.AsyncClient, body: bytes) -> None:
    """With status 400 and an error object."""
    response = await wire.post("/chat/completions", content=body)
    assert response.status_code == 400
    assert "could not read" in response.json()["error"]["message"]


async def test_any_other_address_is_not_found(wire: httpx2.AsyncClient) -> None:
    """With an error object too."""
    assert (await wire.get("/embeddings")).status_code == 404


async def test_it_stops_talking_when_the_client_goes_away() -> None:
    """Stop ends the work of the server, and the demo shows it as a model would."""
    app = Demo(words_per_s=1000)
    async with serving(app) as address:
        endpoint = connect(EndpointConfig(name="demo", base_url=f"{address}/v1"))
        async with aclosing(endpoint.stream(Request((user("long"),), MODELS[0]))) as stream:
            await anext(stream)
            assert app.answering == 1
        async with asyncio.timeout(1):
            while app.answering:  # noqa: ASYNC110 -- the other side of a socket has no event to wait for
                await asyncio.sleep(0.005)
        await endpoint.aclose()


@pytest.mark.parametrize(
    ("model", "script_words_per_s", "expected_s"),
    [("demo", None, 0.02), ("demo-slow", None, 0.2), ("demo", 2, 0.5), ("demo-slow", 2, 0.5), ("demo", 1000, 0.02)],
)
async def test_it_talks_at_the_slowest_pace_that_is_asked_for(
    model: str, script_words_per_s: float | None, expected_s: float
) -> None:
    """The server's, unless the slow model or a slow script has its own."""
    assert pause_s(Scripted("Hello", words_per_s=script_words_per_s), model, 50) == expected_s


async def test_it_stops_cleanly_in_the_middle_of_an_answer() -> None:
    """The page's own end does not wait for an answer of three hundred lines."""
    async with asyncio.timeout(3):
        async with running(words_per_s=1000) as config:
            endpoint = connect(config)
            stream = endpoint.stream(Request((user("long"),), MODELS[0]))
            await anext(stream)
        with pytest.raises(EndpointError):
            async for _ in stream:
                pass
        await endpoint.aclose()


async def test_it_leaves_the_signals_to_the_server_of_the_page() -> None:
    """Ctrl-C is not the demo's to take."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    async with running():
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
