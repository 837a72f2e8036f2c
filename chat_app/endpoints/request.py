"""A request as it goes over the wire: the JSON body of `POST /chat/completions`.

Holds only what every OpenAI-compatible server accepts: content as a plain string wherever a message is text, no
keys but `role` and `content` in a message (several servers answer 400 or 422 to others) except for calls, and no
parameter that nobody set. How messages are written stands in `conversation/written.py`. What a server does not take all
the same can be left out or renamed in the endpoint's settings; `parameters.py` finds out what that is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from chat_app.config import EndpointConfig
from chat_app.conversation.tools import Tool
from chat_app.conversation.turn import Request
from chat_app.conversation.written import written

OURS: Final = frozenset({"messages", "model", "stream"})
"""The fields of a request that are no parameters."""
TOOLS: Final = "tools"
"""The field that offers tools."""


def body_of(request: Request, model: str, config: EndpointConfig) -> dict[str, Any]:
    """The body that asks `model`, which is the server's own name of it.

    Parameters are added as they are; what makes it a streamed chat is not theirs to set.
    """
    parameters = parameters_of(request, config)
    reasoning = "" if config.send_reasoning == "never" else config.send_reasoning
    offered = bool(parameters.get(wire_name_of(TOOLS, config)))
    return {
        **parameters,
        "model": model,
        "messages": written(request.messages, tools=offered, reasoning=reasoning),
        "stream": True,
    }


def parameters_of(request: Request, config: EndpointConfig) -> dict[str, Any]:
    """The parameters as they are sent, by the names that the server has for them.

    The preset's win over the endpoint's `extra_body`, and both over `stream_options`, which asks for the token counts.
    None leaves out what would be sent otherwise. What is given by the name that another is renamed to wins over that.
    The tools of the request are one of them, and replace a list among the parameters: nobody here would run those.
    """
    given = {"stream_options": {"include_usage": True}, **config.extra_body, **request.parameters}
    if request.tools:
        given[TOOLS] = _offered(request.tools)
    wire_names = {name: wire_name_of(name, config) for name in given}
    renamed = sorted(given, key=lambda name: name == wire_names[name])  # those that keep their names come last
    dropped = {*config.drop_parameters, *OURS}
    sent = {
        wire_names[name]: given[name]
        for name in renamed
        if given[name] is not None and not {name, wire_names[name]} & dropped
    }
    return {name: sent[name] for name in dict.fromkeys(wire_names.values()) if name in sent}


def wire_name_of(name: str, config: EndpointConfig) -> str:
    """The server's name of the parameter `name`."""
    return config.rename_parameters.get(name, name)


def _offered(tools: Iterable[Tool]) -> list[dict[str, Any]]:
    """The tools as the protocol names them (https://platform.openai.com/docs/api-reference/chat/create)."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
        }
        for tool in tools
    ]
