from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import pytest

from chat_app.config import EndpointConfig
from chat_app.conversation.messages import Audio, File, Image, Message, Text, ToolResult, assistant, user
from chat_app.endpoints.inputs_taken import (
    AT_A_LOOK,
    KNOWN_FOR_S,
    UNKNOWN_FOR_S,
    Asking,
    InputsTaken,
    carried,
    in_words,
    refusal,
)
from chat_app.endpoints.modalities import UNKNOWN, Taken
from tests.doubles import FakeTime, served

PICTURES = Taken(frozenset({"image"}))
TEXT = Taken()
IMAGE, AUDIO = Image("image/png", "aGk="), Audio("audio/wav", "aGk=")


class Telling:
    """What servers tell, by model; `asked` keeps the models of each request."""

    def __init__(self, **told: Taken) -> None:
        self.told: dict[str, Taken] = dict(told)
        self.asked: list[tuple[str, ...]] = []
        self.defect: Exception | None = None

    async def __call__(self, config: EndpointConfig, models: Sequence[str], *, is_ollama: bool) -> Mapping[str, Taken]:
        """One request."""
        del config, is_ollama
        self.asked.append(tuple(models))
        if self.defect:
            raise self.defect
        return {model: self.told[model] for model in models if model in self.told}


async def test_what_was_told_is_remembered() -> None:
    """And not asked for again."""
    telling = Telling(seeing=PICTURES, plain=TEXT)
    taken, config = InputsTaken(telling), served("main")
    assert taken.of(config, "seeing") == UNKNOWN
    for _ in range(2):
        await taken.learn([Asking(config, ("seeing", "plain"), is_ollama=False)])
    assert (taken.of(config, "seeing"), taken.of(config, "plain")) == (PICTURES, TEXT)
    assert telling.asked == [("seeing", "plain")]


async def test_what_is_old_is_asked_for_again_and_used_until_then() -> None:
    """A model may have been replaced; a server that is silent now has told it once."""
    telling, time = Telling(seeing=PICTURES), FakeTime()
    taken, config = InputsTaken(telling, clock=time), served("main")
    server = Asking(config, ("seeing", "silent"), is_ollama=False)
    await taken.learn([server])
    time.now_s += UNKNOWN_FOR_S
    await taken.learn([server])
    telling.told = {}
    time.now_s += KNOWN_FOR_S
    await taken.learn([server])
    assert taken.of(config, "seeing") == PICTURES
    telling.told = {"seeing": TEXT}
    time.now_s += UNKNOWN_FOR_S
    await taken.learn([server])
    assert taken.of(config, "seeing") == TEXT
    assert telling.asked == [("seeing", "silent"), ("silent",), ("seeing", "silent"), ("seeing", "silent")]


async def test_many_models_are_asked_for_at_several_looks() -> None:
    """Not all in one go; in the end all of them."""
    names = tuple(f"m{number}" for number in range(AT_A_LOOK + 10))
    telling = Telling(**dict.fromkeys(names, PICTURES))
    taken, config = InputsTaken(telling), served("main")
    for _ in range(3):
        await taken.learn([Asking(config, names, is_ollama=True)])
    assert telling.asked == [names[:AT_A_LOOK], names[AT_A_LOOK:]]


async def test_what_a_server_no_longer_offers_is_forgotten() -> None:
    """Nothing grows for ever."""
    telling = Telling(old=PICTURES, new=PICTURES)
    taken, config = InputsTaken(telling), served("main")
    await taken.learn([Asking(config, ("old",), is_ollama=False)])
    await taken.learn([Asking(config, ("new",), is_ollama=False)])
    assert (taken.of(config, "old"), taken.of(config, "new")) == (UNKNOWN, PICTURES)


async def test_the_settings_win_and_nobody_is_asked() -> None:
    """By name, with or without Ollama's tag, else by the star."""
    telling = Telling(llava=TEXT)
    config = served("main", input_modalities={"llava": ("image",), "*": ()})
    taken = InputsTaken(telling)
    await taken.learn([Asking(config, ("llava", "other"), is_ollama=True)])
    assert [taken.of(config, model) for model in ("llava", "llava:latest", "other")] == [PICTURES, PICTURES, TEXT]
    assert not telling.asked


async def test_an_ollamas_tag_is_optional() -> None:
    """A preset says `llava`, the list `llava:latest`."""
    taken, config = InputsTaken(Telling(**{"llava:latest": PICTURES})), served("ollama")
    await taken.learn([Asking(config, ("llava:latest",), is_ollama=True)])
    assert taken.of(config, "llava") == PICTURES


async def test_a_defect_leaves_the_other_servers_alone(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged with the endpoint's name, and what it would have told stays unknown."""
    telling = Telling(m=PICTURES)
    telling.defect = RuntimeError("broken")
    taken = InputsTaken(telling)
    with caplog.at_level(logging.ERROR):
        await taken.learn([Asking(served("main"), ("m",), is_ollama=False)])
    assert [(record.message, record.__dict__["endpoint"]) for record in caplog.records] == [
        ("modalities_failed", "main")
    ]
    assert taken.of(served("main"), "m") == UNKNOWN


def test_what_goes_with_a_question_is_what_the_visitor_added() -> None:
    """Documents are text; what a tool gave is no question of the visitor's."""
    result = Message("assistant", (ToolResult("1", "seen", (IMAGE,)), Text("I see."), AUDIO))
    assert carried((user("Hi", File("a.txt", "text/plain", "a")), result)) == frozenset()
    assert carried((user("Look", IMAGE), assistant("Nice."), user("And?"))) == {"image"}
    assert carried((user("Look", IMAGE, AUDIO),)) == {"image", "audio"}


def test_what_is_taken_has_words() -> None:
    """For the picker."""
    assert in_words(frozenset({"audio", "image"})) == "pictures, audio"
    assert in_words(frozenset()) == ""


def test_a_refusal_names_the_model_what_it_does_not_take_and_who_does() -> None:
    """Up to five of them, by their order, and the setting for who knows better."""
    others = [("llama3.2", TEXT), *((f"eye{number}", PICTURES) for number in range(6)), ("who", UNKNOWN)]
    error = refusal({"image"}, TEXT, "llama3.2", others, "ollama")
    assert error
    assert error.sentence == "The model `llama3.2` does not take pictures, and this conversation has some."
    assert error.hint == (
        "Pick one that does: `eye0`, `eye1`, `eye2`, `eye3`, `eye4`. "
        "If it does, say so in `input_modalities` of endpoint `ollama`."
    )
    assert error.code == "input_not_taken"


def test_a_refusal_without_another_model_says_so() -> None:
    """Only what is missing is named; a model that takes half of it is no help."""
    error = refusal({"image", "audio"}, TEXT, "m", [("eye", PICTURES)], "main")
    assert error
    assert "pictures or audio" in error.sentence
    assert error.hint.startswith("No model here is known to; ask without. ")
    error = refusal({"image", "audio"}, PICTURES, "m", [], "main")
    assert error
    assert "does not take audio," in error.sentence


@pytest.mark.parametrize("taken", [UNKNOWN, PICTURES, Taken(frozenset(), frozenset({"image"}))])
def test_what_may_be_taken_is_sent(taken: Taken) -> None:
    """Not knowing is no reason to refuse."""
    assert refusal({"image"}, taken, "m", [], "main") is None
    assert refusal(frozenset(), TEXT, "m", [], "main") is None
