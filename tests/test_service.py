"""What the page is answered, and what it can make the program do: the service over scripted servers."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import pytest

from chat_app.config import ChatConfig, Config, EndpointConfig, PresetConfig, PricesConfig, ServerConfig, ToolsConfig
from chat_app.config_sources.words_file import texts_of
from chat_app.conversation.context import GO_ON
from chat_app.conversation.deltas import Finish, Started, TextDelta, ToolCallDelta, Usage
from chat_app.conversation.messages import Image, Message, Text, ToolCall, ToolResult, assistant, system, user
from chat_app.conversation.tools import Decision
from chat_app.conversation.turn import TurnSummary
from chat_app.endpoints.catalog import Catalog
from chat_app.endpoints.chain.remembered import Remembered
from chat_app.endpoints.discovery import Found
from chat_app.endpoints.ollama import PullProgress
from chat_app.errors import ChoiceError, InputNotTaken, LengthLimit, ShuttingDown, TokenRefused, TooManyRounds
from chat_app.feedback.signature import Signer, text_hash
from chat_app.feedback.store import FeedbackStore
from chat_app.server.approvals import Approvals
from chat_app.server.turns import RunningTurns
from chat_app.service import ChatService
from chat_app.tools.toolbox import Toolboxes
from chat_app.ui.examples import Example
from chat_app.ui.service import Begun, Question, Reply, Verdict
from chat_app.ui.steps import call_name
from chat_app.ui.words import Words
from tests.doubles import Round, ScriptedServer, served

ASKED = (user("Why is the sky blue?"),)
CUT: Round = (Started("main", "toy"), TextDelta("Because "), Finish("length"))
MORE: Round = (Started("main", "toy"), TextDelta("of air."), Finish("stop"))


class Chat:
    """A service over one server; `pulled` are the models that an Ollama was asked to get."""

    def __init__(
        self,
        folder: Path,
        *rounds: Round,
        allow_pull: bool = False,
        endpoint: Mapping[str, Any] = MappingProxyType({}),
        chat: Mapping[str, Any] = MappingProxyType({}),
        functions: Sequence[Mapping[str, Any]] = (),
        max_rounds: int = 10,
        **preset: Any,
    ) -> None:
        config = served("main", models=("toy",), **endpoint)
        self.server = ScriptedServer(config, *rounds)
        self.server.listing = ("toy",)
        self.pulled: list[str] = []
        tools = ToolsConfig.model_validate({"functions": functions, "max_rounds": max_rounds})
        self.summaries: list[TurnSummary] = []
        self.running = RunningTurns()
        catalog = Catalog(
            Found((config,), configured=True),
            connects=lambda _, **__: self.server,
            asks_ollama=self._is_ollama,
            pull=self._pull,
        )
        self.service = ChatService(
            config=Config(
                endpoints=(config,),
                presets=(PresetConfig(**preset),),
                chat=ChatConfig(flagging_dir=folder, **chat),
                server=ServerConfig(allow_pull=allow_pull),
                tools=tools,
            ),
            catalog=catalog,
            signer=Signer("a secret of some length"),
            store=FeedbackStore(folder),
            running=self.running,
            toolboxes=Toolboxes(tools),
            approvals=Approvals(),
            words=Words(texts_of("en")),
            remembered=Remembered(),
            examples=(Example("Why is the sky blue?"),),
            observers=(self.summaries.append,),
        )

    async def ask(self, **question: Any) -> Reply:
        """The last reply to the question, or to another."""
        asked = {"conversation": ASKED, "preset": "", "model": "", "session": "s"} | question
        return [reply async for reply in self.service.ask(Question(**asked))][-1]

    async def _is_ollama(self, _: EndpointConfig) -> bool:
        return True

    async def _pull(self, _: EndpointConfig, model: str) -> AsyncGenerator[PullProgress, None]:
        self.pulled.append(model)
        yield PullProgress("success")


async def test_an_answer_that_was_cut_goes_on_as_one(tmp_path: Path) -> None:
    """The server is told what there is; the token is about the whole."""
    chat = Chat(tmp_path, CUT, MORE)
    cut = await chat.ask()
    assert isinstance(cut.answer.problem, LengthLimit)
    whole = await chat.ask(begun=Begun(cut.answer.text, cut.token))
    assert (whole.answer.text, whole.answer.problem) == ("Because of air.", None)
    assert chat.server.requests[-1].messages == (*ASKED, assistant("Because "), GO_ON)
    assert chat.service.signer.read(whole.token).answer_sha256 == text_hash("Because of air.")


@pytest.mark.parametrize("forged", ["Something that nobody said", ""])
async def test_nobody_can_have_words_of_their_own_gone_on_with(tmp_path: Path, forged: str) -> None:
    """The answer that comes of it would be signed."""
    chat = Chat(tmp_path, CUT, MORE)
    cut = await chat.ask()
    for begun in (Begun(forged, cut.token), Begun("Because ", "forged"), Begun("Because ", "")):
        reply = await chat.ask(begun=begun)
        assert isinstance(reply.answer.problem, TokenRefused)
        assert reply.token == ""
    other = await chat.ask(begun=Begun("Because ", cut.token), conversation=(user("Another question"),))
    assert isinstance(other.answer.problem, TokenRefused)
    assert len(chat.server.requests) == 1


async def test_an_answer_that_cannot_be_gone_on_with_now_stays_as_it_is(tmp_path: Path) -> None:
    """With its token, so that it can be rated and gone on with later."""
    chat = Chat(tmp_path, CUT, MORE)
    cut = await chat.ask()
    chat.running.drain()
    reply = await chat.ask(begun=Begun(cut.answer.text, cut.token))
    assert isinstance(reply.answer.problem, ShuttingDown)
    assert (reply.answer.text, reply.token) == ("Because ", cut.token)


async def test_what_is_signed_holds_no_secrets_of_the_parameters(tmp_path: Path) -> None:
    """The token can be read by whoever has the answer."""
    chat = Chat(tmp_path, MORE, parameters={"temperature": 0.5, "api_key": "do not tell"})
    reply = await chat.ask()
    signed = chat.service.signer.read(reply.token)
    assert signed.parameters["temperature"] == 0.5
    assert "do not tell" not in str(signed)
    assert chat.server.requests[-1].parameters["api_key"] == "do not tell"


async def test_a_model_is_offered_and_pulled_only_where_that_is_allowed(tmp_path: Path) -> None:
    """And only one that the settings name."""
    for allowed in (True, False):
        chat = Chat(tmp_path, MORE, allow_pull=allowed, model="llama3.2")
        chat.service.catalog.statuses()
        await chat.service.catalog.refresh()
        missing = await chat.ask()
        assert isinstance(missing.answer.problem, ChoiceError)
        assert missing.pullable == ("llama3.2" if allowed else "")
        other = await chat.ask(model="llama3.2:405b", pull=True)
        assert (other.pullable, chat.pulled) == ("", [])
        await chat.ask(pull=True)
        assert chat.pulled == (["llama3.2"] if allowed else [])


async def test_an_unknown_preset_is_told_where_pulling_is_allowed_too(tmp_path: Path) -> None:
    """Nothing leaves the service but replies."""
    reply = await Chat(tmp_path, allow_pull=True).ask(preset="nope")
    assert isinstance(reply.answer.problem, ChoiceError)
    assert reply.pullable == ""


def calls(name: str, arguments: str) -> Round:
    """A round in which the model calls a tool."""
    return (Started("main", "toy"), ToolCallDelta(0, name, arguments, "call-1"), Finish("tool_calls"))


ASKS = ({"function": "tests.tools.sample_functions:weather", "approval": "ask"},)
ARGUMENTS, WEATHER = '{"place": {"city": "Bern"}}', "Bern, DE: fine for 1 days, 21 C"
PICTURE = Image("image/png", "aGk=", "cat.png", 4, 3)


async def test_what_a_visitor_sets_is_what_is_asked_with(tmp_path: Path) -> None:
    """Beside the preset's own parameters, and in place of its system prompt."""
    chat = Chat(
        tmp_path,
        MORE,
        chat={"parameters": ["temperature", "system_prompt"]},
        system_prompt="Be kind.",
        parameters={"seed": 3},
    )
    reply = await chat.ask(parameters={"temperature": 0.2, "system_prompt": "Be brief."})
    assert chat.server.requests[-1].messages == (system("Be brief."), *ASKED)
    assert chat.server.requests[-1].parameters == {"seed": 3, "temperature": 0.2}
    assert chat.service.signer.read(reply.token).parameters == {"seed": 3, "temperature": 0.2}


