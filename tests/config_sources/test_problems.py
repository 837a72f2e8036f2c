"""What is said about settings that cannot be used: all of it at once, where it stands, in plain words, no secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chat_app.config_sources.fields import settings
from chat_app.config_sources.yaml_file import written
from tests.config_sources.sources import load_from, problems_of, told

MANY_PROBLEMS = """\
titel: Chat
endpoints:
  - name: one
    base_url: ftp://one
    attemps: 2
  - base_url: http://two/v1
    idle_timeout_s: 0
    api_key: ${NOWHERE}
  - name: one
    base_url: http://three/v1
presets:
  - parameters: {model: x}
chat:
  theme: oceam
  example_labels: [a]
"""


def one_problem(folder: Path, yaml: str, **sources: Any) -> str:
    """The only problem, as people read it."""
    problems = problems_of(lambda: load_from(folder, yaml, **sources))
    assert len(problems) == 1, told(problems)
    return told(problems)


def test_all_problems_come_at_once_with_their_lines(tmp_path: Path) -> None:
    """Wrong types, unknown keys, unset variables, rules between settings: nobody has to start the program ten times."""
    problems = problems_of(lambda: load_from(tmp_path, MANY_PROBLEMS, options={"server.port": 99999}))
    assert [(problem.where, problem.setting) for problem in problems] == [
        ("command line: --port", "server.port"),
        ("chat.yaml:1", "titel"),
        ("chat.yaml:4", "endpoints.0.base_url"),
        ("chat.yaml:5", "endpoints.0.attemps"),
        ("chat.yaml:6", "endpoints.1.name"),
        ("chat.yaml:7", "endpoints.1.idle_timeout_s"),
        ("chat.yaml:8", "endpoints.1.api_key"),
        ("chat.yaml:9", "endpoints.2.name"),
        ("chat.yaml:12", "presets.0.parameters.model"),
        ("chat.yaml:14", "chat.theme"),
        ("chat.yaml:15", "chat.example_labels"),
    ]
    assert all(problem.rule.endswith(".") and problem.fix.endswith((".", "?")) for problem in problems), told(problems)


@pytest.mark.parametrize(
    ("yaml", "fix"),
    [
        ("chat: {titel: x}\n", "Did you mean `title`?"),
        ("chat: {fillWidth: true}\n", "Did you mean `fill_width`?"),
        ("chat: {Fill-Width: true}\n", "Did you mean `fill_width`?"),
        ("title: x\n", "Did you mean `chat.title`?"),
        ("model: x\n", "Did you mean `presets[].model`?"),
        ("server: {xyz: 1}\n", "Known here: `host`, `port`, `root_path`, `allow_pull`, `user_header`, `logout_url`."),
        ("server: {xyz: }\n", "Known here: `host`, `port`, `root_path`, `allow_pull`, `user_header`, `logout_url`."),
        ("server: {'': 1}\n", "Known here: `host`, `port`, `root_path`, `allow_pull`, `user_header`, `logout_url`."),
    ],
)
def test_an_unknown_setting_is_told_with_what_was_meant(tmp_path: Path, yaml: str, fix: str) -> None:
    """One spelled alike, one that stands elsewhere, or all that could stand here."""
    problem = one_problem(tmp_path, yaml)
    assert problem.startswith("chat.yaml:1: ")
    assert problem.endswith(f"There is no such setting. {fix}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CHAT_APP__CHAT__TITEL", "There is no such setting. Did you mean `CHAT_APP__CHAT__TITLE`?"),
        ("CHAT_APP__TITLE", "There is no such setting. Did you mean `chat.title`?"),
        ("CHAT_APP__PRESETS__NAME", "The first is `CHAT_APP__PRESETS__0__NAME`."),
        ("CHAT_APP__PRESETS__3__NAME", "Positions count from 0 and leave none out; the next one here is 0."),
        ("CHAT_APP__SERVER__PORT__X", "Set `CHAT_APP__SERVER__PORT` itself."),
        ("CHAT_APP__SERVER__0", "Known here: `host`, `port`, `root_path`, `allow_pull`, `user_header`, `logout_url`."),
        ("CHAT_APP__", "Known here: `endpoints`, `presets`, `chat`, `feedback`, `uploads`, `tools`, `server`."),
    ],
)
def test_a_variable_that_sets_nothing_is_told_by_its_name(tmp_path: Path, name: str, said: str) -> None:
    """What comes instead is a variable too, and its value is not repeated."""
    problem = one_problem(tmp_path, "", environ={name: "hidden"})
    assert problem.startswith(f"environment: {name}: ")
    assert problem.endswith(said)
    assert "hidden" not in problem


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("server: {port: x}", "server.port: Must be a whole number. The port to listen on; 0 takes a free one."),
        ("server: {port: 1.5}", "server.port: Must be a whole number. The port to listen on; 0 takes a free one."),
        ("server: {port: -1}", "server.port: Must be at least 0. The port to listen on; 0 takes a free one."),
        ("server: {root_path: chat}", "server.root_path: Must be empty, or begin with `/` and not end with it. "),
        ("server: []", "server: Must be settings with names. Write `host: …` and so on below it, indented."),
        ("server: {host: ''}", "server.host: Must not be empty. "),
        ("chat: {title: 7}", "chat.title: Must be text. Put it in quotes."),
        ("chat: {title: [a]}", "chat.title: Must be text. Stands above the conversation"),
        ("chat: {editable: perhaps}", "chat.editable: Must be true or false. "),
        ("chat: {height: [1]}", "chat.height: Must be a whole number or text. "),
        ("chat: {examples: one}", 'chat.examples: Must be a list. Write `["one", "two"]`.'),
        ("chat: {examples: ['']}", "chat.examples.0: Must not be empty. Questions offered"),
        ("chat: {layout: bubbles}", "chat.layout: Must be `bubble` or `panel`. Did you mean `bubble`?"),
        ("chat: {layout: 7}", "chat.layout: Must be `bubble` or `panel`. Messages as bubbles"),
        ("chat: {avatar_images: [null]}", "chat.avatar_images: Has too few entries; there must be 2. "),
        ("chat: {avatar_images: [null, null, null]}", "chat.avatar_images: Has too many entries; at most 2. "),
        ("chat: {flagging_options: []}", "chat.flagging_options: Has too few entries; at least 1. "),
        ("chat: {avatar_images: [7, null]}", "chat.avatar_images.0: Must be the path of a file. "),
        ("presets: [Assistant]", "presets.0: Must be settings with names. Write `name: …` and so on below it"),
        ("presets: [{parameters: [1]}]", "presets.0.parameters: Must be settings with names. Write `name: value`"),
        (
            "endpoints: [{name: a, base_url: 'http://a', models: one}]",
            "endpoints.0.models: Must be a list or settings with ",
        ),
        ("endpoints: [{name: a, base_url: 'http://a', models: [7]}]", "endpoints.0.models.0: Must be text. Put it in"),
        ("endpoints: [{name: a, base_url: 'http://a', models: {b: 7}}]", "endpoints.0.models.b: Must be text. Put it"),
        ("endpoints: [{name: a, base_url: 'http://a', models: {b: ''}}]", "endpoints.0.models.b: Must not be empty. "),
        (
            "endpoints: [{name: a, base_url: 'http://a', models: {'': b}}]",
            "endpoints.0.models: Must not be empty. The models",
        ),
        ("endpoints: [{name: a, base_url: 'http://a', models: [b, '']}]", "endpoints.0.models.1: Must not be empty. "),
        (
            "endpoints: [{name: a, base_url: 'http://a', extra_headers: [b]}]",
            "endpoints.0.extra_headers: Must be settings",
        ),
        (
            "endpoints: [{name: a, base_url: 'http://a', extra_query: {v: 1}}]",
            "endpoints.0.extra_query.v: Must be text. Put",
        ),
        (
            "endpoints: [{name: a, base_url: 'http://a', max_concurrency: 0}]",
            "endpoints.0.max_concurrency: Must be at least 1.",
        ),
        (
            "endpoints: [{name: a, base_url: 'http://a', context_tokens: x}]",
            "endpoints.0.context_tokens: Must be a whole",
        ),
        (
            "endpoints: [{name: a, base_url: 'http://a', verify: perhaps}]",
            "endpoints.0.verify: Must be true or false. ",
        ),
        (
            "endpoints: [{name: a, base_url: 'http://a', proxy: 'socks5://b:1'}]",
            "endpoints.0.proxy: Must be an address such as `http://proxy:3128`; SOCKS",
        ),
        (
            "endpoints: [{name: a, base_url: 'http://a', proxy: 'proxy:3128'}]",
            "endpoints.0.proxy: Must be an address such",
        ),
        (
            "endpoints: [{name: a, base_url: 'http://a', extra_header: {b: c}}]",
            "endpoints.0.extra_header: There is no such setting. Did you mean `extra_headers`?",
        ),
        ("server: {allow_pul: true}", "server.allow_pul: There is no such setting. Did you mean `allow_pull`?"),
        ("endpoints: [{name: a}]", "endpoints.0.base_url: Is missing. Its address, with `/v1`"),
    ],
)
def test_each_rule_is_one_plain_sentence_and_a_fix(tmp_path: Path, yaml: str, said: str) -> None:
    """Nobody needs to know what a tuple or an input is."""
    assert one_problem(tmp_path, yaml).startswith(f"chat.yaml:1: {said}")


def test_a_list_in_a_variable_is_asked_for_as_json(tmp_path: Path) -> None:
    """What helps in the file does not help there."""
    problem = one_problem(tmp_path, "", environ={"CHAT_APP__CHAT__EXAMPLES": "one, two"})
    assert problem.endswith('Must be a list. Write it as JSON: `["one", "two"]`.')


@pytest.mark.parametrize(
    "yaml",
    [
        "endpoints: [{name: a, base_url: 'http://a', api_key: [sk-hidden]}]",
        "endpoints: [{name: a, base_url: 'http://a', api_key: {sk: sk-hidden}}]",
        "endpoints: [{name: a, base_url: 'http://a', apikey: sk-hidden}]",
        "endpoints: [{name: a, base_url: 'user:hidden@a'}]",
        "endpoints: [{name: a, base_url: 'http://a', attempts: sk-hidden}]",
        "endpoints: sk-hidden",
        "api_key: sk-hidden",
        "endpoints: [{name: a, base_url: 'http://a', proxy: 'ftp://me:hidden@b'}]",
        'endpoints: [{name: a, base_url: "http://a", extra_headers: {b: "hidden\\n"}}]',
        "endpoints: [{name: a, base_url: 'http://a', extra_headers: {b: [hidden]}}]",
        "endpoints: [{name: a, base_url: 'http://a', extra_headers: hidden}]",
        "feedback: sk-hidden",
        "feedback: {secret: [hidden]}",
        "feedback: {secret: 'hidden",
        "feedback: {secret: hidden: hidden}",
        "feedback: {secret: !hid hidden}",
        "chat: {theme: sk-hidden}",
    ],
)
def test_no_problem_repeats_a_value(tmp_path: Path, yaml: str) -> None:
    """A key in the wrong place is still a key."""
    problems = problems_of(lambda: load_from(tmp_path, yaml))
    assert problems
    assert "hidden" not in told(problems)


SECRET = "k3y-to-hide"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(SECRET),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=5,
)
PATHS = sorted({".".join(setting.path).replace("[]", ".0") for setting in settings()})


@given(path=st.sampled_from(PATHS), value=ANYTHING)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_a_setting_holds_is_taken_or_told(tmp_path: Path, path: str, value: Any) -> None:
    """No value of any shape, at any setting, ends in a traceback; and no key is shown."""
    steps = tuple(int(step) if step.isdecimal() else step for step in path.split("."))
    branch: Any = value
    for step in reversed(steps):
        branch = [branch] if isinstance(step, int) else {step: branch}
    problems = problems_of(lambda: load_from(tmp_path, written(branch)))
    assert all(problem.rule and problem.where for problem in problems)
    if steps[-1] in {"api_key", "secret", "proxy", "extra_headers"} and not isinstance(value, dict):
        assert SECRET not in told(problems)
