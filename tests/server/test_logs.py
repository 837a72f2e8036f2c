import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator

import pytest

from chat_app.conversation.turn import TurnSummary
from chat_app.errors import ConfigError
from chat_app.server.logs import configure, log_turn

log = logging.getLogger("chat_app.server.somewhere")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("chat_app")
    before = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    logging.captureWarnings(capture=False)


def test_a_line_is_an_event_and_its_fields() -> None:
    """Values with blanks are quoted, unknown ones left out."""
    line = _logged({}, lambda: log.warning("token_refused", extra={"where": "the page", "count": 2, "user": None}))

    assert re.fullmatch(
        r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING token_refused where="the page" count=2\n', line
    )


def test_a_line_is_an_object_when_json_is_asked_for() -> None:
    """One line each, unknown values as null."""
    line = _logged({"CHAT_APP_LOG": "json"}, lambda: log.info("a", extra={"where": "b\nc", "user": None}))

    said = json.loads(line)
    assert line.count("\n") == 1
    assert (said["level"], said["event"], said["where"], said["user"]) == ("info", "a", "b\nc", None)
    assert said["logger"] == "chat_app.server.somewhere"
    assert said["time"].endswith("Z")


def test_nobody_can_forge_a_line() -> None:
    """Line breaks in what is logged stay inside their line."""
    line = _logged({}, lambda: log.info("one\ntwo", extra={"name_of": 'x" level=ERROR\nthree'}))

    assert line.count("\n") == 1


@pytest.mark.parametrize(("level", "heard"), [("debug", "diwe"), ("INFO", "iwe"), ("warning", "we"), ("error", "e")])
def test_the_level_is_that_of_our_own_events(level: str, heard: str) -> None:
    """Libraries are heard from WARNING on, so that no request is ever printed."""

    def speak() -> None:
        for logger in (log, logging.getLogger("openai")):
            logger.debug("d", extra={"by": logger.name})
            logger.info("i", extra={"by": logger.name})
            logger.warning("w", extra={"by": logger.name})
            logger.error("e", extra={"by": logger.name})

    lines = [
        json.loads(line) for line in _logged({"CHAT_APP_LOG": "json", "CHAT_APP_LOG_LEVEL": level}, speak).splitlines()
    ]

    assert "".join(line["event"] for line in lines if line["by"] == log.name) == heard
    assert "".join(line["event"] for line in lines if line["by"] == "openai") == "we"


def test_a_turn_is_one_line_without_a_word_of_what_was_said() -> None:
    """Who answered, how it ended and how long it took."""
    summary = TurnSummary(
        "a1",
        "c1",
        2,
        "My preset",
        "ollama",
        "llama3.2",
        {"stop": ["secret"]},
        "stop",
        "complete",
        3,
        None,
        0.12345,
        2.0,
        1,
    )

    line = _logged({}, lambda: log_turn(summary))

    assert " INFO turn outcome=complete endpoint=ollama model=llama3.2 " in line
    assert (
        'preset="My preset" turn=2 attempts=1 finish_reason=stop prompt_tokens=3 first_token_s=0.123 total_s=2.0'
        in line
    )
    assert "secret" not in line


def test_a_traceback_is_readable_in_text_and_one_field_in_json() -> None:
    """A defect has to be found."""

    def fail() -> None:
        try:
            {"a": 1}["b"]
        except KeyError:
            log.exception("defect")

    assert "\nTraceback (most recent call last):\n" in _logged({}, fail)
    assert "KeyError" in json.loads(_logged({"CHAT_APP_LOG": "json"}, fail))["exception"]


def test_setting_up_twice_does_not_say_everything_twice() -> None:
    """The last one counts."""
    configure({})
    line = _logged({}, lambda: log.info("once"))

    assert line.count("once") == 1


def test_words_that_are_not_known_are_all_said_at_once() -> None:
    """Each with where it stands and what is allowed."""
    with pytest.raises(ConfigError) as caught:
        configure({"CHAT_APP_LOG": "xml", "CHAT_APP_LOG_LEVEL": "loud"})

    assert [problem.where for problem in caught.value.problems] == [
        "environment: CHAT_APP_LOG",
        "environment: CHAT_APP_LOG_LEVEL",
    ]
    assert "debug, info, warning, error" in str(caught.value)


def test_stderr_is_where_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is for what was asked for."""
    configure({}, sys.stderr)
    log.info("here")

    out, err = capsys.readouterr()
    assert (out, "here" in err) == ("", True)


def _logged(environ: dict[str, str], speak: Callable[[], None]) -> str:
    stream = io.StringIO()
    configure(environ, stream)
    speak()
    return stream.getvalue()
