"""Gradio's queue, without its polling and without what it does around each update of a turn.

Everything here that has Gradio's name is Gradio's, read in 6.31 (`gradio/queueing.py`), and only there for speed: under
another version the page works with Gradio's own queue. Measured one after the other, 4 busy cores: an idle app took 9 %
of a core and takes nothing; 10 visitors at 50 tokens a second took 1.03 s of CPU for 1,000 tokens and take 0.61; an
answer of 300 tokens was 30 KB and is 18.

- Gradio looks for events 1,000 times a second, and for progress 100 times over a list as long as the most events that
  may run; an idle page costs 6 % of a core. Here an event that comes or goes wakes the queue.
- Around each update Gradio looks up the session, sets up contexts, walks the value for files three times, imports what
  is not there, and keeps statistics over the last 10,000 events, with pandas, after each event. An update of a turn is
  plain JSON of ours: here it is compared with the one before (`gradio.utils.diff`) and sent.
- For each page that has ever asked Gradio keeps an empty set for good. Here those are dropped from time to time.
- An update waits until the one before is on its way. A browser or network that is slow so gets fewer and larger
  updates, instead of all of them later; while it waits, the turn puts together what arrives.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from gradio import __version__, route_utils, utils
from gradio.exceptions import Error
from gradio.queueing import Event, Queue
from gradio.server_messages import (
    EventMessage,
    ProcessCompletedMessage,
    ProcessGeneratingMessage,
    ProcessStartsMessage,
)

if TYPE_CHECKING:
    from gradio.block_function import BlockFunction
    from gradio.data_classes import PredictBodyInternal

APPLIES = __version__.startswith("6.31.")
LOOK_S = 0.5
"""How often it is looked whether a page that takes no updates is still there."""
LATE_S = 10.0
"""After that the next update follows all the same, if the page has ever asked for one; else its turn is over."""
PAGES = 1000
"""So many pages of which no event waits may be remembered."""

log = logging.getLogger(__name__)


class Messages(asyncio.Queue[EventMessage]):
    """What a page has yet to be sent, and whether all of it is on its way."""

    def __init__(self) -> None:
        super().__init__()
        self._sent = asyncio.Event()
        self.asked_for = False
        """Whether the page has asked for any since this was last unset."""

    async def get(self) -> EventMessage:
        """The next one, when there is one: whoever asks for it has sent those before."""
        if self.empty():
            self._sent.set()
        self.asked_for = True
        message = await super().get()
        self.asked_for = True
        return message

    def put_nowait(self, item: EventMessage) -> None:
        """Add one."""
        self._sent.clear()
        super().put_nowait(item)

    async def sent(self, within_s: float) -> bool:
        """Wait until all is sent, no longer than that; whether it is."""
        if not self._sent.is_set():
            try:
                async with asyncio.timeout(within_s):
                    await self._sent.wait()
            except TimeoutError:
                return False
        return True


class TurnQueue(Queue):
    """The queue of a page whose turns are the events of the function `turn`, which has one output of plain JSON."""

    def __init__(self, queue: Queue, turn: object, *, pages: int = PAGES, late_s: float = LATE_S) -> None:
        super().__init__(
            live_updates=queue.live_updates,
            concurrency_count=queue.max_thread_count,
            update_intervals=queue.update_intervals,
            max_size=queue.max_size,
            blocks=queue.blocks,
            default_concurrency_limit=queue.default_concurrency_limit,
        )
        self._turn = turn
        self._woken = asyncio.Event()
        self._pages = self._most = pages
        self._late_s = late_s
        self.ANALYTICS_MAX_EVENTS = 1  # nobody is told of them

    def start(self) -> None:
        """Begin to process events; progress, of which the page shows nothing, is not looked for."""
        self.active_jobs = []
        utils.run_coro_in_background(self.start_processing)

    def close(self) -> None:
        """Process no more."""
        super().close()  # type: ignore[no-untyped-call]
        self._woken.set()

    async def push(self, body: PredictBodyInternal, *args: Any, **kwargs: Any) -> Any:
        """Take an event in. What it returns is Gradio's."""
        if page := body.session_hash:
            messages = self.pending_messages_per_session.get(page)
            if not isinstance(messages, Messages):
                messages = Messages()
            if not self.pending_event_ids_session.get(page):  # what is to come is asked for anew
                messages.asked_for = False
            # Set again where it is there: those that were set longest ago give way to new ones.
            self.pending_messages_per_session[page] = messages
        self._drop_pages()
        pushed = await super().push(body, *args, **kwargs)
        self._woken.set()
        return pushed

    async def start_processing(self) -> None:
        """Begin the events that may begin, whenever one has come or gone."""
        try:
            while not self.stopped:
                await self._woken.wait()
                self._woken.clear()
                async with self.delete_lock:
                    while len(self.active_jobs) < self.max_thread_count and (found := self.get_events()):
                        self._begin(*found)
        finally:
            self.stopped = True
            self._cancel_asyncio_tasks()  # type: ignore[no-untyped-call]

    async def process_events(self, events: list[Event], batch: bool, begin_time: float, fn: BlockFunction) -> None:  # noqa: FBT001 -- Gradio's signature
        """Run an event to its end."""
        if fn.fn != self._turn:
            await super().process_events(events, batch, begin_time, fn)
            return
        await self._answer(events[0], fn)

    def broadcast_estimations(self, concurrency_id: str, after: int | None = None) -> None:
        """Nobody is told how many events wait."""

    def compute_analytics_summary(self, _records: object) -> dict[str, Any]:
        """Nobody is told of them."""
        return self.cached_event_analytics_summary

    def _drop_pages(self) -> None:
        waiting = self.pending_event_ids_session
        if len(waiting) > self._most:
            known = self.pending_messages_per_session
            for page in [page for page, events in waiting.items() if not events or page not in known]:
                del waiting[page]
            self._most = 2 * len(waiting) + self._pages

    def _begin(self, events: list[Event], batch: bool, concurrency_id: str) -> None:  # noqa: FBT001 -- as `get_events` tells it
        queue, fn, now_s = self.event_queue_per_concurrency_id[concurrency_id], events[0].fn, time.time()
        queue.current_concurrency += 1
        queue.start_times_per_fn[fn].add(now_s)
        self.active_jobs.append(events)
        task = utils.run_coro_in_background(self.process_events, events, batch, now_s, fn)
        utils.set_task_name(task, events[0].session_hash, fn._id, events[0]._id, batch)  # noqa: SLF001 -- Gradio's
        self._asyncio_tasks.add(task)
        task.add_done_callback(self._asyncio_tasks.discard)
        task.add_done_callback(lambda _: self._ended(events, now_s))

    def _ended(self, events: list[Event], begin_time: float) -> None:
        """Also of one that was cancelled before it began."""
        event = events[0]
        if event.fn.fn == self._turn:  # Gradio's own are cleared away by Gradio
            queue, name = self.event_queue_per_concurrency_id[event.concurrency_id], event._id  # noqa: SLF001
            queue.current_concurrency -= 1
            queue.start_times_per_fn[event.fn].discard(begin_time)
            self.event_ids_to_events.pop(name, None)
            waiting = self.pending_event_ids_session.get(event.session_hash, set())
            if not event.alive:  # else its page takes it out when it has read the end
                waiting.discard(name)
                if not waiting:
                    self.pending_event_ids_session.pop(event.session_hash, None)
        self.active_jobs = [job for job in self.active_jobs if job is not None and job is not events]
        self._woken.set()

    async def _answer(self, event: Event, fn: BlockFunction) -> None:
        """Send the updates of a turn, and how it ended. The edge: whatever is raised is told to the page."""
        if not event.alive:
            return
        self.send_message(event, ProcessStartsMessage())
        try:
            async with aclosing(await self._begun(event, fn)) as updates:
                last = await self._send(event, updates)
        except Exception as error:  # of a page that is not told, the question would wait for ever
            if not isinstance(error, Error):
                log.exception("event_failed")
            failed = utils.error_payload(error, show_error=False)
            self.send_message(event, ProcessCompletedMessage(output=failed, success=False))
        else:
            self.send_message(event, ProcessCompletedMessage(output={"data": [last]}, success=True))

    async def _begun(self, event: Event, fn: BlockFunction) -> AsyncGenerator[Any, None]:
        """The turn, with its inputs read as those of any event."""
        body, app = event.data, self.server_app
        assert body is not None and app is not None and fn.fn is not None  # noqa: PT018, S101 -- Gradio's types
        body.request = event.request
        request = route_utils.compile_gr_request(body=body, fn=fn, username=event.username, request=None)
        inputs = await self.blocks.preprocess_data(fn, body.data, app.state_holder[event.session_hash])
        updates: AsyncGenerator[Any, None] = fn.fn(*inputs, request)
        return updates

    async def _send(self, event: Event, updates: AsyncGenerator[Any, None]) -> Any:
        """Send each as its difference from the one before, as long as the page is there. Returns the last one."""
        before = None
        async for value in updates:
            changes = value if before is None else utils.diff(before, value)  # type: ignore[no-untyped-call]
            before = value
            self.send_message(event, ProcessGeneratingMessage(output={"data": [changes]}, success=True))
            if not await self._sent(event):
                break
        return before

    async def _sent(self, event: Event) -> bool:
        """Wait until the page has been sent all that there is. Whether it is still there; raises when it never came."""
        messages = self.pending_messages_per_session.get(event.session_hash)
        if not isinstance(messages, Messages):
            return event.alive
        for _ in range(round(self._late_s / LOOK_S)):
            if not event.alive or await messages.sent(LOOK_S):
                return event.alive
        if not messages.asked_for:
            raise Error("No page has asked for the answer.")
        return event.alive
