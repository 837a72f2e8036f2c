"""Gradio's own chat over a server, as its documentation has it, without the default limit of one turn at a time.

python benchmarks/peers/load_chat_app.py http://127.0.0.1:8000/v1 7861
"""

from __future__ import annotations

import sys

import gradio as gr

if __name__ == "__main__":
    page = gr.load_chat(sys.argv[1], model="pace-50-300", token="none")
    page.queue(default_concurrency_limit=None)
    page.launch(server_name="127.0.0.1", server_port=int(sys.argv[2]), quiet=True, max_threads=400)
