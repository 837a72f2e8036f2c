"""Fewer, larger updates: what arrives between two looks goes out as one.

One task reads the stream; the consumer takes what has come, at most once per `every_s` but for the first word, which
waits for nothing, and about once per `beat_s` at least.
A slow consumer so gets larger batches instead of a queue that grows, and a consumer that only notices a closed tab
when it yields (Gradio does) gets the chance to at every beat. The read itself is never cancelled by a beat.

With many visitors at once the process is late to wake whoever pauses; then the pauses grow (`Pause`), so that all get
fewer updates instead of some of them late ones, and what else is asked of the process is answered soon.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from time import monotonic

from chat_app.conversation.deltas import Delta, commits, merge

LATE_TIMES = 4
"""How much longer a pause is for each second that the one before was too long."""
LONGEST_S = 0.5
NEARLY = 1 / 16
"""So little of a pause is not waited for: who reads and who takes what was read have the same pauses, one after the
other."""


class Pause:
    """The time between two looks at an answer: `every_s`, and more the later the process was to end the last one."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._due_s = 0.0

    async def over(self, sooner: asyncio.Task[object] | None = None, *, at_once: bool = False) -> None:
        """Wait until it has passed since this was last called, or until `sooner` is done. The first is at once."""
        left_s, late_s = 0.0 if at_once else self._due_s - monotonic(), 0.0
        if left_s > self._every_s * NEARLY:
            if sooner is None:
                await asyncio.sleep(left_s)
            else:
                await asyncio.wait((sooner,), timeout=left_s)
            late_s = max(monotonic() - self._due_s, 0.0)
        self._due_s = monotonic() + min(self._every_s + LATE_TIMES * late_s, max(self._every_s, LONGEST_S))


async def batches(
    stream: AsyncGenerator[Delta, None], *, stop: asyncio.Event, every_s: float, beat_s: float
) -> AsyncGenerator[tuple[Delta, ...], None]:
    """Batches of merged deltas, in order; an empty one is a beat.

    Ends with the stream or as soon as `stop` is set, and raises what the stream raises, after all that came before
    it. When it ends, for whatever reason, the stream is closed.
    """
    arrived: list[Delta] = []
    wake = asyncio.Event()
    pause, begun = Pause(every_s), False

    async def read() -> None:
        try:
            async with aclosing(stream):
                async for delta in stream:
                    arrived.append(delta)
                    wake.set()
        finally:
            wake.set()

    async def watch() -> None:
        await stop.wait()
        wake.set()

    reader, watcher = asyncio.create_task(read()), asyncio.create_task(watch())
    try:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(beat_s):
                    await wake.wait()
            if arrived:
                first_word = not begun and any(map(commits, arrived))
                await pause.over(sooner=watcher, at_once=first_word)
                begun = begun or any(map(commits, arrived))
            wake.clear()
            ended = reader.done()
            batch = merge(arrived)
            arrived.clear()
            if batch or not (ended or stop.is_set()):
                yield batch
            if stop.is_set():
                if arrived:  # while the consumer was busy with the batch before
                    yield merge(arrived)
                return
            if ended:
                await reader
                return
    finally:
        reader.cancel()
        watcher.cancel()
        await asyncio.gather(reader, watcher, return_exceptions=True)
