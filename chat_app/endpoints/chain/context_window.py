"""Sends what fits into the model's context, and says when that, or what the server read, is not everything.

An endpoint around one server. How many tokens a conversation costs is learnt (`token_estimate.py`); how many the model
reads is `context_tokens` of the settings, or what an error of the server said, or what it tells when asked. Three ways
in which a conversation can be too long, and what happens:

- It is known beforehand: the oldest turns are not sent, and `Dropped` says how many messages.
- The server refuses it (llama.cpp, vLLM, OpenAI …): once, turns are dropped by the numbers in its error, or half of
  them, and it is asked again. That may only be before the answer has begun. When the prompt alone would have fitted,
  it is the answer that may be too long: then nothing is dropped, and its length is lowered to what is left.
- The server cuts it without a word (Ollama, LM Studio): what it says it has read is less than it was sent, and
  `Truncated` says so. An estimate is no proof, so it is only said of prompts that cost over 1,000 tokens *at the
  least*. When the server tells the size of its context, that must be less than this. One that does not tell must have
  read much less, not merely what was missing in its cache, and an earlier turn must have taught something. What may
  have been cut teaches nothing.

The tools that a request offers cost tokens too (`part_sizes.py`), beside those of the messages. Calls and results
belong to the turn of their question, so they stay or go with it.

Room for the answer: `max_tokens` or `max_completion_tokens`, where the request has it; else a quarter of the context,
1,024 tokens at most (`answer_length.py`). It pays for the errors of the estimate, too.

A number in an error is words read by a pattern, so one that cannot be true is not believed: a context under 64 tokens,
or less than the model was seen to read.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from time import monotonic
from typing import Final

from chat_app.config import EndpointConfig
from chat_app.conversation.context import Kept, fitted, without_oldest_half
from chat_app.conversation.deltas import Delta, Dropped, Started, Truncated, Usage, commits
from chat_app.conversation.messages import Message
from chat_app.conversation.turn import Endpoint, Request
from chat_app.endpoints.chain.answer_length import (
    ANSWER_TOKENS,
    answer_tokens,
    left_for_answer,
    length_to_blame,
    lowered,
    room_for_answer,
)
from chat_app.endpoints.chain.context_lookup import SMALLEST
from chat_app.endpoints.chain.part_sizes import tokens_of_tools
from chat_app.endpoints.chain.shared_question import SharedQuestion
from chat_app.endpoints.chain.token_estimate import TokenEstimate
from chat_app.endpoints.failures.hints import Asked
from chat_app.errors import ContextTooLong, EndpointError

ASKED_FROM_TOKENS: Final = 1000
"""A shorter conversation fits into any context, so nobody is asked."""
KNOWN_FOR_S: Final = 60.0
"""How long an answer about the context is used."""
REMEMBERED_FOR_S: Final = 3600.0
"""How long the last number is used while the server tells none: Ollama has unloaded the model, say."""
ASKED_WITHIN_S: Final = 2.0
"""How long a visitor may wait for it."""
MODELS: Final = 100
"""So many models are remembered for each server."""

AsksContext = Callable[[str], Awaitable[int | None]]


class _Model:
    """What is known of one model: what its tokens are, and how many it reads."""

    def __init__(self, *, reasoning: bool) -> None:
        self.tokens = TokenEstimate(reasoning=reasoning)
        self.context_tokens: int | None = None
        self.known_until = float("-inf")
        self.forgotten_at = float("-inf")
        self.most_read = 0
        """The longest prompt that it was seen to read."""
        self.answered = False


class FitsContext:
    """The answer of `endpoint` to as much of a conversation as it can read.

    `ask_context` tells how many tokens a model reads, None if that is not known; `clock` is the time, for tests.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        config: EndpointConfig,
        ask_context: AsksContext,
        *,
        clock: Callable[[], float] = monotonic,
        asked_within_s: float = ASKED_WITHIN_S,
    ) -> None:
        self.endpoint = endpoint
        self.config = config
        self._ask_context = SharedQuestion(ask_context)
        self._clock = clock
        self._asked_within_s = asked_within_s
        self._models: OrderedDict[str, _Model] = OrderedDict()

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The endpoint's answer, with `Dropped` behind `Started` and `Truncated` at the end where they are true.

        Raises what the endpoint raises; `ContextTooLong` only if neither a shorter answer nor dropping turns helped.
        `attempts` counts the request that was too long.
        """
        model = self._model(request.model)
        kept = await self._kept(request, model)
        refused = 0
        while True:
            begun = False
            try:
                async with aclosing(self._asked(request, kept, model)) as deltas:
                    async for delta in deltas:
                        begun = begun or commits(delta)
                        yield replace(delta, attempts=delta.attempts + refused) if isinstance(delta, Started) else delta
            except EndpointError as error:
                repaired = self._repaired(error, request, kept, model) if isinstance(error, ContextTooLong) else None
                if begun or refused or repaired is None:
                    error.attempts += refused
                    raise
                refused = error.attempts
                request, kept = repaired
            else:
                return

    async def _asked(self, request: Request, kept: Kept, model: _Model) -> AsyncGenerator[Delta, None]:
        usage: Usage | None = None
        async with aclosing(self.endpoint.stream(replace(request, messages=kept.messages))) as deltas:
            async for delta in deltas:
                yield delta
                match delta:
                    case Started() if kept.dropped:
                        yield Dropped(kept.dropped)
                    case Usage():
                        usage = delta
        read = usage.prompt_tokens if usage is not None else None
        if read and (truncated := await self._judged(request, kept.messages, read, model)):
            yield truncated

    async def _kept(self, request: Request, model: _Model) -> Kept:
        context_tokens = self.config.context_tokens
        fits_anyway = min(ASKED_FROM_TOKENS, (model.context_tokens or 2 * ASKED_FROM_TOKENS) / 2)
        offered = tokens_of_tools(request.tools)
        if context_tokens is None and model.tokens.of(request.messages) + offered > fits_anyway:
            context_tokens = await self._context_tokens(request.model, model)
        if context_tokens is None:
            return Kept(request.messages)
        budget = context_tokens - offered - room_for_answer(request, self.config, context_tokens)
        return fitted(request.messages, budget, model.tokens.each_of(request.messages))

    def _repaired(
        self, error: ContextTooLong, request: Request, kept: Kept, model: _Model
    ) -> tuple[Request, Kept] | None:
        """The request and the messages to send instead of `kept`, which were too long; None if nothing can be done.

        What then is to be done by others becomes the error's hint.
        """
        self._doubt(error, model)
        if error.prompt_tokens:
            model.tokens.learn(kept.messages, error.prompt_tokens - round(tokens_of_tools(request.tools)))
        if context := error.context_tokens:
            self._know(model, context)
        shorter = self._shorter(error, request, kept, model)
        if (left := left_for_answer(error)) is not None and (left >= (context or 0) / 20 or not shorter.dropped):
            error.hint = length_to_blame(left)
            if (other := lowered(request, self.config, left)) is not request:
                return other, kept
        elif answer_tokens(request, self.config) and self._may_fit_alone(
            error, kept, model, can_drop=shorter.dropped > 0
        ):
            return lowered(request, self.config, None), kept
        elif not shorter.dropped:
            error.hint = _too_long_itself(self.config, called=kept.messages[-1].role == "assistant")
        if not shorter.dropped:
            return None
        if context:
            request = lowered(request, self.config, int(room_for_answer(request, self.config, context)))
        return request, replace(shorter, dropped=kept.dropped + shorter.dropped)

    def _may_fit_alone(self, error: ContextTooLong, kept: Kept, model: _Model, *, can_drop: bool) -> bool:
        """Whether `kept` may fit when the answer's length is left out, where `error` does not say what it costs."""
        if error.prompt_tokens:
            return False
        context = error.context_tokens or 0
        return not can_drop or model.tokens.of(kept.messages) + min(context / 4, ANSWER_TOKENS) <= context

    def _shorter(self, error: ContextTooLong, request: Request, kept: Kept, model: _Model) -> Kept:
        """Less of `kept`, by the numbers in `error` or by half."""
        shorter = Kept(kept.messages)
        if error.context_tokens:
            tokens_of = model.tokens.each_of(kept.messages)
            # Where the error does not say what the prompt costs, it is at least what the model reads.
            at_least = 0 if error.prompt_tokens else error.context_tokens
            factor = max(1.0, at_least / (model.tokens.of(kept.messages) or 1.0))
            offered = tokens_of_tools(request.tools)
            budget = error.context_tokens - offered - room_for_answer(request, self.config, error.context_tokens)
            shorter = fitted(kept.messages, budget, lambda message: factor * tokens_of(message))
        return shorter if shorter.dropped else without_oldest_half(kept.messages)

    async def _judged(self, request: Request, sent: Sequence[Message], read: int, model: _Model) -> Truncated | None:
        """Whether the server read less of `sent` than all of it; if not, `read` tokens teach something."""
        tokens = model.tokens
        model.most_read = max(model.most_read, read)
        if not model.answered:
            model.answered = True
            if model.context_tokens is None:
                model.known_until = float("-inf")  # Ollama tells it of loaded models only, and now it is one
        least = tokens.least(sent)
        if read >= least:
            tokens.learn(sent, read - round(tokens_of_tools(request.tools)))
        if read >= least or least < ASKED_FROM_TOKENS:
            tokens.sent(sent)
            return None
        could_read = await self._context_tokens(request.model, model)
        if could_read is not None:
            cut = read <= could_read < least
        else:
            much_less = read < tokens.least(sent, of_known=0.8, of_guessed=0.5)
            cut = much_less and tokens.learnt and not tokens.may_be_rest(sent, read)
        likely = round(tokens.of(sent))
        tokens.sent(sent)
        return Truncated(read, likely, _recipe(self.config, could_read or read)) if cut else None

    async def _context_tokens(self, name: str, model: _Model) -> int | None:
        """What the server says of its context, not older than a minute, or what it said in the last hour."""
        if self._clock() >= model.known_until:
            told: int | None = None
            try:
                async with asyncio.timeout(self._asked_within_s):
                    told = await self._ask_context(name)
            except (TimeoutError, EndpointError):
                told = None
            if told or self._clock() >= model.forgotten_at:
                self._know(model, told)
            model.known_until = self._clock() + KNOWN_FOR_S
        return model.context_tokens

    def _know(self, model: _Model, context_tokens: int | None) -> None:
        model.context_tokens = context_tokens
        model.known_until = self._clock() + KNOWN_FOR_S
        model.forgotten_at = self._clock() + REMEMBERED_FOR_S

    def _doubt(self, error: ContextTooLong, model: _Model) -> None:
        """Take a size out of `error` that cannot be that of the context."""
        if error.context_tokens and error.context_tokens < max(SMALLEST, model.most_read):
            error.context_tokens = None

    def _model(self, name: str) -> _Model:
        model = self._models.setdefault(name, _Model(reasoning=self.config.send_reasoning != "never"))
        self._models.move_to_end(name)
        if len(self._models) > MODELS:
            self._models.popitem(last=False)
        return model


