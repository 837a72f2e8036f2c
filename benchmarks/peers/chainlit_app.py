"""Chainlit over a server, by the recipe of its documentation: https://docs.chainlit.io/integrations/openai.

The conversation is kept where Chainlit keeps it, in the session's chat context.
"""

from __future__ import annotations

import os

import chainlit as cl  # type: ignore[import-not-found]  # of an environment of its own
from openai import AsyncOpenAI

client = AsyncOpenAI(base_url=os.environ["MODEL_URL"], api_key="none")


@cl.on_message  # type: ignore[untyped-decorator]
async def on_message(_: object) -> None:
    """Stream the answer to the conversation so far, token by token."""
    answer = cl.Message(content="")
    stream = await client.chat.completions.create(
        model="pace-50-300", messages=cl.chat_context.to_openai(), stream=True
    )
    async for chunk in stream:
        if chunk.choices and (token := chunk.choices[0].delta.content):
            await answer.stream_token(token)
    await answer.update()
