from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from traceback import extract_tb
from typing import Any

import pytest

from chat_app.config import EndpointConfig, PresetConfig
from chat_app.conversation.deltas import Asked, Delta, PassedOver, Pulling, Queued, Started, commits
from chat_app.conversation.messages import user
from chat_app.conversation.turn import Endpoint, Request
from chat_app.endpoints.catalog import Catalog
from chat_app.endpoints.chain.breaker import FAILURES
from chat_app.endpoints.discovery import Found
from chat_app.endpoints.modalities import Taken
from chat_app.endpoints.ollama import PullProgress
from chat_app.endpoints.status import EndpointStatus, asked
from chat_app.errors import ChoiceError, ConnectionFailed, EndpointError, InputNotTaken, KeyRefused, NotFound
from tests.doubles import FakeOllama, ScriptedServer, refused, running_ollama, says, served

ANY = PresetConfig()
NEVER_S = 3600.0


class _Servers:
    """Makes a scripted server for each endpoint, and keeps them by name. `ollamas` names those that are one."""

    def __init__(self, *ollamas: str) -> None:
        self.by_name: dict[str, ScriptedServer] = {}
        self.ollamas = ollamas
        self.recognised = 0

    def __call__(self, config: EndpointConfig, **_: Any) -> ScriptedServer:
        self.by_name[config.name] = ScriptedServer(config)
        return self.by_name[config.name]

    def __getitem__(self, name: str) -> ScriptedServer:
        return self.by_name[name]

    async def is_ollama(self, config: EndpointConfig) -> bool:
        self.recognised += 1
        return config.name in self.ollamas


@asynccontextmanager
async def _demo() -> AsyncGenerator[EndpointConfig, None]:
    yield served("demo", models=("demo", "demo-slow"))


def _catalog(servers: _Servers, *configs: EndpointConfig, configured: bool = True, only_demo: bool = False) -> Catalog:
    return Catalog(
        Found(configs, configured=configured),
        only_demo=only_demo,
        connects=servers,
        asks_ollama=servers.is_ollama,
        demo=_demo,
    )


async def _looked(listings: dict[str, Any], *ollamas: str, **settings: Any) -> tuple[Catalog, _Servers]:
    """A catalog of servers with these listings, after a first look."""
    servers = _Servers(*ollamas)
    catalog = _catalog(servers, *(served(name, **settings) for name in listings))
    for name, listing in listings.items():
        servers[name].listing = listing
    await catalog.refresh()
    return catalog, servers


async def _said(endpoint: Endpoint, model: str) -> list[Delta]:
    """What comes back for a question, to the beginning of the answer."""
    deltas: list[Delta] = []
    async with aclosing(endpoint.stream(Request((user("Hi"),), model))) as stream:
        async for delta in stream:
            deltas.append(delta)
            if commits(delta):
                break
    return deltas


async def _names_asked(catalog: Catalog, servers: _Servers, model: str) -> list[str]:
    """Who is asked for `model`, when nobody can answer."""
    endpoint, chosen = catalog.choose(ANY, model)
    for server in servers.by_name.values():
        server.rounds = [[KeyRefused("No.", hint="", endpoint=server.name)]]
    with pytest.raises(EndpointError):
        await _said(endpoint, chosen)
    return [name for name, server in servers.by_name.items() if server.requests]


async def test_before_the_first_look_nothing_is_known_and_nothing_waits() -> None:
    """The page can be painted at once, whatever the servers do."""
    catalog = _catalog(_Servers(), served("main"), served("spare", models=("toy",)))
    assert catalog.statuses() == (EndpointStatus("main"), EndpointStatus("spare", models=("toy",)))
    assert [server.name for server in catalog.active()] == ["main", "spare"]
    assert catalog.models_of(ANY) == ("toy",)


async def test_a_look_tells_who_is_up_who_is_down_and_why() -> None:
    """Each endpoint for itself: one that is down takes nothing from the other."""
    error = refused("main")
    catalog, _ = await _looked({"main": error, "spare": ("toy", "big")})
    assert catalog.statuses() == (
        EndpointStatus("main", "down", error),
        EndpointStatus("spare", "up", models=("toy", "big")),
    )
    assert catalog.models_of(ANY) == ("toy", "big")


async def test_all_endpoints_are_asked_at_the_same_time() -> None:
    """One that says nothing does not keep the others' news."""
    servers = _Servers()
    catalog = _catalog(servers, served("silent"), served("main"))
    servers["silent"].listing = silence = asyncio.Event()
    servers["main"].listing = ("toy",)
    look = asyncio.create_task(catalog.refresh())
    async with asyncio.timeout(1):
        while catalog.statuses()[1].state != "up":  # noqa: ASYNC110 -- what is tested is that it is known at once
            await asyncio.sleep(0)
    assert catalog.statuses()[0].state == "unknown"
    silence.set()
    await look


