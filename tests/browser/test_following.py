"""What has to be there before Gradio, on an empty page: going along with an answer costs no more than it must."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.modules import ROOT

pytestmark = pytest.mark.browser

MOST_LOOKS = 3  # the end is scrolled to, which is looked at as well

LEFT_PX = 400


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


def test_in_a_tab_that_is_not_seen_the_whole_page_is_tended(page: Page, address: str) -> None:
    """No frame comes there: what has changed beside the growing answer is not forgotten for it."""
    page.goto(address)
    page.evaluate("globalThis.requestAnimationFrame = () => 1")
    page.add_script_tag(path=ROOT / "chat_app" / "ui" / "static" / "page.js")
    tended = page.evaluate(
        """async () => {
        document.body.className = "answering";
        document.body.innerHTML =
          '<div id="conversation"><div class="message-wrap"><div class="message-row"></div></div></div><p></p>';
        await new Promise((resolve) => setTimeout(resolve, 600));
        const rows = [];
        chatApp.tended.push((row) => rows.push(row && row.className));
        document.querySelector(".message-row").append("word");
        await null; // the observer is told
        document.querySelector("p").append("elsewhere");
        await new Promise((resolve) => setTimeout(resolve, 600));
        document.querySelector(".message-row").append("word");
        await new Promise((resolve) => setTimeout(resolve, 600));
        return rows;
    }"""
    )
    assert tended == [None, "message-row"]


def test_what_grows_above_whoever_scrolled_up_is_no_scrolling_down(page: Page, address: str) -> None:
    """The browser moves what is read below a row that is laid out at last; nobody is taken to the end for that."""
    page.goto(address)
    page.add_script_tag(path=ROOT / "chat_app" / "ui" / "static" / "page.js")
    left, moved, followed = page.evaluate(
        """async () => {
        const frames = async () => {
          for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
        };
        document.body.innerHTML =
          '<div id="conversation" class="follows"><div class="bubble-wrap"><p></p><div></div></div></div>';
        const box = document.querySelector(".bubble-wrap");
        box.style = "height: 100px; overflow: auto";
        const [above, below] = box.children;
        above.style = "height: 1000px";
        const add = () => {
          below.append(Object.assign(document.createElement("p"), { textContent: "more", style: "height: 40px" }));
          return frames();
        };
        for (let time = 0; time < 30; time++) await add();
        box.firstElementChild.dispatchEvent(new WheelEvent("wheel", { deltaY: -400, bubbles: true }));
        box.scrollTop -= 400;
        await frames();
        const before = box.scrollTop;
        above.style.height = "3000px"; // which is no change of what the page holds
        await frames();
        const moved = box.scrollTop - before;
        await add();
        const left = box.scrollHeight - box.scrollTop - box.clientHeight;
        box.scrollTop = box.scrollHeight;
        await add();
        return [left, moved, box.scrollHeight - box.scrollTop - box.clientHeight];
    }"""
    )
    assert moved > left  # further than to where the end was
    assert left >= LEFT_PX
    assert followed <= 1
