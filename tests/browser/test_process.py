"""The process as a whole: how it ends while it answers, and two of them with one folder of feedback."""

from __future__ import annotations

import csv
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from time import monotonic, sleep

import httpx2
import pytest

from chat_app.feedback.record import COLUMNS
from tests.browser import app_process
from tests.browser.app_process import App
from tests.browser.gradio_events import Conversation, Visitor, said
from tests.browser.upstream import Upstream, says, says_as_taken, says_without_end

pytestmark = pytest.mark.browser

STOPPED_WITHIN_S = 10.0
"""Then a container is killed."""
VISITORS = 8
"""At each of the two apps."""
VERDICTS = 5
"""Of each visitor, who changes their mind each time."""


@pytest.fixture(scope="module")
def two_apps(tmp_path_factory: pytest.TempPathFactory, upstream_server: Upstream) -> Iterator[tuple[App, App]]:
    """Two apps at two ports with the same folder of feedback, started at once: so both may make its key."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "other")]
    shared = {"CHAT_APP__CHAT__FLAGGING_DIR": str(folders[0] / "feedback")}
    settings = f"endpoints: [{{name: own, base_url: {upstream_server.base_url}, attempts: 1}}]\n"
    with ThreadPoolExecutor() as pool:
        one, other = pool.map(lambda folder: app_process.start(folder, settings, environment=shared), folders)
    yield one, other
    one.stop()
    other.stop()


def test_two_processes_write_one_feedback_file(two_apps: tuple[App, App], server: Upstream) -> None:
    """All verdicts that are given at once at both are there, whole, below one header; each app takes the other's."""
    server.otherwise = says('Commas, "quotes",\nlines.')
    with ExitStack() as stack:
        visitors = [stack.enter_context(closing(Visitor(app.base_url))) for app in two_apps for _ in range(VISITORS)]
        with ThreadPoolExecutor(len(visitors)) as pool:
            conversations = list(pool.map(lambda visitor: visitor.answered(said("user", "Hi")), visitors))
            elsewhere = [*visitors[VISITORS:], *visitors[:VISITORS]]  # where the answer does not come from
            assert two_apps[0].rows() == []
            answers = pool.map(_changes_their_mind, elsewhere, conversations)
            assert list(answers) == [[""] * VERDICTS] * len(visitors)

    with (two_apps[0].feedback / "feedback.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == COLUMNS
    assert len(rows) == 2 * VISITORS * VERDICTS
    assert {len(row) for row in rows} == {len(COLUMNS)}
    columns = [dict(zip(header, row, strict=True)) for row in rows]
    assert len({row["feedback_id"] for row in columns}) == len(rows)
    assert len({row["answer_id"] for row in columns}) == 2 * VISITORS
    last = {row["answer_id"]: row["rating"] for row in columns}
    assert set(last.values()) == {"Dislike"}
    assert {row["answer"] for row in columns} == {'Commas, "quotes",\nlines.'}
    assert not (two_apps[1].folder / "feedback").exists()


def test_a_verdict_is_only_taken_for_what_was_signed(two_apps: tuple[App, App], server: Upstream) -> None:
    """An altered answer, an altered token and one made up are refused, said on the page, and logged; no row."""
    app, _ = two_apps
    before = app.rows()
    with closing(Visitor(app.base_url)) as visitor:
        question, answer = visitor.answered(said("user", "Hi"))
        token = answer["metadata"]["log"]
        altered = {**answer, "content": [{"type": "text", "text": "Something else."}]}
        with_token = [{**answer, "metadata": {**answer["metadata"], "log": made}} for made in (f"{token}x", "made.up")]
        for wrong in (altered, *with_token):
            assert "not recorded" in visitor.likes([question, wrong]).json()["data"][0]

    assert len(server.asked) == 1
    assert app.rows() == before
    assert app.log.count("verdict_refused code=token_refused") == 3


def test_a_running_answer_may_finish(two_apps: tuple[App, App], server: Upstream) -> None:
    """SIGTERM lets it; nobody new is answered meanwhile, and then the exit status is 0. The last test of this app."""
    app, _ = two_apps
    refused = threading.Event()
    server.then(says_as_taken("Still", " here, and", " done.", taken=lambda number: not number or refused.is_set()))
    with closing(Visitor(app.base_url)) as visitor, closing(Visitor(app.base_url)) as late:
        events = visitor.call_chat("Hi", None, None)
        first = next(event for event in events if event[1][0])  # not a beat before it
        assert first == ("generating", ["Still", None])
        told_s = monotonic()
        app.process.send_signal(signal.SIGTERM)
        _wait_until_draining(app)
        *_, (_, (refusal, _)) = late.call_chat("Me too", None, None)
        refused.set()
        *_, last = events

    assert last == ("complete", ["Still here, and done.", None])
    assert "being stopped" in refusal[0]["metadata"]["title"]
    assert len(server.asked) == 1
    assert app.process.wait(STOPPED_WITHIN_S) == 0
    assert monotonic() - told_s < STOPPED_WITHIN_S
    assert "Traceback" not in app.log


def test_an_endless_answer_is_ended_with_what_had_arrived(two_apps: tuple[App, App], server: Upstream) -> None:
    """In time, with a notice that says why, for the page and the API alike. The last test of this app."""
    _, app = two_apps
    server.then(says_without_end(), says_without_end())
    with (
        closing(Visitor(app.base_url)) as caller,
        closing(Visitor(app.base_url)) as visitor,
        ThreadPoolExecutor() as pool,
    ):
        events = caller.call_chat("Talk.", None, None)
        next(events)
        on_page = pool.submit(visitor.answered, said("user", "Talk."))
        _wait_until_asked(server, 2)
        told_s = monotonic()
        app.process.send_signal(signal.SIGTERM)
        *_, (event, (value, _)) = events
        _, answer, notice = on_page.result()

    assert event == "complete"
    assert value[0]["content"].startswith("word word ")
    assert "being stopped" in value[1]["metadata"]["title"]
    assert answer["content"][0]["text"].startswith("word ")
    assert answer["metadata"]["log"], "The answer cannot be rated."
    assert "being stopped" in notice["metadata"]["title"]
    assert app.process.wait(STOPPED_WITHIN_S) == 0
    assert monotonic() - told_s < STOPPED_WITHIN_S
    assert all(exchange.closed.wait(1) for exchange in server.asked)
    assert "Traceback" not in app.log


def _changes_their_mind(visitor: Visitor, conversation: Conversation) -> list[str]:
    """What the page says to each of the visitor's verdicts, one after the other: nothing, when it is recorded."""
    return [visitor.likes(conversation, liked=bool(number % 2)).json()["data"][0] for number in range(VERDICTS)]


def _wait_until_draining(app: App) -> None:
    until = monotonic() + 5
    while httpx2.get(f"{app.base_url}/ready").json()["status"] != "stopping":
        assert monotonic() < until, "The app does not stop."
        sleep(0.01)


def _wait_until_asked(server: Upstream, times: int) -> None:
    until = monotonic() + 10
    while len(server.asked) < times:
        assert monotonic() < until, "The server was not asked."
        sleep(0.01)  # it runs in this process