async def test_a_server_that_says_nothing_is_down_after_a_while() -> None:
    """Not for ever unknown."""
    server = ScriptedServer(served("silent"))
    server.listing = asyncio.Event()
    status = await asked(server, EndpointStatus("silent"), _Servers().is_ollama, patience_s=0.01)
    assert status.state == "down"
    assert status.error
    assert status.error.code == "timeout"


async def test_a_server_that_says_nothing_is_named_without_the_password_in_its_address() -> None:
    """What is said of it reaches the page and `/ready`."""
    server = ScriptedServer(EndpointConfig(name="main", base_url="http://me:secret@main.invalid:8000/v1"))
    server.listing = asyncio.Event()
    status = await asked(server, EndpointStatus("main"), _Servers().is_ollama, patience_s=0.01)
    assert status.error
    assert status.error.sentence == "main (main.invalid:8000) did not list its models within 0.01 s."
    assert "`models` of endpoint `main`" in status.error.hint
    assert "secret" not in str(status.error)


async def test_a_list_that_does_not_come_is_no_fault_if_the_models_are_configured() -> None:
    """As if there were none; but only where the server took the connection, whose own limit had not passed."""
    for connect_timeout_s, state in ((0.01, "up"), (5.0, "down")):
        config = served("main", models=("big",), connect_timeout_s=connect_timeout_s)
        server = ScriptedServer(config)
        server.listing = asyncio.Event()
        status = await asked(server, EndpointStatus("main"), _Servers().is_ollama, patience_s=0.02)
        assert (status.state, status.error is None) == (state, state == "up")


class _Defect(ScriptedServer):
    """A server at which our own client fails in a way that nobody foresaw."""

    async def models(self) -> tuple[str, ...]:
        if self.asked < 2:
            self.asked += 1
            raise RuntimeError("of me:secret@main")
        return await super().models()


async def test_a_defect_in_a_look_is_logged_and_does_not_end_the_looking(caplog: pytest.LogCaptureFixture) -> None:
    """The endpoint is down and says of what kind it was; the others and the next look go on."""
    defect = _Defect(served("main"))
    defect.listing = ("toy",)
    catalog = Catalog(
        Found((defect.config,), configured=True), connects=lambda *_, **__: defect, asks_ollama=_Servers().is_ollama
    )
    async with catalog.running(NEVER_S, 0.001), asyncio.timeout(1):
        (status,) = catalog.statuses()
        assert status.state == "down"
        assert status.error
        assert status.error.sentence == "main (main.invalid) could not be asked (RuntimeError)."
        while catalog.statuses()[0].state != "up":  # noqa: ASYNC110 -- what is tested is that it goes on by itself
            await asyncio.sleep(0.001)
    logged = [record for record in caplog.records if record.message == "catalog_failed"]
    assert [record.exc_info is not None for record in logged] == [True, True]
    assert "secret" not in " ".join(str(status.error) for status in catalog.statuses())


async def test_an_endpoint_that_cannot_be_made_is_down_and_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Certificates that cannot be read concern those with TLS; the page comes up and says so, and so does the turn."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    safe = EndpointConfig(name="safe", base_url="https://safe.invalid/v1")
    async with running_ollama(FakeOllama("toy")) as config:
        catalog = Catalog(Found((safe, config), configured=True))
        async with catalog.running(NEVER_S, NEVER_S):
            down, up = catalog.statuses()
            endpoint, model = catalog.choose(PresetConfig(endpoints=("safe",)), "")
            with pytest.raises(ConnectionFailed, match="SSL_CERT_FILE"):
                await _said(endpoint, model)
    assert (down.state, up.state) == ("down", "up")
    assert down.error
    assert "SSL_CERT_FILE" in down.error.hint
    lengths = []
    for _ in range(2):
        await catalog.refresh()
        lengths.append(len(extract_tb(down.error.__traceback__)))
    assert lengths[0] == lengths[1], "the error does not grow with each look"


async def test_configured_models_are_offered_and_no_others_but_the_server_is_still_asked() -> None:
    """The settings say what visitors may use, the server whether it is there."""
    catalog, servers = await _looked({"main": ("toy", "big")}, models=("big",))
    assert catalog.statuses() == (EndpointStatus("main", "up", models=("big",)),)
    servers["main"].listing = refused("main")
    await catalog.refresh()
    assert catalog.statuses()[0].state == "down"
    assert catalog.models_of(ANY) == ("big",)


async def test_a_server_without_a_list_is_up_if_its_models_are_configured() -> None:
    """Some have no `/models`; without configured models that is what a wrong address looks like."""
    missing = NotFound("Nothing there.", hint="", endpoint="main")
    catalog, _ = await _looked({"main": missing}, models=("big",))
    assert catalog.statuses() == (EndpointStatus("main", "up", models=("big",)),)
    catalog, _ = await _looked({"main": missing})
    assert catalog.statuses() == (EndpointStatus("main", "down", missing),)


