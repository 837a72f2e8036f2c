from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chat_app.config import PricesConfig
from chat_app.config_sources.words_file import texts_of
from chat_app.conversation.deltas import Answer, Usage
from chat_app.conversation.tools import Step
from chat_app.errors import Stopped
from chat_app.ui.usage import line
from chat_app.ui.words import Words

ENGLISH = Words(texts_of("en"))
PRICES = PricesConfig(prompt=0.5, completion=1.5)
WHOLE = Answer(
    endpoint="ollama",
    model="llama3.2",
    attempts=1,
    text="Because of the air.",
    usage=Usage(1203, 456),
    first_token_s=0.84,
    total_s=10.84,
)


def said(prices: PricesConfig | None = None, **changes: Any) -> str:
    """What is said of an answer that differs so."""
    return line(replace(WHOLE, **changes), prices, ENGLISH)


def test_all_that_is_known_is_said() -> None:
    """Tokens, time, who answered, and the cost."""
    assert said(PRICES) == (
        "1,203 tokens in · 456 tokens out · first after 0.8 s · 46 tokens/s · llama3.2 at ollama · $0.0013"
    )


def test_what_nobody_counted_is_left_out() -> None:
    """Nothing is guessed: neither counts, nor what follows from them."""
    assert said(PRICES, usage=Usage(None, None)) == "first after 0.8 s · llama3.2 at ollama"
    assert said(PRICES, usage=Usage(12, None)) == "12 tokens in · first after 0.8 s · llama3.2 at ollama"
    assert said(first_token_s=None) == "1,203 tokens in · 456 tokens out · llama3.2 at ollama"
    assert said(usage=Usage(None, None), first_token_s=None, model="") == "ollama"


def test_no_cost_without_prices() -> None:
    """And none is no price of zero."""
    assert "$" not in said()
    assert said(PricesConfig(prompt=0, completion=0)).endswith(" · $0")


@pytest.mark.parametrize(
    ("tokens", "cost"),
    [
        (2_500_000, "$2.50"),
        (1_234_567_890, "$1,234.57"),
        (450_000, "$0.45"),
        (45_600, "$0.046"),
        (1_234, "$0.0012"),
        (12, "$0.000012"),
        (1.4, "$0.000001"),
        (0.5, "< $0.000001"),
    ],
)
def test_a_cost_has_two_digits_at_least(tokens: float, cost: str) -> None:
    """However small it is, down to a millionth."""
    assert said(PricesConfig(prompt=tokens, completion=0), usage=Usage(1, 0)).endswith(f" · {cost}")


def test_the_currency_is_the_settings() -> None:
    """It stands before the sum."""
    assert said(PricesConfig(prompt=1e6, completion=0, currency="€"), usage=Usage(2, 0)).endswith(" · €2.00")


@pytest.mark.parametrize(
    ("changes", "speed"),
    [
        ({"usage": Usage(1, 1)}, ""),
        ({"total_s": 0.88}, ""),
        ({"usage": Usage(1, 2), "total_s": 1.84}, "2.0 tokens/s"),
        ({"usage": Usage(1, 12345), "total_s": 1.84}, "12,345 tokens/s"),
    ],
)
def test_a_speed_is_said_where_it_means_something(changes: dict[str, Any], speed: str) -> None:
    """Two tokens at least, that did not come at once."""
    assert [each for each in said(**changes).split(" · ") if "tokens/s" in each] == ([speed] if speed else [])


def test_an_answer_at_once_has_its_hundredths() -> None:
    """Not zero seconds."""
    assert "first after 0.04 s" in said(first_token_s=0.04)


def test_an_answer_with_tools_says_no_speed_and_costs_what_all_its_rounds_read() -> None:
    """The calls took time, and every round read the conversation again."""
    steps = (Step(text="Let me look."),)
    without = "1,203 tokens in · 456 tokens out · first after 0.8 s · llama3.2 at ollama"
    assert said(PRICES, steps=steps) == without
    assert said(PRICES, steps=steps, read_tokens=1_000_000) != said(PRICES, steps=steps, read_tokens=2_000_000)
    assert said(PRICES, steps=steps, read_tokens=1_000_000).startswith(without)


def test_a_kept_answer_says_so_and_cost_nothing() -> None:
    """It took no request: the tokens are those of the first time."""
    assert said(PRICES, attempts=0, first_token_s=0.001, total_s=0.002) == (
        "kept answer to this example · 1,203 tokens in · 456 tokens out · llama3.2 at ollama"
    )


def test_a_stopped_answer_has_its_line_and_one_that_nobody_gave_has_none() -> None:
    """What had arrived took something."""
    assert said(problem=Stopped("You stopped this answer.", hint=""))
    assert said(endpoint="") == ""
    assert said(total_s=None) == ""


def test_numbers_are_written_as_the_language_does() -> None:
    """1.203 and 0,8 in German."""
    assert line(WHOLE, None, Words(texts_of("de"))).startswith("1.203 Token gelesen · 456 Token geschrieben · erstes")
    assert "0,8 s" in line(WHOLE, None, Words(texts_of("de")))
    assert line(WHOLE, None, Words(texts_of("zh"))).startswith("输入 1,203 词元 · ")
