"""An answer as the messages that Gradio shows, and as what the API returns.

Text goes in as parts, because Gradio runs `inspect.cleandoc` over plain strings and so changes tabs and indentation.
What this program or a server says about a failure is text and never markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from chat_app.conversation.deltas import (
    Answer,
    Asked,
    Dropped,
    Loading,
    Postponed,
    Pulling,
    Queued,
    Remark,
    ToolsNotTaken,
    ToolsUnreached,
    Truncated,
)
from chat_app.conversation.part_json import json_of
from chat_app.errors import ChatAppError, EndpointError, LengthLimit, Stopped
from chat_app.ui.contents import of_display, of_media, text
from chat_app.ui.markdown import hint_of, plain
from chat_app.ui.service import Reply
from chat_app.ui.steps import asking_of, displays_of, message, replies_of, steps_of, thought_of
from chat_app.ui.words import Words

TRY_AGAIN = "Try again"
"""The value of the button under a notice; a click on it asks the same question again."""
CONTINUE = "Continue"
"""That of the button under an answer that the token limit cut; a click on it has the model go on."""
PULL = "Get the model"
"""That of the button where a model is missing that may be pulled."""
_LABELS = {TRY_AGAIN: "try_again", CONTINUE: "continue", PULL: "get_model"}

LOOKS_COLD_S = 2.0
"""How long nothing more is said than that an answer is waited for."""


def user_message(said: str, files: object = None) -> dict[str, Any]:
    """What the visitor says, unaltered, behind what goes with it."""
    return {"role": "user", "content": [*(files if isinstance(files, list) else ()), text(said)]}


def kept_messages(reply: Reply, words: Words) -> list[dict[str, Any]]:
    """What a client of `/chat` keeps of a reply, to be read at its next question: parts, where there are any."""
    if not reply.parts:
        return messages_of(reply, words)
    metadata = {"id": reply.answer_id, "log": reply.token}
    return [message([json_of(part) for part in reply.parts], metadata)]


def messages_of(reply: Reply, words: Words) -> list[dict[str, Any]]:
    """The assistant's messages, as far as there are: notes, steps, thought, answer with its token, notice.

    Until it has begun, what is being waited for.
    """
    answer = reply.answer
    begun = answer.text or answer.reasoning or answer.media
    if not answer.steps and not answer.done and (answer.waiting or not begun):
        return [*([message([text(answer.text)], None)] if answer.text else []), waiting(answer, words)]
    messages = [message([text(hint_of(hint))], {"title": plain(said)}) for said, hint in notes_of(answer, words)]
    metadata = {"id": reply.answer_id, "log": reply.token} if reply.token else None
    messages += steps_of(answer, reply.answer_id, words, metadata)
    messages += asking_of(answer, reply.answer_id, words)
    if answer.reasoning:
        messages.append(thought_of(answer, words))
    if answer.text or answer.media:
        said = [text(answer.text)] if answer.text else []
        messages.append(message([*said, *map(of_media, answer.media)], metadata))
    elif answer.waiting and not answer.done and not _at_work(answer):
        messages.append(waiting(answer, words))
    if answer.problem:
        messages.append(notice(answer.problem, words, _offers(reply), answer))
    elif answer.done and (replies := replies_of(answer)):
        messages[-1] = {**messages[-1], "options": replies}
    return messages


def waiting(answer: Answer, words: Words) -> dict[str, Any]:
    """What stands on the page until the first word is there: what is waited for, and how long already."""
    passed = "\n\n".join(f"{plain(each.because)} {plain(words.text('asking_next'))}" for each in answer.passed_over)
    return message([text(passed)], {"title": plain(_waited_for(answer, words)), "status": "pending"})


def api_value(reply: Reply, words: Words) -> str | list[dict[str, Any]]:
    """What `/chat` returns: a string for an answer that is only text, else its messages, as plain text.

    Contents are strings; notes, thoughts, calls and notices have `metadata.title`, a notice's is what happened. What is
    more than text is a message whose content is a list, as on the page.
    """
    answer = reply.answer
    notes = notes_of(answer, words) if answer.text or answer.done else []
    if not (answer.reasoning or answer.problem or notes or answer.steps or answer.media):
        return answer.text
    messages = [_titled(said, hint) for said, hint in notes]
    for step in answer.steps:
        messages += [_titled(words.text("thought"), step.reasoning)] if step.reasoning else []
        messages += [_said(step.text)] if step.text.strip() else []
        for call in step.calls:
            messages.append(
                _titled(f"{call.call.name}({call.call.arguments})", call.output.text if call.output else "")
            )
            messages += [message([of_media(part)], None) for part in (call.output.media if call.output else ())]
            messages += [message([of_display(display)], None) for display in displays_of(call)]
    if answer.reasoning:
        messages.append(_titled(words.text("thought"), answer.reasoning))
    if answer.text:
        messages.append(_said(answer.text))
    messages += [message([of_media(part)], None) for part in answer.media]
    if problem := answer.problem:
        messages.append(_titled(problem.sentence, problem.hint))
    return messages


def notes_of(answer: Answer, words: Words) -> list[tuple[str, str]]:
    """What is to be known of an answer although nothing is wrong: pairs of what happened, and more about it."""
    notes = []
    if answer.passed_over and answer.endpoint:
        because = " ".join(passed.because for passed in answer.passed_over)
        said = words.text("answered_by", endpoint=answer.endpoint)
        notes.append((f"{said}: {because}", words.text("answered_by_hint")))
    return [*notes, *(_note(remark, answer, words) for remark in answer.remarks)]


def _note(remark: Remark, answer: Answer, words: Words) -> tuple[str, str]:
    match remark:
        case Dropped(messages):
            return words.text("dropped", count=messages, model=answer.model), words.text("dropped_hint")
        case Truncated(read_tokens, sent_tokens, hint):
            read, sent = f"{read_tokens:,}", f"{sent_tokens:,}"
            return words.text("truncated", endpoint=answer.endpoint, read=read, sent=sent), hint
        case ToolsNotTaken(endpoint, model):
            return words.text("tools_not_taken", endpoint=endpoint, model=model), words.text("tools_not_taken_hint")
        case ToolsUnreached(server):
            return words.text("tools_unreached", server=server), words.text("tools_unreached_hint")


def notice(
    problem: ChatAppError, words: Words, offers: Sequence[str] = (TRY_AGAIN,), answer: Answer | None = None
) -> dict[str, Any]:
    """A message that says what went wrong and what to do, with a button for each of `offers`."""
    detail = problem.detail if isinstance(problem, EndpointError) and problem.detail not in problem.sentence else ""
    said = [hint_of(problem.hint)]
    said += [plain(words.text("server_said", detail=detail))] if detail else []
    said += [f"{plain(call.name)}({plain(call.arguments)})" for call in (answer.tool_calls.values() if answer else ())]
    title = hint_of(problem.sentence) if isinstance(problem, Stopped) else f"⚠ {hint_of(problem.sentence)}"
    options = [{"label": words.text(_LABELS[offer]), "value": offer} for offer in offers]
    return message([text("\n\n".join(said))], {"title": title}, options)


def _at_work(answer: Answer) -> bool:
    """Whether calls are being made, or waited to be allowed."""
    return any(call.ended_s is None for step in answer.steps for call in step.calls)


def _offers(reply: Reply) -> list[str]:
    offers = [TRY_AGAIN]
    if (
        reply.token
        and not reply.answer.steps
        and (reply.answer.continued or isinstance(reply.answer.problem, LengthLimit))
    ):
        offers.insert(0, CONTINUE)
    if reply.pullable:
        offers.insert(0, PULL)
    return offers


def _waited_for(answer: Answer, words: Words) -> str:  # noqa: PLR0911 -- one case for each thing to wait for
    waited_s = answer.elapsed_s - answer.waiting_since_s
    seconds = f"{waited_s:.0f}"
    match answer.waiting:
        case Loading(endpoint):
            return words.text("loading", endpoint=endpoint, seconds=seconds)
        case Queued(endpoint, 1):
            return words.text("queued_next", endpoint=endpoint, seconds=seconds)
        case Queued(endpoint, position):
            return words.text("queued", endpoint=endpoint, before=position - 1, seconds=seconds)
        case Postponed(_, because, wait_s):
            return words.text("postponed", because=because, seconds=max(1, ceil(wait_s - waited_s)))
        case Pulling(endpoint, model, step, received_bytes, total_bytes):
            share = f", {received_bytes / 1e9:.1f} / {total_bytes / 1e9:.1f} GB" if total_bytes else ""
            return f"{words.text('pulling', endpoint=endpoint, model=model)}: {step}{share}"
        case Asked(endpoint) if waited_s >= LOOKS_COLD_S:
            return words.text("no_answer_yet", endpoint=endpoint, seconds=seconds)
        case _:
            return words.text("waiting")


def _said(said: str) -> dict[str, Any]:
    return {"role": "assistant", "content": said}


def _titled(title: str, said: str) -> dict[str, Any]:
    return {"role": "assistant", "content": said, "metadata": {"title": title}}
