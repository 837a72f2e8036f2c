"""Which part of a request a server names as one that it does not know or support.

Holds the words for it, of which each server has its own; the sources stand beside their samples in the tests. Refuses
parameters whose *value* is wrong (`temperature: 9`): that is a mistake to be told, and not to be hidden by leaving the
parameter out. The one value that is treated as unsupported is OpenAI's `unsupported_value`, which means that only the
default is accepted. Refuses too what merely stands where a name could (`this field is not allowed`), what was not sent,
and what is never left out: the model, the messages and `stream`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from chat_app.endpoints.failures.server_words import all_words_of
from chat_app.endpoints.request import OURS, TOOLS

SYSTEM_PROMPT: Final = "system prompt"
"""Stands for the system prompt where the name of a parameter could; none has a blank in it."""

_CODES: Final = frozenset({"unsupported_parameter", "unknown_parameter", "unsupported_value"})
_NAME: Final = r"(?P<name>[A-Za-z_]\w{0,99})"
_KIND: Final = r"(?:parameter|argument|value|field)s?"
_REFUSED: Final = r"(?:not (?:currently )?(?:supported|allowed|permitted)|unsupported)"
_QUOTES: Final = r"[`'\"\[{(]*"

_NO_SYSTEM_PROMPT: Final = re.compile(
    r"system (?:role|messages?|prompts?|instructions?) (?:is |are )?not (?:supported|enabled|allowed)"
    r"|developer instruction is not enabled"
    r"|does not support (?:a |the )?(?:'system'|system (?:role|messages?|prompts?))"
    r"|'messages\[\d+\]\.role' does not support 'system'"
    r"|conversation roles must alternate",
    re.IGNORECASE,
)
_NO_TOOLS: Final = re.compile(
    r"(?:does not|doesn't|do not|don't) support (?:tools\b|tool[ -](?:calls?|calling|use)\b|function[ -]calling\b)"
    r"|\b(?:tools?|(?:tool|function)[ _-](?:calls?|calling|use))[`'\"]? (?:is|are) not (?:currently )?supported"
    r"|\btool choice requires --enable-auto-tool-choice"
    r"|\btools param requires --jinja"
    r"|\bno endpoints found that support tool use",
    re.IGNORECASE,
)
"""Ollama (server/images.go), Groq, vLLM without a tool parser, llama.cpp without `--jinja`, OpenRouter."""
_NAMED: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bun(?:supported|known|recognized) (?:request )?{_KIND}(?: supplied)?:? {_QUOTES}{_NAME}",
        rf"\bproperty {_QUOTES}{_NAME}['\"`]* is unsupported",
        rf"\bunknown name \W*\w+\W* at '{_NAME}[^']*'\W*: cannot find field",
        rf"\bunknown name \W*{_NAME}\W*: cannot find field",
        rf"(?:\bbody\.)?\b{_NAME}(?:\.[\w.]{{1,99}})?:? (?:extra inputs are|extra fields) not permitted",
        rf"'loc': \('body', '{_NAME}'[^()]*\)[^()]*(?:extra inputs are|extra fields) not permitted",
        rf"extra (?:inputs are|fields) not permitted, field: {_QUOTES}{_NAME}",
        rf"\bargument not supported on this model: {_QUOTES}{_NAME}",
        rf"\b(?:does not|doesn't|do not|don't) support (?:the )?(?:param(?:eter)?s?|arguments?):? {_QUOTES}{_NAME}",
        rf"\bunsupportedparamserror.{{0,120}}?(?:does not|doesn't) support {_QUOTES}{_NAME}",
        rf"[`'\"]{_NAME}[`'\"](?: {_KIND})? is {_REFUSED}",
        rf"\b{_NAME} {_KIND} is {_REFUSED}",
    )
)
_ROOT: Final = re.compile(r"[A-Za-z_]\w*")
_NO_NAMES: Final = frozenset(
    {
        *("a", "an", "any", "each", "every", "no", "some", "such", "that", "the", "these", "this", "those", "your"),
        *("argument", "combination", "combinations", "field", "following", "parameter", "value"),
        *("default", "detected", "for", "found", "given", "in", "is", "of", "one", "provided", "type", "was"),
    }
)
"""Words that stand where a parameter's name could."""
_WRONG_VALUE: Final = re.compile(
    r"\W{0,3}(?:(?:to be|to|when|(?:for|with) values?) )?"
    r"(?:above|below|over|under|exceed|between|beyond|outside|greater|less|larger|smaller|higher|lower|more than)\b",
    re.IGNORECASE,
)
"""What stands behind a refusal that is about the size of a value."""
_MODEL: Final = re.compile(r"\bmodels? [`'\"]?\Z", re.IGNORECASE)


def unsupported_part_of(said: object, inner: dict[str, object], sent: AbstractSet[str] | None = None) -> str:
    """The name of the parameter that is refused, `SYSTEM_PROMPT`, or nothing.

    `said` is the body, `inner` the error object in it, `sent` the names of what the request held; None takes any. Names
    are the server's: xAI says `presencePenalty`.
    """
    words = all_words_of(said)
    if _NO_SYSTEM_PROMPT.search(words):
        return SYSTEM_PROMPT
    if _NO_TOOLS.search(words) and (sent is None or TOOLS in sent):
        return TOOLS
    known = None if sent is None else {plain_name(name) for name in sent}
    return next((name for name in _named(words, inner) if known is None or plain_name(name) in known), "")


def plain_name(name: str) -> str:
    """The `name` of a parameter as it compares: xAI says `presencePenalty` for `presence_penalty`."""
    return name.replace("_", "").lower()


def _named(words: str, inner: dict[str, object]) -> Iterator[str]:
    param = _ROOT.match(str(inner.get("param") or ""))
    if param and param.group() in OURS:
        return  # the name that the words have is that of a model, say
    if param and inner.get("code") in _CODES:
        yield param.group()
    for pattern in _NAMED:
        for found in pattern.finditer(words):
            name = found["name"]
            if name in OURS or name.lower() in _NO_NAMES:
                continue
            if not (_WRONG_VALUE.match(words, found.end()) or _follows_model(words, found.start("name"))):
                yield name


def _follows_model(words: str, at: int) -> bool:
    """Whether it is the name of a model that begins at `at`."""
    return _MODEL.search(words[max(0, at - 10) : at]) is not None
