"""The client against llama.cpp's own server, which nobody here wrote: what it says is in `toy_model.ANSWERS`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from functools import reduce
from typing import Any

import httpx2
import pytest

from chat_app.config import EndpointConfig
from chat_app.conversation.deltas import Answer, Delta, Finish, ReasoningDelta, Started, TextDelta, fold
from chat_app.conversation.messages import Message, assistant, system, user
from chat_app.conversation.turn import Endpoint, Request
from chat_app.endpoints.chain.retry import Retrying
from chat_app.endpoints.client import HttpEndpoint, connect
from chat_app.errors import EndpointError, KeyRefused, RequestRefused
from tests.llama_server import llama_server
from tests.toy_model import ANSWERS, COUNT_TO, NAME, REASONING

pytestmark = pytest.mark.real

WITHIN_S = 90.0


@pytest.fixture(scope="module")
def locked() -> Iterator[str]:
    """A server that wants the key `sesame` and has a small context."""
    with llama_server(api_key="sesame", context_tokens=512) as base_url:
        yield base_url


CONFIG = EndpointConfig(name="real", base_url="http://127.0.0.1/v1")
"""How often it is asked; where it stands, only its client knows."""


@pytest.fixture
async def endpoint(llama: str) -> AsyncGenerator[HttpEndpoint, None]:
    """The client of the server, as the app makes it."""
    connected = connect(EndpointConfig(name="real", base_url=llama))
    yield connected
    await connected.aclose()


async def deltas_of(endpoint: Endpoint, *messages: Message, **parameters: Any) -> list[Delta]:
    """Everything that the endpoint answers to `messages`."""
    async with asyncio.timeout(WITHIN_S), aclosing(endpoint.stream(Request(messages, NAME, parameters))) as stream:
        return [delta async for delta in stream]


def answer_of(deltas: Sequence[Delta]) -> Answer:
    """The answer that they make."""
    return reduce(lambda answer, delta: fold(answer, delta, 0.0), deltas, Answer())


async def answer(endpoint: HttpEndpoint, *messages: Message, **parameters: Any) -> Answer:
    """The whole answer to `messages`, asked for as the app does: the server may just be closing a kept connection."""
    return answer_of(await deltas_of(Retrying(endpoint, CONFIG), *messages, **parameters))


async def test_a_plain_answer_arrives_exactly(endpoint: HttpEndpoint) -> None:
    """In pieces, with who says it first and why it ended, and with what it cost."""
    deltas = await deltas_of(endpoint, user("Hi"))
    assert deltas[0] == Started("real", NAME)
    assert len([delta for delta in deltas if isinstance(delta, TextDelta)]) > 5
    said = answer_of(deltas)
    assert (said.text, said.finish_reason, said.reasoning) == (ANSWERS["hello"], "stop", "")
    assert said.usage.prompt_tokens
    assert said.usage.completion_tokens


async def test_reasoning_arrives_apart_from_the_text(endpoint: HttpEndpoint) -> None:
    """All of it before the first word of the answer, and no tag of it in either."""
    deltas = await deltas_of(endpoint, user("Please think."))
    said = answer_of(deltas)
    assert said.reasoning.strip() == REASONING
    assert said.text.strip() == "After careful thought, the answer is **42**."
    kinds = [type(delta) for delta in deltas if isinstance(delta, TextDelta | ReasoningDelta)]
    assert kinds == sorted(kinds, key=lambda kind: kind is TextDelta)


async def test_characters_cut_between_tokens_arrive_whole(endpoint: HttpEndpoint) -> None:
    """The model says three bytes at a time, which cuts through nearly every character that is not ASCII."""
    assert (await answer(endpoint, user("unicode"))).text == ANSWERS["unicode"]


async def test_a_long_answer_arrives_complete_and_in_order(endpoint: HttpEndpoint) -> None:
    """Four thousand numbers, none lost, none twice."""
    said = await answer(endpoint, user("count"))
    assert said.text == ANSWERS["count"]
    assert [int(number) for number in said.text.split()] == list(range(1, COUNT_TO + 1))


async def test_markdown_arrives_to_the_byte(endpoint: HttpEndpoint) -> None:
    """Tabs, indentation, blank lines, backslashes and tags are the page's business, not the client's."""
    assert (await answer(endpoint, user("markdown"))).text.encode() == ANSWERS["markdown"].encode()


async def test_an_empty_answer_ends_without_text(endpoint: HttpEndpoint) -> None:
    """It is no error here: the turn says what is wrong with it."""
    said = await answer(endpoint, user("empty"))
    assert (said.text, said.finish_reason, said.endpoint) == ("", "stop", "real")


async def test_the_token_limit_cuts_the_answer(endpoint: HttpEndpoint) -> None:
    """The preset's parameters reach the server, and its reason to end reaches us."""
    deltas = await deltas_of(endpoint, user("endless"), max_tokens=10)
    assert Finish("length") in deltas
    said = answer_of(deltas)
    assert said.usage.completion_tokens == 10
    assert ANSWERS["endless"].startswith(said.text)


