"""A preview can run scripts and reach nothing: neither the page around it nor any server, by any of the ways known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from operator import itemgetter

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.artifacts import ArtifactsPage, Ears, block, ears
from tests.browser.moments import soon

pytestmark = pytest.mark.browser

NUMBERS = count()
SECRET = "known to the page alone"
AT_ONCE = 9
"""So many ways are tried on one page, which takes longer to make than any of them."""
FIRST = "const {own, other, udp} = PLACES; const leak = `${own}/leak`;"
ICE = "{iceServers: [{urls: `stun:${udp}`}, {urls: `turn:${other}?transport=tcp`, username: 'said', credential: 'c'}]}"
CALL = f"const p = new RTC({ICE}); p.createDataChannel('d'); p.createOffer().then((o) => p.setLocalDescription(o));"
INNER = f"<script>const {{own, other, udp}} = PLACES; const RTC = RTCPeerConnection; {CALL}</script>"
ADD = "(tag, fields) => document.body.appendChild(Object.assign(document.createElement(tag), fields))"

REACH = {
    "fetch": "fetch(leak, {mode: 'no-cors'})",
    "a request of the old kind": "const x = new XMLHttpRequest(); x.open('GET', leak); x.send()",
    "a beacon": "navigator.sendBeacon(leak, 'said')",
    "a web socket": "new WebSocket(`ws://${other}/said`)",
    "an event source": "new EventSource(leak)",
    "web transport": "new WebTransport(`https://${udp}/said`)",
    "a picture": "new Image().src = leak",
    "a script": "add('script', {src: leak})",
    "a module": "import(leak)",
    "a worker": "new Worker(leak)",
    "a worker of its own": "new Worker(URL.createObjectURL(new Blob([`fetch('${leak}')`])))",
    "a style": "add('link', {rel: 'stylesheet', href: leak})",
    "an imported style": "add('style', {textContent: `@import '${leak}'; body { background: url('${leak}') }`})",
    "a font": "new FontFace('f', `url(${leak})`).load()",
    "a film": "add('video', {src: leak, autoplay: true, poster: leak})",
    "a frame": "add('iframe', {src: leak})",
    "an object": "add('object', {data: leak}); add('embed', {src: leak})",
    "what is loaded before": "for (const rel of ['preload', 'prefetch', 'modulepreload', 'preconnect', 'manifest'])"
    " for (const href of [leak, `http://${other}`]) add('link', {rel, href, as: 'image'})",
    "rules of what is loaded before": "add('script', {type: 'speculationrules', textContent:"
    " JSON.stringify({prefetch: [{source: 'list', urls: [leak]}], prerender: [{source: 'list', urls: [leak]}]})})",
    "a form": "add('form', {action: leak, method: 'post'}).submit()",
    "a form in a new window": "add('form', {action: leak, target: '_blank'}).requestSubmit()",
    "a link": "add('a', {href: leak}).click()",
    "a link out of the frame": "for (const target of ['_top', '_parent', '_blank'])"
    " add('a', {href: leak, target}).click()",
    "a link that tells": "add('a', {href: '#x', ping: leak}).click()",
    "a download": "add('a', {href: leak, download: 'x'}).click()",
    "its address": "location = leak",
    "the page's address": "top.location = leak",
    "a refresh": "add('meta', {httpEquiv: 'refresh', content: `0;url=${leak}`})",
    "a window": "open(leak)",
    "a service worker": "navigator.serviceWorker.register(leak)",
    "a report": "add('meta', {httpEquiv: 'Content-Security-Policy', content: `img-src 'none'; report-uri ${leak}`})",
    "a call": f"const RTC = globalThis.RTCPeerConnection ?? globalThis.webkitRTCPeerConnection; {CALL}",
    "a call from a frame's window": f"const RTC = add('iframe', {{}}).contentWindow.RTCPeerConnection; {CALL}",
    "a call from a document in it": "add('iframe', {srcdoc: INNER})",
    "a call from an attribute": "add('iframe', {}).setAttribute('srcdoc', INNER)",
    "a call from a moved attribute": "const a = document.createAttribute('srcdoc'); a.value = INNER;"
    " const f = document.createElement('iframe'); f.setAttributeNode(a); document.body.append(f)",
    "a call from markup": "document.body.innerHTML = `<iframe SRCDOC='${QUOTED}'></iframe>`",
    "a call from markup without a policy": "document.body.setHTMLUnsafe(`<iframe srcdoc='${QUOTED}'>`)",
    "a call from a fragment": "document.body.append(document.createRange()"
    ".createContextualFragment(`<iframe srcdoc='${QUOTED}'>`))",
    "a call from a document that is read": "document.body.append(Document"
    ".parseHTMLUnsafe(`<iframe srcdoc='${QUOTED}'>`).body.firstChild)",
    "a call from what is edited": "document.designMode = 'on'; getSelection().selectAllChildren(document.body);"
    " document.execCommand('insertHTML', false, `<iframe srcdoc='${QUOTED}'></iframe>`)",
    "a call from an attribute that is changed": "const f = add('iframe', {}); f.toggleAttribute('srcdoc', true);"
    " f.attributes[0].value = INNER",
    "a call from an attribute's text": "const f = add('iframe', {}); f.toggleAttribute('srcdoc', true);"
    " f.attributes[0].textContent = INNER",
    "a call from a stream": "const w = document.body.streamHTMLUnsafe().getWriter();"
    " w.write('<iframe src'); w.write(`doc='${QUOTED}'>`)",
    "a call from markup in parts": "Document.prototype.write.call(document, '<iframe src');"
    " Document.prototype.write.call(document, `doc='${QUOTED}'>`)",
    "a call from XML": "const text = INNER.replace(/[&<>'\"%]/g, (sign) => `&#38;#${sign.charCodeAt(0)};`);"
    " const inner = `&#60;iframe xmlns='http://www.w3.org/1999/xhtml' src&#100;oc='${text}'/>`;"
    ' const xml = `<!DOCTYPE a [<!ENTITY e "${inner}">]><a>&e;</a>`;'
    " document.body.append(new DOMParser().parseFromString(xml, 'application/xhtml+xml').querySelector('iframe'))",
    "a call from an address that is a script": "add('iframe', {src: `javascript:${JSON.stringify(INNER)}`})",
    "a call from data": "add('iframe', {src: `data:text/html,${encodeURIComponent(INNER)}`})",
    "a call from a blob": "add('iframe', {src: URL.createObjectURL(new Blob([INNER], {type: 'text/html'}))})",
    "a policy of its own": "const t = trustedTypes.createPolicy('default', {createHTML: (s) => s});"
    " add('iframe', {srcdoc: t.createHTML(INNER)})",
}
"""Scripts that try to reach a server; `add` makes an element, `INNER` is a document that calls."""
MARKUP = {
    "a call from a document in the document": '<iframe sRcDoC="INNER"></iframe>',
    "markup that asks": "<img src=LEAK>"
    "<link rel=stylesheet href=LEAK><body background=LEAK><svg><image href=LEAK /></svg>"
    "<style>@import 'LEAK';</style><video src=LEAK autoplay></video><iframe src=LEAK></iframe>"
    "<object data=LEAK></object><link rel=preconnect href=LEAK>",
    "a refresh in the markup": "<meta http-equiv=refresh content='0;url=LEAK'>",
    "a base": "<base href=LEAK><img src=a>",
    "a policy that allows all": "<meta http-equiv=Content-Security-Policy content='default-src *'><img src=LEAK>",
    "an end of the head": "</head></html><!doctype html><html><head></head><body><img src=LEAK>",
}
READ = {
    "the page's document": "parent.document.body.innerHTML",
    "the page above": "top.document.title",
    "its frame": "frameElement.outerHTML",
    "cookies": "document.cookie",
    "what is stored": "localStorage.getItem('secret')",
    "what is stored for a while": "sessionStorage.getItem('secret')",
    "databases": "indexedDB.open('secret').name",
    "caches": "caches.open('x').then(String)",
    "the page's address": "parent.location.href",
    "a name": "parent.harness",
}


@pytest.fixture(scope="module")
def around() -> Iterator[Ears]:
    """The page's server, and others."""
    with ears() as made:
        yield made


