"""Every error raised on purpose, each with what happened and what to do next.

The tree::

    ChatAppError
    ├── ConfigError           the settings cannot be used; carries every problem at once
    ├── CannotListen          the address to serve the page at cannot be used
    ├── ChoiceError           a preset or model was asked for that there is not, or a value out of bounds
    │   └── InputNotTaken     the model does not take what goes with the question
    ├── FileRefused           a file of a visitor cannot be read, or may not
    ├── ToolError             a tool could not be called; the model is told
    ├── EndpointError         a server did not give the answer it was asked for
    │   ├── NameUnknown       its host name does not resolve
    │   ├── ConnectionRefused nothing listens at its address
    │   ├── ConnectionFailed  the connection was reset, or could not be made safely (TLS)
    │   ├── TimedOut          one of its four limits of time passed
    │   ├── KeyRefused        401 or 403
    │   ├── ModelMissing      it does not have the model
    │   ├── NotFound          404 for another reason: often `/v1` is missing in `base_url`
    │   ├── NotOpenAI         what came back is not the OpenAI protocol
    │   ├── RequestRefused    400 or 422: the request itself
    │   │   └── ContextTooLong   more tokens than the model can read
    │   ├── RateLimited       429
    │   ├── ServerFailed      5xx, 408, 409, or an error object in its stream
    │   │   └── ModelLoading     it answers when the model is loaded
    │   ├── StreamBroken      the stream held something unreadable, or the connection broke
    │   ├── StreamCut         the stream ended without saying that the answer is whole
    │   └── AllFailed         every endpoint of the preset was asked, and none answered
    ├── AnswerProblem         an answer that ended, but not as one would wish
    │   ├── EmptyAnswer       it holds no text
    │   ├── LengthLimit       the token limit cut it
    │   ├── ToolCallWanted    the model wants a tool that nobody gave it
    │   ├── TooManyRounds     the model only ever calls tools
    │   ├── Filtered          the server's content filter stopped it
    │   ├── Stopped           the visitor stopped it
    │   └── ShuttingDown      this program is stopping
    ├── FeedbackError         a verdict could not be recorded
    │   ├── TokenRefused      its answer token is not one that this server signed
    │   └── StoreFailed       the feedback file could not be written
    └── UnexpectedError       a defect of this program, reported without its details

`code` is stable and bounded: logs, metrics and `chat-app check --json` use it. Messages are plain text, never markup,
and hold no secrets: whoever raises one from a server's words masks them first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class ChatAppError(Exception):
    """What happened, in one sentence, with a `hint`: what to do next, naming the setting, command or file."""

    code: ClassVar[str] = "error"

    def __init__(self, sentence: str, *, hint: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the settings: where it stands, the rule it breaks, and the fix."""

    where: str
    """`config/chat.yaml:12`, `environment: CHAT_APP__SERVER__PORT` or `command line: --port`."""
    setting: str
    """Dotted, with list positions: `endpoints.0.base_url`; empty for the whole file."""
    rule: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {f'{self.setting}: ' if self.setting else ''}{self.rule} {self.fix}".strip()


class ConfigError(ChatAppError):
    """The settings cannot be used. `problems` has all that is wrong with them, in the order of the sources."""

    code = "config"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"The settings have {count}.", hint="\n".join(f"- {problem}" for problem in problems))
        self.problems = problems


class CannotListen(ChatAppError):
    """The address to serve the page at cannot be used."""

    code = "cannot_listen"


class ChoiceError(ChatAppError):
    """A preset or model was asked for that there is not."""

    code = "unknown_choice"


class InputNotTaken(ChoiceError):
    """The model does not take a picture or a recording that goes with the question."""

    code = "input_not_taken"


class FileRefused(ChatAppError):
    """A file that a visitor added cannot be read, or may not."""

    code = "file_refused"


class ToolError(ChatAppError):
    """A tool could not be called. The model is told, the page shows it, and the turn goes on."""

    code = "tool"


