"""The rules between settings, and between settings and the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.config_sources.sources import load_from, problems_of, told

STARTS_AT = "Relative paths start at the working directory"
TWO = "endpoints:\n  - {name: local, base_url: 'http://a'}\n  - {name: spare, base_url: 'http://b'}\n"


def said(folder: Path, yaml: str, **sources: Any) -> list[str]:
    """The problems as people read them."""
    return told(problems_of(lambda: load_from(folder, yaml, **sources))).splitlines()


@pytest.mark.parametrize("section", ["endpoints", "presets"])
def test_names_are_unique(tmp_path: Path, section: str) -> None:
    """Messages, logs and feedback rows know an endpoint or a preset by its name alone."""
    rest = "base_url: 'http://a'" if section == "endpoints" else "model: m"
    yaml = f"{section}:\n  - {{name: a, {rest}}}\n  - {{name: b, {rest}}}\n  - {{name: ' a ', {rest}}}\n"
    assert said(tmp_path, yaml) == [
        f"chat.yaml:4: {section}.2.name: `a` is the name of `{section}.0` already. Give each a name of its own."
    ]


def test_two_presets_without_a_name_have_the_same(tmp_path: Path) -> None:
    """The default is a name too."""
    assert said(tmp_path, "presets:\n  - {model: a}\n  - {model: b}\n") == [
        "chat.yaml:3: presets.1.name: `Assistant` is the name of `presets.0` already. Give each a name of its own."
    ]


def test_there_is_at_least_one_preset(tmp_path: Path) -> None:
    """Without one there is nothing to pick."""
    assert said(tmp_path, "presets: []\n") == [
        "chat.yaml:1: presets: There must be at least one. Leave `presets` out for one called Assistant, or name one."
    ]


def test_a_preset_names_endpoints_that_exist(tmp_path: Path) -> None:
    """One spelled alike is named, else all that there are."""
    yaml = f"{TWO}presets:\n  - endpoints: [spare, locale]\n  - {{name: Two, endpoints: [xyz]}}\n"
    assert said(tmp_path, yaml) == [
        "chat.yaml:5: presets.0.endpoints.1: There is no endpoint `locale`. Did you mean `local`?",
        "chat.yaml:6: presets.1.endpoints.0: There is no endpoint `xyz`. Known are: `local`, `spare`.",
    ]
    assert not said(tmp_path, f"{TWO}presets:\n  - endpoints: [spare, local]\n")


def test_a_preset_cannot_name_endpoints_when_there_are_none(tmp_path: Path) -> None:
    """What is found by itself has no name of the visitor's."""
    assert said(tmp_path, "presets:\n  - endpoints: [ollama]\n") == [
        "chat.yaml:2: presets.0.endpoints.0: There is no endpoint `ollama`. Add it to `endpoints`, or leave this out."
    ]


def test_nothing_is_said_about_names_while_the_endpoints_are_wrong(tmp_path: Path) -> None:
    """A missing name is the problem; that a preset does not find it follows from it."""
    lines = said(tmp_path, "endpoints:\n  - {base_url: 'http://a'}\npresets:\n  - endpoints: [a]\n")
    assert [line.split(": ")[1] for line in lines] == ["endpoints.0.name"]
    assert len(said(tmp_path, "endpoints: a\npresets:\n  - endpoints: [a]\n")) == 1


@pytest.mark.parametrize("name", ["model", "messages", "stream"])
def test_parameters_cannot_replace_what_the_program_sends(tmp_path: Path, name: str) -> None:
    """A preset that sent its own messages would silence the visitor."""
    (line,) = said(tmp_path, f"presets:\n  - parameters:\n      temperature: 0\n      {name}: x\n")
    assert line.startswith(f"chat.yaml:4: presets.0.parameters.{name}: Cannot be a parameter. Remove it. ")