async def test_what_may_not_be_set_is_not_asked_with(tmp_path: Path) -> None:
    """Whoever posts JSON may post anything."""
    chat = Chat(tmp_path, MORE, chat={"parameters": ["temperature"]})
    posted: tuple[Mapping[str, Any], ...] = ({"temperature": 99}, {"tools": []})
    for parameters in posted:
        reply = await chat.ask(parameters=parameters)
        assert isinstance(reply.answer.problem, ChoiceError)
    assert not chat.server.requests


async def test_a_picture_is_refused_before_it_is_sent_to_a_model_that_takes_none(tmp_path: Path) -> None:
    """The refusal names the model; the question stays."""
    chat = Chat(tmp_path, MORE, endpoint={"input_modalities": {"toy": ()}})
    await chat.service.catalog.refresh()
    reply = await chat.ask(conversation=(user("What is this?", PICTURE),))
    assert isinstance(reply.answer.problem, InputNotTaken)
    assert "toy" in reply.answer.problem.sentence
    assert not chat.server.requests


async def test_the_picker_says_what_a_model_takes(tmp_path: Path) -> None:
    """Pictures and audio, in the page's words."""
    chat = Chat(tmp_path, MORE, endpoint={"input_modalities": {"toy": ("image", "audio")}})
    await chat.service.catalog.refresh()
    assert [(each.name, each.takes) for each in chat.service.models("")] == [("toy", "pictures, audio")]


