"""The artifacts alone, on a page of their own: the buttons on code, the panel, and the frames of files of HTML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.accessibility import violations
from tests.browser.artifacts import ArtifactsPage, block, ears, program
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.modules import host_of
from tests.browser.moments import held

pytestmark = pytest.mark.browser

PAGE = "<!doctype html><html lang='en'><head><title>Clock</title></head><body><h1>Tick</h1></body></html>"
MOST_READINGS = 2.2
"""What a piece may cost; without what is remembered of the answers and of the blocks it was 2.6."""
PYTHON = block("python app.py", program("x"))


@pytest.fixture(scope="module")
def address(own_hosts: set[str]) -> Iterator[str]:
    """Where the page is."""
    with ears() as made:
        own_hosts.add(host_of(made.places["own"]))
        yield made.places["own"]


@pytest.fixture
def artifacts(page: Page, address: str) -> ArtifactsPage:
    """On a wide window."""
    return ArtifactsPage(page, address)


@pytest.fixture
def phone(phone_context: BrowserContext, address: str) -> ArtifactsPage:
    """On a phone."""
    return ArtifactsPage(phone_context.new_page(), address)


def test_code_that_is_worth_it_has_a_button(artifacts: ArtifactsPage) -> None:
    """It is in its block, says what it opens, and is no part of the text that Gradio copies."""
    artifacts.show(block("python", "short = 1") + PYTHON, block("svg", "<svg></svg>"))
    expect(artifacts.openers).to_have_count(2)
    expect(artifacts.page.get_by_role("button", name="Open app.py beside the conversation")).to_be_visible()
    blocks = artifacts.page.locator(".code_wrap")
    assert [each.locator(".open-artifact").count() for each in blocks.all()] == [0, 1, 1]
    assert blocks.nth(1).evaluate("(block) => block.innerText.trim()") == program("x")
    expect(artifacts.panel).to_have_count(0)
    opener, copy = (blocks.nth(1).locator(name).bounding_box() for name in (".open-artifact", ".copy_code_button"))
    assert opener
    assert copy
    assert opener["width"] > 40
    assert opener["x"] + opener["width"] <= copy["x"]


def test_code_in_which_gradio_has_changed_something_has_its_button(artifacts: ArtifactsPage) -> None:
    """It puts signs of its own for LaTeX, and does not always take them back; white space may be another."""
    changed = PYTHON.replace("x_5 = 5", "$$x$$")
    artifacts.show(changed, block("python other.py", program("y")))
    artifacts.page.locator(".code_wrap code").first.evaluate(
        "(code) => code.replaceWith(Object.assign(document.createElement('code'),"
        " {textContent: code.textContent.replace('$$x$$', '%%%LATEX_BLOCK_0%%%').replaceAll(' = ', '  =  ')}))"
    )
    artifacts.wait_until_drawn()
    expect(artifacts.openers).to_have_count(2)
    artifacts.openers.first.click()
    expect(artifacts.code).to_contain_text("$$x$$")


def test_nothing_is_touched_again_when_nothing_has_changed(artifacts: ArtifactsPage) -> None:
    """Or the page's observer would go on for ever."""
    artifacts.show(PYTHON, {"file": {"name": "a.html", "html": "<p>"}})
    expect(artifacts.openers).to_have_count(1)
    changes = artifacts.page.evaluate("""() => new Promise((resolve) => {
      const seen = [];
      const observer = new MutationObserver((all) => seen.push(...all));
      observer.observe(document, {subtree: true, childList: true, attributes: true});
      document.querySelector("#conversation").append(document.createElement("hr"));
      const wait = (frames) => (frames ? requestAnimationFrame(() => wait(frames - 1)) : resolve(seen.length));
      wait(20);
    })""")
    assert changes == 1


