"""What can be set, and the files that are shipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from chat_app.config import ChatConfig, Config, EndpointConfig, FeedbackConfig, ServerConfig
from chat_app.config_sources import Loaded, load
from chat_app.config_sources.fields import settings
from tests.config_sources.sources import problems_of

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "config" / "examples").glob("*.yaml"))
ADDRESSES = {
    "azure": ["https://mine.openai.azure.com/openai/v1/"],
    "failover": ["http://localhost:8000/v1", "http://localhost:11434/v1"],
    "litellm": ["http://localhost:4000/v1"],
    "llama.cpp": ["http://localhost:8080/v1"],
    "lm-studio": ["http://localhost:1234/v1"],
    "ollama": ["http://localhost:11434/v1"],
    "openai": ["https://api.openai.com/v1"],
    "openrouter": ["https://openrouter.ai/api/v1"],
    "tools": ["http://localhost:11434/v1"],
    "vllm": ["http://localhost:8000/v1"],
}
REQUIRED = {
    "azure": {
        "AZURE_OPENAI_RESOURCE": "mine",
        "AZURE_OPENAI_DEPLOYMENT": "chat",
        "AZURE_OPENAI_API_KEY": "sk-hidden",
    },
    "openai": {"OPENAI_API_KEY": "sk-hidden"},
    "openrouter": {"OPENROUTER_API_KEY": "sk-hidden"},
}


def load_example(name: str, tmp_path: Path) -> Loaded:
    """The example of this name, with the variables that it needs."""
    file = ROOT / "config" / "examples" / f"{name}.yaml"
    return load(config_file=file, environ=REQUIRED.get(name, {}), cwd=tmp_path)


def test_there_is_an_example_for_each_kind_of_server() -> None:
    """And every example is one of those that are tested here."""
    assert [example.stem for example in EXAMPLES] == sorted(ADDRESSES)


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_example_can_be_used_as_it_is(name: str, tmp_path: Path) -> None:
    """It asks the server where that kind of server is, given the variables that it cannot do without."""
    config = load_example(name, tmp_path).config
    assert [endpoint.base_url for endpoint in config.endpoints] == ADDRESSES[name]
    assert [endpoint.api_key.get_secret_value() for endpoint in config.endpoints] == [
        "sk-hidden" if name in REQUIRED else "" for _ in config.endpoints
    ]


def test_the_comments_of_the_azure_example_work_in_the_place_of_its_lines(tmp_path: Path) -> None:
    """The older API and a company's proxy: more headers, a query, a proxy and an authority."""
    text = (ROOT / "config" / "examples" / "azure.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^    (base_url|api_key): .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^    # (?=\w+: )", "    ", text, flags=re.MULTILINE)
    (tmp_path / "azure.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "company-ca.pem").touch()
    environ = {**REQUIRED["azure"], "COMPANY_PROXY": "http://proxy:3128"}
    endpoint = load(config_file=Path("azure.yaml"), environ=environ, cwd=tmp_path).config.endpoints[0]
    assert endpoint.base_url == "https://mine.openai.azure.com/openai/deployments/chat"
    assert endpoint.extra_query == {"api-version": "2024-10-21"}
    assert endpoint.extra_headers["api-key"].get_secret_value() == "sk-hidden"
    assert endpoint.proxy.get_secret_value() == "http://proxy:3128"
    assert (endpoint.ca_file, endpoint.api_key.get_secret_value()) == (Path("company-ca.pem"), "")


@pytest.mark.parametrize("name", REQUIRED)
def test_an_example_says_which_variables_it_cannot_do_without(name: str, tmp_path: Path) -> None:
    """All of them at once, by their names."""
    file = ROOT / "config" / "examples" / f"{name}.yaml"
    problems = problems_of(lambda: load(config_file=file, environ={}, cwd=tmp_path))
    unset = {found for problem in problems for found in re.findall(r"variable `(\w+)` is not set", problem.rule)}
    assert unset == set(REQUIRED[name])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_begins_with_how_its_server_is_started(example: Path) -> None:
    """In its first lines, where one looks first, and nothing in it is a key."""
    text = example.read_text(encoding="utf-8")
    assert re.match(r"#.*(Start it|nothing to start|Start the first|Start its)", text, re.DOTALL)
    assert all("${" in line for line in text.splitlines() if "api_key:" in line)


def test_the_shipped_file_names_no_endpoint(tmp_path: Path) -> None:
    """So that what is found is used: OPENAI_BASE_URL, the visitor's Ollama, or the demo."""
    loaded = load(config_file=ROOT / "config" / "chat.yaml", environ={}, cwd=tmp_path)
    assert loaded.config.endpoints == ()
    assert [preset.endpoints for preset in loaded.config.presets] == [()]
    chat = loaded.config.chat
    assert len(chat.examples) == len(chat.example_labels) >= 3


def test_the_shipped_file_is_found_where_a_clone_is_started() -> None:
    """`make run` needs no option."""
    assert load(environ={}, cwd=ROOT).file == Path("config/chat.yaml")


def test_the_endpoints_in_the_comments_of_the_shipped_file_work(tmp_path: Path) -> None:
    """Taking the `#` away is enough."""
    text = (ROOT / "config" / "chat.yaml").read_text(encoding="utf-8")
    (tmp_path / "chat.yaml").write_text(re.sub(r"^#(?=  )", "", text, flags=re.MULTILINE), encoding="utf-8")
    config = load(config_file=Path("chat.yaml"), environ={"OPENAI_API_KEY": "k"}, cwd=tmp_path).config
    assert [endpoint.name for endpoint in config.endpoints] == ["ollama", "openai"]


def test_every_setting_says_what_it_means() -> None:
    """A sentence at least; the table in README.md is made of them."""
    assert all(setting.doc.endswith(".") for setting in settings())


def test_settings_cannot_be_changed() -> None:
    """What was checked when the program started stays true."""
    with pytest.raises(ValidationError):
        Config().server.__setattr__("port", 1)


def test_secrets_do_not_print() -> None:
    """A log line with the settings in it gives nothing away."""
    secrets = {"api_key": "sk-hidden", "proxy": "http://me:hidden@proxy", "extra_headers": {"api-key": "hidden"}}
    endpoint = EndpointConfig.model_validate({"name": "a", "base_url": "http://a", **secrets})
    feedback = FeedbackConfig.model_validate({"secret": "hidden, and long enough"})
    config = Config(endpoints=(endpoint,), feedback=feedback)
    assert "hidden" not in f"{config!r} {config} {config.model_dump()} {config.model_dump_json()}"


def test_a_model_has_the_name_used_here_and_the_servers_own() -> None:
    """Both are the same where the settings give a list, or nothing."""
    models = {"llama3.2": "meta/llama", "other": "x"}
    endpoint = EndpointConfig(name="a", base_url="http://a", models=models)
    assert endpoint.model_names == ("llama3.2", "other")
    assert [endpoint.wire_model(name) for name in ("llama3.2", "unknown")] == ["meta/llama", "unknown"]
    assert EndpointConfig(name="a", base_url="http://a", models=("b",)).wire_model("b") == "b"


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    """Visitors see what it signs, so they could try; none at all is fine, one is made then."""
    for secret in ("", "0123456789"):
        assert FeedbackConfig.model_validate({"secret": secret}).secret.get_secret_value() == secret
    with pytest.raises(ValidationError, match="at least 10 characters"):
        FeedbackConfig.model_validate({"secret": "a"})


@pytest.mark.parametrize("header", ["", "X-Forwarded-User", "Remote-User", " X-Auth-Request-Email "])
def test_a_header_can_name_the_visitor(header: str) -> None:
    """None is trusted unless it is named."""
    assert ServerConfig(user_header=header).user_header == header.strip()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("X Forwarded User", "Must be the name of a header"),
        ("X-User:", "Must be the name of a header"),
        ("X-Üser", "Must be the name of a header"),
        ("X-\nUser", "Must be the name of a header"),
        ("Authorization", "holds no secret"),
        ("proxy-authorization", "holds no secret"),
        ("Cookie", "holds no secret"),
        ("Set-Cookie", "holds no secret"),
        ("X-Auth-Request-Access-Token", "holds no secret"),
        ("X-Api-Key", "holds no secret"),
    ],
)
def test_what_is_shown_on_the_page_is_no_secret(header: str, said: str) -> None:
    """The value of the header stands in the document and in feedback rows."""
    with pytest.raises(ValidationError, match=said):
        ServerConfig(user_header=header)


