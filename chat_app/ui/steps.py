"""What a model thought and called, as the thoughts that Gradio shows: closed when they are over, and nested.

A call is a thought inside that of its step: its arguments, what came of it, how long it took. While one waits for the
visitor, a thought of its own asks, with two buttons: buttons inside a thought are not shown (read in Gradio 6.31).
Pictures and recordings of a result follow the thought: inside one they are not drawn unless the page has drawn others
before (the same). Names, arguments and results stand in code blocks or escaped: a tool cannot write into the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chat_app.conversation.deltas import Answer
from chat_app.conversation.messages import File
from chat_app.conversation.tools import Call, Decision, Gallery, Html, Plot, Replies, Step, Table
from chat_app.ui import contents
from chat_app.ui.markdown import code_block, plain
from chat_app.ui.words import Words

Shown = dict[str, Any]

ALLOW: Final = "allow:"
DENY: Final = "deny:"
REPLY: Final = "reply:"
"""What the values of these buttons begin with; the name of the call, or the reply, follows."""
DECISIONS: Final[Mapping[str, Decision]] = {ALLOW: "allow", DENY: "deny"}
"""What these buttons decide about the call of that name."""
LONGEST_SHOWN: Final = 20_000
"""Characters of arguments and results that are shown: the page has to draw them at each update."""


def steps_of(answer: Answer, answer_id: str, words: Words, metadata: Shown | None = None) -> list[Shown]:
    """The messages of what came before the last time that the model was asked, in order.

    Where the model said nothing since, what it said last carries `metadata`.
    """
    shown: list[Shown] = []
    last = None
    for number, step in enumerate(answer.steps):
        messages = list(_step(step, f"{answer_id}-{number}", words))
        last = next((each for each in messages if step.text.strip() and each["metadata"] is None), last)
        shown += messages
    if last is not None and not (answer.text or answer.media):
        last["metadata"] = metadata
    return shown


def thought_of(answer: Answer, words: Words) -> Shown:
    """What the model thought before it answers."""
    if answer.text or answer.done or answer.media:
        return message([contents.text(answer.reasoning)], _done(words.text("thought"), _thinking_s(answer)))
    return message([contents.text(answer.reasoning)], {"title": words.text("thinking"), "status": "pending"})


def replies_of(answer: Answer) -> list[dict[str, str]]:
    """Buttons for what the visitor may want to say next: what was offered last."""
    offered: tuple[str, ...] = ()
    for output in (call.output for step in answer.steps for call in step.calls if call.output):
        offered = next((display.replies for display in output.displays if isinstance(display, Replies)), offered)
    return [{"label": reply, "value": f"{REPLY}{reply}"} for reply in offered]


def displays_of(call: Call) -> list[Plot | Table | Gallery | Html]:
    """What a call shows as part of the answer."""
    return [each for each in (call.output.displays if call.output else ()) if not isinstance(each, Replies)]


def call_name(answer_id: str, call: Call) -> str:
    """The name by which the visitor decides about a call."""
    return f"{answer_id}:{call.call.call_id}"


def message(
    content: list[contents.Content], metadata: Shown | None, options: list[dict[str, str]] | None = None
) -> Shown:
    """A message of the assistant."""
    return {
        "role": "assistant",
        "content": content,
        "metadata": metadata,
        **({"options": options} if options else {}),
    }


def _step(step: Step, step_id: str, words: Words) -> Iterator[Shown]:
    if step.reasoning:
        yield message([contents.text(step.reasoning)], _done(words.text("thought"), step.reasoning_s))
    if step.text.strip() or step.media:
        said = [contents.text(step.text)] if step.text.strip() else []
        yield message([*said, *map(contents.of_media, step.media)], None)
    running = any(call.ended_s is None for call in step.calls)
    title = words.text("tools_running" if running else "tools_used", count=len(step.calls))
    names = ", ".join(dict.fromkeys(_named(call, words) for call in step.calls))
    status = "pending" if running else "done"
    yield message([contents.text("")], {"title": f"{title}: {names}", "id": step_id, "status": status})
    for number, call in enumerate(step.calls):
        yield from _call(call, f"{step_id}-{number}", step_id, words)
    for call in step.calls:
        media = (part for part in (call.output.media if call.output else ()) if not isinstance(part, File))
        yield from (message([contents.of_media(part)], None) for part in media)
        yield from (message([contents.of_display(display)], None) for display in displays_of(call))


def _call(call: Call, call_id: str, parent_id: str, words: Words) -> Iterator[Shown]:
    state = words.text(f"call_{call.state}")
    metadata: Shown = {"title": plain(call.call.name), "id": call_id, "parent_id": parent_id, "log": state}
    metadata["status"] = "pending" if call.ended_s is None else "done"
    if call.ended_s is not None:
        metadata["duration"] = round(call.ended_s - call.began_s, 2)
    said = [f"{words.text('call_arguments')}\n\n{code_block(_shortened(_pretty(call.call.arguments), words), 'json')}"]
    if call.output is not None:
        result = _shortened(call.output.text, words)
        said.append(f"{words.text('call_result')}\n\n{code_block(result)}")
    yield message([contents.text("\n\n".join(said))], metadata)
    for file in (part for part in (call.output.media if call.output else ()) if isinstance(part, File)):
        yield message([contents.of_media(file)], {"title": plain(file.name), "parent_id": parent_id})


def asking_of(answer: Answer, answer_id: str, words: Words) -> Iterator[Shown]:
    """A question to the visitor for the first call that waits for one: the next is asked about when it is decided."""
    for call in [call for step in answer.steps for call in step.calls if call.state == "asking"][:1]:
        name = call_name(answer_id, call)
        yield message(
            [contents.text(code_block(_shortened(_pretty(call.call.arguments), words), "json"))],
            {"title": words.text("call_asked", name=plain(call.call.name)), "status": "pending"},
            [
                {"label": words.text("allow"), "value": f"{ALLOW}{name}"},
                {"label": words.text("deny"), "value": f"{DENY}{name}"},
            ],
        )


def _named(call: Call, words: Words) -> str:
    """The name of a call, with what has become of it where that is not what was wanted."""
    name = plain(call.call.name)
    return f"{name} ({words.text(f'call_{call.state}')})" if call.state in {"failed", "refused"} else name


def _pretty(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return arguments


def _shortened(said: str, words: Words) -> str:
    if len(said) <= LONGEST_SHOWN:
        return said
    return f"{said[:LONGEST_SHOWN]}\n… {words.text('more_characters', count=len(said) - LONGEST_SHOWN)}"


def _thinking_s(answer: Answer) -> float | None:
    if answer.reasoning_until_s is None or answer.reasoning_from_s is None:
        return None
    return answer.reasoning_until_s - answer.reasoning_from_s


def _done(title: str, duration_s: float | None) -> Shown:
    return {"title": title, "status": "done", **({"duration": round(duration_s, 1)} if duration_s is not None else {})}