def test_the_panel_stands_beside_the_conversation(artifacts: ArtifactsPage) -> None:
    """With the code and its numbers. Escape closes it, and the focus is on the button again."""
    artifacts.show(PYTHON)
    artifacts.openers.click()
    expect(artifacts.page.get_by_role("complementary", name="Artifacts")).to_be_focused()
    expect(artifacts.panel.get_by_role("heading", name="app.py")).to_be_visible()
    assert artifacts.code.inner_text() == program("x")
    assert artifacts.panel.locator(".numbers").inner_text().split() == [str(number) for number in range(1, 13)]
    expect(artifacts.button("Preview")).to_be_hidden()
    expect(artifacts.button("Earlier version")).to_be_hidden()
    edges = "(element) => { const box = element.getBoundingClientRect(); return [box.left, box.right]; }"
    left, right = artifacts.panel.evaluate(edges)
    assert right == DESKTOP[0]
    assert artifacts.page.locator("gradio-app").evaluate(edges) == [0, left]
    artifacts.page.keyboard.press("Escape")
    expect(artifacts.panel).to_be_hidden()
    expect(artifacts.openers).to_be_focused()
    assert artifacts.page.locator("gradio-app").evaluate(edges) == [0, DESKTOP[0]]


def test_versions_are_gone_through_with_the_arrows(artifacts: ArtifactsPage) -> None:
    """By key the focus stays on them, and at the end goes to the other."""
    artifacts.show(PYTHON, block("python app.py", program("y")), block("python app.py", program("z")))
    artifacts.openers.nth(1).click()
    expect(artifacts.panel).to_contain_text("2 / 3")
    assert artifacts.code.inner_text() == program("y")
    artifacts.button("Later version").press("Enter")
    assert artifacts.code.inner_text() == program("z")
    expect(artifacts.button("Later version")).to_be_disabled()
    expect(artifacts.button("Earlier version")).to_be_focused()
    artifacts.page.keyboard.press("Enter")
    artifacts.page.keyboard.press("Enter")
    expect(artifacts.panel).to_contain_text("1 / 3")
    assert artifacts.code.inner_text() == program("x")


def test_another_artifact_is_chosen_by_its_name(artifacts: ArtifactsPage) -> None:
    """The newest version of it; the focus stays."""
    artifacts.show(PYTHON, block("html", PAGE), block("python app.py", program("y")))
    artifacts.openers.nth(1).click()
    choice = artifacts.panel.get_by_role("combobox", name="Artifact")
    assert choice.locator("option").all_text_contents() == ["app.py", "Clock"]
    choice.focus()
    choice.select_option(label="app.py")
    assert artifacts.code.inner_text() == program("y")
    expect(choice).to_be_focused()


def test_html_and_svg_are_seen_and_the_code_is_a_click_away(artifacts: ArtifactsPage) -> None:
    """The preview comes first."""
    artifacts.show(block("html", PAGE), block("svg", '<svg viewBox="0 0 9 9"><circle r="4"/></svg>'))
    artifacts.openers.first.click()
    frame = artifacts.panel.frame_locator("iframe[title='Preview of Clock']")
    expect(frame.get_by_role("heading", name="Tick")).to_be_visible()
    expect(artifacts.panel.locator("iframe")).to_have_attribute("sandbox", "")
    artifacts.button("Code").click()
    expect(artifacts.code).to_have_text(PAGE)
    expect(artifacts.panel.locator("iframe")).to_have_count(0)
    artifacts.openers.nth(1).click()
    expect(artifacts.button("Preview")).to_have_attribute("aria-pressed", "true")
    expect(artifacts.panel.frame_locator("iframe").locator("svg > circle")).to_be_visible()


def test_code_arrives_in_the_open_panel(artifacts: ArtifactsPage) -> None:
    """The newest of the answer that arrives; a document is seen when it is whole."""
    artifacts.show(PYTHON)
    artifacts.openers.click()
    for text in ("<title>Clock</title>", "<title>Clock</title>\n<h1>Tick"):
        artifacts.show(PYTHON, {"text": block("html", text, closed=False), "arriving": True})
        expect(artifacts.code).to_have_text(text)
        expect(artifacts.openers).to_have_count(2)
    expect(artifacts.button("Preview")).to_be_disabled()
    artifacts.show(PYTHON, {"text": f"{block('html', PAGE)}That is", "arriving": True})
    expect(artifacts.panel.frame_locator("iframe").get_by_role("heading", name="Tick")).to_be_visible()
    artifacts.page.evaluate("document.querySelector('#artifacts iframe').dataset.same = 'yes'")
    artifacts.show(PYTHON, {"text": f"{block('html', PAGE)}That is all."})
    artifacts.wait_until_drawn()
    expect(artifacts.openers).to_have_count(2)
    expect(artifacts.panel.locator("iframe[data-same=yes]")).to_have_count(1)