def test_parameters_can_be_sent_as_json(tmp_path: Path) -> None:
    """There is no "not a number" in JSON; everything else that YAML can say goes."""
    (line,) = said(tmp_path, "presets: [{parameters: {temperature: .nan}}]\n")
    assert line.startswith("chat.yaml:1: presets.0.parameters.temperature: Cannot be sent as JSON. ")
    assert not said(tmp_path, "presets: [{parameters: {stop: [a, b], extra_body: {deep: {x: null}}, seed: 1}}]\n")


@pytest.mark.parametrize("setting", ["example_labels", "example_icons"])
def test_examples_and_what_belongs_to_them_are_as_many(tmp_path: Path, setting: str) -> None:
    """With one missing, every label behind it would stand at the wrong example."""
    (tmp_path / "a.png").touch()
    (line,) = said(tmp_path, f"chat:\n  examples: [one, two]\n  {setting}: [a.png]\n")
    assert line.startswith(f"chat.yaml:3: chat.{setting}: There must be one for each of the 2 examples; there are 1. ")
    assert not said(tmp_path, f"chat:\n  examples: [one, two]\n  {setting}: [a.png, a.png]\n")
    assert not said(tmp_path, f"chat:\n  examples: [one, two]\n  {setting}: []\n")


def test_pictures_and_stylesheets_are_there(tmp_path: Path) -> None:
    """Relative paths start at the working directory, which the problem names."""
    yaml = "chat:\n  examples: [one]\n  example_icons: [a.png]\n  avatar_images: [null, b.png]\n  css: c.css\n"
    assert said(tmp_path, yaml) == [
        f"chat.yaml:{line}: chat.{setting}: There is no file `{name}`. "
        f"Relative paths start at the working directory, `{tmp_path}`."
        for line, setting, name in (
            (3, "example_icons.0", "a.png"),
            (4, "avatar_images.1", "b.png"),
            (5, "css", "c.css"),
        )
    ]
    for name in ("a.png", "b.png", "c.css"):
        (tmp_path / name).touch()
    assert not said(tmp_path, yaml)


@pytest.mark.parametrize("url", ["https://host/a.png", "HTTP://host/a.png", "data:image/png;base64,AAAA", "//host/a"])
def test_pictures_are_files_and_not_urls(tmp_path: Path, url: str) -> None:
    """The page asks no other host for anything."""
    (line,) = said(tmp_path, f"chat:\n  avatar_images: ['{url}', null]\n")
    assert line == (
        "chat.yaml:2: chat.avatar_images.0: Must be a file of this machine, not a URL. Save the file and name its path."
    )


def test_css_rules_are_not_taken_for_a_file(tmp_path: Path) -> None:
    """Only a path ends in `.css`."""
    assert not said(tmp_path, "chat:\n  css: 'a { color: red } /* not.css */'\n")
    assert not said(tmp_path, "chat:\n  css: '.a { background: red } .css'\n")


def test_feedback_goes_to_a_folder(tmp_path: Path) -> None:
    """It is made when it is not there; a file in its place is told before the first verdict."""
    (tmp_path / "taken").touch()
    assert said(tmp_path, "chat: {flagging_dir: taken}\n") == [
        "chat.yaml:1: chat.flagging_dir: Must be a folder; there is a file of this name. Name another."
    ]
    assert not said(tmp_path, "chat: {flagging_dir: new/feedback}\n")


def test_an_address_without_v1_is_fine(tmp_path: Path) -> None:
    """Not every server has it."""
    assert not said(tmp_path, "endpoints: [{name: a, base_url: 'http://host:8000'}]\n")


