"""`chat-app config …`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from chat_app.config import Config, EndpointConfig
from chat_app.config_sources import load
from chat_app.config_sources.fields import settings
from chat_app.config_sources.shown import MASK
from tests.cli.conftest import Run

WITH_SECRETS = """\
endpoints:
  - name: one
    base_url: http://user:hidden@one/v1
    api_key: ${KEY}
  - name: two
    base_url: http://two/v1?team=blue&sub-key=hidden
    api_key: sk-hidden
    extra_headers: {api-key: hidden, X-Trace: hidden}
    extra_query: {api-version: "2024", sub-key: hidden}
    extra_body: {top_k: 4, safety: {token: hidden}}
    proxy: http://me:hidden@proxy:3128
presets:
  - system_prompt: |
      Two lines,
      and $${this}.
    parameters:
      max_tokens: 7
      extra_headers: {Authorization: Bearer hidden, X-Api-Key: hidden, X-Team: red}
feedback: {secret: "hidden, and long enough"}
"""


@pytest.fixture
def file(run: Run) -> str:  # noqa: ARG001 -- it changes to an empty folder
    """A file with secrets wherever one can stand."""
    Path("chat.yaml").write_text(WITH_SECRETS, encoding="utf-8")
    return "chat.yaml"


def test_show_prints_the_merged_settings_as_yaml(run: Run, file: str) -> None:
    """Defaults and variables too."""
    result = run("config", "show", "--config", file, KEY="k", CHAT_APP__SERVER__PORT="1234")
    assert result.exit_code == 0
    values = yaml.safe_load(result.stdout)
    assert values["server"] == {
        "host": "127.0.0.1",
        "port": 1234,
        "root_path": "",
        "allow_pull": False,
        "user_header": "",
        "logout_url": "",
    }
    assert values["endpoints"][0]["name"] == "one"
    assert "  system_prompt: |\n    Two lines,\n    and $${this}.\n" in result.stdout


def test_what_show_prints_is_read_back_as_the_same_settings(run: Run, file: str) -> None:
    """But for the secrets, which are masked."""
    Path("shown.yaml").write_text(run("config", "show", "--config", file, KEY="k").stdout, encoding="utf-8")
    assert run("config", "show", "--config", "shown.yaml").stdout == Path("shown.yaml").read_text(encoding="utf-8")
    before = load(config_file=Path(file), environ={"KEY": "k"}, cwd=Path.cwd()).config
    after = load(config_file=Path("shown.yaml"), environ={}, cwd=Path.cwd()).config
    assert after.presets[0].system_prompt == before.presets[0].system_prompt == "Two lines,\nand ${this}.\n"
    assert (after.chat, after.server) == (before.chat, before.server)


@pytest.mark.parametrize("command", ["show", "explain"])
def test_no_secret_is_shown(run: Run, file: str, command: str) -> None:
    """Keys, the signing secret, passwords in addresses, parameters that are called like one; all else is."""
    result = run("config", command, "--config", file, KEY="hidden")
    assert result.exit_code == 0
    assert "hidden" not in result.output
    assert result.stdout.count(MASK) == 12
    assert f"http://{MASK}@one/v1" in result.stdout
    assert f"http://{MASK}@proxy:3128" in result.stdout
    assert f"http://two/v1?team=blue&sub-key={MASK}" in result.stdout
    assert "2024" in result.stdout
    assert "red" in result.stdout
    assert "max_tokens" in result.stdout


def test_a_key_that_is_empty_shows_as_empty(run: Run) -> None:
    """A mask would say that there is one."""
    assert MASK not in run("config", "show").stdout


def test_explain_says_where_each_value_came_from(run: Run, file: str) -> None:
    """One row for each setting, in the order of the documentation; lists that nobody set in one row."""
    Path(".env").write_text("KEY=k\nCHAT_APP__CHAT__TITLE=Mine\n", encoding="utf-8")
    result = run("config", "explain", "--config", file, CHAT_APP__SERVER__PORT="1234")
    assert result.stdout.startswith("The settings file is chat.yaml.\n")
    rows = {line.split()[0]: re.split(r"\s{2,}", line.strip()) for line in result.stdout.splitlines() if line.strip()}
    assert rows["server.port"] == ["server.port", "1234", "environment: CHAT_APP__SERVER__PORT"]
    assert rows["chat.title"] == ["chat.title", '"Mine"', ".env:2: CHAT_APP__CHAT__TITLE"]
    assert rows["endpoints.1.name"] == ["endpoints.1.name", '"two"', "chat.yaml:5"]
    assert rows["chat.layout"] == ["chat.layout", '"bubble"', "default"]
    assert rows["chat.buttons"] == ["chat.buttons", '["copy", "copy_all"]', "default"]
    assert rows["presets.0.parameters.max_tokens"][2] == "chat.yaml:17"


def test_explain_says_when_there_is_no_file(run: Run) -> None:
    """Nobody has to guess which file was read."""
    assert run("config", "explain").stdout.startswith("There is no settings file.\n")


@pytest.mark.parametrize("command", ["show", "explain"])
def test_bad_settings_are_not_shown_but_told(run: Run, command: str) -> None:
    """Exit status 2."""
    result = run("config", command, CHAT_APP__SERVER__PORT="x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "environment: CHAT_APP__SERVER__PORT: server.port: Must be a whole number." in result.stderr


def test_schema_is_json_schema_with_the_docstrings(run: Run) -> None:
    """An editor can complete and explain every setting."""
    schema = json.loads(run("config", "schema").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    port = schema["$defs"]["ServerConfig"]["properties"]["port"]
    assert (port["type"], port["maximum"]) == ("integer", 65535)
    assert port["description"] == "The port to listen on; 0 takes a free one."


def test_init_prints_a_file_that_changes_nothing(run: Run) -> None:
    """As it is, everything in it is a comment."""
    Path("new.yaml").write_text(run("config", "init").stdout, encoding="utf-8")
    assert load(config_file=Path("new.yaml"), environ={}, cwd=Path.cwd()).config == Config()


def test_init_with_every_setting_switched_on_says_what_the_defaults_say(run: Run) -> None:
    """Removing the `#` directly before each is all it takes; one endpoint stands there as an example."""
    text = re.sub(r"^( *)#(?! \S)", r"\1", run("config", "init").stdout, flags=re.MULTILINE)
    Path("new.yaml").write_text(text, encoding="utf-8")
    ollama = EndpointConfig(name="ollama", base_url="http://localhost:11434/v1")
    loaded = load(config_file=Path("new.yaml"), environ={}, cwd=Path.cwd())
    assert loaded.config == Config(endpoints=(ollama,))
    switched_on = {re.sub(r"\.\d+(?=\.)", "[]", name).split(".0")[0] for name in loaded.origins}
    in_lists = {".".join(setting.path) for setting in settings() if "[]" in ".".join(setting.path[1:])}
    optional = {"presets[].prices"}  # a section that is left out as a whole
    wanted = {".".join(setting.path) for setting in settings() if not setting.section}
    assert {name for name in wanted - switched_on - in_lists if name.rpartition(".")[0] not in optional} == set()


def test_init_says_what_every_setting_means(run: Run) -> None:
    """The docstrings of `config/` stand above the settings."""
    words = " ".join(line.strip(" #") for line in run("config", "init").stdout.splitlines())
    for setting in settings():
        assert setting.doc in words


def test_init_makes_the_file_and_its_folder(run: Run) -> None:
    """And says how to go on."""
    result = run("config", "init", "new/chat.yaml")
    assert (result.exit_code, result.stdout) == (
        0,
        "Wrote new/chat.yaml. Start with: chat-app --config new/chat.yaml\n",
    )
    assert Path("new/chat.yaml").read_text(encoding="utf-8") == run("config", "init").stdout


def test_init_does_not_overwrite(run: Run) -> None:
    """What is there may be somebody's work."""
    Path("mine.yaml").write_text("mine", encoding="utf-8")
    result = run("config", "init", "mine.yaml")
    assert result.exit_code == 2
    assert "`mine.yaml` is there already." in result.stderr
    assert Path("mine.yaml").read_text(encoding="utf-8") == "mine"


def test_init_says_when_the_file_cannot_be_made(run: Run) -> None:
    """A file in place of the folder, for one."""
    Path("taken").touch()
    result = run("config", "init", "taken/chat.yaml")
    assert result.exit_code == 2
    assert "`taken/chat.yaml` cannot be written: " in result.stderr


@pytest.mark.parametrize(
    ("given", "said"), [((), "send: Send\n"), (("de",), "send: Senden\n"), (("zh",), "send: 发送\n")]
)
def test_words_prints_a_translation_to_begin_with(run: Run, given: tuple[str, ...], said: str) -> None:
    """As `chat.language` takes it."""
    result = run("config", "words", *given)
    assert result.exit_code == 0
    assert said in result.stdout
    Path("words.yaml").write_text(result.stdout, encoding="utf-8")
    assert load(config_file=None, overrides={"chat.language": "words.yaml"}, environ={}, cwd=Path.cwd())


def test_words_of_a_language_that_is_not_shipped_are_told_with_those_that_are(run: Run) -> None:
    """Exit status 2."""
    result = run("config", "words", "fr")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Name one of en, de, zh." in result.stderr
