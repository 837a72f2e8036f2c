"""Makes the picture in the README, from the page as it is: `make picture`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser import app_process
from tests.browser.chat_page import open_chat
from tests.browser.chromium import executable
from tests.browser.conftest import ARGUMENTS
from tests.browser.upstream import says, upstream

PICTURE = Path(__file__).parents[2] / "docs" / "page.png"
SETTINGS = """
endpoints: [{{name: ollama, base_url: "{base_url}"}}]
presets: [{{name: Assistant}}, {{name: Tutor}}]
chat:
  title: Chat
  description: Ask anything. Thumbs under an answer help to make the next ones better.
"""
EARLIER = ("Plan a weekend in Lisbon", "Why does bread rise?", "Regex for ISO dates")
QUESTION = "How far does a stone fall in three seconds?"
REASONING = "The stone starts at rest, so the distance is half of g times the time squared."
ANSWER = r"""From rest, and without the air, $s = \tfrac{1}{2} g t^2$ with $g = 9.81\,\mathrm{m/s^2}$:

| after | fallen | speed |
|---|---:|---:|
| 1 s | 4.9 m | 9.8 m/s |
| 2 s | 19.6 m | 19.6 m/s |
| 3 s | **44.1 m** | 29.4 m/s |

```python
def fallen(t: float, g: float = 9.81) -> float:
    return g * t**2 / 2
```
"""


def main() -> None:
    """Ask, rate, and keep what the page looks like."""
    with tempfile.TemporaryDirectory() as folder, upstream() as server, sync_playwright() as playwright:
        server.models = ("llama3.2:3b", "qwen3:8b")
        server.then(
            *[says("Gladly.") for _ in EARLIER], says(ANSWER, reasoning=[REASONING], model="llama3.2:3b", pace_s=0.4)
        )
        app = app_process.start(Path(folder), SETTINGS.format(base_url=server.base_url))
        browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        chat = open_chat(browser.new_page(viewport={"width": 1200, "height": 760}), app)
        for question in EARLIER:
            chat.ask(question)
            chat.page.get_by_role("button", name="New chat").click()
            expect(chat.questions).to_have_count(0)
        chat.ask(QUESTION)
        chat.button("Like").click()
        chat.page.mouse.move(0, 0)
        chat.page.wait_for_timeout(800)
        PICTURE.parent.mkdir(exist_ok=True)
        chat.page.screenshot(path=PICTURE)
        browser.close()
        app.stop()


if __name__ == "__main__":
    main()
