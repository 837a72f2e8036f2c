"""What the page asks for, filled: the catalog of endpoints, the turn, the signature and the feedback file in one place.

Part of the composition root: only here do `endpoints/`, `feedback/` and `server/` meet, so that none of them knows
another. It keeps nothing about visitors between turns: which conversation a question belongs to is read from the token
that comes with it, and the turns that run now are known by their session only so that Stop finds them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import partial
from secrets import token_hex

from chat_app.config import LONGEST_NAME, Config, Modality, PresetConfig
from chat_app.config_sources.shown import without_secrets
from chat_app.conversation.answer_parts import parts_of
from chat_app.conversation.calling import Tooling
from chat_app.conversation.context import sent_messages, to_go_on, without_pictures_of_answers
from chat_app.conversation.deltas import Answer
from chat_app.conversation.messages import Message, Text, ToolCall, user
from chat_app.conversation.tools import Decision, Tool
from chat_app.conversation.turn import Endpoint, Observer, Request, Turn, run_turn, summary_of
from chat_app.endpoints.catalog import Catalog
from chat_app.endpoints.chain.remembered import Remembered, ask_ahead
from chat_app.endpoints.inputs_taken import carried
from chat_app.errors import AnswerProblem, ChatAppError, ChoiceError, ModelMissing, ShuttingDown, TokenRefused
from chat_app.feedback import record
from chat_app.feedback.files import files_of
from chat_app.feedback.signature import Signer
from chat_app.feedback.store import FeedbackStore
from chat_app.server.approvals import Approvals
from chat_app.server.turns import RunningTurns
from chat_app.tools.toolbox import Toolboxes
from chat_app.ui import usage
from chat_app.ui.examples import Example, asked_unchanged
from chat_app.ui.parameters import checked
from chat_app.ui.service import ModelChoice, Notice, Question, Reply, Status, Verdict
from chat_app.ui.words import Words

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChatService:
    """The page's `Service` over the real parts."""

    config: Config
    catalog: Catalog
    signer: Signer
    store: FeedbackStore
    running: RunningTurns
    toolboxes: Toolboxes
    approvals: Approvals
    words: Words
    remembered: Remembered
    examples: Sequence[Example] = ()
    observers: Sequence[Observer] = ()

    def status(self) -> Status:
        """What the catalog knows of the servers now."""
        statuses = self.catalog.statuses()
        notices = tuple(Notice(status.error.sentence, status.error.hint) for status in statuses if status.error)
        settled = all(status.state == "up" and not status.error for status in statuses)
        if self.catalog.demo:
            return Status(demo=True, notices=(_demo_notice(notices),), settled=settled)
        return Status(demo=False, notices=notices, settled=settled)

    def models(self, preset: str) -> tuple[ModelChoice, ...]:
        """The models that can be picked with a preset, its own first. An unknown preset has none."""
        try:
            picked = self._preset(preset)
        except ChoiceError:
            return ()
        names = {"image": self.words.text("pictures"), "audio": self.words.text("audio")}
        return tuple(
            ModelChoice(model, ", ".join(name for kind, name in names.items() if kind in taken))
            for model in self.catalog.models_of(picked)
            for taken in [self.catalog.takes(picked, model) or ()]
        )

    async def ask(self, question: Question) -> AsyncGenerator[Reply, None]:
        """The reply as it grows. What goes wrong is its answer's `problem`."""
        answer_id = token_hex(12)
        try:
            if self.running.draining:
                raise _shutting_down()
            preset = self._preset(question.preset)
            turn, endpoint = self._turn(answer_id, preset, question)
        except ChatAppError as error:
            yield self._refused(question, answer_id, error)
            return
        with self.running.begin(question.session, question.turn) as stop:
            answers = run_turn(
                turn,
                endpoint,
                stop=stop,
                tooling=self._tooling(preset, turn, question),
                why_stopped=self._why_stopped,
                observers=self.observers,
            )
            async with aclosing(answers):
                conversation_token = self.signer.sign_conversation(turn.conversation_id)
                async for answer in answers:
                    yield self._reply(turn, answer, question, conversation_token)

    async def ask_examples(self) -> None:
        """Ask all examples before anybody clicks on one, where the settings want that. Never raises."""
        if not (self.config.chat.cache_examples and self.config.chat.cache_mode == "eager"):
            return
        await self.catalog.looked()
        offered = [await self.toolboxes.of(self._preset(each.preset).tools).tools() for each in self.examples]
        await ask_ahead([partial(self._example, *each) for each in zip(self.examples, offered, strict=True)])

    def _example(self, example: Example, tools: Sequence[Tool]) -> tuple[Endpoint, Request]:
        """Whom an example is asked, and what. Raises `ChoiceError`."""
        question = Question(
            conversation=(user(example.text, *example.files),),
            preset=example.preset,
            model=example.model,
            session="",
            parameters=example.parameters or {},
        )
        turn, endpoint = self._turn("", self._preset(example.preset), question)
        return endpoint, replace(turn.request, tools=tuple(tools))

    def stop(self, session: str, turn: str) -> int:
        """End that running turn of the session with what has arrived. How many there were."""
        return self.running.stop(session, turn)

    def decide(self, session: str, call: str, decision: Decision) -> bool:
        """Allow or deny a call that waits for it in the session. Whether there was one."""
        return self.approvals.decide(session, call, decision)

    async def rate(self, verdict: Verdict) -> None:
        """Write one row. Raises `FeedbackError`."""
        messages = sent_messages("", verdict.conversation)
        row = record.record_of(
            self.signer.read(verdict.token),
            record.Verdict(token_hex(12), datetime.now(UTC), verdict.rating, verdict.user),
            messages=messages,
            answer=verdict.answer,
            options=self.config.chat.flagging_options,
            parts=verdict.parts,
        )
        await asyncio.to_thread(self.store.append, row, files_of(messages))

    def _refused(self, question: Question, answer_id: str, error: ChatAppError) -> Reply:
        """The reply to a question that is not asked. An answer to go on with stays as it was, and can be rated."""
        log.info("turn_refused", extra={"code": error.code})
        begun = question.begun
        if begun is None:
            return Reply(Answer(problem=error, total_s=0.0), answer_id, pullable=self._pullable(question))
        answer = Answer(text=begun.text, continued=len(begun.text), problem=error, total_s=0.0)
        return Reply(answer, answer_id, "" if isinstance(error, TokenRefused) else begun.token)

    def _turn(self, answer_id: str, preset: PresetConfig, question: Question) -> tuple[Turn, Endpoint]:
        """The turn that a question makes, and whom it goes to. Raises `ChoiceError`, and what `_said` raises."""
        chat, first = self.config.chat, self.config.presets[0]
        chosen = checked(chat, first, question.parameters)
        prompt = preset.system_prompt if chosen.system_prompt is None else chosen.system_prompt
        self._check_files(question.conversation)
        said = self._said(prompt, question)
        endpoint, model = self._asked(preset, question, carried(said))
        if not self._takes_pictures(preset.name, model):
            said = without_pictures_of_answers(said)
        unchanged = asked_unchanged(self.examples, chat, first, question.conversation, chosen)
        if chat.cache_examples and unchanged and not question.begun:
            endpoint = self.remembered.around(endpoint, preset.name)
        turn = Turn(
            answer_id=answer_id,
            conversation_id=self._conversation_id(question.conversation_token),
            number=sum(message.role == "user" for message in question.conversation),
            preset=preset.name,
            request=Request(said, model, {**preset.parameters, **chosen.parameters}),
            so_far=question.begun.text if question.begun else "",
        )
        return turn, endpoint

    def _check_files(self, conversation: Sequence[Message]) -> None:
        """Raises `ChoiceError` for a question with more files than one may have."""
        most = self.config.uploads.max_files if self.config.chat.multimodal else 0
        for message in conversation:
            if message.role == "user" and sum(not isinstance(part, Text) for part in message.parts) > most:
                raise ChoiceError(
                    f"A question can have {most} files here." if most else "Questions can have no files here.",
                    hint="Edit it, or begin a new conversation; `uploads.max_files` and `chat.multimodal` decide.",
                )

    def _said(self, prompt: str, question: Question) -> tuple[Message, ...]:
        """What the endpoint is told. Raises `TokenRefused` for an answer to go on with that is not ours."""
        said = sent_messages(prompt, question.conversation)
        if begun := question.begun:
            record.check_ours(self.signer.read(begun.token), messages=said, answer=begun.text)
            return to_go_on(said, begun.text)
        return said

    def _asked(self, preset: PresetConfig, question: Question, carries: AbstractSet[Modality]) -> tuple[Endpoint, str]:
        """Whom to ask, and for which model. Raises `ChoiceError`."""
        if question.pull and self.config.server.allow_pull:
            if refusal := self.catalog.refusal(preset, question.model, carries):
                raise refusal
            return self.catalog.pulling(preset, question.model)
        return self.catalog.choose(preset, question.model, carries)

    def _tooling(self, preset: PresetConfig, turn: Turn, question: Question) -> Tooling | None:
        """What the turn calls tools with. Who has no page cannot be asked, and so allows nothing."""
        if not preset.tools:
            return None

        async def approve(call: ToolCall) -> Decision:
            if not question.turn:
                return "deny"
            return await self.approvals.ask(question.session, f"{turn.answer_id}:{call.call_id}")

        return Tooling(
            self.toolboxes.of(preset.tools),
            approve,
            max_rounds=self.config.tools.max_rounds,
            pictures=self._takes_pictures(preset.name, turn.request.model),
        )

    def _pullable(self, question: Question) -> str:
        """The model that is missing for `question` and that the visitor may have pulled; mostly none."""
        if not self.config.server.allow_pull:
            return ""
        try:
            return self.catalog.pullable(self._preset(question.preset), question.model)
        except ChoiceError:
            return ""

    def _reply(self, turn: Turn, answer: Answer, question: Question, conversation_token: str) -> Reply:
        if not answer.done or not (answer.last_said or answer.media or answer.steps):
            pullable = self._pullable(question) if isinstance(answer.problem, ModelMissing) else ""
            return Reply(answer, turn.answer_id, conversation_token=conversation_token, pullable=pullable)
        parts = parts_of(
            answer,
            reasoning=self._wants_reasoning(answer.endpoint),
            pictures=self._takes_pictures(turn.preset, turn.request.model),
        )
        parts = () if Message("assistant", parts).plain else parts
        summary = summary_of(turn, answer)
        # The token goes to the visitor, and from there into the feedback file.
        summary = replace(summary, parameters=without_secrets(summary.parameters))
        prompts = tuple(message for message in turn.request.messages if message.role == "system")
        answered = (*prompts, *sent_messages("", question.conversation))
        token = self.signer.sign(summary, messages=answered, answer=answer.last_said, parts=parts)
        return Reply(
            answer, turn.answer_id, token, conversation_token, usage=self._usage(turn.preset, answer), parts=parts
        )

    def _takes_pictures(self, preset: str, model: str) -> bool:
        """Whether the model does, or nobody knows: then it is sent them, as it is sent those of visitors."""
        takes = self.catalog.takes(self._preset(preset), model)
        return takes is None or "image" in takes

    def _usage(self, preset: str, answer: Answer) -> str:
        return usage.line(answer, self._preset(preset).prices, self.words) if self.config.chat.show_usage else ""

    def _wants_reasoning(self, name: str) -> bool:
        return any(each.name == name and each.send_reasoning != "never" for each in self.config.endpoints)

    def _why_stopped(self) -> AnswerProblem | None:
        return _shutting_down() if self.running.draining else None

    def _preset(self, name: str) -> PresetConfig:
        presets = self.config.presets
        if not name:
            return presets[0]
        found = next((preset for preset in presets if preset.name == name), None)
        if found is None:
            names = [preset.name for preset in presets]
            near = get_close_matches(name[:LONGEST_NAME], names, n=1)
            raise ChoiceError(
                f"There is no preset called “{name[:LONGEST_NAME]}”.",
                hint=f"Did you mean “{near[0]}”?" if near else f"There are: {', '.join(names)}.",
            )
        return found

    def _conversation_id(self, token: str) -> str:
        """The conversation that a token names; a new one for a first question or a token not ours."""
        try:
            return self.signer.read_conversation(token) if token else token_hex(12)
        except TokenRefused:
            log.warning("token_refused", extra={"where": "conversation"})
            return token_hex(12)


def _demo_notice(why: Sequence[Notice]) -> Notice:
    """That the demo answers, and what would make a real server do it."""
    if not why:
        return Notice("This is the demo: its answers are scripted.", "Start without `--demo` to ask a real server.")
    other = "" if "OPENAI_BASE_URL" in why[0].hint else "set `OPENAI_BASE_URL`, or "
    return Notice(
        f"This is the demo: its answers are scripted. {why[0].sentence}",
        f"{why[0].hint} Or {other}name an endpoint in `config/chat.yaml`. "
        "This page turns to the server as soon as it answers.",
    )


def _shutting_down() -> ShuttingDown:
    return ShuttingDown(
        "The chat's server is being stopped.",
        hint="Try again in a moment: your question and what had arrived are kept.",
    )