async def test_the_list_of_a_server_that_went_down_is_kept() -> None:
    """The picker does not forget the visitor's choice because a server restarts."""
    catalog, servers = await _looked({"main": ("toy",)})
    servers["main"].listing = refused("main")
    await catalog.refresh()
    assert catalog.models_of(ANY) == ("toy",)


async def test_an_ollama_without_models_is_up_and_says_what_to_type() -> None:
    """It answers; what is missing is one command away."""
    catalog, _ = await _looked({"ollama": ()}, "ollama")
    (status,) = catalog.statuses()
    assert (status.state, status.is_ollama) == ("up", True)
    assert status.error
    assert "`ollama pull llama3.2`" in status.error.hint


async def test_a_server_is_asked_once_whether_it_is_an_ollama() -> None:
    """Again only after it was down: something else may listen there now."""
    catalog, servers = await _looked({"main": ("toy",)}, "main")
    await catalog.refresh()
    assert servers.recognised == 1
    servers["main"].listing = refused("main")
    await catalog.refresh()
    servers["main"].listing = ("toy",)
    await catalog.refresh()
    assert servers.recognised == 2
    assert catalog.statuses()[0].is_ollama


async def test_the_visitors_model_comes_before_the_presets_and_that_before_the_first_listed() -> None:
    """Whoever chose most precisely wins."""
    catalog, _ = await _looked({"main": ("toy", "big", "huge")})
    preset = PresetConfig(model="big")
    assert catalog.choose(preset, "huge")[1] == "huge"
    assert catalog.choose(preset, "")[1] == "big"
    assert catalog.choose(ANY, "")[1] == "toy"


async def test_the_models_to_pick_begin_with_the_one_that_the_preset_takes() -> None:
    """Each once, also when two endpoints have it, and when Ollama lists it with its tag."""
    catalog, _ = await _looked({"main": ("toy", "big:latest"), "spare": ("big", "toy")}, "main")
    assert catalog.models_of(ANY) == ("toy", "big:latest", "big")
    assert catalog.models_of(PresetConfig(model="big")) == ("big", "toy")
    assert catalog.models_of(PresetConfig(model="other")) == ("other", "toy", "big:latest", "big")


async def test_a_preset_asks_its_endpoints_in_its_order() -> None:
    """The next one answers when one cannot, and no other is asked."""
    catalog, servers = await _looked({"a": ("toy",), "b": ("toy",), "c": ("toy",)})
    servers["c"].rounds = [[KeyRefused("No.", hint="", endpoint="c")]]
    servers["a"].rounds = [says("Hello", endpoint="a")]
    endpoint, model = catalog.choose(PresetConfig(endpoints=("c", "a")), "")
    assert (await _said(endpoint, model))[-1] == Started("a", "toy")
    assert servers["c"].requests
    assert not servers["b"].requests


async def test_only_endpoints_that_have_the_model_or_may_have_it_are_asked() -> None:
    """One whose list nobody knows may."""
    catalog, servers = await _looked({"a": ("toy",), "b": ("big",), "c": refused("c")})
    assert await _names_asked(catalog, servers, "big") == ["b", "c"]


async def test_an_endpoint_that_is_down_is_asked_last_and_the_answer_says_why() -> None:
    """It may be back, but nobody waits for its attempts while another is there."""
    catalog, servers = await _looked({"a": ("toy",), "b": ("toy",)})
    servers["a"].listing = refused("a")
    await catalog.refresh()
    servers["b"].rounds = [says("Hello", endpoint="b")]
    assert await _said(*catalog.choose(ANY, "")) == [
        Asked("b"),
        PassedOver("a", "a refused the connection."),
        Started("b", "toy"),
    ]
    assert not servers["a"].requests


async def test_an_endpoint_whose_answers_keep_failing_is_asked_last_though_its_list_comes() -> None:
    """What one question found out, the next one knows, and the page says it while it lasts."""
    catalog, servers = await _looked({"a": ("toy",), "b": ("toy",)}, attempts=1)
    servers["a"].rounds = [[refused("a")] for _ in range(FAILURES)]
    servers["b"].rounds = [says("Hello", endpoint="b") for _ in range(FAILURES + 1)]
    for _ in range(FAILURES):
        assert (await _said(*catalog.choose(ANY, "")))[1] == PassedOver("a", "a refused the connection.", attempts=1)
    assert PassedOver("a", "a refused the connection.") in await _said(*catalog.choose(ANY, ""))
    assert len(servers["a"].requests) == FAILURES
    await catalog.refresh()
    failing, well = catalog.statuses()
    assert failing.state == "up"
    assert failing.error
    assert failing.error.sentence == "a refused the connection."
    assert "It is tried again in" in failing.error.hint
    assert well.error is None


