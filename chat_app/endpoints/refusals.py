"""What a server says instead of an answer: a status with a body, or an error object inside a stream.

The statuses and words are those of OpenAI, Azure, Ollama, llama.cpp, vLLM, LM Studio, LiteLLM, OpenRouter, Groq,
Mistral and DeepSeek, which do not agree: a missing model is 404 here and 400 there, and told by its words.
"""

from __future__ import annotations

import re
from typing import Final, TypeVar

from chat_app import errors
from chat_app.endpoints import hints
from chat_app.endpoints.hints import Asked
from chat_app.endpoints.server_words import decoded, is_html, words_of
from chat_app.errors import EndpointError

_Kind = TypeVar("_Kind", bound=EndpointError)

_NO_MODEL: Final = re.compile(
    r"\bmodels?\b.{0,200}?\b(not found|not exist)|\b(invalid|unknown|no such|not a valid) model\b(?! (output|input))"
    r"|model_not_found|\bdeployment\b.{0,80}\bnot exist|unable to access model",
    re.IGNORECASE | re.DOTALL,
)
_USED_UP: Final = re.compile(r"insufficient.?(quota|balance|credit|funds)|exceeded your current quota", re.IGNORECASE)
_UNPAID: Final = 402
_PASSING: Final = frozenset({408, 409})
_FAILED: Final = 500
_STATUSES: Final = range(400, 600)


def refusal(status: int | None, said: object, asked: Asked, retry_after_s: float | None = None) -> EndpointError:
    """The error for an answer with `status`, None inside a stream; `said` is its body or the error object in it."""
    words = words_of(said, key=asked.key)
    found = f"{words} {_code(said)}"
    http = "" if status is None else f" (HTTP {status})"
    match status:
        case 401 | 403:
            what = f"{asked.name} {'refused the key' if asked.key else 'wants a key'}{http}"
            return told(errors.KeyRefused, what, asked, hints.of_key(asked), words=words)
        case None | 400 | 404 | 422 if _NO_MODEL.search(found):
            what = f"{asked.name} does not have the model `{hints.shown(asked.model)}`"
            return told(errors.ModelMissing, what, asked, hints.of_model(asked), words=words)
        case 404 | 405:
            what = f"{asked.who} has nothing at this address{http}"
            return told(errors.NotFound, what, asked, hints.of_address(asked), words=words)
        case 402 | 429:
            used_up = status == _UNPAID or _USED_UP.search(found) is not None
            return _limited(http, words, asked, retry_after_s, used_up=used_up)
        case int() if status < _FAILED and status not in _PASSING:
            what = f"{asked.name} refused the request{http}"
            return told(errors.RequestRefused, what, asked, hints.of_request(asked), words=words)
    what = f"{asked.name} failed{http}"
    return told(errors.ServerFailed, what, asked, hints.of_failure(words), words=words, retry_after_s=retry_after_s)


def refusal_in_stream(said: object, asked: Asked) -> EndpointError:
    """The error for an error object, or a text, that stands where a piece of the answer was expected.

    Its code may be a status as number or text (OpenRouter, llama.cpp, LiteLLM) or a word.
    """
    inner = _inner(said)
    codes = [str(inner.get(name)) for name in ("code", "status", "status_code")]
    statuses = [int(code) for code in codes if code.isdecimal() and int(code) in _STATUSES]
    return refusal(next(iter(statuses), None), said, asked)


def not_openai(body: str, asked: Asked) -> errors.NotOpenAI:
    """The error for a body that came with status 200 and is not of this protocol."""
    what = "a web page" if is_html(body) else "something that is not the OpenAI protocol"
    words = words_of(body, key=asked.key)
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
    """The words by which programs know the error: `model_not_found`, `insufficient_quota`; perhaps none."""
    inner = _inner(decoded(said) if isinstance(said, str) else said)
    return " ".join(str(inner.get(name) or "") for name in ("code", "type"))


def _inner(said: object) -> dict[str, object]:
    match said:
        case {"error": dict() as inner}:
            return inner
        case dict():
            return said
        case _:
            return {}
