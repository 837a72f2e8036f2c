from __future__ import annotations

import json

import gradio as gr
import httpx2
from fastapi import FastAPI
from starlette.routing import Mount

from chat_app.endpoints.loopback import serving
from chat_app.ui import sessions
from chat_app.ui.sessions import Session

SAID = "what somebody has said to nobody else"


async def test_what_a_page_posts_is_not_remembered() -> None:
    """Gradio would keep the last value of each component for as long as it knows the page; its state it has to keep."""

    def counts(said: str, before: int) -> tuple[str, int]:
        return said.upper(), before + 1

    with gr.Blocks(analytics_enabled=False) as blocks:
        said, shown, count, number = gr.Textbox(), gr.Textbox(), gr.State(0), gr.Number()
        gr.Button().click(counts, [said, count], [shown, count], api_name="said", queue=False)
        gr.Button().click(lambda count: count, [count], [number], api_name="count", queue=False)
    app = gr.mount_gradio_app(FastAPI(), blocks, path="/")
    [gradio] = [route.app for route in app.routes if isinstance(route, Mount)]
    sessions.keep_little(gradio)
    async with (
        app.router.lifespan_context(app),
        serving(app) as address,
        httpx2.AsyncClient(base_url=address) as http,
    ):
        events = {event["api_name"]: event["id"] for event in (await http.get("/config")).json()["dependencies"]}

        async def run(name: str, *values: object) -> list[object]:
            body = {"data": list(values), "fn_index": events[name], "session_hash": "page"}
            answer = await http.post("/gradio_api/run/predict", json=body)
            return list(answer.raise_for_status().json()["data"])

        assert await run("said", SAID, None) == [SAID.upper(), None]
        assert await run("said", SAID, None) == [SAID.upper(), None]
        assert await run("count", None) == [2]
        session = blocks.state_holder["page"]
    assert isinstance(session, Session)
    assert SAID not in json.dumps(session.config_values)
    assert not session.config_values


async def test_a_component_that_was_changed_is_changed_for_its_page_alone() -> None:
    """What may be picked there is what the page was given."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        pick = gr.Dropdown(["one"])
    here, elsewhere = Session(blocks), Session(blocks)
    here[pick._id] = gr.Dropdown(["two"], render=False)  # noqa: SLF001 -- as Gradio does it
    assert here[pick._id].choices == [("two", "two")]  # noqa: SLF001
    assert elsewhere[pick._id] is pick  # noqa: SLF001