async def asked_for_a_call(chat: Chat, decision: Decision, **question: Any) -> Reply:
    """The last reply to a question whose call is decided as soon as it waits."""
    asked = Question(**{"conversation": ASKED, "preset": "", "model": "", "session": "s", "turn": "1", **question})
    reply = None
    async for reply in chat.service.ask(asked):
        for call in (call for step in reply.answer.steps for call in step.calls if call.state == "asking"):
            name = call_name(reply.answer_id, call)
            assert not chat.service.decide("another session", name, "allow")
            chat.service.decide("s", name, decision)
    assert reply is not None
    return reply


async def test_a_tool_that_asks_waits_for_the_visitor(tmp_path: Path) -> None:
    """Allowed, it runs and the model is told; later turns send the call and what came of it."""
    chat = Chat(tmp_path, calls("weather", ARGUMENTS), MORE, functions=ASKS, tools=("weather",))
    reply = await asked_for_a_call(chat, "allow")
    assert (reply.answer.text, reply.answer.problem) == ("of air.", None)
    call, result = ToolCall("weather", ARGUMENTS, "call-1"), ToolResult("call-1", WEATHER)
    assert reply.parts == (call, result, Text("of air."))
    assert chat.server.requests[-1].messages == (*ASKED, Message("assistant", (call, result)))


async def test_a_tool_that_is_not_allowed_does_not_run(tmp_path: Path) -> None:
    """The model is told so, and answers. Without a page there is nobody to ask."""
    for decision, turn in (("deny", "1"), ("allow", "")):
        chat = Chat(tmp_path, calls("weather", ARGUMENTS), MORE, functions=ASKS, tools=("weather",))
        reply = await asked_for_a_call(chat, cast("Decision", decision), turn=turn)
        assert reply.answer.steps[0].calls[0].state == "refused"
        assert reply.answer.text == "of air."


async def test_a_turn_has_as_many_rounds_as_the_settings_say(tmp_path: Path) -> None:
    """And whoever watches turns is told of it once."""
    chat = Chat(tmp_path, *[calls("weather", ARGUMENTS)] * 3, functions=ASKS, tools=("weather",), max_rounds=2)
    reply = await asked_for_a_call(chat, "allow")
    assert isinstance(reply.answer.problem, TooManyRounds)
    assert [summary.outcome for summary in chat.summaries] == ["too_many_rounds"]


async def test_pictures_of_answers_do_not_go_to_a_model_that_takes_none(tmp_path: Path) -> None:
    """Every later turn of the conversation would be refused; where nobody knows, they go."""
    result = Message("assistant", (ToolCall("f", "{}", "1"), ToolResult("1", "Here.", (PICTURE,)), Text("A cat.")))
    asked = (*ASKED, result, user("Which colour?"))
    for taken, pictures in (({"toy": ()}, ()), ({}, (PICTURE,))):
        chat = Chat(tmp_path, MORE, endpoint={"input_modalities": taken})
        await chat.service.catalog.refresh()
        await chat.ask(conversation=asked)
        sent = chat.server.requests[-1].messages[1].parts[1]
        assert isinstance(sent, ToolResult)
        assert sent.images == pictures
        assert ("cannot see" in sent.text) == (not pictures)


