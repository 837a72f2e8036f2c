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
from typing import Any, Self, cast

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.components import Component
from gradio.components.chatbot import ExampleMessage
from gradio.events import Dependency
from gradio.state_holder import SessionState

from chat_app.config import ChatConfig, PresetConfig
from chat_app.conversation.deltas import Answer
from chat_app.conversation.part_json import json_of
from chat_app.conversation.turn import BEAT_S
from chat_app.errors import ChatAppError, UnexpectedError
from chat_app.ui import history, page, render, turn_queue
from chat_app.ui.examples import Example, example_messages, picked
from chat_app.ui.inputs import render_inputs
from chat_app.ui.pickers import choices_of, first_of, render_pickers
from chat_app.ui.posted import is_plain, posted_name
from chat_app.ui.service import Question, Reply, Service, Verdict
from chat_app.ui.steps import DECISIONS
from chat_app.ui.words import Words

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
_WITHOUT_FILES = 3
"""So many values a program posts to `/chat` that was written before it took files and parameters."""
_UNREADABLE = "These are not the values that this event takes. What `/chat` takes stands in `/gradio_api/info`."


@dataclass(frozen=True, slots=True)
class Lane:
    """The way of one answer: a click of the script on `ask` begins a turn, and the answer so far is in `answer`."""

    ask: gr.Button
    answer: gr.JSON


class Streamed(gr.JSON):
    """A value of which an update sends only what has changed.

    Gradio compares two values piece by piece only where they are plain; what its own JSON makes of them is sent whole
    each time, pictures and all (read in 6.31, `blocks.handle_streaming_diffs`).
    """

    def postprocess(self, value: Any) -> Any:
        """The value as it is."""
        return value

    def get_block_name(self) -> str:
        """The component that the page has for it."""
        return "json"


