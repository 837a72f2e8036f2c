"""What a server says instead of an answer: a status with a body, or an error object inside a stream.

The statuses and words are those of OpenAI, Azure, Ollama, llama.cpp, vLLM, SGLang, TGI, LM Studio, LiteLLM,
OpenRouter, Groq, Gemini, Mistral, xAI and DeepSeek, which do not agree: a missing model is 404 here and 400 there, a
conversation that is too long 400, 413 or 500, and each is told by its words.
"""

from __future__ import annotations

import re
from typing import Final, TypeVar

from chat_app import errors
from chat_app.endpoints.failures import hints
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.failures.inputs import refused_input_in
from chat_app.endpoints.failures.server_words import all_words_of, decoded, is_html, words_of
from chat_app.endpoints.failures.too_long import too_long_in
from chat_app.endpoints.failures.unsupported import SYSTEM_PROMPT, unsupported_part_of
from chat_app.errors import EndpointError

_Kind = TypeVar("_Kind", bound=EndpointError)

_NO_MODEL: Final = re.compile(
    r"\bmodels?\b.{0,200}?\b(not found|not exist)|\b(invalid|unknown|no such|not a valid) model\b(?! (output|input))"
    r"|model_not_(?:found|supported)|\bmodel\b.{0,200}?\bnot supported by any provider"
    r"|\bdeployment\b.{0,80}\bnot exist|unable to access model",
    re.IGNORECASE | re.DOTALL,
)
_USED_UP: Final = re.compile(r"insufficient.?(quota|balance|credit|funds)|exceeded your current quota", re.IGNORECASE)
_LOADING: Final = re.compile(
    r"(?<!error )(?<!while )\bloading (?:the )?model\b"
    r"|\bmodel\b.{0,120}?\bis (?:currently |still )*(?:loading|being loaded)\b"
    r"|\bmodel_loading\b|\bstill loading\b",
    re.IGNORECASE | re.DOTALL,
)
_TELLING: Final = frozenset({None, 400, 413, 422, 500})
"""Statuses whose words may be about the request itself."""
_NONE_FOR_IT: Final = re.compile(r"no endpoints found that support", re.IGNORECASE)
"""What OpenRouter says, with 404, when no host of a model takes tools or pictures."""
_UNPAID: Final = 402
_LIMITED: Final = frozenset({_UNPAID, 429})
_PASSING: Final = frozenset({408, 409})
_FAILED: Final = 500
_STATUSES: Final = range(400, 600)
_THREE_DIGITS: Final = re.compile(r"[0-9]{3}")
_LIMITING: Final = re.compile(r"rate_?limit|too_?many_?requests|resource_?exhausted|insufficient_quota", re.IGNORECASE)
"""Codes that say 429 where no number stands: Anthropic's, OpenAI's, Mistral's, Gemini's."""


def refusal(status: int | None, said: object, asked: Asked, retry_after_s: float | None = None) -> EndpointError:
    """The error for an answer with `status`, None inside a stream; `said` is its body or the error object in it."""
    words = words_of(said, secrets=asked.secrets)
    found = f"{all_words_of(said)} {_code(said)}"
    http = "" if status is None else f" (HTTP {status})"
    telling = status in _TELLING or _NONE_FOR_IT.search(found) is not None
    if telling and (request := _request_refusal(http, said, found, asked, words)):
        return request
    if status in _LIMITED or (status is None and _LIMITING.search(_code(said))):
        used_up = status == _UNPAID or _USED_UP.search(found) is not None
        return _limited(http, words, asked, retry_after_s, used_up=used_up)
    kind, what, hint = _meaning(status, found, asked)
    if kind is not errors.ModelMissing:
        what += http
    return told(kind, what, asked, hint, words=words, retry_after_s=retry_after_s)


def _meaning(status: int | None, found: str, asked: Asked) -> tuple[type[EndpointError], str, str]:
    """The kind of error that `status` is with the words `found`, its sentence and its hint."""
    name = asked.name
    kind: type[EndpointError]
    match status:
        case 401 | 403:
            refused = "refused the key" if asked.has_key else "wants a key"
            kind, what, hint = errors.KeyRefused, f"{name} {refused}", hints.of_key(asked)
        case None | 400 | 404 | 422 if _NO_MODEL.search(found):
            what = f"{name} does not have the model `{hints.shown(asked.model)}`"
            kind, hint = errors.ModelMissing, hints.of_model(asked)
        case 404 | 405:
            kind, what, hint = errors.NotFound, f"{asked.who} has nothing at this address", hints.of_address(asked)
        case 407:
            what = f"The proxy on the way to {asked.who} wants a password"
            kind, hint = errors.KeyRefused, hints.of_proxy(asked)
        case int() if status < _FAILED and status not in _PASSING:
            kind, what, hint = errors.RequestRefused, f"{name} refused the request", hints.of_request(asked)
        case _ if _LOADING.search(found):
            kind, what, hint = errors.ModelLoading, f"{name} is loading the model", hints.of_loading()
        case _:
            kind, what, hint = errors.ServerFailed, f"{name} failed", hints.of_failure()
    return kind, what, hint


