"""Bodies read to their end."""

from __future__ import annotations

from collections.abc import Iterable

from chat_app.config import EndpointConfig
from chat_app.conversation.deltas import Delta, merge
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.reading.answer_reader import AnswerReader
from chat_app.errors import EndpointError
from tests.endpoints.wire import BASE

ASKED = Asked(EndpointConfig(name="main", base_url=BASE), model="m")


def read(pieces: Iterable[bytes], asked: Asked = ASKED) -> tuple[tuple[Delta, ...], EndpointError | None]:
    """What the reader makes of `pieces`: deltas, neighbours merged, and the error behind them."""
    reader = AnswerReader(asked)
    deltas: list[Delta] = []
    try:
        for piece in pieces:
            deltas.extend(reader.feed(piece))
        deltas.extend(reader.end())
    except EndpointError as error:
        return merge(deltas), error
    return merge(deltas), None
