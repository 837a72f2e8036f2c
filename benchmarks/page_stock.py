"""The page that is measured beside ours: `gr.load_chat` as it comes, over the same server.

    python -m benchmarks.page_stock http://127.0.0.1:8000/v1

Run as a process of its own, it writes its address into `address.txt` when it can be asked. `load_chat` is given nothing
but the server: its settings, the way its answers are streamed and its page are Gradio's own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import gradio as gr

MODEL: Final = "toy"


def main() -> int:
    """Serve until the process is stopped."""
    (base_url,) = sys.argv[1:]
    demo = gr.load_chat(base_url, model=MODEL, token="none")
    _, local_url, _ = demo.launch(prevent_thread_lock=True, quiet=True, share=False)
    Path("address.txt").write_text(local_url, encoding="utf-8")
    demo.block_thread()
    return 0


if __name__ == "__main__":
    sys.exit(main())
