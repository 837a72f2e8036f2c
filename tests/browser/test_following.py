"""What has to be there before Gradio, on an empty page: going along with an answer costs no more than it must."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.modules import ROOT

pytestmark = pytest.mark.browser

MOST_LOOKS = 3  # the end is scrolled to, which is looked at as well


def test_the_page_is_looked_at_once_a_frame(page: Page, address: str) -> None:
    """However often it changes until then, since each look has the browser lay all of it out; and it is at its end."""
    page.goto(address)
    page.add_script_tag(path=ROOT / "chat_app" / "ui" / "static" / "page.js")
    looks, left = page.evaluate(
        """async () => {
        const frame = () => new Promise(requestAnimationFrame);
        document.body.innerHTML = '<div id="conversation" class="follows"><div class="bubble-wrap"></div></div>';
        const box = document.querySelector(".bubble-wrap");
        box.style = "height: 100px; overflow: auto";
        await frame();
        await frame();
        let looks = 0;
        const { get, set } = Object.getOwnPropertyDescriptor(Element.prototype, "scrollTop");
        const looked = () => (looks += 1, get.call(box));
        Object.defineProperty(box, "scrollTop", { get: looked, set, configurable: true });
        const add = async (times) => {
          looks = 0;
          for (let time = 0; time < times; time++) {
            box.append(Object.assign(document.createElement("p"), { textContent: "more" }));
            await null; // the observer is told
          }
          await frame();
          await frame();
          return looks;
        };
        const once = await add(1);
        const often = await add(20);
        return [often / once, box.scrollHeight - get.call(box) - box.clientHeight];
    }"""
    )
    assert looks < MOST_LOOKS
    assert left <= 1