@pytest.mark.parametrize(
    ("others", "hint"),
    [
        ({}, "It is still asked."),
        ({"b": ("big",)}, "It is still asked."),
        ({"b": ("big", "toy")}, "so the others are asked before it."),
        ({"b": ()}, "so the others are asked before it."),
    ],
)
async def test_that_others_are_asked_first_is_said_only_where_there_are_others(
    others: dict[str, tuple[str, ...]], hint: str
) -> None:
    """Others that offer the same, or may."""
    catalog, servers = await _looked({"a": ("toy",), **others}, attempts=1)
    servers["a"].rounds = [[refused("a")] for _ in range(FAILURES)]
    for _ in range(FAILURES):
        with pytest.raises(EndpointError):
            await _said(*catalog.choose(PresetConfig(endpoints=("a",)), "toy"))
    failing = catalog.statuses()[0]
    assert failing.error
    assert hint in failing.error.hint


async def test_what_a_look_finds_wrong_is_said_and_not_what_questions_found_before_it() -> None:
    """It is the newer of the two, and has the hint for it."""
    catalog, servers = await _looked({"ollama": ("toy",)}, "ollama", attempts=1)
    servers["ollama"].rounds = [[refused("ollama")] for _ in range(FAILURES)]
    for _ in range(FAILURES):
        with pytest.raises(EndpointError):
            await _said(*catalog.choose(ANY, ""))
    servers["ollama"].listing = ()
    await catalog.refresh()
    assert "no model" in _wrong_with(catalog)
    servers["ollama"].listing = KeyRefused("It refused the key.", hint="", endpoint="ollama")
    await catalog.refresh()
    assert _wrong_with(catalog) == "It refused the key."


def _wrong_with(catalog: Catalog) -> str:
    (status,) = catalog.statuses()
    return status.error.sentence if status.error else ""


async def test_a_model_that_the_settings_name_can_be_pulled_and_no_other() -> None:
    """By the name that Ollama has for it; a look afterwards finds it."""
    pulled: list[str] = []
    looks: list[int] = []

    async def pull(config: EndpointConfig, model: str) -> AsyncGenerator[PullProgress, None]:
        looks.append(servers["ollama"].asked)
        pulled.append(f"{model} from {config.name}")
        servers["ollama"].listing = ("llama3.2:3b", "small")
        yield PullProgress("success")

    servers = _Servers("ollama")
    configs = served("main"), served("ollama", models={"llama3.2": "llama3.2:3b"})
    catalog = Catalog(
        Found(configs, configured=True), connects=servers, asks_ollama=servers.is_ollama, pull=pull, demo=_demo
    )
    preset = PresetConfig(model="small")
    assert catalog.pullable(preset, "") == "", "nobody knows yet whether it is an Ollama"
    async with catalog.running(NEVER_S, NEVER_S):
        assert [catalog.pullable(preset, model) for model in ("", "llama3.2", "big")] == ["small", "llama3.2", ""]
        assert catalog.pullable(ANY, "") == ""
        assert catalog.pullable(PresetConfig(model="small", endpoints=("main",)), "") == ""
        servers["ollama"].rounds = [says("Hello", endpoint="ollama")]
        deltas = await _said(*catalog.pulling(preset, "llama3.2"))
        assert [type(delta) for delta in deltas] == [Pulling, Asked, Started]
        assert pulled == ["llama3.2:3b from ollama"]
        assert [request.model for request in servers["ollama"].requests] == ["llama3.2"]
        async with asyncio.timeout(1):
            while servers["ollama"].asked == looks[0]:  # noqa: ASYNC110 -- what is tested is that it looks by itself
                await asyncio.sleep(0)


@pytest.mark.parametrize("listed", ["small", "small:latest"])
async def test_a_model_that_has_come_since_is_not_pulled_again(listed: str) -> None:
    """Somebody else had it pulled, or the page is old: the server is asked what it has now."""
    catalog, servers = await _looked({"ollama": ()}, "ollama")
    servers["ollama"].listing = (listed,)
    servers["ollama"].rounds = [says("Hello", endpoint="ollama")]
    deltas = await _said(*catalog.pulling(PresetConfig(model="small"), ""))
    assert deltas == [Asked("ollama"), Started("ollama", "toy")]


async def test_fifty_clicks_are_one_pull() -> None:
    """All see it, all are answered, and the next one finds the model there."""
    pulled: list[str] = []

    async def pull(_: EndpointConfig, model: str) -> AsyncGenerator[PullProgress, None]:
        pulled.append(model)
        yield PullProgress("pulling manifest")
        await asyncio.sleep(0.01)
        servers["ollama"].listing = ("small",)
        yield PullProgress("success")

    servers = _Servers("ollama")
    catalog = Catalog(
        Found((served("ollama"),), configured=True), connects=servers, asks_ollama=servers.is_ollama, pull=pull
    )
    await catalog.refresh()
    servers["ollama"].rounds = [says("Hello", endpoint="ollama") for _ in range(51)]
    asking = catalog.pulling(PresetConfig(model="small"), "")
    told = await asyncio.gather(*(_said(*asking) for _ in range(50)))
    assert all([type(delta) for delta in deltas] == [Pulling, Pulling, Asked, Started] for deltas in told)
    assert [type(delta) for delta in await _said(*asking)] == [Asked, Started]
    assert pulled == ["small"]