@pytest.mark.parametrize(
    "url", ["", "/oauth2/sign_out?rd=%2F", "/", "https://login.example.org/logout", "http://a:1/b"]
)
def test_logging_out_is_a_path_or_an_address(url: str) -> None:
    """Of the same host, or of a login for many."""
    assert ServerConfig(logout_url=url).logout_url == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "//elsewhere.org/out",
        "/\\elsewhere.org/out",
        "/\t/elsewhere.org",
        "\\\\elsewhere.org",
        "logout",
        "https://",
        "ftp://a/b",
    ],
)
def test_logging_out_runs_nothing_and_leads_where_it_says(url: str) -> None:
    """A browser would run the first ones, and take some others for another host than they seem to name."""
    with pytest.raises(ValidationError, match=r"Must be a path such as `/oauth2/sign_out`"):
        ServerConfig(logout_url=url)


@pytest.mark.parametrize("key", ["chat_app", "Team-2.chat"])
def test_the_browser_can_keep_conversations_under_another_name(key: str) -> None:
    """One for each app under an address."""
    assert ChatConfig(storage_key=key).storage_key == key


@pytest.mark.parametrize("key", ["", " ", "a b", "a:b", "ä", "a" * 101])
def test_no_apps_name_is_the_beginning_of_anothers_stores(key: str) -> None:
    """The colon ends it, so it cannot stand in it."""
    with pytest.raises(ValidationError):
        ChatConfig(storage_key=key)