class ChatPage(gr.ChatInterface):
    """The chat page over a `Service`; of the `presets` to pick from the first is the default."""

    def __init__(
        self,
        chat: ChatConfig,
        service: Service,
        presets: Sequence[PresetConfig],
        *,
        words: Words,
        user_of: UserOf = lambda _: "",
        examples: Sequence[Example] = (),
    ) -> None:
        self._chat = chat
        self._words = words
        self._service = service
        self._user_of = user_of
        self._presets = tuple(presets)
        self._examples = tuple(examples)
        super().__init__(
            self._answer_api,
            chatbot=gr.Chatbot(render=False, **page.conversation_arguments(chat, words)),
            textbox=gr.Textbox(render=False, **page.question_arguments(chat, words)),
            **page.interface_arguments(chat),
        )

    def queue(self, *args: Any, **kwargs: Any) -> Self:
        """Gradio's queue, and ours in its place where it fits."""
        super().queue(*args, **kwargs)
        if turn_queue.APPLIES:
            self._queue = turn_queue.TurnQueue(self._queue, self._answer)
        return self

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,  # noqa: FBT001, FBT002  # Gradio's signature
    ) -> list[Any]:
        """The posted values as Gradio's components read them. Raises `gr.Error` for anything but text and parts.

        What it cannot read it would print with the reason, and so write what was said into the log. Those of a turn are
        read by `_answer`: Gradio would put each to a thread.
        """
        if not is_plain(inputs, self.inputs):
            raise gr.Error(_UNREADABLE, print_exception=False)
        if block_fn.fn == self._answer and len(inputs) == len(block_fn.inputs):
            return inputs
        if block_fn.api_name == self.api_name and len(inputs) == _WITHOUT_FILES:
            inputs = [inputs[0], None, *inputs[1:], None, None]
        try:
            values: list[Any] = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except (ValueError, TypeError, AttributeError):
            raise gr.Error(_UNREADABLE, print_exception=False) from None
        return values

    def _setup_example_messages(self, *_: object) -> list[ExampleMessage]:
        return cast("list[ExampleMessage]", example_messages(self._chat))

    def _render_header(self) -> None:
        with gr.Row(elem_id="masthead", equal_height=False):
            with gr.Column(scale=3, min_width=200):
                title = page.masthead(self._chat)
                gr.Markdown(title, elem_id="title", sanitize_html=True, rtl=page.is_rtl(self._chat, self._words))
            with gr.Row(elem_id="pickers", scale=2):
                self.preset, self.model = render_pickers([preset.name for preset in self._presets], self._words)
        self.status = gr.Markdown(elem_id="status")  # not gr.HTML, which evaluates its template
        self.look_again = gr.Timer(LOOK_AGAIN_S, active=False)

    def _render_footer(self) -> None:
        """What visitors may set, and what nobody sees: what the script clicks, and is told."""
        self.inputs = render_inputs(self._chat, self._presets[0], self._words)
        self.show, self.draw, self.halt = (
            gr.Button(visible="hidden", elem_id=name)
            for name in ("show-conversation", "draw-conversation", "stop-turns")
        )
        self.told = gr.JSON(visible="hidden", open=False)
        self.files, self.parameters = (gr.JSON(label=name, visible=False) for name in ("files", "parameters"))
        self.lanes = [
            Lane(gr.Button(visible="hidden", elem_id=f"ask-{lane}"), Streamed(visible="hidden", open=False))
            for lane in range(LANES)
        ]

    def _setup_events(self) -> None:
        # Gradio's own store, which complains after each start of the server.
        self.saved_conversations.unrender()  # type: ignore[no-untyped-call]
        here = [self.textbox, self.chatbot]
        everything = [*here, self.preset, self.model, *self.inputs.values()]
        again = {**_AT_ONCE, "trigger_mode": "multiple"}  # also while the one before still waits for its turn
        ready = self.load(
            None, None, everything, js=page.call("ready", LANES, *(preset.name for preset in self._presets)), **_AT_ONCE
        )
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
        picks = [self.preset, self.model, *self.inputs.values()]
        example = self._told(self.chatbot.example_select, self._example, "example", also=picks)
        for component in self.inputs.values():
            # Not `input`, which Gradio's text box has at keys alone, and its slider not when it is reset.
            component.change(None, [*self.inputs.values()], None, js=page.call("set"), **_AT_ONCE)  # type: ignore[attr-defined]
        if self._chat.flagging_mode == "manual":
            rated = self.chatbot.like(
                self._rate, [self.told], [self.status, self.told], js=page.call("rating"), **again
            )
            rated.then(None, [self.told], [self.chatbot], js=page.call("rated"), **_AT_ONCE)
            rated.failure(None, None, [self.chatbot], js=page.call("unrated", *self._said("unreached")), **_AT_ONCE)
        for number, lane in enumerate(self.lanes):
            self._setup_turn(number, lane)
        self._setup_pickers(ready.then, shown.then, example.then)
        self.fake_api_btn.click(
            self._answer_api,
            [self.textbox, self.chatbot_state, self.preset, self.model, self.files, self.parameters],
            [self.api_response, self.chatbot_state],
            api_name=self.api_name,
            api_description=self._chat.api_description or None,
            api_visibility=self._chat.api_visibility,
            postprocess=False,
            **page.turn_arguments(self._chat),
        )

    def _setup_pickers(self, *events: Callable[..., Dependency]) -> None:
        """The models to pick from, and how the servers are: at each of `events`, and while one is not well."""
        shown = [self.status, self.look_again, self.model]
        for event in (*events, self.look_again.tick):
            event(self._look, [self.preset, self.model], shown, **_AT_ONCE)
        self.preset.input(self._preset_picked, [self.preset], [self.model], **_AT_ONCE)

    def _told(
        self,
        event: Callable[..., Dependency],
        handler: Callable[..., Awaitable[dict[str, Any]]],
        function: str,
        also: Sequence[Component] = (),
    ) -> Dependency:
        """An event of which the script is told by the server. However it fails, what was typed for it is not lost."""
        here = [self.textbox, self.chatbot]
        told: Dependency = event(handler, [self.told], [self.told], js=page.call("telling"), **_AT_ONCE)
        drawn: Dependency = told.then(None, [self.told], [*here, *also], js=page.call(function), **_AT_ONCE)
        unreached = page.call("unreached", *self._said("unreached"), function)
        told.failure(None, [self.textbox], here, js=unreached, **_AT_ONCE)
        return drawn

    def _setup_turn(self, number: int, lane: Lane) -> None:
        """The one event that answers, and what the script does with it. After a failure Gradio runs no `then`."""
        here = [self.textbox, self.chatbot]
        turn: Dependency = lane.ask.click(
            self._answer,
            [self.told, self.preset, self.model],
            [lane.answer],
            js=page.call("question", number),
            **page.turn_arguments(self._chat),
            **_PRIVATE,
        )
        lane.answer.change(None, [lane.answer], [self.chatbot], js=page.call("arrived", number), **_AT_ONCE)
        turn.then(None, [lane.answer], here, js=page.call("done", number), **_AT_ONCE)
        failed = page.call("failed", number, *self._said("gone"), self._words.text("try_again"))
        turn.failure(None, None, here, js=failed, **_AT_ONCE)

    def _said(self, key: str) -> tuple[str, str]:
        """What happened, and what to do."""
        return self._words.text(key), self._words.text(f"{key}_hint")

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
            parameters=asked.parameters,
            pull=asked.pull,
        )
        async with aclosing(self._replies(question)) as replies:
            async for reply in replies:
                yield {
                    "turn": asked.turn,
                    "messages": render.messages_of(reply, self._words),
                    "conversation": reply.conversation_token,
                    "parts": [json_of(part) for part in reply.parts] or None,
                    "usage": reply.usage,
                }

    async def _answer_api(
        self,
        message: str,
        history_: History,
        preset: str | None = None,
        model: str | None = None,
        files: list[Any] | None = None,
        parameters: dict[str, Any] | None = None,
        request: gr.Request = None,  # type: ignore[assignment]  # Gradio fills it, and finds it by this annotation
    ) -> AsyncGenerator[tuple[str | History, History], None]:
        """Answer a message. Returns the answer's text, or a list of messages when there are thoughts or notices.

        `files` are parts as `POST /uploads` gives them.
        """
        asked = [*history_, render.user_message(message or "", files)]  # whoever posts JSON may post null
        question = Question(
            conversation=history.messages_of(asked),
            preset=posted_name(preset),
            model=posted_name(model),
            session=request.session_hash or "",
            conversation_token=history.conversation_token(asked),
            parameters=parameters if isinstance(parameters, Mapping) else {},
        )
        async with aclosing(self._replies(question)) as replies:
            async for reply in replies:
                if reply.answer.waiting and not reply.answer.done and reply.answer.elapsed_s < BEAT_S:
                    continue  # nothing to tell a program; later, the beat has to be passed on
                said = render.api_value(reply, self._words)
                yield said, [*history.marked(asked, reply), *render.kept_messages(reply, self._words)]

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

    async def _chosen(self, here: Any, chosen: gr.SelectData, request: gr.Request) -> dict[str, Any]:
        """What was clicked on. A button that allows or denies a call is obeyed here, where the call waits."""
        value = posted_name(chosen.value)
        for beginning, decision in DECISIONS.items():
            if value.startswith(beginning):
                self._service.decide(request.session_hash or "", value.removeprefix(beginning), decision)
        return {**_told(here), "value": value}

    async def _example(self, here: Any, chosen: gr.SelectData) -> dict[str, Any]:
        """The example that was clicked on; nothing when the settings have none at its place any more."""
        return {**_told(here), "value": picked(self._examples, chosen.index, send=self._chat.run_examples_on_click)}

    async def _edited(self, here: Any, edit: gr.EditData) -> dict[str, Any]:
        return {**_told(here), "index": edit.index, "value": edit.value}

    async def _stop(self, turns: Any, request: gr.Request) -> None:
        """End these turns of the session; one that was asked for and has not begun yet is waited for."""
        for turn in turns[:LANES] if isinstance(turns, list) else ():
            for _ in range(EARLY_STOP_LOOKS):
                if self._service.stop(request.session_hash or "", posted_name(turn)):
                    break
                await asyncio.sleep(EARLY_STOP_LOOK_S)

    async def _rate(self, posted: Any, like: gr.LikeData, request: gr.Request) -> tuple[str, dict[str, Any]]:
        """What to say about it above the conversation, and for the script: which answer has which rating now."""
        rated, rating = history.rated_answer(posted, like.index), history.rating_of(like.liked)
        told = {**_told(posted), "value": rating}
        if rated is None:
            return self._alert(*self._said("not_ratable")), {**told, "index": like.index}
        told["id"] = rated.answer_id
        user = self._user_of(request.headers)
        try:
            await self._service.rate(Verdict(rated.token, rating, rated.conversation, rated.answer, user, rated.parts))
        except ChatAppError as error:
            log.warning("verdict_refused", extra={"code": error.code})
            lost = self._alert(f"{self._words.text('verdict_lost')} {error.sentence}", error.hint)
            return lost, {**told, "recorded": False}
        return page.status_html(self._service.status()), {**told, "recorded": True}

    def _alert(self, sentence: str, hint: str) -> str:
        """Something to tell the visitor, above what there is to say of the servers."""
        return page.alert_html(sentence, hint) + page.status_html(self._service.status())

    async def _look(self, preset: str, model: str | None) -> tuple[str, gr.Timer, dict[str, Any]]:
        """How the servers are, whether to look again soon, and the models to pick from.

        What was picked is not sent back: by the time it arrives, something else may be picked.
        """
        status = self._service.status()
        models = self._service.models(posted_name(preset))
        known = any(choice.name == model for choice in models)
        shown = gr.update(choices=choices_of(models, self._words)) if known else first_of(models, self._words)
        return page.status_html(status), gr.Timer(active=not status.settled), shown

    async def _preset_picked(self, preset: str) -> dict[str, Any]:
        return first_of(self._service.models(posted_name(preset)), self._words)


def _told(here: Any) -> dict[str, Any]:
    """What the script said of where it is, said back."""
    return {"conversation": posted_name(here.get("conversation"))} if isinstance(here, dict) else {}
