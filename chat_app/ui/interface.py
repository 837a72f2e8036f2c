"""The page: a `gr.ChatInterface` whose conversations belong to the browser.

Gradio's own chain of events for a turn is replaced (`_setup_events`), because one failure in it leaves the text box
shut for good, because it makes about ten requests a turn, and because it keeps the conversation twice. Here the
browser has the conversations (`static/history`): it puts a question into one by itself, and one event streams the
answer, and nothing but the answer, into one of a few *lanes*, from where the browser puts it into its conversation, be
that the one on the page or not. So the cost of an update does not grow with the conversation, and an answer goes on
arriving while another conversation is looked at. Stop does not cancel that event: it tells the turn to end with what
has arrived, so that the answer is finished and signed like any other.

A script is not told what was clicked, edited or chosen in Gradio's chatbot; the server is. Such an event is asked of
the server, which tells (`told`) the script.

Every name with an underscore that is overridden here is Gradio's, read in 6.31, with a test in `tests/browser`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.events import Dependency
from gradio.state_holder import SessionState

from chat_app.config import ChatConfig
from chat_app.conversation.deltas import Answer
from chat_app.conversation.turn import BEAT_S
from chat_app.errors import ChatAppError, UnexpectedError
from chat_app.ui import history, page, render
from chat_app.ui.posted import is_plain, posted_name
from chat_app.ui.service import Question, Reply, Service, Verdict

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 4.0
"""How often an open page asks how the servers are, while one of them is not well."""

EARLY_STOP_LOOKS, EARLY_STOP_LOOK_S = 50, 0.1
"""Stop can be pressed before the turn that it means has reached the server."""

LANES = 3
"""So many answers can arrive at once on one page, each in a conversation of its own."""

History = list[dict[str, Any]]
UserOf = Callable[[Mapping[str, str]], str]
"""Who asks, by the headers of the request; empty for anybody."""

_PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_AT_ONCE: dict[str, Any] = {**_PRIVATE, "queue": False}
_GONE = (
    "The page could not reach its server, so the answer is missing or not whole.",
    "Your question is kept here: look at the connection, then try again.",
)
_UNREACHED = ("The page could not reach its server.", "Look at the connection, then do it again.")
_UNREADABLE = "These are not the values that this event takes. What `/chat` takes stands in `/gradio_api/info`."


@dataclass(frozen=True, slots=True)
class Lane:
    """The way of one answer: a click of the script on `ask` begins a turn, and the answer so far is in `answer`."""

    ask: gr.Button
    answer: gr.JSON


class ChatPage(gr.ChatInterface):
    """The chat page over a `Service`; `presets` are the names to pick from, the first is the default."""

    def __init__(
        self, chat: ChatConfig, service: Service, presets: Sequence[str], *, user_of: UserOf = lambda _: ""
    ) -> None:
        self._chat = chat
        self._service = service
        self._user_of = user_of
        self._presets = tuple(presets)
        super().__init__(
            self._answer_api,
            chatbot=gr.Chatbot(render=False, **page.conversation_arguments(chat)),
            textbox=gr.Textbox(render=False, **page.question_arguments(chat)),
            **page.example_arguments(chat),
            title=chat.title,
            description=chat.description or None,
            editable=chat.editable,
            fill_width=chat.fill_width,
            flagging_mode="never",
            analytics_enabled=False,
            concurrency_limit=None,
            api_name="chat",
        )

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,  # noqa: FBT001, FBT002  # Gradio's signature
    ) -> list[Any]:
        """The posted values as Gradio's components read them. Raises `gr.Error` for anything but text.

        What it cannot read it would print with the reason, and so write what was said into the log.
        """
        if not is_plain(inputs):
            raise gr.Error("This page takes text only.", print_exception=False)
        try:
            values: list[Any] = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except (ValueError, TypeError, AttributeError):
            raise gr.Error(_UNREADABLE, print_exception=False) from None
        return values

    def _render_header(self) -> None:
        with gr.Row(elem_id="masthead", equal_height=False):
            with gr.Column(scale=3, min_width=200):
                gr.Markdown(
                    f"# {render.plain(self._chat.title)}\n\n{self.description or ''}",
                    elem_id="title",
                    sanitize_html=True,
                )
            with gr.Row(elem_id="pickers", scale=2):
                self.preset = gr.Dropdown(
                    list(self._presets),
                    value=self._presets[0],
                    label="Preset",
                    show_label=False,
                    container=False,
                    min_width=120,
                    elem_id="preset",
                    visible=len(self._presets) > 1,
                )
                self.model = gr.Dropdown(
                    [],
                    value=None,
                    label="Model",
                    show_label=False,
                    container=False,
                    min_width=160,
                    elem_id="model",
                    interactive=True,
                )
                for picker in (self.preset, self.model):
                    picker.preprocess = posted_name  # type: ignore[assignment]  # the service knows which there are
        self.status = gr.Markdown(elem_id="status")  # not gr.HTML, which evaluates its template
        self.look_again = gr.Timer(LOOK_AGAIN_S, active=False)

    def _render_footer(self) -> None:
        """Nothing that is seen, as examples stand in the empty conversation: what the script clicks, and is told."""
        self.show, self.draw, self.halt = (
            gr.Button(visible="hidden", elem_id=name)
            for name in ("show-conversation", "draw-conversation", "stop-turns")
        )
        self.told = gr.JSON(visible="hidden", open=False)
        self.lanes = [
            Lane(gr.Button(visible="hidden", elem_id=f"ask-{lane}"), gr.JSON(visible="hidden", open=False))
            for lane in range(LANES)
        ]

    def _setup_events(self) -> None:
        # Gradio's own store, which complains after each start of the server.
        self.saved_conversations.unrender()  # type: ignore[no-untyped-call]
        here = [self.textbox, self.chatbot]
        everything = [*here, self.preset, self.model]
        again = {**_AT_ONCE, "trigger_mode": "multiple"}  # also while the one before still waits for its turn
        ready = self.load(None, None, everything, js=page.call("ready", LANES, *self._presets), **_AT_ONCE)
        # Drawn alone, what stands about a verdict above the conversation stays there.
        self.draw.click(None, None, everything, js=page.call("shown"), **_AT_ONCE)
        shown = self.show.click(None, None, everything, js=page.call("shown"), **_AT_ONCE)
        self.textbox.submit(None, [self.textbox], here, js=page.call("send"), **_AT_ONCE)
        self.chatbot.retry(None, None, here, js=page.call("retry"), **_AT_ONCE)
        self.chatbot.undo(None, [self.textbox], here, js=page.call("undo"), **_AT_ONCE)
        self.chatbot.clear(None, None, here, js=page.call("clear"), **_AT_ONCE)
        self.textbox.stop(self._stop, [self.told], None, js=page.call("stopping"), **again)
        self.halt.click(self._stop, [self.told], None, js=page.call("halting"), **again)
        self._told(self.chatbot.edit, self._edited, "edited")
        self._told(self.chatbot.option_select, self._chosen, "chosen")
        if self.run_examples_on_click:
            self._told(self.chatbot.example_select, self._chosen, "example")
        else:
            self.chatbot.example_select(self.example_populated, None, [self.textbox], **_AT_ONCE)
        if self._chat.flagging_mode == "manual":
            rated = self.chatbot.like(
                self._rate, [self.chatbot, self.told], [self.status, self.told], js=page.call("rating"), **again
            )
            rated.then(None, [self.told], [self.chatbot], js=page.call("rated"), **_AT_ONCE)
            rated.failure(None, None, [self.chatbot], js=page.call("unrated", *_UNREACHED), **_AT_ONCE)
        for number, lane in enumerate(self.lanes):
            self._setup_turn(number, lane)
        self._setup_pickers(ready.then, shown.then)
        self.fake_api_btn.click(
            self._answer_api,
            [self.textbox, self.chatbot_state, self.preset, self.model],
            [self.api_response, self.chatbot_state],
            api_name=self.api_name,
            concurrency_limit=None,
            postprocess=False,
        )

    def _setup_pickers(self, *events: Callable[..., Dependency]) -> None:
        """The models to pick from, and how the servers are: at each of `events`, and while one is not well."""
        shown = [self.status, self.look_again, self.model]
        for event in (*events, self.look_again.tick):
            event(self._look, [self.preset, self.model], shown, **_AT_ONCE)
        self.preset.input(self._preset_picked, [self.preset], [self.model], **_AT_ONCE)

    def _told(
        self, event: Callable[..., Dependency], handler: Callable[..., Awaitable[dict[str, Any]]], function: str
    ) -> None:
        """An event of which the script is told by the server. However it fails, what was typed for it is not lost."""
        here = [self.textbox, self.chatbot]
        told: Dependency = event(handler, [self.told], [self.told], js=page.call("telling"), **_AT_ONCE)
        told.then(None, [self.told], here, js=page.call(function), **_AT_ONCE)
        told.failure(None, [self.textbox], here, js=page.call("unreached", *_UNREACHED, function), **_AT_ONCE)

    def _setup_turn(self, number: int, lane: Lane) -> None:
        """The one event that answers, and what the script does with it. After a failure Gradio runs no `then`."""
        here = [self.textbox, self.chatbot]
        turn: Dependency = lane.ask.click(
            self._answer,
            [self.told, self.preset, self.model],
            [lane.answer],
            js=page.call("question", number),
            concurrency_limit=None,
            **_PRIVATE,
        )
        lane.answer.change(None, [lane.answer], [self.chatbot], js=page.call("arrived", number), **_AT_ONCE)
        turn.then(None, [lane.answer], here, js=page.call("done", number), **_AT_ONCE)
        turn.failure(None, None, here, js=page.call("failed", number, *_GONE, render.TRY_AGAIN), **_AT_ONCE)

    async def _answer(
        self, posted: Any, preset: str, model: str | None, request: gr.Request
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The answer as it grows: the assistant's `messages`, and the token of the `conversation`."""
        asked = history.turn_of(posted)
        if not asked.conversation:
            yield {"turn": asked.turn, "messages": []}
            return
        question = Question(
            conversation=asked.conversation,
            preset=posted_name(preset),
            model=posted_name(model),
            session=request.session_hash or "",
            turn=asked.turn,
            conversation_token=asked.token,
            begun=asked.begun,
            pull=asked.pull,
        )
        async with aclosing(self._replies(question)) as replies:
            async for reply in replies:
                yield {
                    "turn": asked.turn,
                    "messages": render.messages_of(reply),
                    "conversation": reply.conversation_token,
                }

    async def _answer_api(
        self,
        message: str,
        history_: History,
        preset: str | None = None,
        model: str | None = None,
        request: gr.Request = None,  # type: ignore[assignment]  # Gradio fills it, and finds it by this annotation
    ) -> AsyncGenerator[tuple[str | History, History], None]:
        """Answer a message. Returns the answer's text, or a list of messages when there are thoughts or notices."""
        asked = [*history_, render.user_message(message or "")]  # whoever posts JSON may post null
        question = Question(
            conversation=history.messages_of(asked),
            preset=posted_name(preset),
            model=posted_name(model),
            session=request.session_hash or "",
            conversation_token=history.conversation_token(asked),
        )
        async with aclosing(self._replies(question)) as replies:
            async for reply in replies:
                if reply.answer.waiting and not reply.answer.done and reply.answer.elapsed_s < BEAT_S:
                    continue  # nothing to tell a program; later, the beat has to be passed on
                yield render.api_value(reply), [*history.marked(asked, reply), *render.messages_of(reply)]

    async def _replies(self, question: Question) -> AsyncGenerator[Reply, None]:
        """The reply to the question that stands last, as it grows. The edge: nothing raises into Gradio."""
        reply = Reply(Answer(), "")
        try:
            async with aclosing(self._service.ask(question)) as replies:
                async for reply in replies:
                    yield reply
        except Exception:
            log.exception("turn_failed")
            problem = UnexpectedError(
                "Something went wrong inside this program.", hint="Try again. The log of the server has the details."
            )
            yield replace(reply, answer=replace(reply.answer, problem=problem, total_s=0.0))

    async def _chosen(self, here: Any, chosen: gr.SelectData) -> dict[str, Any]:
        return {**_told(here), "value": chosen.value["text"] if isinstance(chosen.value, dict) else chosen.value}

    async def _edited(self, here: Any, edit: gr.EditData) -> dict[str, Any]:
        return {**_told(here), "index": edit.index, "value": edit.value}

    async def _stop(self, turns: Any, request: gr.Request) -> None:
        """End these turns of the session; one that was asked for and has not begun yet is waited for."""
        for turn in turns[:LANES] if isinstance(turns, list) else ():
            for _ in range(EARLY_STOP_LOOKS):
                if self._service.stop(request.session_hash or "", posted_name(turn)):
                    break
                await asyncio.sleep(EARLY_STOP_LOOK_S)

    async def _rate(
        self, posted: History, here: Any, like: gr.LikeData, request: gr.Request
    ) -> tuple[str, dict[str, Any]]:
        """What to say about it above the conversation, and for the script: which answer has which rating now."""
        rated, rating = history.rated_answer(posted, like.index), history.rating_of(like.liked)
        told = {**_told(here), "value": rating}
        if rated is None:
            said = self._said("This cannot be rated.", "Only what a model has said can.")
            return said, {**told, "index": like.index}
        told["id"] = rated.answer_id
        verdict = Verdict(rated.token, rating, rated.conversation, rated.answer, self._user_of(request.headers))
        try:
            await self._service.rate(verdict)
        except ChatAppError as error:
            log.warning("verdict_refused", extra={"code": error.code})
            return self._said(f"Your verdict was not recorded. {error.sentence}", error.hint), {
                **told,
                "recorded": False,
            }
        return page.status_html(self._service.status()), {**told, "recorded": True}

    def _said(self, sentence: str, hint: str) -> str:
        """Something to tell the visitor, above what there is to say of the servers."""
        return page.alert_html(sentence, hint) + page.status_html(self._service.status())

    async def _look(self, preset: str, model: str | None) -> tuple[str, gr.Timer, dict[str, Any]]:
        """How the servers are, whether to look again soon, and the models to pick from.

        What was picked is not sent back: by the time it arrives, something else may be picked.
        """
        status = self._service.status()
        models = self._service.models(posted_name(preset))
        picked = gr.update(choices=list(models)) if model in models else _first_of(models)
        return page.status_html(status), gr.Timer(active=not status.settled), picked

    async def _preset_picked(self, preset: str) -> dict[str, Any]:
        return _first_of(self._service.models(posted_name(preset)))


def _told(here: Any) -> dict[str, Any]:
    """What the script said of where it is, said back."""
    return {"conversation": posted_name(here.get("conversation"))} if isinstance(here, dict) else {}


def _first_of(models: Sequence[str]) -> dict[str, Any]:
    update: dict[str, Any] = gr.update(choices=list(models), value=next(iter(models), None))
    return update
