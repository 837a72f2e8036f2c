from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat_app.conversation.context import sent_messages
from chat_app.conversation.messages import Message, assistant, system, user

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
