"""The settings of endpoints and presets: which servers there are, and what a visitor can pick."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from chat_app.config.values import Name, Seconds, Settings, Trimmed, address, proxy_address

Modality: TypeAlias = Literal["image", "audio"]
"""What a model may take besides text."""


class EndpointConfig(Settings):
    """One OpenAI-compatible server."""

    name: Name
    """What presets, messages, logs and feedback rows call it."""
    base_url: Annotated[Trimmed, AfterValidator(address)]
    """Its address, with `/v1` where the server has it: `http://localhost:11434/v1`."""
    api_key: SecretStr = SecretStr("")
    """Its key, best as `${NAME}`. Empty for servers that want none."""
    models: tuple[Name, ...] | Mapping[Name, Name] = ()
    """The models it offers here, and no others. Left out, the server is asked. As a mapping, the names used here and
    the server's own: `{llama3.2: meta-llama/Llama-3.2-3B-Instruct}`."""
    connect_timeout_s: Seconds = 5
    """Seconds to wait for a connection."""
    first_token_timeout_s: Seconds = 300
    """Seconds to wait for the first token; a cold model may load for minutes."""
    idle_timeout_s: Seconds = 60
    """Seconds of silence allowed between two chunks."""
    total_timeout_s: Seconds = 900
    """Seconds one attempt at a whole answer may take."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """How often one question is asked before the next endpoint, or an error; 1 never asks again."""
    wait_max_s: Seconds = 30
    """The longest to wait before asking again. A server that wants a longer wait is passed over."""
    cool_down_s: Seconds = 30
    """Seconds for which an endpoint that keeps failing is asked only after the others."""
    max_concurrency: Annotated[int, Field(ge=1)] | None = None
    """How many questions it may answer at once; more wait in the order they came. Left out, any number."""
    context_tokens: Annotated[int, Field(ge=64)] | None = None
    """How many tokens its models read, conversation and answer together. Left out, the server is asked, if it tells."""
    extra_headers: Mapping[Name, SecretStr] = Field(default_factory=dict)
    """More headers for each request: `{api-key: "${AZURE_KEY}"}`. `Authorization` here replaces the one with
    `api_key`."""
    extra_query: Mapping[Name, str] = Field(default_factory=dict)
    """More of the address for each request, beside what `base_url` has: `{api-version: "2024-10-21"}`."""
    extra_body: Mapping[Name, Any] = Field(default_factory=dict)
    """More fields for each request for an answer, sent as they are: `{top_k: 40}`. A preset's `parameters` win over
    them."""
    drop_parameters: tuple[Name, ...] = ()
    """Parameters that it does not take, and `stream_options` if it does not take that: they are not sent. What is
    missing here is found out when it refuses a request, once for each start, and logged."""
    input_modalities: Mapping[Name, tuple[Modality, ...]] = Field(default_factory=dict)
    """What its models take besides text, by their names here; `*` stands for all others: `{llava: [image], "*": []}`.
    Left out, the server is asked, and where it does not tell, everything is sent."""
    send_reasoning: Literal["never", "reasoning_content", "reasoning"] = "never"
    """The name by which it is sent what the model thought before earlier answers and calls; `never` sends none."""
    rename_parameters: Mapping[Name, Name] = Field(default_factory=dict)
    """Parameters that it has another name for: `{max_tokens: max_completion_tokens}`."""
    proxy: Annotated[SecretStr, AfterValidator(proxy_address)] = SecretStr("")
    """The HTTP proxy to reach it through, `http://proxy:3128`. Left out, the one in the environment, if any, which is
    not used for servers on this machine."""
    ca_file: Path | None = None
    """The certificates (PEM) to trust instead of the usual ones; the path starts at the working directory. For all
    servers, the environment variable `SSL_CERT_FILE` does the same."""
    verify: bool = True
    """Whether its certificate is checked. `false` lets anybody between read the key and all that is said."""

    @property
    def model_names(self) -> tuple[str, ...]:
        """The configured models, by the names used here."""
        return tuple(self.models)

    def wire_model(self, model: str) -> str:
        """The server's own name of `model`."""
        return self.models.get(model, model) if isinstance(self.models, Mapping) else model


class PricesConfig(Settings):
    """What a model's tokens cost."""

    prompt: Annotated[float, Field(ge=0)]
    """For a million tokens that it reads."""
    completion: Annotated[float, Field(ge=0)]
    """For a million tokens that it writes."""
    currency: Annotated[str, Field(min_length=1, max_length=8)] = "$"
    """Stands before the sum."""


class PresetConfig(Settings):
    """What a visitor can pick: a named system prompt, model, endpoints and parameters."""

    name: Name = "Assistant"
    """What the picker shows and feedback rows say."""
    endpoints: tuple[Name, ...] = ()
    """The names of the endpoints to ask, in this order. Left out, all of them."""
    model: str = ""
    """The model to ask for. Left out, the first that an endpoint lists."""
    system_prompt: str = ""
    """What the model is told before every conversation."""
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    """Sampling parameters by their OpenAI names, sent as they are: `{temperature: 0.7, max_tokens: 1000}`."""
    tools: tuple[Name, ...] = ()
    """What its model may call: an MCP server or one tool of it (`files.read_file`), a function, or a display tool:
    `show_plot`, `show_table`, `show_gallery`, `show_html`, `offer_replies`."""
    transcription_model: str = ""
    """The model that makes text of audio, at the `/audio/transcriptions` of the first endpoint that has one. Left out,
    audio goes to the preset's model as it is."""
    prices: PricesConfig | None = None
    """What tokens cost, for `chat.show_usage`."""
