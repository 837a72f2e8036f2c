"""A small MCP server of the old kind, by hand: version 2025-06-18, standard library only.

It starts at once, ends at questions it does not know when told so with `--strict`, and lists its tools on two pages.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

SCHEMA = {"type": "object", "properties": {}}
PAGES: dict[str | None, dict[str, Any]] = {
    None: {"tools": [{"name": "first", "description": "One.", "inputSchema": SCHEMA}], "nextCursor": "2"},
    "2": {"tools": [{"name": "second", "inputSchema": SCHEMA}, {"name": "die", "inputSchema": SCHEMA}]},
}
ENDLESS: dict[str, Any] = {"tools": [{"name": "again", "inputSchema": SCHEMA}], "nextCursor": "more"}


def send(message: dict[str, Any]) -> None:
    """Writes one line."""
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)  # noqa: T201


def called(name: str) -> dict[str, Any]:
    """What comes of a call; some change the list of tools or end the process."""
    if name == "die":
        os._exit(3)
    if name == "second":
        PAGES[None] = {"tools": [{"name": "third", "inputSchema": SCHEMA}]}
        send({"method": "notifications/tools/list_changed"})
    return {"content": [{"type": "text", "text": f"{name} in {os.getpid()}"}]}


def answer(method: str, parameters: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a request; None for one that is not known."""
    if method == "initialize":
        capabilities = {"tools": {"listChanged": True}}
        server = {"name": "old", "version": "1"}
        return {"protocolVersion": "2025-06-18", "capabilities": capabilities, "serverInfo": server}
    if method == "tools/list":
        return ENDLESS if "--endless" in sys.argv else PAGES[parameters.get("cursor")]
    return called(parameters["name"]) if method == "tools/call" else None


def main() -> None:
    """Answers line by line until its input ends."""
    if os.environ.get("SAY"):
        print(os.environ["SAY"], file=sys.stderr, flush=True)  # noqa: T201
    if "--missing" in sys.argv and not Path(sys.argv[-1]).exists():
        sys.exit("there is no marker")
    if "--noisy" in sys.argv:
        print("Listening!", flush=True)  # noqa: T201
    for line in sys.stdin:
        if "--mute" in sys.argv:
            continue
        message = json.loads(line)
        if "id" not in message:
            continue
        result = answer(message["method"], message.get("params", {}))
        if result is not None:
            send({"id": message["id"], "result": result})
        elif "--strict" in sys.argv:
            sys.exit("expected initialize")
        else:
            send({"id": message["id"], "error": {"code": -32601, "message": "Method not found"}})


if __name__ == "__main__":
    main()