def _too_long_itself(config: EndpointConfig, *, called: bool) -> str:
    if called:
        return f"What the tools gave is too long: lower `tools.max_result_tokens`, or ask for less. {_longer(config)}"
    return (
        "The last message, with the system prompt, is too long by itself: shorten it, send it in parts, or pick a "
        f"model that reads more. {_longer(config)}"
    )


def _recipe(config: EndpointConfig, tokens: int) -> str:
    """What makes the server read more, and what makes this program say beforehand what it does not."""
    return (
        f"{_longer(config)} Or set `context_tokens: {tokens}` of endpoint `{config.name}`: then the oldest messages "
        "are left out whole, and the page says how many."
    )


def _longer(config: EndpointConfig) -> str:
    """How this server is given a longer context, as far as its name and port show what it is.

    Ollama: https://docs.ollama.com/context-length; `/v1` takes no `num_ctx`. LM Studio:
    https://lmstudio.ai/docs/app/advanced/per-model. llama.cpp: tools/server/README.md.
    """
    asked = Asked(config)
    name = config.name.lower()
    if asked.is_ollama:
        return (
            "Start Ollama with a longer context (`OLLAMA_CONTEXT_LENGTH=16384 ollama serve`), or give the model one: "
            "`PARAMETER num_ctx 16384` in a Modelfile, then `ollama create`; it cannot be set from here."
        )
    if asked.place.endswith(":1234") or "studio" in name:
        return "Give the model a longer context length where LM Studio loads it (its load settings, or `lms load -c`)."
    if "llama" in name:
        return "Start the server with a longer context (llama.cpp: `-c 16384`)."
    how = "vLLM: `--max-model-len`, llama.cpp: `-c`"
    return f"Give the model a longer context in the settings of {config.name}, if that is yours ({how})."
