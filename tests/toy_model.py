"""A tiny model that says known text, made in a second without a download, for a real engine to run.

All attention and feed-forward weights are zero. What the model knows of a conversation is thus only its last token,
and its output head is a table: "after token A comes token B". Every scripted answer is a chain of tokens, each used
once in the whole vocabulary, so that it has one successor. Which chain begins is up to the chat template: it looks
for a word in the visitor's last message and ends the prompt with the token that heads the chain. Tokenizer, sampler,
chat parsing and HTTP are the engine's own; only the words are ours.

Holds no engine and no server (that is `llama_server.py`). It is as fast as the engine: pace is not its business.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import gguf
import numpy as np
from numpy.typing import NDArray

CACHE = Path(__file__).parent / ".cache"
COUNT_TO = 4000
NAME = "toy"
PARAGRAPH = "\n\n"

REASONING = "The user wants me to think.\nFirst step: look busy.\nSecond step: pick 42."
MARKDOWN = (
    "# Heading one\n\nSome *italic*, some **bold**, and `inline code`.\n\n"
    "| Fruit | Count |\n|-------|------:|\n| Apple | 3 |\n| Pear | 14 |\n\n"
    "```python\ndef add(a, b):\n    # not <b>html</b>\n    return a + b\n```\n\n"
    "```make\nall:\n\techo one\n\t\techo two\n```\n\n"
    "1. first\n2. second\n   - nested\n\n"
    "Maths: $e^{i\\pi} + 1 = 0$ and $$\\int_0^1 x^2\\,dx = \\tfrac13$$\n\n"
    '<script>window.__pwned = 1</script><img src=x onerror="window.__pwned=2">\n\n'
    "[a link](https://example.invalid/page) and ![a picture](https://example.invalid/p.png)\n\nThat is all."
)
ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "think": f"<think>\n{REASONING}\n</think>\n\nAfter careful thought, the answer is **42**.",
        "tool": '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris", "unit": "celsius"}}\n</tool_call>',
        "count": "".join(f"{n}{' ' if n % 25 else PARAGRAPH}" for n in range(1, COUNT_TO + 1)).rstrip(),
        "endless": " ".join(
            f"{a}{b}"
            for a in ("blue", "slow", "odd", "warm", "old", "wild", "calm", "thin")
            for b in ("bird", "moon", "ship", "tree", "clock", "stone", "river", "lamp", "wolf", "cloud")
        )
        + PARAGRAPH,
        "markdown": MARKDOWN,
        "unicode": "Grüße, 世界! Emoji: 😀👩\u200d👩\u200d👧\u200d👦🇨🇭 العربية עברית नमस्ते. Enough.",
        "empty": "",
        "result": "According to the tool, it is sunny in Paris.",
        "hello": "Hello! I am **Toy**, a scripted model with no mind at all. How can I help you today?",
    }
)
"""What the model says when the last message has the word; `hello` to everything else. `tool` wants tools in the
request, `result` answers a tool's message, `endless` begins again when it is through, until
the context is full."""

_WIDTH, _HEADS, _FEED_FORWARD = 512, 8, 32
_HEAD_WIDTH = _WIDTH // _HEADS
_CERTAINTY = 40.0
"""By how much the logit of the successor stands above the others, about; chance has no say at usual temperatures."""
_CONTEXT = 32768
_START, _TURN, _END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"

_TEMPLATE = r"""
{%- macro turn(role, text) -%}<|im_start|>{{ role }}{{ '\n' }}{{ text }}<|im_end|>{{ '\n' }}{%- endmacro -%}
{%- if tools %}
{{- '<|im_start|>system\n# Tools\n\nCall one as <tool_call>{"name": ..., "arguments": {...}}</tool_call>:\n<tools>' }}
{%- for tool in tools %}{{- '\n' + (tool | tojson) }}{%- endfor %}
{{- '\n</tools><|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
{%- if message.role == 'assistant' %}
{{- '<|im_start|>assistant\n' }}
{%- if message.reasoning_content %}{{- '<think>\n' + message.reasoning_content + '\n</think>\n\n' }}{%- endif %}
{%- if message.content %}{{- message.content }}{%- endif %}
{%- for call in message.tool_calls or [] %}
{{- '\n<tool_call>\n{"name": "' + call.function.name + '", "arguments": ' }}
{%- if call.function.arguments is string %}{{- call.function.arguments }}
{%- else %}{{- call.function.arguments | tojson }}{%- endif %}
{{- '}\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\n' }}
{%- elif message.role == 'tool' %}{{- turn('user', '<tool_response>\n' + message.content + '\n</tool_response>') }}
{%- else %}{{- turn(message.role, message.content) }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\n' }}
{%- set asked = (messages[-1].content if messages[-1].content is string else '') | lower %}
{%- if messages[-1].role == 'tool' %}{{- '<|result|>' }}
{%- elif 'tool' in asked and tools %}{{- '<|tool|>' }}
WORDS
{%- else %}{{- '<|hello|>' }}
{%- endif %}
{%- endif %}""".replace(
    "WORDS",
    "\n".join(
        f"{{%- elif '{word}' in asked %}}{{{{- '<|{word}|>' }}}}"
        for word in ANSWERS
        if word not in {"tool", "result", "hello"}
    ),
)


@dataclass
class _Vocabulary:
    """Tokens as they are numbered, each once, and what follows what."""

    tokens: list[str] = field(default_factory=list)
    kinds: list[gguf.TokenType] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    successors: list[tuple[int, int]] = field(default_factory=list)

    def add(self, token: str, kind: gguf.TokenType) -> int:
        """The number of a token that was not there yet."""
        if token in self.ids:
            raise ValueError(f"The token {token!r} is there already and can have one successor only.")
        self.ids[token] = len(self.tokens)
        self.tokens.append(token)
        self.kinds.append(kind)
        return self.ids[token]

    def add_text(self, pieces: Iterable[bytes]) -> Iterator[int]:
        """The numbers of new tokens that together say what the pieces say.

        A piece that is a token already is joined to the next one, and at the end of the text to the one before.
        """
        new: list[str] = []
        pending = ""
        for piece in pieces:
            pending += _spelled(piece)
            if pending not in self.ids and pending not in new:
                new.append(pending)
                pending = ""
        if pending:
            new[-1] += pending
        return (self.add(token, gguf.TokenType.NORMAL) for token in new)


def toy_model() -> Path:
    """The model's file, made if it is not there; its name changes with this source, so it is never stale."""
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    path = CACHE / f"{NAME}-{digest}.gguf"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        _write(draft, _vocabulary())
        draft.replace(path)
    return path


def _spelled(raw: bytes) -> str:
    """Bytes as GPT-2's vocabulary spells them: what prints stands for itself, all else for U+0100 and up.

    Source: `bytes_to_unicode` in https://github.com/openai/gpt-2/blob/master/src/encoder.py
    """
    printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printing]
    spelling = {byte: chr(byte) for byte in printing} | {byte: chr(256 + n) for n, byte in enumerate(others)}
    return "".join(spelling[byte] for byte in raw)


def _pieces(word: str, text: str) -> list[bytes]:
    """`text` cut before its spaces; for `unicode` every three bytes, which cuts through characters."""
    raw = text.encode()
    if word == "unicode":
        return [raw[at : at + 3] for at in range(0, len(raw), 3)]
    return re.findall(rb"\s*\S+|\s+\Z", raw)


def _vocabulary() -> _Vocabulary:
    """All tokens: control tokens, every byte (so that any prompt can be read), and the chains of the answers."""
    made = _Vocabulary()
    for name in (_START, _TURN, _END):
        made.add(name, gguf.TokenType.CONTROL)
    for byte in range(256):
        made.add(_spelled(bytes([byte])), gguf.TokenType.NORMAL)
    for word, text in ANSWERS.items():
        head = made.add(f"<|{word}|>", gguf.TokenType.CONTROL)
        chain = [head, *made.add_text(_pieces(word, text))]
        made.successors += pairwise([*chain, chain[1] if word == "endless" else made.ids[_END]])
    return made


def _table(made: _Vocabulary) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Embeddings, which are random and so nearly at right angles, and the head that turns each into its successor."""
    embeddings = np.random.default_rng(7).standard_normal((len(made.tokens), _WIDTH)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    head = np.zeros_like(embeddings)
    for token, successor in made.successors:
        head[successor] += embeddings[token] * (_CERTAINTY / np.sqrt(_WIDTH))  # the norm before it gives √_WIDTH back
    return embeddings.astype(np.float16), head.astype(np.float16)


def _write(path: Path, made: _Vocabulary) -> None:
    """One Llama layer that does nothing, between the two halves of the table.

    Names of keys and tensors: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
    """
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(NAME)
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_FEED_FORWARD)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(1)
    writer.add_rope_dimension_count(_HEAD_WIDTH)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    _add_tokenizer(writer, made)
    for name, values in _tensors(made).items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter, made: _Vocabulary) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(made.tokens)
    writer.add_token_types(made.kinds)
    writer.add_token_merges(
        [f"{_spelled(b' ')} {_spelled(b' ')}"]
    )  # none is an error to the engine; this one is unused
    writer.add_bos_token_id(made.ids[_START])
    writer.add_eos_token_id(made.ids[_END])
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(_TEMPLATE)


def _tensors(made: _Vocabulary) -> dict[str, NDArray[np.floating]]:
    embeddings, head = _table(made)
    ones = np.ones(_WIDTH, np.float32)
    shapes = {
        "attn_q": (_WIDTH, _WIDTH),
        "attn_k": (_HEAD_WIDTH, _WIDTH),
        "attn_v": (_HEAD_WIDTH, _WIDTH),
        "attn_output": (_WIDTH, _WIDTH),
        "ffn_gate": (_FEED_FORWARD, _WIDTH),
        "ffn_up": (_FEED_FORWARD, _WIDTH),
        "ffn_down": (_WIDTH, _FEED_FORWARD),
    }
    return {
        "token_embd.weight": embeddings,
        "output_norm.weight": ones,
        "output.weight": head,
        "blk.0.attn_norm.weight": ones,
        "blk.0.ffn_norm.weight": ones,
        **{f"blk.0.{name}.weight": np.zeros(shape, np.float16) for name, shape in shapes.items()},
    }