def test_what_was_picked_is_not_taken_away(artifacts: ArtifactsPage) -> None:
    """While that answer arrives; the next one is gone along with again."""
    first = {"text": block("js", program("a")) + block("css", program("b"), closed=False), "arriving": True}
    artifacts.show(PYTHON, first)
    artifacts.openers.first.click()
    artifacts.show(PYTHON, first | {"text": f"{first['text']}more = 1\n"})
    artifacts.wait_until_drawn()
    assert artifacts.code.inner_text() == program("x")
    whole = first | {"arriving": False}
    artifacts.show(PYTHON, whole, {"text": block("go", program("c"), closed=False), "arriving": True})
    expect(artifacts.code).to_have_text(program("c"))


def test_it_does_not_open_by_itself_and_closes_where_there_is_nothing(artifacts: ArtifactsPage) -> None:
    """As in another conversation."""
    artifacts.show({"text": block("html", PAGE, closed=False), "arriving": True})
    expect(artifacts.openers).to_have_count(1)
    expect(artifacts.panel).to_have_count(0)
    artifacts.openers.click()
    artifacts.show({"arriving": True})
    expect(artifacts.panel).to_contain_text("No code in this conversation yet.")
    artifacts.show("Hello.")
    expect(artifacts.panel).to_be_hidden()


def test_whoever_reads_above_is_left_there(artifacts: ArtifactsPage) -> None:
    """And who is at the end goes along."""
    text = {"text": block("go", program("c", 200), closed=False), "arriving": True}
    artifacts.show(text)
    artifacts.openers.click()
    box = artifacts.panel.get_by_role("region", name="Code")
    below = "(box) => Math.round(box.scrollHeight - box.scrollTop - box.clientHeight)"
    assert box.evaluate(below) < 2
    artifacts.show(text | {"text": f"{text['text']}{program('d', 90)}"})
    expect(artifacts.code).to_contain_text("d_89")
    assert box.evaluate(below) < 2
    box.evaluate("(box) => box.scrollTo(0, 100)")
    artifacts.show(text | {"text": f"{text['text']}{program('d', 180)}"})
    expect(artifacts.code).to_contain_text("d_179")
    assert box.evaluate("(box) => box.scrollTop") == 100


def test_code_is_copied_and_saved(artifacts: ArtifactsPage, tmp_path: Path) -> None:
    """Under its file's name, else its title's, with the end that its language has."""
    artifacts.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    artifacts.show(block("python src/app.py", program("x")) + block("html", PAGE) + block("rust", program("r")))
    expect(artifacts.openers).to_have_count(3)
    names = []
    for opener, text in zip(artifacts.openers.all(), (program("x"), PAGE, program("r")), strict=True):
        opener.click()
        with held(artifacts.page):
            artifacts.button("Copy").click()
            expect(artifacts.panel.get_by_role("status")).to_have_text("Copied.")
        expect(artifacts.panel.get_by_role("status")).to_have_text("")
        assert artifacts.page.evaluate("navigator.clipboard.readText()") == text
        with artifacts.page.expect_download() as saved:
            artifacts.button("Save").click()
        names.append(saved.value.suggested_filename)
        saved.value.save_as(tmp_path / "file")
        assert (tmp_path / "file").read_text() == f"{text}\n"
    assert names == ["app.py", "Clock.html", "Rust.rs"]


