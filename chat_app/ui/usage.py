"""The line under an answer that says what it took: tokens, time, who answered, and what it cost.

Counts are the server's: what it did not say is left out, never guessed. Of an answer with several rounds of tool calls
the tokens in are those of the last, which read all that came before; the cost is of all of them. Tokens a second are
left out there, because the calls take time as well. An answer that took no request was kept from an
earlier one: it has that one's tokens, and took no time and no money.
"""

from __future__ import annotations

from math import floor, log10
from typing import Final

from chat_app.config import PricesConfig
from chat_app.conversation.deltas import Answer
from chat_app.ui.words import Words

BETWEEN: Final = " · "
FEWEST_TOKENS: Final = 2
SHORTEST_S: Final = 0.05
"""Below these, tokens a second say nothing: all came at once."""
DECIMALS: Final = 6
"""The most of a cost."""
_MILLION: Final = 1_000_000


def line(answer: Answer, prices: PricesConfig | None, words: Words) -> str:
    """What `answer` took, as plain text; empty until it is done, and when nobody answered."""
    if not answer.done or not answer.endpoint:
        return ""
    kept = answer.attempts == 0
    said = [
        words.text("usage_remembered") if kept else "",
        _tokens("usage_prompt", answer.usage.prompt_tokens, words),
        _tokens("usage_completion", answer.usage.completion_tokens, words),
        "" if kept else _first(answer, words),
        "" if kept else _speed(answer, words),
        words.text("usage_who", model=answer.model, endpoint=answer.endpoint) if answer.model else answer.endpoint,
        "" if kept else _cost(answer, prices, words),
    ]
    return BETWEEN.join(each for each in said if each)


def _tokens(key: str, count: int | None, words: Words) -> str:
    return "" if count is None else words.text(key, count=_number(count, 0, words))


def _first(answer: Answer, words: Words) -> str:
    if (first_s := answer.first_token_s) is None:
        return ""
    return words.text("usage_first", seconds=_number(first_s, 1 if first_s >= 2 * SHORTEST_S else 2, words))


def _speed(answer: Answer, words: Words) -> str:
    """Tokens a second from the first one on."""
    count, first_s, total_s = answer.usage.completion_tokens, answer.first_token_s, answer.total_s
    if answer.steps or count is None or first_s is None or total_s is None:
        return ""
    wrote_s = total_s - first_s
    if count < FEWEST_TOKENS or wrote_s <= SHORTEST_S:
        return ""
    speed = count / wrote_s
    return words.text("usage_speed", speed=_number(speed, 0 if speed >= 10 else 1, words))  # noqa: PLR2004 -- two digits


def _cost(answer: Answer, prices: PricesConfig | None, words: Words) -> str:
    read = answer.read_tokens if answer.steps else answer.usage.prompt_tokens
    wrote = answer.usage.completion_tokens
    if prices is None or read is None or wrote is None:
        return ""
    cost = (read * prices.prompt + wrote * prices.completion) / _MILLION
    if cost == 0:
        return f"{prices.currency}0"
    if cost < 10**-DECIMALS:
        return f"< {prices.currency}{_number(10**-DECIMALS, DECIMALS, words)}"
    decimals = min(max(2, 1 - floor(log10(cost))), DECIMALS)
    return f"{prices.currency}{_number(cost, decimals, words)}"


def _number(value: float, decimals: int, words: Words) -> str:
    """A number as the language writes it."""
    marks = {",": words.text("thousands"), ".": words.text("decimal")}
    return "".join(marks.get(sign, sign) for sign in f"{value:,.{decimals}f}")
