from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from chat_app.conversation.context import GO_ON, Kept, fitted, sent_messages, to_go_on, without_oldest_half
from chat_app.conversation.messages import Image, Message, Reasoning, ToolCall, ToolResult, assistant, system, user

CONVERSATIONS = st.lists(st.builds(user, st.text()) | st.builds(assistant, st.text()))


def test_the_system_prompt_goes_first() -> None:
    """Before everything that was said."""
    talk = (user("Hi"), assistant("Hello"), user("How are you?"))
    assert sent_messages("Be kind.", talk) == (system("Be kind."), *talk)


def test_without_a_system_prompt_there_is_no_system_message() -> None:
    """An empty one would override the model's own."""
    assert sent_messages("", (user("Hi"),)) == (user("Hi"),)


def test_an_answer_without_text_is_left_out() -> None:
    """It is what a failed turn leaves behind, and servers refuse empty assistant messages."""
    talk = (user("Hi"), Message("assistant", ()), user("Hi again"), assistant(""), user("And now?"))
    assert sent_messages("", talk) == (user("Hi"), user("Hi again"), user("And now?"))


def test_a_question_is_never_left_out() -> None:
    """Not even an empty one: what the visitor sent is what is asked."""
    assert sent_messages("", (user(""),)) == (user(""),)


def test_text_is_sent_as_it_was_typed() -> None:
    """The prompt and the messages keep their tabs and blank lines."""
    assert sent_messages("\tBe kind.\n", (user("\n\n\tx"),)) == (system("\tBe kind.\n"), user("\n\n\tx"))


@given(st.text(), CONVERSATIONS)
def test_the_order_is_kept_and_nothing_is_invented(prompt: str, talk: list[Message]) -> None:
    """Whatever was said: all questions and all answers with words, in their order, behind the prompt."""
    sent = sent_messages(prompt, talk)
    said = [message for message in talk if message.role == "user" or message.text]
    assert list(sent) == ([system(prompt)] if prompt else []) + said


def tokens_of(message: Message) -> int:
    """A made-up price: one for each character, and one for the message."""
    return len(message.text) + 1


def cost_of(messages: Sequence[Message]) -> int:
    """What all of them cost."""
    return sum(map(tokens_of, messages))


TALK = (system("Be kind."), user("one"), assistant("1"), user("two"), assistant("2"), user("three"))


def test_what_fits_is_sent_whole() -> None:
    """To the last token of the budget."""
    assert fitted(TALK, cost_of(TALK), tokens_of) == Kept(TALK, 0)


def test_whole_turns_drop_from_the_oldest() -> None:
    """A question and its answer go together, although the question alone would have been enough."""
    assert fitted(TALK, cost_of(TALK) - 1, tokens_of) == Kept((TALK[0], *TALK[3:]), 2)


def test_a_question_that_nobody_answered_drops_alone() -> None:
    """It is a turn of its own."""
    talk = (user("lost"), user("two"), assistant("2"), user("three"))
    assert fitted(talk, cost_of(talk) - 1, tokens_of) == Kept(talk[1:], 1)


def test_the_system_prompt_and_the_last_question_stay_whatever_they_cost() -> None:
    """Without them there is nothing to answer."""
    assert fitted(TALK, 0, tokens_of) == Kept((TALK[0], TALK[-1]), 4)


def test_an_answer_to_go_on_with_stays_with_its_question() -> None:
    """Nobody can continue what they are not shown."""
    talk = to_go_on(TALK, "Half an")
    assert fitted(talk, 0, tokens_of) == Kept((TALK[0], *talk[-3:]), 4)
    assert [message.text for message in talk[-2:]] == ["Half an", GO_ON.text]


def test_a_conversation_that_begins_with_an_answer_loses_that_first() -> None:
    """It belongs to no question."""
    talk = (assistant("Welcome"), user("two"), assistant("2"), user("three"))
    assert fitted(talk, cost_of(talk) - 1, tokens_of) == Kept(talk[1:], 1)


def test_half_of_the_turns_are_left_out_where_no_number_is_known() -> None:
    """The older half; of two turns the first, of one none."""
    assert without_oldest_half(TALK) == Kept((TALK[0], *TALK[3:]), 2)
    assert without_oldest_half(TALK[3:]) == Kept(TALK[5:], 2)
    assert without_oldest_half((TALK[0], TALK[5])) == Kept((TALK[0], TALK[5]), 0)


@given(st.text(), CONVERSATIONS, st.integers(0, 300))
def test_what_is_kept_is_a_system_prompt_and_the_newest_turns(prompt: str, talk: list[Message], budget: int) -> None:
    """In order, within the budget unless one turn is left, and beginning with a question if anything was dropped."""
    sent = sent_messages(prompt, talk)
    kept = fitted(sent, budget, tokens_of)
    prompts = 1 if prompt else 0
    assert kept.messages == (*sent[:prompts], *sent[prompts + kept.dropped :])
    behind = kept.messages[prompts:]
    assert cost_of(kept.messages) <= budget or [message.role for message in behind[1:]].count("user") == 0
    if kept.dropped:
        assert behind[0].role == "user"
    questions = [message for message in sent if message.role == "user"]
    assert not questions or questions[-1] in behind


@given(CONVERSATIONS, st.integers(0, 300), st.integers(0, 100))
def test_a_larger_budget_drops_no_more(talk: list[Message], budget: int, more: int) -> None:
    """Whatever was said."""
    assert fitted(talk, budget + more, tokens_of).dropped <= fitted(talk, budget, tokens_of).dropped


def test_an_answer_without_words_is_sent_where_it_called_tools_or_painted() -> None:
    """Only one that says nothing at all, or merely thought, is left out."""
    called = Message("assistant", (ToolCall("f", "{}", "a"), ToolResult("a", "One.")))
    painted = Message("assistant", (Image("image/png", "iVBO"),))
    thought = Message("assistant", (Reasoning("Hm."),))
    assert sent_messages("", [user("Hi"), called, painted, thought, assistant("")]) == (user("Hi"), called, painted)