def test_a_file_of_html_has_a_frame_below_it(artifacts: ArtifactsPage) -> None:
    """Once, as long as its file is the same; it can be made larger, and the focus comes back from there."""
    file = {"file": {"name": "Report.html", "html": "<h1>Numbers</h1>"}}
    artifacts.show(file)
    frame = artifacts.page.locator("#conversation iframe")
    expect(frame).to_have_attribute("title", "Preview of Report")
    expect(frame.content_frame.get_by_role("heading", name="Numbers")).to_be_visible()
    frame.evaluate("(frame) => (frame.dataset.same = 'yes')")
    artifacts.show(file, "more")
    expect(artifacts.page.locator("#conversation iframe[data-same=yes]")).to_have_count(1)
    larger = artifacts.page.locator("#conversation").get_by_role("button", name="Larger")
    larger.click()
    expect(artifacts.panel.frame_locator("iframe").get_by_role("heading", name="Numbers")).to_be_visible()
    artifacts.button("Larger").click()
    assert artifacts.panel.evaluate("(panel) => panel.getBoundingClientRect().width") == DESKTOP[0]
    expect(artifacts.page.get_by_role("dialog", name="Artifacts")).to_be_visible()
    artifacts.button("Smaller").click()
    artifacts.page.keyboard.press("Escape")
    expect(larger).to_be_focused()


def test_a_file_that_is_too_large_or_broken_has_none(artifacts: ArtifactsPage) -> None:
    """That is said below it."""
    artifacts.show({"file": {"name": "a.html", "html": "x" * 4_000_000}})
    expect(artifacts.page.locator("#conversation")).to_contain_text("Too large to be shown here.")
    artifacts.page.evaluate("document.querySelector('.file-link').setAttribute('href', 'data:text/html;base64,%%%')")
    artifacts.show({"file": {"name": "a.html", "html": "x" * 4_000_000}}, "again")
    expect(artifacts.page.locator("iframe")).to_have_count(0)


def test_on_a_phone_it_is_a_sheet_over_the_page(phone: ArtifactsPage) -> None:
    """What it covers waits, fingers find everything, and the focus comes back."""
    phone.show(block("html", PAGE), PYTHON, block("html", PAGE.replace("Tick", "Tock")))
    phone.openers.first.tap()
    sheet = phone.page.get_by_role("dialog", name="Artifacts")
    expect(sheet).to_be_focused()
    box = sheet.bounding_box()
    assert box
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, *PHONE)
    assert phone.page.locator("gradio-app").evaluate("(app) => app.inert")
    sizes = phone.panel.locator("button:visible, select:visible").evaluate_all(
        "(all) => all.map((each) => Math.min(each.offsetWidth, each.offsetHeight))"
    )
    assert len(sizes) >= 8
    assert min(sizes) >= 40
    phone.button("Close").tap()
    expect(phone.openers.first).to_be_focused()
    assert not phone.page.locator("gradio-app").evaluate("(app) => app.inert")


def test_it_works_from_right_to_left(artifacts: ArtifactsPage) -> None:
    """The panel is at the left then; code runs as ever."""
    artifacts.page.evaluate("document.documentElement.dir = 'rtl'")
    artifacts.show(PYTHON)
    artifacts.openers.click()
    box = artifacts.panel.bounding_box()
    assert box
    assert box["x"] == 0
    region = artifacts.panel.get_by_role("region", name="Code")
    assert region.evaluate("(box) => getComputedStyle(box).direction") == "ltr"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_wrong(
    artifacts: ArtifactsPage, allowed_errors: list[str], window: tuple[int, int], *, dark: bool
) -> None:
    """The buttons and frames, code, a preview, and one that waits."""
    allowed_errors.append("Blocked script execution in 'about:srcdoc'")
    page = artifacts.page
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": window[0], "height": window[1]})
    page.evaluate(
        "(dark) => { document.body.classList.toggle('dark', dark);"
        " Object.defineProperty(navigator, 'userAgentData', {value: undefined}); }",
        dark,
    )
    scripted = PAGE.replace("</body>", "<script>1</script></body>")
    artifacts.show(block("html", scripted), PYTHON, block("html", scripted), {"file": {"name": "a.html", "html": PAGE}})
    expect(artifacts.openers).to_have_count(3)
    assert violations(page) == []
    artifacts.openers.first.click()
    expect(artifacts.button("Run")).to_be_visible()
    assert violations(page) == []
    artifacts.button("Code").click()
    assert violations(page) == []


