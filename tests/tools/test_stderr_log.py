"""What a program says on its standard error."""

from __future__ import annotations

import asyncio
import logging
from array import array
from fcntl import ioctl
from termios import FIONREAD

import pytest

from chat_app.tools.stderr_log import LINES, LONGEST_LINE, StderrLog, masked, open_for


async def said(log: StderrLog, text: str) -> None:
    """Has the log receive it through a pipe."""
    async with open_for(log) as file:
        await asyncio.to_thread(_write, file.fileno(), text)
        while _unread(file.fileno()):  # noqa: ASYNC110 - the loop that waits here is the one that reads
            await asyncio.sleep(0)


def _write(number: int, text: str) -> None:
    with open(number, "w", closefd=False) as file:
        file.write(text)


def _unread(number: int) -> int:
    """How many bytes are in the pipe."""
    count = array("i", [0])
    ioctl(number, FIONREAD, count)
    return count[0]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged of it."""
    return [vars(record).get("line", record.msg) for record in caplog.records]


async def test_lines_are_events_however_they_arrive(caplog: pytest.LogCaptureFixture) -> None:
    """Empty ones are left out, long ones cut, and the end needs no line break."""
    caplog.set_level(logging.INFO, "chat_app")
    log = StderrLog("files", ())
    await said(log, f"one\n\ntwo\n{'x' * 1000}\nlast")
    assert lines(caplog) == ["one", "two", "x" * LONGEST_LINE, "last"]
    assert log.last == "last"


async def test_a_program_that_never_stops_talking_is_cut_short(caplog: pytest.LogCaptureFixture) -> None:
    """So many lines in a time; its last words are still known."""
    caplog.set_level(logging.INFO, "chat_app")
    log = StderrLog("files", ())
    await said(log, "".join(f"{number}\n" for number in range(1000)))
    assert lines(caplog) == [str(number) for number in range(LINES)]
    assert log.last == "999"


async def test_a_line_without_end_takes_no_memory(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged in pieces."""
    caplog.set_level(logging.INFO, "chat_app")
    await said(StderrLog("files", ()), "x" * 50_000)
    assert set(lines(caplog)) == {"x" * LONGEST_LINE} or len(lines(caplog)[-1]) < LONGEST_LINE


def test_secrets_are_masked() -> None:
    """Also what stands behind a scheme; short values are ordinary words."""
    assert masked("a key-1 on Bearer tok-en, tok-en", ["key-1", "on", "Bearer tok-en"]) == "a *** on ***, ***"