def endpoint(settings: str) -> str:
    """A file with one endpoint that has these settings, the first of them in line 4."""
    return f"endpoints:\n  - name: a\n    base_url: https://a/v1\n    {settings}\n"


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ("extra_body: {model: x}", "extra_body.model: Cannot be a parameter. "),
        ("extra_body: {top_k: .inf}", "extra_body.top_k: Cannot be sent as JSON. "),
        (
            "drop_parameters: [stream_options, stream]",
            "drop_parameters.1: `stream` is no parameter: it is always sent. ",
        ),
        ("rename_parameters: {messages: x}", "rename_parameters.messages: `messages` is no parameter"),
        (
            "rename_parameters: {x: model}",
            "rename_parameters.x: `model` is no parameter: it is always sent. Remove it.",
        ),
        ("extra_headers: {Content-Type: text/plain}", "extra_headers.Content-Type: This header is set by the request"),
        ("extra_headers: {HOST: b}", "extra_headers.HOST: This header is set by the request itself. Remove it."),
        ("extra_headers: {'a b': c}", "extra_headers.a b: Cannot be the name of a header. "),
        ('extra_headers: {a: "b\\r\\nc: d"}', "extra_headers.a: Cannot be sent as a header. "),
        ("extra_headers: {a: é}", "extra_headers.a: Cannot be sent as a header. "),
        ("extra_headers: {a: ' b'}", "extra_headers.a: Cannot be sent as a header. "),
    ],
)
def test_what_goes_with_every_request_can_be_sent(tmp_path: Path, settings: str, setting: str) -> None:
    """Nothing changes what makes it a request for an answer, and no value makes a second header."""
    (line,) = said(tmp_path, endpoint(settings))
    assert line.startswith(f"chat.yaml:4: endpoints.0.{setting}")


def test_what_servers_ask_for_can_be_set(tmp_path: Path) -> None:
    """An `Authorization` of one's own, an empty header, deep fields, a list or a mapping of models."""
    for settings in (
        "extra_headers: {Authorization: Basic abc, X-Empty: '', api-key: 'a b~c'}",
        "extra_body: {top_k: 40, chat_template_kwargs: {enable_thinking: false}}",
        "drop_parameters: [stream_options, top_p]",
        "rename_parameters: {max_tokens: max_completion_tokens}",
        "models: {llama3.2: meta/llama}",
        "proxy: http://me:pw@proxy:3128",
        "proxy: ''",
        "verify: false",
    ):
        assert not said(tmp_path, endpoint(settings))


def test_certificates_are_there_and_checked(tmp_path: Path) -> None:
    """A file that is not there is told at the start; one that is not used is a mistake about safety."""
    assert said(tmp_path, endpoint("ca_file: ca.pem")) == [
        f"chat.yaml:4: endpoints.0.ca_file: There is no file `ca.pem`. {STARTS_AT}, `{tmp_path}`."
    ]
    (tmp_path / "ca.pem").touch()
    assert not said(tmp_path, endpoint("ca_file: ca.pem"))
    assert not said(tmp_path, endpoint("ca_file: ca.pem\n    verify: true"))
    (line,) = said(tmp_path, endpoint("ca_file: ca.pem\n    verify: false"))
    assert line.startswith("chat.yaml:5: endpoints.0.verify: With `verify: false` nothing is trusted")
    environ = {"CHAT_APP__ENDPOINTS__0__VERIFY": "false"}
    (line,) = said(tmp_path, endpoint("ca_file: ca.pem"), environ=environ)
    assert line.startswith("environment: CHAT_APP__ENDPOINTS__0__VERIFY: endpoints.0.verify: With")


def test_forgetting_at_logout_needs_a_logout(tmp_path: Path) -> None:
    """Else the operator would think that the next person sees nothing, and they would."""
    (line,) = said(tmp_path, "chat: {forget_on_logout: true}\n")
    assert line.startswith("chat.yaml:1: chat.forget_on_logout: Nobody logs out here: ")
    assert line.endswith(" Set one of them, or remove this.")
    assert len(said(tmp_path, "", environ={"CHAT_APP__CHAT__FORGET_ON_LOGOUT": "1"})) == 1
    for server in ("user_header: X-Forwarded-User", "logout_url: /out"):
        assert not said(tmp_path, f"chat: {{forget_on_logout: true}}\nserver: {{{server}}}\n")
    assert not said(tmp_path, "chat: {forget_on_logout: false}\n")
