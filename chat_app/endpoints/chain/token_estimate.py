"""How many tokens a conversation costs with one model, as far as its server has told of earlier ones.

The tokenizer itself is not ours to have: each model has its own, and most servers offer no way to ask it. What every
server counts is the prompt that it has just read (`usage.prompt_tokens`), so that is what is learnt from::

    tokens = tokens of the longest beginning that was read before, as counted
           + tokens per byte · UTF-8 bytes of the rest + 6 for each message of the rest
           + what its pictures and recordings cost (`part_sizes.py`)

A conversation is sent again and again, each time a little longer, so all but the newest turn is counted, not guessed.
Tokens per byte begin at 0.35 and follow what is read: the first count replaces that, each further one has half the
say. English prose has about 0.22 to 0.25 (four characters a token, says OpenAI of its own tokenizers), source code and
other European languages 0.3, Chinese 0.2 to 0.35; 0.35 is on the careful side of most. Templates add 3 (ChatML) to 6
(Llama 3) tokens for each message. Prompts under 500 bytes teach nothing, since a template's own words outweigh them;
counts beyond 0.05 to 2 tokens a byte are some mistake. Of a prompt with pictures or recordings only the whole is
remembered: what they cost is too unsure to tell what the text did.

Whether a server has read *less* than it was sent needs the other side of the guess: `least` counts characters instead
of bytes (a character of three bytes is often one token), runs of spaces and of one character as one, and at most 0.18
tokens for each, or the fewest ever seen.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final

from chat_app.conversation.context import TokensOf
from chat_app.conversation.messages import Message
from chat_app.endpoints.chain.part_sizes import tokens_beside_words, words_of

CAREFUL_RATIO: Final = 0.35
"""Tokens for each byte, as long as nothing is known."""
LEAST_RATIO: Final = 0.18
"""Tokens for each character, at the least."""
MESSAGE_TOKENS: Final = 6
"""What a template adds to each message."""
TEACHING_BYTES: Final = 500
"""A shorter prompt teaches nothing."""
PLAUSIBLE: Final = (0.05, 2.0)
"""Tokens for each byte that can be true."""
REMEMBERED: Final = 500
"""So many conversations are remembered, as numbers."""
_TEMPLATE_TOKENS: Final = 64
"""What a prompt may have besides its messages: the beginning of the answer, a date."""
_RUN: Final = re.compile(r"(\S)\1{2,}")


class TokenEstimate:
    """What has been learnt of one model. `reasoning` says whether what it thought is sent back to it."""

    def __init__(self, *, reasoning: bool = False) -> None:
        self._reasoning = reasoning
        self.learnt = False
        """Whether anything has been."""
        self._ratio = CAREFUL_RATIO
        self._least_ratio = LEAST_RATIO
        self._read: OrderedDict[int, int | None] = OrderedDict()

    def of(self, messages: Sequence[Message]) -> float:
        """How many tokens `messages` cost, most likely."""
        length, read = self._known(messages)
        return read + sum(map(self._guess, messages[length:]))

    def each_of(self, messages: Sequence[Message]) -> TokensOf:
        """What each of `messages` costs, so that all together cost `of(messages)`."""
        guessed = sum(map(self._guess, messages))
        factor = self.of(messages) / guessed if guessed else 1.0
        return lambda message: factor * self._guess(message)

    def least(self, messages: Sequence[Message], *, of_known: float = 1.0, of_guessed: float = 1.0) -> float:
        """How many tokens `messages` cost at the least; `of_known` and `of_guessed` are the parts of it to believe."""
        length, read = self._known(messages)
        known = max(0, read - _TEMPLATE_TOKENS // 4)
        return of_known * known + of_guessed * self._at_least(messages[length:])

    def may_be_rest(self, messages: Sequence[Message], read_tokens: int) -> bool:
        """Whether `read_tokens` may be only those that the server did not have in its cache from an earlier turn.

        Ollama before 0.2 counted so (issue 5370), and 0.30 until its pull request 16428. What can be cached is what
        was sent before: by this process or, if the conversation is older than it, by another; and the system prompt.
        The rest must then have been read, and little more than it.
        """
        sent = next((length for length, _ in self._beginnings(messages)), None)
        if sent is None:
            questions = [at for at, message in enumerate(messages) if message.role == "user"]
            sent = questions[-1] - (len(questions) > 1) if questions else 0
        rest = messages[sent:]
        most = 2 * sum(map(self._guess, rest)) + _TEMPLATE_TOKENS
        return sent > 0 and 0.5 * self._at_least(rest) <= read_tokens <= most

    def learn(self, messages: Sequence[Message], read_tokens: int) -> None:
        """`messages` cost `read_tokens`, says the server."""
        if any(map(tokens_beside_words, messages)):
            self._remember(messages, read_tokens)
            return
        size = sum(map(self._bytes, messages))
        ratio = (read_tokens - MESSAGE_TOKENS * len(messages)) / size if size else 0.0
        if size < TEACHING_BYTES or not PLAUSIBLE[0] <= ratio <= PLAUSIBLE[1]:
            return
        self._ratio = (self._ratio + ratio) / 2 if self.learnt else ratio
        self._least_ratio = min(self._least_ratio, read_tokens / sum(map(len, map(self._words, messages))))
        self.learnt = True
        self._remember(messages, read_tokens)

    def sent(self, messages: Sequence[Message]) -> None:
        """`messages` were sent, and how many tokens they cost is not known."""
        self._remember(messages, None)

    def _remember(self, messages: Sequence[Message], read_tokens: int | None) -> None:
        *_, beginning = _digests(messages)
        self._read[beginning] = self._read.get(beginning) if read_tokens is None else read_tokens
        self._read.move_to_end(beginning)
        if len(self._read) > REMEMBERED:
            self._read.popitem(last=False)

    def _known(self, messages: Sequence[Message]) -> tuple[int, int]:
        """The longest beginning of `messages` that was counted: how many messages, and how many tokens."""
        counted = ((length, read) for length, read in self._beginnings(messages) if read is not None)
        return next(counted, (0, 0))

    def _beginnings(self, messages: Sequence[Message]) -> Iterator[tuple[int, int | None]]:
        """The beginnings of `messages` that were sent before, the longest first, and what they cost."""
        digests = list(_digests(messages))
        for length in range(len(messages), 0, -1):
            if digests[length] in self._read:
                yield length, self._read[digests[length]]

    def _at_least(self, messages: Sequence[Message]) -> float:
        return self._least_ratio * sum(len(_condensed(self._words(message))) for message in messages)

    def _guess(self, message: Message) -> float:
        return self._ratio * self._bytes(message) + MESSAGE_TOKENS + tokens_beside_words(message)

    def _words(self, message: Message) -> str:
        return words_of(message, reasoning=self._reasoning)

    def _bytes(self, message: Message) -> int:
        return len(self._words(message).encode("utf-8", "surrogatepass"))


def _digests(messages: Sequence[Message]) -> Iterator[int]:
    """A number for each beginning of `messages`, the empty one first."""
    digest = 0
    yield digest
    for message in messages:
        digest = hash((digest, message.role, message.text if message.plain else message.parts))
        yield digest


def _condensed(text: str) -> str:
    return _RUN.sub(r"\1\1", " ".join(text.split()))
