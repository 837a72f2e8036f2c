import gzip

import pytest
from starlette.applications import Starlette

from chat_app.server.compressed import Compressed
from chat_app.server.gate import Gate
from chat_app.server.headers import SecurityHeaders
from chat_app.server.page_files import route
from tests.server.asgi import ask

FOLDER, OLD = "/static/0123456789ab", "/static/ba9876543210"
LONG = b"export const a = 1;\n" * 100
APP = Starlette(routes=[route(FOLDER, {"history/main.mjs": LONG, "history.css": b"a {}"})])
GATE = SecurityHeaders(Gate(Compressed(APP)))


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [("history/main.mjs", "text/javascript; charset=utf-8", LONG), ("history.css", "text/css; charset=utf-8", b"a {}")],
)
async def test_a_file_is_served_for_good(path: str, kind: str, body: bytes) -> None:
    """Through the gate and with the headers of every response: without the right kind a module does not run."""
    reply = await ask(GATE, f"{FOLDER}/{path}")

    assert (reply.status, reply.body) == (200, body)
    assert reply.headers["content-type"] == kind
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["content-length"] == str(len(body))


async def test_it_can_be_asked_with_head() -> None:
    """The same headers."""
    reply = await ask(GATE, f"{FOLDER}/history/main.mjs", "HEAD")

    assert (reply.status, reply.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


async def test_under_another_versions_name_there_is_what_there_is_now() -> None:
    """For pages that were open before an update; never kept without asking."""
    reply = await ask(GATE, f"{OLD}/history/main.mjs")

    assert (reply.status, reply.body, reply.headers["cache-control"]) == (200, LONG, "no-cache")


async def test_what_the_browser_has_is_not_sent_again() -> None:
    """It asks with the tag that it was given, alone or with others."""
    tag = (await ask(GATE, f"{OLD}/history/main.mjs")).headers["etag"]
    for asked in (tag, f'"other", {tag}'):
        reply = await ask(GATE, f"{OLD}/history/main.mjs", headers={"If-None-Match": asked})
        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", tag)
    other = (await ask(GATE, f"{OLD}/history.css", headers={"If-None-Match": tag})).status
    assert other == 200


async def test_it_is_compressed_for_who_can_read_that() -> None:
    """And caches are told that there are two forms."""
    reply = await ask(GATE, f"{FOLDER}/history/main.mjs", headers={"Accept-Encoding": "gzip"})

    assert gzip.decompress(reply.body) == LONG
    assert len(reply.body) < len(LONG) / 2
    assert reply.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("root_path", ["/chat", ""])
async def test_it_is_found_below_a_root_path(root_path: str) -> None:
    """Whether the proxy takes it off or leaves it there."""
    reply = await ask(Gate(APP, root_path="/chat"), f"{root_path}{FOLDER}/history/main.mjs")

    assert (reply.status, reply.body) == (200, LONG)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{FOLDER}/history/main.mjs"),
        ("DELETE", f"{FOLDER}/history.css"),
        ("GET", FOLDER),
        ("GET", f"{FOLDER}/"),
        ("GET", f"{FOLDER}/history/"),
        ("GET", f"{FOLDER}/page.js"),
        ("GET", f"{FOLDER}/history/other.mjs"),
        ("GET", f"{FOLDER}/history/main.mjs/"),
        ("GET", f"{FOLDER}/history/../page.css"),
        ("GET", f"{FOLDER}/history/..%2f..%2fpage.mjs"),
        ("GET", f"{FOLDER}//etc/passwd.css"),
        ("GET", f"{FOLDER}/HISTORY/MAIN.MJS"),
        ("GET", "/static/history/main.mjs"),
        ("GET", "/static/0123456789abc/history/main.mjs"),
        ("GET", "/static/../0123456789ab/history/main.mjs"),
    ],
)
async def test_nothing_else_is_there(method: str, path: str) -> None:
    """Every path of a request is compared with those of the files, and joined with none."""
    assert (await ask(GATE, path, method)).status == 404
