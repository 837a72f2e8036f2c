from __future__ import annotations

import asyncio
import gzip

import httpx
import pytest
import respx

from chat_app.conversation.deltas import Answer, Delta
from chat_app.conversation.turn import Turn, TurnSummary, run_turn
from chat_app.errors import EndpointError
from tests.conversation.scripted import Script
from tests.endpoints.reading.dialects import COVERED, DIALECTS, Dialect, servers
from tests.endpoints.reading.whole import read
from tests.endpoints.wire import BASE, connected, question

APART = 97
"""Bytes between two cuts of one body: all positions, in few readings."""

every_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.title)


@every_dialect
async def test_the_page_shows_what_the_server_said(dialect: Dialect) -> None:
    """Text, reasoning, calls, counts and the outcome that the turn makes of them."""
    deltas, failure = read([dialect.body])
    answer, summary = await turn_of(deltas, failure)

    assert answer.text == dialect.text
    assert answer.reasoning == dialect.reasoning
    assert tuple(answer.tool_calls.values()) == dialect.calls
    assert answer.media == dialect.media
    assert answer.finish_reason == dialect.finish_reason
    assert answer.usage == dialect.usage
    assert summary.outcome == dialect.outcome
    assert (answer.problem is None) == (dialect.error is None)
    if dialect.error is not None:
        assert isinstance(answer.problem, dialect.error)
        assert dialect.says in answer.problem.sentence


@every_dialect
def test_cuts_between_bytes_do_not_matter(dialect: Dialect) -> None:
    """The body split at every position, and byte by byte, gives the same deltas and the same error."""
    body = dialect.body
    deltas, failure = read([body])
    said = failure and (type(failure), failure.sentence)
    cuts = [[body[:first], *(body[at : at + APART] for at in range(first, len(body), APART))] for first in range(APART)]
    for pieces in (*cuts, [body[place : place + 1] for place in range(len(body))]):
        again, other = read(pieces)
        assert again == deltas
        assert (other and (type(other), other.sentence)) == said


@pytest.mark.parametrize(
    "dialect",
    [dialect for dialect in DIALECTS if dialect.name in {"a call in pieces", "<think>", "not streamed", "CR alone"}],
    ids=lambda dialect: dialect.title,
)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_the_same_comes_through_the_client(httpx2_mock: respx.Router, dialect: Dialect, encoding: str) -> None:
    """Whole bodies over the fake wire, compressed or not."""
    body = gzip.compress(dialect.body) if encoding == "gzip" else dialect.body
    headers = {"content-type": dialect.content_type, "content-encoding": encoding}
    httpx2_mock.post(f"{BASE}/chat/completions").mock(return_value=httpx.Response(200, content=body, headers=headers))
    async with connected() as endpoint:
        answers = [answer async for answer in run_turn(TURN, endpoint, stop=asyncio.Event())]

    assert (answers[-1].text, answers[-1].reasoning) == (dialect.text, dialect.reasoning)
    assert tuple(answers[-1].tool_calls.values()) == dialect.calls


def test_the_table_covers_what_it_should() -> None:
    """Each server of the list, at least eighty rows, each with its source, and none twice."""
    assert [server for server in COVERED if server not in servers()] == []
    assert len(DIALECTS) >= 80
    assert sum(rows for _, rows in servers().values()) == len(DIALECTS)
    assert len({dialect.title for dialect in DIALECTS}) == len(DIALECTS)
    assert [dialect.title for dialect in DIALECTS if not (dialect.source and dialect.version)] == []
    assert servers()["llama.cpp"][0] == ("recorded by others", "recorded here", "source code")


TURN = Turn("a", "c", 1, "Assistant", question())


async def turn_of(deltas: tuple[Delta, ...], failure: EndpointError | None) -> tuple[Answer, TurnSummary]:
    """How a turn ends whose endpoint gives `deltas`, and then fails if there is a `failure`."""
    told: list[TurnSummary] = []
    endpoint = Script(*deltas, *([failure] if failure else []))
    answers = [
        answer async for answer in run_turn(TURN, endpoint, stop=asyncio.Event(), every_s=0, observers=[told.append])
    ]
    return answers[-1], told[0]
