"""A small Gradio application behind the gate: `python -m tests.server.gradio_app PICTURE SECRET_FOLDER`.

Everything that Gradio can open is open in it, so that whatever is shut is shut by the gate. Prints one line of JSON
(its port and all of Gradio's routes), then serves.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount

from chat_app.server.gate import Gate, files_in
from chat_app.server.headers import SecurityHeaders
from chat_app.server.health import EndpointHealth, routes
from chat_app.server.process import serve
from chat_app.server.turns import RunningTurns


def page_with(picture: Path) -> gr.Blocks:
    """A page with a chat that streams, an avatar, and an event that skips the queue."""
    page: gr.Blocks = gr.Blocks(analytics_enabled=False)
    with page:
        gr.Chatbot(avatar_images=(None, picture))
        question, answer = gr.Textbox(label="Question"), gr.Textbox(label="Answer")

        async def chat(asked: str) -> AsyncIterator[str]:
            for end in range(1, len(asked) + 1):
                yield asked[:end]

        def shout(asked: str) -> str:
            return asked.upper()

        question.submit(chat, question, answer, api_name="chat")
        gr.Button("Shout").click(shout, question, answer, queue=False, api_visibility="private")
    return page


def gated(page: gr.Blocks, folder: Path) -> FastAPI:
    """The page as an application, Gradio's doors open and the gate before them."""
    app = FastAPI()
    app.router.routes.extend(routes("0", lambda: [EndpointHealth("toy", "up", 1)]))
    gr.mount_gradio_app(app, page, path="/", allowed_paths=[str(folder)], run_history=True, enable_monitoring=True)
    app.add_middleware(Gate, files=frozenset(files_in(page.config)))
    app.add_middleware(SecurityHeaders)
    return app


def gradios_routes(routes: Sequence[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Method and path of every route, those of included routers too."""
    for route in routes:
        if included := getattr(route, "original_router", None):
            yield from gradios_routes(included.routes)
        else:
            for method in sorted(getattr(route, "methods", None) or {"GET"}):
                yield method, str(getattr(route, "path", ""))


def main() -> None:
    """Serve."""
    page = page_with(Path(sys.argv[1]))
    app = gated(page, Path(sys.argv[2]))
    mounted = next(route for route in app.router.routes if isinstance(route, Mount))

    def listening(port: int) -> None:
        sys.stdout.write(json.dumps({"port": port, "routes": list(gradios_routes(mounted.routes))}) + "\n")
        sys.stdout.flush()

    asyncio.run(serve(app, "127.0.0.1", 0, running=RunningTurns(), listening=listening))


if __name__ == "__main__":
    main()
