"""What is wrong with an answer that ended, where something is: each with what to do about it."""

from __future__ import annotations

from chat_app.conversation.deltas import Answer
from chat_app.errors import AnswerProblem, EmptyAnswer, Filtered, LengthLimit, Stopped, ToolCallWanted, TooManyRounds


def stopped(answer: Answer) -> Stopped:
    """That the visitor ended it."""
    kept = "What had arrived is kept. " if answer.text or answer.reasoning or answer.steps else ""
    return Stopped("You stopped this answer.", hint=f"{kept}Retry asks again.")


def too_many_rounds(rounds: int) -> TooManyRounds:
    """That the model called tools `rounds` times, and wants to again."""
    times = "once" if rounds == 1 else f"{rounds} times"
    return TooManyRounds(
        f"The model called tools {times} and has not answered.",
        hint="What came of the calls is kept: ask it to answer with that, or raise `tools.max_rounds`.",
    )


def problem_of(answer: Answer) -> AnswerProblem | None:
    """What is wrong with an answer that its endpoint calls finished, if anything is."""
    if answer.finish_reason == "length":
        more = "Let it continue, or raise" if answer.text else "Raise"
        return LengthLimit(
            "The answer stopped at the token limit.", hint=f"{more} `max_tokens` in the preset's `parameters`."
        )
    if answer.finish_reason == "content_filter":
        return Filtered(
            "The server's content filter stopped the answer.",
            hint="Put the question differently, or pick another model.",
        )
    if answer.tool_calls:
        wanted = ", ".join(dict.fromkeys(call.name for call in answer.tool_calls.values() if call.name))
        return ToolCallWanted(
            f"The model wants to call a tool{f': {wanted}' if wanted else ''}.",
            hint="None is run here: ask it to answer without, or take `tools` out of the preset's `parameters`.",
        )
    return None if _says_something(answer) else _empty(answer)


def _says_something(answer: Answer) -> bool:
    """Whether there is text, a picture, or what a tool shows as part of the answer."""
    shown = any(call.output and call.output.displays for step in answer.steps for call in step.calls)
    return bool(answer.text[answer.continued :].strip() or answer.media or shown)


def _empty(answer: Answer) -> EmptyAnswer:
    if answer.steps:
        what = "called tools, and then said nothing"
    else:
        what = "thought, and then said nothing" if answer.reasoning else "answered with nothing"
    who = f"The model at {answer.endpoint}" if answer.endpoint else "The model"
    return EmptyAnswer(f"{who} {what}.", hint="Retry, put the question differently, or pick another model.")