@pytest.fixture
def allowed_errors() -> list[str]:
    """What the browser says of what it stops."""
    return [
        "Content Security Policy", "sandbox", "Blocked", "blocked", "Failed to", "ERR_", "is not a function",
        "not defined", "not a constructor", "null", "undefined", "Trusted", "denied", "insecure", "Error", "Manifest",
        "preload", "Unsafe", "A network error",
    ]  # fmt: skip


@pytest.fixture
def artifacts(page: Page, around: Ears, own_hosts: set[str]) -> ArtifactsPage:
    """The page, with things in it that are nobody else's."""
    places = around.places
    around.heard.clear()
    own_hosts |= {places["own"].removeprefix("http://"), places["other"]}
    # Before the module that keeps what previews say from the page.
    page.add_init_script("globalThis.said = []; addEventListener('message', ({data}) => said.push(data));")
    made = ArtifactsPage(page, places["own"])
    page.evaluate(
        """(secret) => {
        document.cookie = `secret=${secret}`;
        localStorage.secret = sessionStorage.secret = document.title = secret;
        globalThis.heard = []; addEventListener("message", (event) => heard.push(event.data));
    }""",
        SECRET,
    )
    return made


def preview(artifacts: ArtifactsPage, html: str) -> None:
    """Show it, and nothing else."""
    end = f"<!-- {next(NUMBERS)} -->"
    artifacts.show(block("html", html + end))
    artifacts.openers.click()
    expect(artifacts.panel.locator("iframe")).to_have_attribute("srcdoc", re.compile(f"{end}$"))


