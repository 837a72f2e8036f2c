"""Bodies that are made by hand: what a server may send by the rules that it is known to follow, at their edges."""

from __future__ import annotations

from chat_app import errors
from chat_app.conversation.messages import ToolCall
from tests.endpoints.reading.dialects.table import Dialect, chunk, sse, stream

OPENROUTER = "https://openrouter.ai/docs/use-cases/reasoning-tokens"
OBJECT = "https://platform.openai.com/docs/api-reference/chat/object"

HELLO = ('{"choices":[{"delta":{"content":"Hel"}}]}', '{"choices":[{"delta":{"content":"lo"}}]}',
         '{"choices":[{"delta":{},"finish_reason":"stop"}]}', "[DONE]")  # fmt: skip


def odd(name: str, body: bytes, text: str = "Hello", reasoning: str = "", finish: str = "stop") -> Dialect:
    """A row of a whole answer from any server."""
    return Dialect(name, "the edges", "any", "made by hand", OBJECT, body, text, reasoning, finish_reason=finish)


def reasoned(name: str, *tokens: str) -> Dialect:
    """A row of OpenRouter's whose reasoning and text are both `tokens`."""
    thoughts = [
        f'{{"choices":[{{"delta":{{"reasoning":"{token}","reasoning_details":[{{"text":"{token}"}}]}}}}]}}'
        for token in tokens
    ]
    texts = [f'{{"choices":[{{"delta":{{"content":"{token}"}}}}]}}' for token in tokens]
    encrypted = '{"choices":[{"delta":{"reasoning_details":[{"data":"x"}]}}]}'
    whole = "".join(tokens)
    body = sse(*thoughts, encrypted, *texts, "[DONE]")
    return Dialect(name, "OpenRouter", "2026", "made by hand", OPENROUTER, body, whole, whole, finish_reason="")


def message(text: str, finish: str = "null", more: str = "") -> str:
    """A chunk that holds a message in place of a piece."""
    return f'{{"choices":[{{"index":0,"message":{{"content":"{text}"}},{more}"finish_reason":{finish}}}]}}'


ODD: tuple[Dialect, ...] = (
    reasoned("repeated digits", *"111", " is"),
    reasoned("repeated dots", "...", "...", "......"),
    reasoned("repeated emoji", *"🙂🙂", "!"),
    reasoned("repeated words", "ha", "ha", "haha"),
    odd("messages in place of pieces", sse(message("Hel"), message("lo"), message("!", '"stop"')), "Hello!"),
    odd(
        "a mention that is never taken back",
        stream("<think>Is `<think> it?</thi", "nk>\n\nHel", "lo"),
        reasoning="Is `<think> it?",
    ),
    odd("closed by another name", stream("<thinking>Hm</think>", "Hello"), reasoning="Hm"),
    odd("a block that was none", stream("The tag\n<thi", "nk>\nstarts it."), "The tag\n<think>\nstarts it."),
    odd(
        "an element of a document",
        stream("<order>\n  <rea", "son>Snow</reason>\n</order>"),
        "<order>\n  <reason>Snow</reason>\n</order>",
    ),
    odd("a lone tag in quotes", stream('"</thi', 'nk>" ends it.'), '"</think>" ends it.'),
    odd(
        "harmony without any end",
        stream("<|channel|>analysis<|message|>Hm<|channel|>", "final<|message|>Hello"),
        reasoning="Hm",
    ),
    odd("events without blank lines between", sse(*HELLO, end="\n")),
    odd("the same with CRLF", sse(*HELLO, end="\r\n")),
    odd("several objects on one line", b"data: " + b" ".join(part.encode() for part in HELLO) + b"\n\n"),
    odd("one object a line", b"\n".join(part.encode() for part in HELLO)),
    odd("one object a line with data:, indented", b"\n" + sse(*HELLO).replace(b"data:", b"  data:")),
    odd("a comment before one JSON value", b": OPENROUTER PROCESSING\n\n" + message("Hello", '"stop"').encode()),
    odd(
        "an empty delta beside the message",
        sse(message("Hel", more='"delta":{},'), message("lo", '"stop"', '"delta":{},')),
    ),
    odd("an empty delta beside the text", sse('{"choices":[{"delta":{},"text":"Hello"}]}', "[DONE]"), finish=""),
    odd("an index as text", sse('{"choices":[{"index":"0","delta":{"content":"Hello"}}]}', "[DONE]"), finish=""),
    odd(
        "no answer has the number 0",
        sse(
            '{"choices":[{"index":1,"delta":{"content":"Hello"}}]}',
            '{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}',
            "[DONE]",
        ),
    ),
    odd(
        "no answer has the number 0, nor [DONE]",
        sse(
            '{"choices":[{"index":1,"delta":{"content":"Hello"}}]}',
            '{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}',
        ),
    ),
    odd("an unreadable event behind the reason", sse(*HELLO[:3], "DONE")),
    odd("a stop in upper case", stream("Hello", finish="STOP")),
    Dialect(
        "cancelled",
        "the edges",
        "any",
        "made by hand",
        OBJECT,
        stream("On", finish="cancelled"),
        "On",
        finish_reason="",
        outcome="server_failed",
        error=errors.ServerFailed,
        says="cancelled",
    ),
    Dialect(
        "the server's words behind a piece",
        "the edges",
        "any",
        "made by hand",
        OBJECT,
        sse(chunk(content="On")) + b"Internal Server Error",
        "On",
        finish_reason="",
        outcome="server_failed",
        error=errors.ServerFailed,
        says="Internal Server Error",
    ),
    odd(
        "the same reasoning by two names in two chunks",
        stream(
            {"reasoning": "Hm"},
            {"reasoning_content": "Hm"},
            {"reasoning": " so"},
            {"reasoning_content": " so"},
            "Hello",
        ),
        reasoning="Hm so",
    ),
    Dialect(
        "text and a call, ended by stop",
        "the edges",
        "any",
        "made by hand",
        OBJECT,
        stream("Let me see.", {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{}"}}]}),
        "Let me see.",
        calls=(ToolCall("f", "{}", ""),),
        outcome="tool_call",
        error=errors.ToolCallWanted,
    ),
    odd(
        "messages that grow", sse(message("Hello"), message("Hello you"), message("Hello you!", '"stop"')), "Hello you!"
    ),
)
