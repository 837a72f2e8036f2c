import json
from collections.abc import Sequence

from starlette.applications import Starlette

from chat_app.server.health import EndpointHealth, routes
from tests.server.asgi import ask


def _app(*statuses: EndpointHealth, stopping: bool = False) -> Starlette:
    def known() -> Sequence[EndpointHealth]:
        return statuses

    return Starlette(routes=routes("1.2.3", known, stopping=lambda: stopping))


async def test_health_says_that_the_process_runs() -> None:
    """And which version; it does not look at the endpoints."""
    app = Starlette(routes=routes("1.2.3", _must_not_be_asked))

    reply = await ask(app, "/health")

    assert (reply.status, json.loads(reply.body)) == (200, {"status": "ok", "version": "1.2.3"})
    assert reply.headers["cache-control"] == "no-store"


async def test_health_can_be_asked_with_head() -> None:
    """Some checkers do."""
    assert (await ask(_app(), "/health", "HEAD")).status == 200


async def test_ready_says_which_endpoint_answers() -> None:
    """One is enough."""
    down = EndpointHealth("ollama", "down", 0, "Nothing listens at localhost:11434.", "Start Ollama.")

    reply = await ask(_app(down, EndpointHealth("spare", "up", 3)), "/ready")

    assert reply.status == 200
    assert json.loads(reply.body) == {
        "status": "ready",
        "endpoints": [
            {
                "name": "ollama",
                "state": "down",
                "models": 0,
                "sentence": "Nothing listens at localhost:11434.",
                "hint": "Start Ollama.",
            },
            {"name": "spare", "state": "up", "models": 3, "sentence": "", "hint": ""},
        ],
    }


async def test_not_ready_when_no_endpoint_answers() -> None:
    """Nor when none was asked yet."""
    for state in (EndpointHealth("a", "down", 0), EndpointHealth("a", "unknown", 0)):
        reply = await ask(_app(state), "/ready")
        assert (reply.status, json.loads(reply.body)["status"]) == (503, "not_ready")
    assert (await ask(_app(), "/ready")).status == 503


async def test_not_ready_while_stopping() -> None:
    """A proxy sends nobody here any more."""
    reply = await ask(_app(EndpointHealth("a", "up", 1), stopping=True), "/ready")

    assert (reply.status, json.loads(reply.body)["status"]) == (503, "stopping")


def _must_not_be_asked() -> Sequence[EndpointHealth]:
    raise AssertionError