class EndpointError(ChatAppError):
    """A server did not give the answer it was asked for.

    `endpoint` is its name in the config; `detail` the server's own words, secrets masked, or empty;
    `retry_after_s` is what it asked to wait before the next attempt, if it said so. `retryable` says whether the same
    request may succeed a little later: each class has its rule, whoever raises one may know better of a single case.
    `attempts` is the number of requests that ended in it.
    """

    code = "endpoint"
    retryable: bool = False

    def __init__(
        self,
        sentence: str,
        *,
        hint: str,
        endpoint: str,
        detail: str = "",
        retry_after_s: float | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(sentence, hint=hint)
        self.attempts = 1
        self.endpoint = endpoint
        self.detail = detail
        self.retry_after_s = retry_after_s
        if retryable is not None:
            self.retryable = retryable


class NameUnknown(EndpointError):
    """The endpoint's host name does not resolve."""

    code = "name_unknown"


class ConnectionRefused(EndpointError):
    """Nothing listens at the endpoint's address."""

    code = "connection_refused"
    retryable = True


class ConnectionFailed(EndpointError):
    """The connection was reset before an answer, or could not be made safely."""

    code = "connection_failed"
    retryable = True


class TimedOut(EndpointError):
    """A limit of time passed; `limit` is the name of the setting: `connect_timeout_s`, `first_token_timeout_s`, …

    Only a connection that took too long is worth another attempt: the other limits have used up their patience.
    """

    code = "timeout"

    def __init__(self, sentence: str, *, hint: str, endpoint: str, limit: str) -> None:
        super().__init__(sentence, hint=hint, endpoint=endpoint, retryable=limit == "connect_timeout_s")
        self.limit = limit


class KeyRefused(EndpointError):
    """401 or 403: the key is missing, wrong, or not allowed to do this."""

    code = "key_refused"


class ModelMissing(EndpointError):
    """The endpoint does not have the model."""

    code = "model_missing"


class NotFound(EndpointError):
    """404 that is not about the model: often `/v1` is missing in `base_url`."""

    code = "not_found"


class NotOpenAI(EndpointError):
    """What came back is not the OpenAI protocol: a web page, say."""

    code = "not_openai"


class RequestRefused(EndpointError):
    """400 or 422: the server does not take the request as it is."""

    code = "request_refused"
    parameter: str = ""
    """The parameter that the server names as the reason, where it names one."""


class ContextTooLong(RequestRefused):
    """The conversation holds more tokens than the model can read. The numbers are the server's, where it says them."""

    code = "context_too_long"
    context_tokens: int | None = None
    prompt_tokens: int | None = None


class RateLimited(EndpointError):
    """429: too many requests, or a quota used up."""

    code = "rate_limited"
    retryable = True


class ServerFailed(EndpointError):
    """5xx, 408 or 409, or an error object in the stream."""

    code = "server_failed"
    retryable = True


class ModelLoading(ServerFailed):
    """The server is loading the model and answers when that is done."""

    code = "model_loading"


class StreamBroken(EndpointError):
    """The stream held something unreadable, or its connection broke."""

    code = "stream_broken"


class StreamCut(EndpointError):
    """The stream ended without saying that the answer is whole."""

    code = "stream_cut"


class AllFailed(EndpointError):
    """Every endpoint of the preset was asked, and none answered; the sentence says why each did not."""

    code = "all_failed"


class AnswerProblem(ChatAppError):
    """An answer that ended, but not as one would wish. What had arrived is kept."""

    code = "answer"


class EmptyAnswer(AnswerProblem):
    """The answer holds no text."""

    code = "empty_answer"


class LengthLimit(AnswerProblem):
    """The token limit cut the answer."""

    code = "length_limit"


class ToolCallWanted(AnswerProblem):
    """The model wants a tool to be called that nobody gave it."""

    code = "tool_call"


class TooManyRounds(AnswerProblem):
    """The model went on calling tools for longer than it may."""

    code = "too_many_rounds"


class Filtered(AnswerProblem):
    """The server's content filter stopped the answer."""

    code = "filtered"


class Stopped(AnswerProblem):
    """The visitor stopped the answer."""

    code = "stopped"


class ShuttingDown(AnswerProblem):
    """This program is stopping, so the answer could not go on."""

    code = "shutting_down"


class FeedbackError(ChatAppError):
    """A verdict could not be recorded."""

    code = "feedback"


class TokenRefused(FeedbackError):
    """The answer token is not one that this server signed for this conversation."""

    code = "token_refused"


class StoreFailed(FeedbackError):
    """The feedback file could not be written."""

    code = "store_failed"


class UnexpectedError(ChatAppError):
    """A defect of this program; its details go to the log, not to the visitor."""

    code = "unexpected"