async def test_questions_have_no_more_files_than_they_may(tmp_path: Path) -> None:
    """Whatever is posted past the page."""
    for settings, count in (({"multimodal": False}, 1), ({}, 11)):
        chat = Chat(tmp_path, MORE, chat=settings)
        reply = await chat.ask(conversation=(user("Look", *[PICTURE] * count),))
        assert isinstance(reply.answer.problem, ChoiceError)
        assert not chat.server.requests


async def test_an_answer_whose_words_stand_before_its_calls_is_signed_with_them(tmp_path: Path) -> None:
    """What the model said last is what is rated."""
    said = (Started("main", "toy"), TextDelta("It is fine."), ToolCallDelta(0, "weather", ARGUMENTS, "c"))
    nothing: Round = (Started("main", "toy"), Finish("stop"))
    chat = Chat(tmp_path, (*said, Finish("tool_calls")), nothing, functions=ASKS, tools=("weather",))
    reply = await asked_for_a_call(chat, "allow")
    assert chat.service.signer.read(reply.token).answer_sha256 == text_hash("It is fine.")


async def test_a_verdict_on_an_answer_with_tools_is_a_row_with_them(tmp_path: Path) -> None:
    """The calls are those that were made; the pictures of the conversation are files beside the rows."""
    chat = Chat(tmp_path, calls("weather", ARGUMENTS), MORE, functions=ASKS, tools=("weather",))
    asked = (user("Look", PICTURE),)
    reply = await asked_for_a_call(chat, "allow", conversation=asked)
    verdict = Verdict(reply.token, "Like", asked, reply.answer.text, "", reply.parts)
    with pytest.raises(TokenRefused):
        await chat.service.rate(replace(verdict, parts=(*reply.parts[:1], ToolResult("call-1", "6"), Text("of air."))))
    await chat.service.rate(verdict)
    with (tmp_path / "feedback.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert json.loads(row["tool_calls"]) == [{"name": "weather", "arguments": ARGUMENTS, "result": WEATHER}]
    (picture,) = (tmp_path / "files").iterdir()
    assert picture.name in row["messages"]


async def test_what_an_answer_took_is_said_where_that_is_wanted(tmp_path: Path) -> None:
    """Not before it is over."""
    told: Round = (Started("main", "toy"), TextDelta("Yes."), Usage(1000, 2000), Finish("stop"))
    prices = PricesConfig(prompt=1, completion=2, currency="€")
    wanted, other = Chat(tmp_path, told, chat={"show_usage": True}, prices=prices), Chat(tmp_path, told)
    assert (await other.ask()).usage == ""
    said = (await wanted.ask()).usage
    assert "1,000 tokens in" in said
    assert "€0.005" in said


async def test_the_answer_to_an_example_is_given_again_where_it_is_kept(tmp_path: Path) -> None:
    """The model is asked once; with anything set or said besides, it is asked anew."""
    kept = Chat(tmp_path, MORE, MORE, chat={"cache_examples": True, "parameters": ["temperature"]})
    assert [(await kept.ask()).answer.text for _ in range(2)] == ["of air."] * 2
    assert len(kept.server.requests) == 1
    await kept.ask(parameters={"temperature": 0.2})
    assert len(kept.server.requests) == 2
    other = Chat(tmp_path, MORE, MORE)
    await other.ask()
    await other.ask()
    assert len(other.server.requests) == 2


async def test_examples_are_asked_beforehand_where_that_is_wanted(tmp_path: Path) -> None:
    """Then the first visitor waits for nobody."""
    eager = Chat(tmp_path, MORE, chat={"cache_examples": True, "cache_mode": "eager"})
    await eager.service.catalog.refresh()
    await eager.service.ask_examples()
    assert len(eager.server.requests) == 1
    assert (await eager.ask()).answer.text == "of air."
    assert len(eager.server.requests) == 1
    lazy = Chat(tmp_path, MORE, chat={"cache_examples": True})
    await lazy.service.ask_examples()
    assert not lazy.server.requests