async def test_a_pull_from_within_a_container_fails_with_the_hint_for_it() -> None:
    """There `localhost` is the container."""
    config = EndpointConfig(name="ollama", base_url="http://127.0.0.1:9/v1")
    server = ScriptedServer(config)
    catalog = Catalog(
        Found((config,), configured=True),
        in_container=True,
        connects=lambda *_, **__: server,
        asks_ollama=_Servers("ollama").is_ollama,
    )
    await catalog.refresh()
    with pytest.raises(EndpointError) as raised:
        await _said(*catalog.pulling(PresetConfig(model="small"), ""))
    assert "In a container `127.0.0.1` is the container itself" in raised.value.hint


async def test_what_may_not_be_pulled_is_asked_for_as_it_is() -> None:
    """The page offers it only where it may, but anybody can send the wish."""
    catalog, _ = await _looked({"ollama": ("toy",)}, "ollama")
    with pytest.raises(ChoiceError):
        catalog.pulling(ANY, "big")


async def test_a_question_waits_in_line_behind_those_of_others() -> None:
    """The line is the endpoint's, not the question's."""
    catalog, servers = await _looked({"main": ("toy",)}, max_concurrency=1)
    servers["main"].rounds = [[Started("main", "toy"), asyncio.Event()], says("Hello", endpoint="main")]
    first, model = catalog.choose(ANY, "")
    async with aclosing(first.stream(Request((user("Hi"),), model))) as answering:
        await anext(answering)
        second, _ = catalog.choose(ANY, "")
        waiting = second.stream(Request((user("Hi"),), model))
        assert await anext(waiting) == Queued("main", 1)
    async with aclosing(waiting):
        assert [await anext(waiting), await anext(waiting)] == [Asked("main"), Started("main", "toy")]


async def test_models_with_names_of_their_own_are_offered_by_the_names_used_here() -> None:
    """`{llama3.2: meta/llama}` on one server and the same name in the list of another: both are asked for it."""
    servers = _Servers()
    catalog = _catalog(servers, served("a", models={"llama3.2": "meta/llama", "big": "meta/big"}), served("b"))
    servers["a"].listing, servers["b"].listing = ("meta/llama", "meta/big"), ("llama3.2", "small")
    await catalog.refresh()
    assert catalog.models_of(ANY) == ("llama3.2", "big", "small")
    assert await _names_asked(catalog, servers, "llama3.2") == ["a", "b"]
    assert [request.model for request in servers["a"].requests] == ["llama3.2"]
    with pytest.raises(ChoiceError, match="no model `meta/llama` on a or b"):
        catalog.choose(ANY, "meta/llama")


async def test_retries_are_those_of_the_endpoint() -> None:
    """`attempts` is a setting of each."""
    catalog, servers = await _looked({"main": ("toy",)}, attempts=2)
    busy = refused("main")
    busy.retry_after_s = 0
    servers["main"].rounds = [[busy], says("Hello")]
    assert (await _said(*catalog.choose(ANY, "")))[-1] == Started("scripted", "toy", attempts=2)


async def test_a_model_that_nobody_lists_is_refused_with_the_nearest_names() -> None:
    """When all lists are known; and with Ollama's own command where there is an Ollama."""
    catalog, _ = await _looked({"ollama": ("llama3.2:3b", "qwen3"), "spare": ("gpt-oss",)}, "ollama")
    with pytest.raises(ChoiceError) as raised:
        catalog.choose(ANY, "lama3.2")
    assert raised.value.sentence == "There is no model `lama3.2` on ollama or spare."
    assert "Did you mean `llama3.2:3b`?" in raised.value.hint
    assert "`ollama pull lama3.2`" in raised.value.hint


async def test_a_model_that_is_in_no_known_list_is_not_asked_for_where_nobody_answers() -> None:
    """The dead endpoint's error would hide that the living one does not have it; one that is up is asked."""
    catalog, _ = await _looked({"main": ("toy",), "spare": refused("spare")})
    with pytest.raises(ChoiceError, match="…` on main; spare cannot be asked") as raised:
        catalog.choose(ANY, "big" * 1000)
    assert len(raised.value.sentence) < 200
    catalog, servers = await _looked({"main": ("toy",), "spare": refused("spare"), "other": ()})
    assert await _names_asked(catalog, servers, "big") == ["spare", "other"]