def give_a_chance(artifacts: ArtifactsPage) -> None:
    """To what is in the frame, to do whatever it does."""
    artifacts.page.wait_for_timeout(350)


def written(script: str, around: Ears) -> str:
    """The document with that script."""
    places = json.dumps(around.places)
    inner = json.dumps(INNER.replace("PLACES", places)).replace("</", "<\\/")
    first = f"{FIRST.replace('PLACES', places)} const INNER = {inner}; const add = {ADD};"
    quoted = """const QUOTED = INNER.replaceAll("'", "&#39;");"""
    return f"<!doctype html><html><body><p id=out></p>\n<script>{first} {quoted}\n{script}</script>"


@pytest.mark.parametrize(
    "names", [[*REACH][at : at + AT_ONCE] for at in range(0, len(REACH), AT_ONCE)], ids=itemgetter(0)
)
def test_a_script_reaches_no_server(artifacts: ArtifactsPage, around: Ears, names: list[str]) -> None:
    """Not the page's and no other; nor does the page go elsewhere, or get another window. One way after the other."""
    address = artifacts.page.url
    for name in names:
        ran = json.dumps(name)
        preview(artifacts, written(f"out.textContent = 'ran'; parent.postMessage({ran}, '*'); {REACH[name]}", around))
        artifacts.page.wait_for_function("(name) => said.includes(name)", arg=name)
        give_a_chance(artifacts)
        assert around.heard == [], name
        assert artifacts.page.url == address, name
        assert len(artifacts.page.context.pages) == 1, name


def test_markup_reaches_no_server(artifacts: ArtifactsPage, around: Ears) -> None:
    """With scripts allowed and without."""
    inner = INNER.replace("PLACES", json.dumps(around.places)).replace('"', "&quot;")
    for name, markup in MARKUP.items():
        html = markup.replace("LEAK", f"{around.places['own']}/leak").replace("INNER", inner)
        for shown in (f"<p>one</p>{html}", f"<p>two</p>{html}<script>1</script>"):
            preview(artifacts, shown)
            give_a_chance(artifacts)
            assert around.heard == [], name


def test_a_script_reads_nothing_of_the_page(artifacts: ArtifactsPage, around: Ears) -> None:
    """It is refused, or finds nothing."""
    for name, read in READ.items():
        script = f"""
          const say = (word, text) => (out.textContent = `${{word}}: ${{text}}`);
          const refused = (error) => say("refused", error.name);
          try {{ Promise.resolve({read}).then((found) => say("found", found), refused); }}
          catch (error) {{ refused(error); }}"""
        preview(artifacts, written(script, around))
        out = artifacts.preview().locator("#out")
        expect(out, name).to_have_text(re.compile("^refused: "))
        assert SECRET not in out.inner_text(), name


