"""What the demo says: one scripted answer for each word a visitor may type.

The answers show what the page can do, and what it does when something goes wrong; `echo` shows what was sent. How
they travel is `demo.py`, what it does with tools `demo_tools.py`. The table `SCRIPTS` is also the list that the demo
offers to visitors, without the words for tools that a request does not have.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from chat_app.endpoints.demo_tools import (
    PLOT,
    REPLIES,
    TABLE,
    Body,
    DemoCall,
    call_of_first,
    offered,
    results_in,
    said_of,
    without_pictures_of_tools,
)

ANY_TOOL: Final = "*"


@dataclass(frozen=True, slots=True)
class Scripted:
    """One answer: what is said, and how it ends."""

    text: str = ""
    reasoning: str = ""
    finish_reason: str = "stop"
    """Empty ends the stream without saying so, as a crashed server does."""
    words_per_s: float | None = None
    """Its own pace, at most; None is the server's."""
    refused: int | None = None
    """The HTTP status that is answered instead; `text` is the error's message."""
    error: str = ""
    """What an error object in the stream says, after the text."""
    pictures: tuple[str, ...] = ()
    """Data URLs, after the text."""
    calls: tuple[DemoCall, ...] = ()
    """What is to be called, at the end."""


@dataclass(frozen=True, slots=True)
class Script:
    """One word to type: what it shows, and the answer to a request."""

    shows: str
    answer: Callable[[Body], Scripted]
    tool: str = ""
    """The tool that it needs, by its name, or `ANY_TOOL`."""

    def fits(self, body: Body) -> bool:
        """Whether the request has the tool that it needs."""
        tools = offered(body)
        return not self.tool or self.tool in tools or (self.tool == ANY_TOOL and bool(tools))


def answer_to(body: Body) -> Scripted:
    """The answer to a chat completion request: that of the first word of the last question that has one."""
    # Questions that were not answered come before the last one in the same message.
    for word in re.findall(r"\w+", last_question(body).lower().rpartition("\n\n")[2]):
        if word in SCRIPTS and SCRIPTS[word].fits(body):
            return SCRIPTS[word].answer(body)
    return _hello(body)


def last_question(body: Body) -> str:
    """The text of the last user message, whose content is a string or a list of parts."""
    for message in reversed(without_pictures_of_tools(body)):
        if message.get("role") == "user":
            content = message.get("content") or ""
            return content if isinstance(content, str) else "\n\n".join(part.get("text", "") for part in content)
    return ""


def _hello(body: Body) -> Scripted:
    words = "\n".join(f"- `{word}`: {script.shows}" for word, script in SCRIPTS.items() if script.fits(body))
    return Scripted(
        "Hello! This is the **demo**: no model thinks here, the answers are scripted. "
        "As soon as a real server answers, it takes over.\n\n"
        f"Type one of these words to see what the page can do:\n\n{words}\n"
    )


def _fixed(answer: Scripted) -> Callable[[Body], Scripted]:
    return lambda _: answer


def _echo(body: Body) -> Scripted:
    return Scripted(f"```json\n{json.dumps(body, ensure_ascii=False, indent=2)}\n```")


def _calls_first(body: Body) -> Scripted:
    call, results = call_of_first(body), results_in(body)
    if call is None or results:
        return Scripted(said_of(results))
    return Scripted("Let me see.", calls=(call,), finish_reason="tool_calls")


def _shows(call: DemoCall, then: str) -> Callable[[Body], Scripted]:
    """Calls a tool that shows something, and says a sentence behind it."""

    def answer(body: Body) -> Scripted:
        return Scripted(then) if results_in(body) else Scripted(calls=(call,), finish_reason="tool_calls")

    return answer


def _painted(_: Body) -> Scripted:
    data = b64encode(_png(48, 32)).decode("ascii")
    return Scripted("Here is a picture.", pictures=(f"data:image/png;base64,{data}",))


def _png(width: int, height: int) -> bytes:
    """A picture that goes from blue to pink (https://www.w3.org/TR/png-3/)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def rows() -> Iterator[bytes]:
        for y in range(height):
            yield b"\0" + b"".join(bytes((60 + 160 * x // width, 90 + 60 * y // height, 200)) for x in range(width))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(rows()))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _long(_: Body) -> Scripted:
    lines = "\n".join(f"{number}. This is line {number} of a long answer." for number in range(1, 301))
    return Scripted(f"{lines}\n\nThat was all.")


_MARKDOWN: Final = """\
# A heading