async def test_a_model_that_nobody_lists_is_asked_for_where_no_list_is_known() -> None:
    """The server decides, and its error says more than ours could."""
    catalog, servers = await _looked({"main": refused("main")})
    assert await _names_asked(catalog, servers, "anything") == ["main"]
    assert catalog.choose(ANY, "")[1] == ""


async def test_ollama_takes_a_name_without_its_tag() -> None:
    """`llama3.2` is what people type for `llama3.2:latest`; other servers take only what they list."""
    catalog, _ = await _looked({"main": ("llama3.2:latest",)}, "main")
    assert catalog.choose(ANY, "llama3.2")[1] == "llama3.2"
    catalog, _ = await _looked({"main": ("llama3.2:latest",)})
    with pytest.raises(ChoiceError):
        catalog.choose(ANY, "llama3.2")


async def test_a_preset_that_names_no_endpoint_there_is_says_so() -> None:
    """The settings refuse it; found endpoints have the names they have."""
    catalog, _ = await _looked({"main": ("toy",)})
    with pytest.raises(ChoiceError, match="Its `endpoints` can be: main"):
        catalog.choose(PresetConfig(endpoints=("other",)), "")


async def test_the_demo_stands_in_when_what_was_found_does_not_answer() -> None:
    """With its own model, whatever the preset or an older page asks for, and for any preset."""
    servers = _Servers()
    catalog = _catalog(servers, served("ollama"), configured=False)
    servers["ollama"].listing = error = refused("ollama")
    assert not catalog.demo
    async with catalog.running(NEVER_S, NEVER_S):
        assert catalog.demo
        assert [server.name for server in catalog.active()] == ["demo"]
        down, demo = catalog.statuses()
        assert (down.error, demo) == (error, EndpointStatus("demo", "up", models=("demo", "demo-slow")))
        preset = PresetConfig(endpoints=("ollama",), model="llama3.2")
        assert catalog.models_of(preset) == ("demo", "demo-slow")
        assert catalog.choose(preset, "")[1] == "demo"
        assert catalog.choose(preset, "qwen3")[1] == "demo"
        assert catalog.choose(preset, "demo-slow")[1] == "demo-slow"


async def test_a_real_server_takes_over_and_the_demo_does_not_come_back() -> None:
    """Scripted answers in the middle of a conversation would be worse than the error."""
    servers = _Servers()
    catalog = _catalog(servers, served("ollama"), configured=False)
    servers["ollama"].listing = refused("ollama")
    async with catalog.running(NEVER_S, NEVER_S):
        servers["ollama"].listing = ("llama3.2",)
        await catalog.refresh()
        assert not catalog.demo
        assert [status.name for status in catalog.statuses()] == ["ollama"]
        assert catalog.choose(ANY, "demo")[1] == "llama3.2", "a page from the time of the demo works on"
        servers["ollama"].listing = refused("ollama")
        await catalog.refresh()
        assert not catalog.demo


async def test_a_configured_endpoint_that_is_down_is_never_replaced_by_the_demo() -> None:
    """Somebody chose it: they are told that it is down."""
    servers = _Servers()
    catalog = _catalog(servers, served("main"))
    servers["main"].listing = refused("main")
    async with catalog.running(NEVER_S, NEVER_S):
        assert not catalog.demo
        assert [server.name for server in catalog.active()] == ["main"]
        assert "demo" not in servers.by_name


async def test_of_the_places_that_were_looked_at_only_those_that_answer_are_spoken_of() -> None:
    """In a container, Ollama is looked for in it and beside it; that one of them is empty is no fault."""
    servers = _Servers()
    catalog = _catalog(servers, served("ollama"), served("ollama-on-host"), configured=False)
    servers["ollama"].listing = refused("ollama")
    servers["ollama-on-host"].listing = ("llama3.2",)
    await catalog.refresh()
    assert [status.name for status in catalog.statuses()] == ["ollama-on-host"]
    assert catalog.models_of(ANY) == ("llama3.2",)
    with pytest.raises(ChoiceError):
        catalog.choose(ANY, "llama9")


async def test_the_demo_alone_asks_no_other_server() -> None:
    """`--demo`, whatever is configured."""
    servers = _Servers()
    catalog = _catalog(servers, served("main"), only_demo=True)
    async with catalog.running(NEVER_S, NEVER_S):
        assert catalog.demo
        assert list(servers.by_name) == ["demo"]
        assert catalog.choose(PresetConfig(endpoints=("main",), model="big"), "")[1] == "demo"
        assert catalog.models_of(ANY) == ("demo", "demo-slow")