def test_what_a_preview_may_do(artifacts: ArtifactsPage, around: Ears) -> None:
    """Scripts, handlers, markup made by scripts, pictures of its own: what documents are made of."""
    html = """<!doctype html><html lang="en" class="of-its-own">
      <head><title>T</title><style>p { color: rgb(1, 2, 3) }</style></head>
      <body onload="document.body.dataset.loaded = 'yes'"><p id="out"></p>
      <button onclick="out.append('!')">Press</button><script>
      out.innerHTML = "<b>bold</b>"; document.write("<i id='written'>written</i>");
      const made = document.createElement("script"); made.textContent = "out.dataset.made = 'yes'";
      document.body.append(made);
      const picture = new Image(); picture.onload = () => (out.dataset.picture = picture.width);
      picture.src = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='7' height='7'/>";
      </script></body></html>"""
    preview(artifacts, html)
    frame = artifacts.preview()
    frame.get_by_role("button", name="Press").click()
    expect(frame.locator("#out")).to_have_text("bold!")
    expect(frame.locator("#out > b")).to_have_text("bold")
    expect(frame.locator("#written")).to_have_text("written")
    expect(frame.locator("#out[data-made=yes][data-picture='7']")).to_be_visible()
    expect(frame.locator("body[data-loaded=yes]")).to_have_count(1)
    expect(frame.locator("html.of-its-own[lang=en]")).to_have_count(1)
    assert frame.evaluate("document.compatMode") == "CSS1Compat"
    assert frame.locator("#out").evaluate("(p) => getComputedStyle(p).color") == "rgb(1, 2, 3)"
    assert around.heard == []


def test_what_a_preview_says_to_the_page_is_not_heard(artifacts: ArtifactsPage, around: Ears) -> None:
    """Gradio has listeners of its own."""
    preview(
        artifacts,
        written("parent.postMessage('said', '*'); top.postMessage('said', '*'); out.textContent = 'ran'", around),
    )
    expect(artifacts.preview().locator("#out")).to_have_text("ran")
    artifacts.page.evaluate("postMessage('own', '*')")
    artifacts.page.wait_for_function("() => heard.length > 0")  # an expression is evaluated again
    assert artifacts.page.evaluate("heard") == ["own"]
    assert artifacts.page.evaluate("said").count("said") == 2  # both would have been heard


def has_its_own_process(artifacts: ArtifactsPage) -> bool:
    """Whether the frame runs apart from the page: Playwright has a session for such frames alone."""
    try:
        artifacts.page.context.new_cdp_session(artifacts.preview())
    except Error:
        return False
    return True


def longest_pause_ms(artifacts: ArtifactsPage) -> float:
    """Of the page, in fifty ticks."""
    pause_ms: float = artifacts.page.evaluate("""() => new Promise((resolve) => {
      let [last, longest, count] = [performance.now(), 0, 0];
      const timer = setInterval(() => {
        const now = performance.now();
        [longest, last] = [Math.max(longest, now - last), now];
        if ((count += 1) > 50) {
          clearInterval(timer);
          resolve(longest);
        }
      }, 10);
    })""")
    return pause_ms


def test_a_preview_that_never_ends_leaves_the_page_alive(artifacts: ArtifactsPage) -> None:
    """Chromium runs it apart. Closing the panel ends it.

    No pause of the page is as long as half a second; on a machine that has longer ones without it, as three of those.
    """
    without_ms = longest_pause_ms(artifacts)
    preview(artifacts, "<p>before</p><script>for (;;);</script>")
    assert soon(artifacts.page, lambda: has_its_own_process(artifacts), bool)
    assert longest_pause_ms(artifacts) < max(500, 3 * without_ms)
    artifacts.button("Close").click()
    expect(artifacts.page.locator("iframe")).to_have_count(0)


def test_where_scripts_are_not_kept_apart_they_wait(artifacts: ArtifactsPage) -> None:
    """The document is there without them; the button runs them."""
    artifacts.page.evaluate("Object.defineProperty(navigator, 'userAgentData', {value: undefined})")
    preview(artifacts, "<p id=out>still</p><script>out.textContent = 'ran'</script>")
    expect(artifacts.preview().locator("#out")).to_have_text("still")
    artifacts.button("Run").click()
    expect(artifacts.panel.locator("iframe[sandbox=allow-scripts]")).to_be_visible()
    expect(artifacts.preview().locator("#out")).to_have_text("ran")
    expect(artifacts.button("Run")).to_have_count(0)


def test_a_browser_without_trusted_types_runs_no_scripts(artifacts: ArtifactsPage) -> None:
    """And says so."""
    artifacts.page.evaluate("Object.defineProperty(globalThis, 'trustedTypes', {value: undefined})")
    preview(artifacts, "<p id=out>still</p><script>out.textContent = 'ran'</script>")
    expect(artifacts.panel).to_contain_text("cannot keep them from the network")
    expect(artifacts.panel.locator("iframe")).to_have_attribute("sandbox", "")
    expect(artifacts.preview().locator("#out")).to_have_text("still")
    expect(artifacts.button("Run")).to_have_count(0)