Some *emphasis*, some **more**, `code` in a line, and a [link](https://example.com/).

## A table

| Planet | Moons | Rings |
|:-------|------:|:-----:|
| Earth  |     1 |   no  |
| Saturn |   274 |  yes  |

## A list

1. First
   - with a point of its own
   - and another
2. Second

> A quotation stands apart.
"""

_CODE: Final = """\
Here is a function with indentation of both kinds:

```python
def fibonacci(count: int) -> list[int]:
    \"\"\"The first `count` Fibonacci numbers.\"\"\"
    numbers = [0, 1]
    while len(numbers) < count:
        numbers.append(numbers[-1] + numbers[-2])

    return numbers[:count]
```

```make
run:
\tpython -m chat_app
```
"""

_MATH: Final = r"""
Inline with dollars $a^2 + b^2 = c^2$, inline with parentheses \(e^{i\pi} + 1 = 0\).

A formula of its own with dollars:

$$\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}$$

and with brackets:

\[\sum_{n=1}^{\infty} \frac{1}{n^2} = \frac{\pi^2}{6}\]
""".lstrip()

_DIAGRAM: Final = """\
```mermaid
graph LR
  Visitor --> Page --> Server
  Server --> Page --> Visitor
```
"""

_ARTIFACT: Final = """\
A page of its own:

```html
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>A counter</title>
<style>body { font-family: sans-serif; text-align: center }</style>
<button id="more">0</button>
<script>
  const more = document.getElementById("more");
  more.addEventListener("click", () => { more.textContent = Number(more.textContent) + 1; });
</script>
</html>
```

And a drawing:

```svg
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 60" role="img" aria-label="A sun over the sea">
  <rect width="120" height="60" fill="#bde0fe"/>
  <circle cx="60" cy="34" r="18" fill="#ffb703"/>
  <rect y="40" width="120" height="20" fill="#219ebc"/>
</svg>
```
"""

SCRIPTS: Final[Mapping[str, Script]] = {
    "markdown": Script("headings, a table, a list", _fixed(Scripted(_MARKDOWN))),
    "code": Script("code in two languages", _fixed(Scripted(_CODE))),
    "math": Script("LaTeX in all four delimiters", _fixed(Scripted(_MATH))),
    "diagram": Script("a Mermaid diagram", _fixed(Scripted(_DIAGRAM))),
    "picture": Script(
        "a picture from elsewhere, which is not loaded",
        _fixed(Scripted("A picture: ![a red dot](https://example.com/dot.png) and text after it.")),
    ),
    "image": Script("a picture that the model made", _painted),
    "artifact": Script("a web page and a drawing, as code", _fixed(Scripted(_ARTIFACT))),
    "think": Script(
        "reasoning before the answer",
        _fixed(Scripted("The answer is **42**.", reasoning="The question is large. Six times seven is forty-two.")),
    ),
    "long": Script("an answer of 300 lines", _long),
    "slow": Script(
        "two words a second, time enough to press Stop",
        _fixed(Scripted(" ".join(f"word-{number}" for number in range(1, 121)), words_per_s=2)),
    ),
    "cut": Script(
        "an answer that the token limit cuts",
        _fixed(Scripted("This answer stops in the middle of a", finish_reason="length")),
    ),
    "filter": Script(
        "an answer that a content filter stops",
        _fixed(Scripted("This answer is not", finish_reason="content_filter")),
    ),
    "empty": Script("an answer with nothing in it", _fixed(Scripted())),
    "error": Script(
        "a server that fails before it answers",
        _fixed(Scripted("The demo fails because you asked it to.", refused=500)),
    ),
    "busy": Script(
        "a server with too much to do",
        _fixed(Scripted("Too many requests: the demo pretends to be busy.", refused=429)),
    ),
    "break": Script(
        "a server that fails in mid-answer",
        _fixed(Scripted("This answer begins well but", error="The demo broke off because you asked it to.")),
    ),
    "drop": Script(
        "a connection that ends in mid-answer", _fixed(Scripted("This answer never comes to its", finish_reason=""))
    ),
    "tools": Script("a call of the first tool, and an answer from its result", _calls_first, tool=ANY_TOOL),
    "plot": Script("a plot to move around in", _shows(PLOT, "Uranus has the most of these three."), tool=PLOT.name),
    "table": Script("a table", _shows(TABLE, "These are three of eight."), tool=TABLE.name),
    "replies": Script("answers to click on", _shows(REPLIES, "What would you like to see?"), tool=REPLIES.name),
    "echo": Script("what the server was sent, as JSON", _echo),
}
"""By the word to type, in the order in which they are offered."""