async def test_it_looks_often_while_something_is_wrong_and_rarely_when_all_is_well() -> None:
    """A server that comes up is seen within seconds, and one that is up is left in peace."""
    servers = _Servers()
    catalog = _catalog(servers, served("main"))
    servers["main"].listing = refused("main")
    async with catalog.running(NEVER_S, 0.001), asyncio.timeout(1):
        while servers["main"].asked < 3:  # noqa: ASYNC110 -- what is tested is that it goes on by itself
            await asyncio.sleep(0.001)
        servers["main"].listing = ("toy",)
        while catalog.statuses()[0].state != "up":  # noqa: ASYNC110 -- the same
            await asyncio.sleep(0.001)
        times = servers["main"].asked
        await asyncio.sleep(0.02)
        assert servers["main"].asked == times


async def test_a_choice_that_is_refused_makes_it_look_again() -> None:
    """Somebody may have installed the model a moment ago: the next try finds it."""
    servers = _Servers()
    catalog = _catalog(servers, served("main"))
    servers["main"].listing = ("toy",)
    async with catalog.running(NEVER_S, NEVER_S), asyncio.timeout(1):
        servers["main"].listing = ("toy", "new")
        with pytest.raises(ChoiceError):
            catalog.choose(ANY, "new")
        while servers["main"].asked < 2:  # noqa: ASYNC110 -- what is tested is that it looks by itself
            await asyncio.sleep(0.001)
        assert catalog.choose(ANY, "new")[1] == "new"


async def test_the_start_does_not_wait_for_a_server_that_says_nothing() -> None:
    """Half a second at most, then the page is served with its state unknown."""
    servers = _Servers()
    catalog = _catalog(servers, served("silent"))
    servers["silent"].listing = asyncio.Event()
    async with asyncio.timeout(1):
        async with catalog.running(NEVER_S, NEVER_S):
            assert catalog.statuses() == (EndpointStatus("silent"),)


async def test_its_end_closes_all_connections_and_leaves_no_task() -> None:
    """The demo's too."""
    servers = _Servers()
    before = asyncio.all_tasks()
    catalog = _catalog(servers, served("main"), configured=False)
    servers["main"].listing = refused("main")
    async with catalog.running(NEVER_S, NEVER_S):
        pass
    assert all(server.closed for server in servers.by_name.values())
    assert set(servers.by_name) == {"main", "demo"}
    assert asyncio.all_tasks() == before


async def test_a_real_socket_and_the_real_demo_work_the_same() -> None:
    """Nothing scripted: the client, the recognition of Ollama and the demo server as they are."""
    ollama = FakeOllama()
    async with running_ollama(ollama) as config:
        pass
    catalog = Catalog(Found((config,), configured=False))
    async with catalog.running(NEVER_S, NEVER_S):
        assert catalog.demo
        assert (await _said(*catalog.choose(ANY, "")))[-1] == Started("demo", "demo")
    ollama.models = ["llama3.2:latest"]
    async with running_ollama(ollama) as config:
        catalog = Catalog(Found((config,), configured=False))
        async with catalog.running(NEVER_S, NEVER_S):
            assert catalog.statuses() == (EndpointStatus("ollama", "up", None, ("llama3.2:latest",), is_ollama=True),)
            assert catalog.choose(PresetConfig(model="llama3.2"), "")[1] == "llama3.2"


async def test_what_nobody_chose_does_not_keep_a_question_from_the_next_endpoint() -> None:
    """The first model of the first endpoint is what the picker shows; the next one answers with the first it has."""
    catalog, servers = await _looked({"main": ("big",), "spare": ("small", "big-too")})
    servers["main"].rounds = [[KeyRefused("No.", hint="", endpoint="main")]]
    for model in ("", "big"):
        servers["main"].rounds = [[KeyRefused("No.", hint="", endpoint="main")]]
        servers["spare"].rounds = [says("Hello", endpoint="spare")]
        endpoint, chosen = catalog.choose(ANY, model)
        assert chosen == "big"
        assert isinstance((await _said(endpoint, chosen))[-1], Started)
    assert [request.model for request in servers["main"].requests] == ["big", "big"]
    assert [request.model for request in servers["spare"].requests] == ["small", "small"]


async def test_a_model_that_was_chosen_is_answered_by_no_other() -> None:
    """By the preset, or by the visitor."""
    catalog, servers = await _looked({"main": ("big", "huge"), "spare": ("small",)})
    for preset, model in ((PresetConfig(model="big"), ""), (ANY, "huge")):
        servers["main"].rounds = [[KeyRefused("No.", hint="", endpoint="main")]]
        endpoint, chosen = catalog.choose(preset, model)
        with pytest.raises(KeyRefused):
            await _said(endpoint, chosen)
    assert servers["spare"].requests == []


async def test_a_question_that_fails_is_a_reason_to_look_at_once() -> None:
    """So the next one does not find out again that the server is gone."""
    catalog, servers = await _looked({"main": ("toy",), "spare": ("toy",)})
    looking = asyncio.create_task(catalog.run(NEVER_S, NEVER_S))
    try:
        await asyncio.sleep(0.01)
        servers["main"].listing = refused("main")
        servers["main"].rounds = [[KeyRefused("No.", hint="", endpoint="main")]]
        servers["spare"].rounds = [says("Hello", endpoint="spare")]
        endpoint, chosen = catalog.choose(ANY, "toy")
        await _said(endpoint, chosen)
        await asyncio.sleep(0.01)
        assert [status.state for status in catalog.statuses()] == ["down", "up"]
    finally:
        looking.cancel()