def test_an_answer_that_arrives_costs_little(artifacts: ArtifactsPage) -> None:
    """A long one in a long conversation, with the panel open: a few milliseconds for each piece.

    They were 1.3 to 1.6 times what it takes to read the whole conversation once, on a busy machine.
    """
    others = [block("python", program(f"x{number}", 60)) for number in range(60)]
    artifacts.show(*others)
    artifacts.openers.first.click()
    share = artifacts.page.evaluate(
        """async ([others, line]) => {
        const { reader } = await import("/chat_app/ui/static/artifacts/versions.mjs");
        const median = (times) => times.sort((a, b) => a - b)[times.length / 2];
        const frame = () => new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())));
        const answers = others.map((text, at) => ({id: `a${at}`, text, arriving: false}));
        const times = [];
        const readings = []; // the measure: what it takes at the same moment to read all answers anew, and draw nothing
        for (let lines = 300; lines < 400; lines += 5) {
          const text = "```go\\n" + Array.from({length: lines}, (_, at) => `${line} ${at}`).join("\\n");
          const before = frame();
          harness.show([...answers, {id: "z", text, arriving: true}]);
          const after = frame(); // of the same one, behind what `show` has asked for
          times.push((await after) - (await before));
          const began = performance.now();
          reader()([...answers, {id: "z", text, arriving: true}]);
          readings.push(performance.now() - began);
        }
        return median(times) / median(readings);
    }""",
        [others, "some code in a line of it"],
    )
    assert share < MOST_READINGS


@pytest.mark.parametrize("where", ["artifacts", "phone"])
def test_the_button_covers_no_code(request: pytest.FixtureRequest, where: str) -> None:
    """Neither the only line of a block nor the first of several."""
    artifacts: ArtifactsPage = request.getfixturevalue(where)
    artifacts.show(block("html", f"<!doctype html>{'<b>long</b>' * 20}"), block("python", program("x" * 80)))
    expect(artifacts.openers).to_have_count(2)
    for number in range(2):
        button = artifacts.openers.nth(number).bounding_box()
        code = artifacts.page.locator("#conversation .code_wrap code").nth(number)
        top = code.evaluate(
            "(code) => { const all = document.createRange(); all.selectNodeContents(code);"
            " return all.getBoundingClientRect().top; }"
        )
        assert button
        assert button["y"] + button["height"] <= top


@pytest.mark.parametrize("given", [(PYTHON,), (PYTHON, PYTHON.replace("x", "y"))], ids=["one", "several"])
def test_nothing_of_the_panel_changes_when_nothing_has_changed(
    artifacts: ArtifactsPage, given: tuple[str, ...]
) -> None:
    """Whoever draws it because the page has changed would draw it for ever."""
    artifacts.show(*given)
    artifacts.openers.first.click()
    expect(artifacts.code).to_contain_text("x")
    changes = artifacts.page.evaluate(
        """async () => {
        const frame = () => new Promise(requestAnimationFrame);
        const seen = [];
        const draw = async () => { harness.update(); await frame(); await frame(); };
        await draw();
        const watch = new MutationObserver((records) => seen.push(...records.map(({target}) => target.outerHTML)));
        watch.observe(document, {subtree: true, childList: true, characterData: true});
        await draw();
        return seen;
    }"""
    )
    assert changes == []


def test_without_code_only_files_have_frames(page: Page, address: str) -> None:
    """`chat.artifacts: false`."""
    made = ArtifactsPage(page, address, code=False)
    made.show(PYTHON, {"file": {"name": "a.html", "html": "<p>"}})
    expect(page.locator("#conversation iframe")).to_have_count(1)
    expect(made.openers).to_have_count(0)
