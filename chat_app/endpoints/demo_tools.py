"""What the demo does with tools: it calls one, with arguments that its schema allows, and answers from what came back.

A request that offers a tool gets a call of it, the same request with the results behind the call gets the answer:
that is how the demo, which remembers nothing, knows how far a turn is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final, TypeAlias

from chat_app.conversation.tools import DISPLAY_TOOLS
from chat_app.conversation.written import PICTURES_OF_CALL

Body: TypeAlias = Mapping[str, Any]
Schema: TypeAlias = Mapping[str, Any]

_DEEPEST: Final = 5
_LONGEST_RESULT: Final = 2000
_WORDS: Final[Mapping[str, str]] = {
    "city": "Paris",
    "location": "Paris",
    "path": ".",
    "query": "weather",
    "expression": "6 * 7",
    "unit": "celsius",
    "url": "https://example.com/",
    "text": "Hello from the demo",
}
"""What is written for a text parameter of that name."""


@dataclass(frozen=True, slots=True)
class DemoCall:
    """A call that the demo wants to be made."""

    name: str
    arguments: Mapping[str, Any]

    @property
    def json(self) -> str:
        """Its arguments as they are written."""
        return json.dumps(self.arguments, ensure_ascii=False)


def offered(body: Body) -> dict[str, Schema]:
    """The schemas of the tools that a request offers, by their names, in their order."""
    functions = [tool.get("function") or {} for tool in body.get("tools") or ()]
    return {function["name"]: function.get("parameters") or {} for function in functions if "name" in function}


def call_of_first(body: Body) -> DemoCall | None:
    """A call of the first tool that does more than show something, else of the first; None where there is none."""
    tools = offered(body)
    name = next((name for name in tools if name not in DISPLAY_TOOLS), next(iter(tools), ""))
    return DemoCall(name, _object(tools[name], tools[name], 0)) if name else None


def results_in(body: Body) -> list[str]:
    """What came back of the calls since the last question."""
    since = takewhile(lambda message: message.get("role") != "user", reversed(without_pictures_of_tools(body)))
    return [str(message.get("content") or "") for message in since if message.get("role") == "tool"][::-1]


def without_pictures_of_tools(body: Body) -> list[Body]:
    """The messages without those in which pictures of results follow these: they are no questions."""
    return [message for message in body["messages"] if not _holds_pictures_of_tools(message)]


def _holds_pictures_of_tools(message: Body) -> bool:
    match message:
        case {"role": "user", "content": [{"type": "text", "text": str(text)}, *_]}:
            return text.startswith(PICTURES_OF_CALL)
    return False


def said_of(results: list[str]) -> str:
    """The answer that is made of results."""
    blocks = "\n\n".join(f"```\n{result[:_LONGEST_RESULT]}\n```" for result in results)
    return f"The tool gave this back:\n\n{blocks}\n\nThat is all the demo can make of it."


def _object(schema: Schema, root: Schema, depth: int) -> dict[str, Any]:
    """An object that `schema` allows: what it requires, or its first parameter."""
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    names = schema.get("required") or list(properties)[:1]
    return {name: _value(name, properties.get(name) or {}, root, depth + 1) for name in names}


def _value(name: str, schema: Schema, root: Schema, depth: int) -> Any:
    schema = _resolved(schema, root)
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    for listed in ("enum", "examples"):
        if schema.get(listed):
            return schema[listed][0]
    if depth > _DEEPEST:
        return None
    makers: Mapping[str, Callable[[], Any]] = {
        "integer": lambda: schema.get("minimum", 7),
        "number": lambda: schema.get("minimum", 7),
        "boolean": lambda: True,
        "null": lambda: None,
        "array": lambda: [_value(name, schema.get("items") or {}, root, depth + 1)] * schema.get("minItems", 1),
        "object": lambda: _object(schema, root, depth),
    }
    return makers.get(schema.get("type", "string"), lambda: _WORDS.get(name.lower(), "example"))()


def _resolved(schema: Schema, root: Schema) -> Schema:
    """`schema` behind its references, and the first of its alternatives that is not null."""
    for _ in range(_DEEPEST):
        if "$ref" in schema:
            schema = (root.get("$defs") or {}).get(str(schema["$ref"]).rpartition("/")[2], {})
        elif alternatives := schema.get("anyOf") or schema.get("oneOf"):
            schema = next((one for one in alternatives if one.get("type") != "null"), {})
        elif isinstance(schema.get("type"), list):
            schema = {**schema, "type": next((kind for kind in schema["type"] if kind != "null"), "null")}
        else:
            break
    return schema


def deltas_of(calls: tuple[DemoCall, ...]) -> Iterator[dict[str, Any]]:
    """The deltas of calls as OpenAI streams them: the name first, the arguments in pieces."""
    for index, call in enumerate(calls):
        head = {"index": index, "id": f"demo{index:05d}", "type": "function"}
        yield {"tool_calls": [{**head, "function": {"name": call.name, "arguments": ""}}]}
        middle = len(call.json) // 2
        for piece in (call.json[:middle], call.json[middle:]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


PLOT: Final = DemoCall(
    "show_plot",
    {
        "title": "Moons of the planets",
        "figure": {
            "data": [{"type": "bar", "x": ["Mars", "Neptune", "Uranus"], "y": [2, 16, 28], "name": "Moons"}],
            "layout": {"yaxis": {"title": {"text": "Moons"}}},
        },
    },
)
TABLE: Final = DemoCall(
    "show_table",
    {"title": "Planets", "headers": ["Planet", "Moons"], "rows": [["Mars", 2], ["Neptune", 16], ["Uranus", 28]]},
)
REPLIES: Final = DemoCall("offer_replies", {"replies": ["Show me a table", "Show me some code", "think"]})