async def test_a_question_about_tools_without_tools_is_a_plain_question(endpoint: HttpEndpoint) -> None:
    """Nothing is offered, so nothing is called."""
    assert (await answer(endpoint, user("Use a tool!"))).text == ANSWERS["hello"]


async def test_a_whole_conversation_is_taken(endpoint: HttpEndpoint) -> None:
    """System prompt, question, answer, question: the last one is answered, and the prompt costs all of them."""
    alone = await answer(endpoint, user("Hi"))
    said = await answer(endpoint, system("Be kind."), user("count"), assistant("1 2 3"), user("Hi"))
    assert said.text == ANSWERS["hello"]
    assert (said.usage.prompt_tokens or 0) > (alone.usage.prompt_tokens or 0)


async def test_a_question_after_one_without_an_answer_is_one_question_to_the_server(endpoint: HttpEndpoint) -> None:
    """Its prompt has one turn and not two, which the templates of other models would refuse."""
    said = await answer(endpoint, user("Hi"), user("Hello"))
    as_one = await answer(endpoint, user("Hi\n\nHello"))
    assert said.text == ANSWERS["hello"]
    assert said.usage.prompt_tokens == as_one.usage.prompt_tokens


async def slot_when_idle(base_url: str) -> dict[str, Any]:
    """What the server says of its one slot as soon as nothing is made in it."""
    async with asyncio.timeout(WITHIN_S), httpx2.AsyncClient(trust_env=False) as client:
        while True:
            (slot,) = (await client.get(f"{base_url.removesuffix('/v1')}/slots")).json()
            if not slot["is_processing"]:
                return dict(slot)
            await asyncio.sleep(0.02)


async def test_an_answer_that_is_left_frees_the_server(endpoint: HttpEndpoint, llama: str) -> None:
    """It has one slot: without that, the next question would wait until an endless answer has filled the context."""
    async with aclosing(endpoint.stream(Request((user("endless"),), NAME))) as stream:
        async for delta in stream:
            if isinstance(delta, TextDelta):
                break
    (token,) = (await slot_when_idle(llama))["next_token"]
    assert token["has_next_token"], "The answer was made to its end."
    assert (await answer(endpoint, user("Hi"))).text == ANSWERS["hello"]


async def test_it_lists_its_model(endpoint: HttpEndpoint) -> None:
    """By the name that it is asked by."""
    assert await endpoint.models() == (NAME,)


async def test_without_a_model_name_the_first_listed_one_answers(endpoint: HttpEndpoint) -> None:
    """As it is when the settings name none."""
    async with aclosing(endpoint.stream(Request((user("Hi"),), ""))) as stream:
        assert await anext(stream) == Started("real", NAME)


@pytest.mark.parametrize("key", ["", "wrong-key-123"])
async def test_a_wrong_key_is_refused_and_not_repeated(locked: str, key: str) -> None:
    """The hint says where the key stands; the key itself shows nowhere."""
    endpoint = connect(EndpointConfig(name="locked", base_url=locked, api_key=key))
    with pytest.raises(KeyRefused) as refused:
        await answer(endpoint, user("Hi"))
    await endpoint.aclose()
    assert "api_key" in refused.value.hint
    assert "wrong-key-123" not in f"{refused.value} {refused.value.detail}"


async def test_the_right_key_opens(locked: str) -> None:
    """So that the test above says something."""
    endpoint = connect(EndpointConfig(name="locked", base_url=locked, api_key="sesame"))
    assert (await answer(endpoint, user("Hi"))).text == ANSWERS["hello"]
    await endpoint.aclose()


async def test_a_conversation_too_long_for_the_context_is_refused_in_the_servers_words(locked: str) -> None:
    """Before a word is said; asking again or elsewhere is another's business."""
    endpoint = connect(EndpointConfig(name="locked", base_url=locked, api_key="sesame"))
    with pytest.raises(RequestRefused) as refused:
        await answer(endpoint, user("Hi " * 1000))
    await endpoint.aclose()
    assert "context" in refused.value.detail


async def test_several_answers_at_once_do_not_mix() -> None:
    """Each stream has its own text, on a server that gives four at a time."""
    with llama_server(parallel=4) as base_url:
        endpoint = connect(EndpointConfig(name="wide", base_url=base_url))
        words = ("hello", "unicode", "markdown", "count")
        said = await asyncio.gather(*(answer(endpoint, user(word)) for word in words))
        await endpoint.aclose()
    assert [each.text for each in said] == [ANSWERS[word] for word in words]


async def test_a_server_that_is_gone_is_an_error_of_the_endpoint() -> None:
    """Nothing of the HTTP library comes through."""
    with llama_server() as base_url:
        pass
    endpoint = connect(EndpointConfig(name="gone", base_url=base_url))
    with pytest.raises(EndpointError):
        await answer(endpoint, user("Hi"))
    await endpoint.aclose()