def _request_refusal(
    http: str, said: object, found: str, asked: Asked, words: str
) -> errors.RequestRefused | errors.ContextTooLong | None:
    """What the words say of the request itself, if they say it; also with a 500 (llama.cpp) or inside a stream."""
    if (numbers := too_long_in(found)) is not None:
        what = f"The conversation is longer than the model of {asked.name} can read{http}"
        too_long = told(errors.ContextTooLong, what, asked, hints.of_length(asked), words=words)
        too_long.context_tokens, too_long.prompt_tokens = numbers.context_tokens, numbers.prompt_tokens
        return too_long
    if kind := refused_input_in(found):
        what = f"The model of {asked.name} takes no {hints.INPUTS[kind]}{http}"
        return told(errors.RequestRefused, what, asked, hints.of_input(asked, kind), words=words)
    part = unsupported_part_of(said, _inner(decoded(said) if isinstance(said, str) else said), asked.sent)
    if not part:
        return None
    if part == SYSTEM_PROMPT:
        what = f"The model of {asked.name} takes no system prompt, or not these roles{http}"
        refused = told(errors.RequestRefused, what, asked, hints.of_system_prompt(asked), words=words)
    else:
        what = f"{asked.name} does not take the parameter `{hints.shown(part)}`{http}"
        refused = told(errors.RequestRefused, what, asked, hints.of_request(asked, part), words=words)
    refused.parameter = part
    return refused


def refusal_in_stream(said: object, asked: Asked) -> EndpointError:
    """The error for an error object, or a text, that stands where a piece of the answer was expected.

    Its code may be a status as number or text (OpenRouter, llama.cpp, LiteLLM) or a word.
    """
    inner = _inner(said)
    codes = [str(inner.get(name)) for name in ("code", "status", "status_code", "statusCode")]
    statuses = [int(code) for code in codes if _THREE_DIGITS.fullmatch(code) and int(code) in _STATUSES]
    return refusal(next(iter(statuses), None), said, asked)


def not_openai(body: str, asked: Asked) -> errors.NotOpenAI:
    """The error for a body that came with status 200 and is not of this protocol."""
    what = "a web page" if is_html(body) else "something that is not the OpenAI protocol"
    words = words_of(body, secrets=asked.secrets)
    return told(errors.NotOpenAI, f"{asked.who} answered with {what}", asked, hints.of_address(asked), words=words)


def no_models(asked: Asked) -> errors.ModelMissing:
    """The error for an endpoint that lists no model where one has to be picked."""
    return told(errors.ModelMissing, f"{asked.name} has no model", asked, hints.of_no_models(asked))


def told(
    kind: type[_Kind],
    what: str,
    asked: Asked,
    hint: str,
    *,
    words: str = "",
    retry_after_s: float | None = None,
    retryable: bool | None = None,
) -> _Kind:
    """An error of `kind` whose sentence is `what`, and the server's own `words` behind it."""
    sentence = f"{what}: {words}" if words else what
    if not sentence.endswith((".", "!", "?", "…")):
        sentence += "."
    return kind(
        sentence, hint=hint, endpoint=asked.name, detail=words, retry_after_s=retry_after_s, retryable=retryable
    )


def _limited(http: str, words: str, asked: Asked, retry_after_s: float | None, *, used_up: bool) -> errors.RateLimited:
    if used_up:
        what, hint = f"The quota of {asked.name} is used up{http}", hints.of_quota(asked)
    else:
        what, hint = f"{asked.name} gets too many requests{http}", hints.of_rate(retry_after_s)
    return told(errors.RateLimited, what, asked, hint, words=words, retry_after_s=retry_after_s, retryable=not used_up)


def _code(said: object) -> str:
    """The words by which programs know the error: `model_not_found`, `insufficient_quota`; llama.cpp's numbers too."""
    inner = _inner(decoded(said) if isinstance(said, str) else said)
    codes = " ".join(str(inner.get(name) or "") for name in ("code", "type", "status"))
    return codes + "".join(f" {name}: {inner[name]}" for name in ("n_prompt_tokens", "n_ctx") if name in inner)


def _inner(said: object) -> dict[str, object]:
    match said:
        case {"error": dict() as inner} | [{"error": dict() as inner}, *_]:
            return inner
        case dict():
            return said
        case _:
            return {}