async def test_what_stays_wrong_is_asked_less_and_less_often() -> None:
    """A key that is refused every three seconds for days may be shut out for good."""
    catalog, servers = await _looked({"main": KeyRefused("No.", hint="", endpoint="main")})
    looking = asyncio.create_task(catalog.run(1.0, 0.01))
    try:
        await asyncio.sleep(0.5)
    finally:
        looking.cancel()
    assert 4 < servers["main"].asked < 15


async def _taking(told: dict[str, dict[str, Taken]], **listings: tuple[str, ...]) -> tuple[Catalog, _Servers]:
    """A catalog that has looked and learnt what each server tells of its models."""

    async def asks(config: EndpointConfig, models: Sequence[str], *, is_ollama: bool) -> dict[str, Taken]:
        del is_ollama
        return {model: taken for model, taken in told.get(config.name, {}).items() if model in models}

    servers = _Servers()
    configs = tuple(served(name) for name in listings)
    catalog = Catalog(
        Found(configs, configured=True), connects=servers, asks_ollama=servers.is_ollama, asks_modalities=asks
    )
    for name, listing in listings.items():
        servers[name].listing = listing
    await catalog.refresh()
    await catalog.learn()
    return catalog, servers


PICTURES, TEXT_ALONE = Taken(frozenset({"image"})), Taken()


async def test_what_models_take_is_known_once_their_servers_told() -> None:
    """By the model, the preset's own if none is given; nobody knows what nobody told."""
    catalog, _ = await _taking({"main": {"eye": PICTURES, "plain": TEXT_ALONE}}, main=("plain", "eye", "who"))
    pictures, nothing = PICTURES.sure, TEXT_ALONE.sure
    assert [catalog.takes(ANY, model) for model in ("eye", "plain", "who", "")] == [pictures, nothing, None, nothing]
    assert catalog.takes(PresetConfig(model="eye"), "") == pictures


async def test_a_question_with_a_picture_is_refused_by_a_model_that_takes_none() -> None:
    """Before anybody is asked, with the names of those that take it."""
    catalog, servers = await _taking({"main": {"eye": PICTURES, "plain": TEXT_ALONE}}, main=("plain", "eye"))
    with pytest.raises(InputNotTaken, match=r"`plain` does not take pictures.*Pick one that does: `eye`\."):
        catalog.choose(ANY, "", {"image"})
    assert catalog.refusal(ANY, "eye", {"image"}) is None
    assert catalog.refusal(ANY, "plain", set()) is None
    catalog.choose(ANY, "plain")
    assert not servers["main"].requests


async def test_a_question_with_a_picture_goes_to_the_endpoint_that_takes_it() -> None:
    """The same model may stand without its eyes at another."""
    told = {"main": {"toy": TEXT_ALONE}, "spare": {"toy": PICTURES}}
    catalog, servers = await _taking(told, main=("toy",), spare=("toy",))
    servers["main"].rounds = [says("Hi", endpoint="main")]
    servers["spare"].rounds = [says("I see", endpoint="spare")]
    endpoint, model = catalog.choose(ANY, "toy", {"image"})
    assert (await _said(endpoint, model))[-1] == Started("spare", "toy")
    endpoint, model = catalog.choose(ANY, "toy")
    assert (await _said(endpoint, model))[-1] == Started("main", "toy")


async def test_servers_are_asked_what_models_take_behind_each_look() -> None:
    """Without anybody waiting for it: one that never tells delays neither the start nor the next look."""
    told = asyncio.Event()
    asked_for: list[tuple[str, ...]] = []

    async def asks(config: EndpointConfig, models: Sequence[str], *, is_ollama: bool) -> dict[str, Taken]:
        del config, is_ollama
        asked_for.append(tuple(models))
        await told.wait()
        return dict.fromkeys(models, PICTURES)

    servers = _Servers()
    catalog = Catalog(
        Found((served("main"),), configured=True),
        connects=servers,
        asks_ollama=servers.is_ollama,
        asks_modalities=asks,
    )
    servers["main"].listing = ("toy",)
    async with catalog.running(0.001, 0.001), asyncio.timeout(2):
        while not asked_for or servers["main"].asked < 3:  # noqa: ASYNC110 -- looks go on meanwhile: that is tested
            await asyncio.sleep(0.001)
        assert catalog.takes(ANY, "toy") is None
        told.set()
        while catalog.takes(ANY, "toy") is None:  # noqa: ASYNC110 -- the same
            await asyncio.sleep(0.001)
    assert asked_for == [("toy",)]
