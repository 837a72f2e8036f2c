"""A proxy that serves an app under a path, as nginx does with `location /chat/ { proxy_pass http://app/; }`.

It takes the path off, says in `X-Forwarded-*` where it was asked, and passes on what comes as it comes. Everything
outside the path is 404, so that an address without it is noticed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_OWN = {"connection", "transfer-encoding", "keep-alive", "server", "date"}


@contextmanager
def proxy(app_url: str, path: str) -> Iterator[str]:
    """The address under which the app at `app_url` is served: a free port of 127.0.0.1, and `path`."""
    behind = urlsplit(app_url).netloc

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Passes one request on."""
            if not self.path.startswith(f"{path}/"):
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
            headers |= {"X-Forwarded-Host": self.headers["host"], "X-Forwarded-Proto": "http"}
            with closing(HTTPConnection(behind, timeout=30)) as connection:
                connection.request(self.command, self.path.removeprefix(path), body or None, headers)
                response = connection.getresponse()
                self.send_response(response.status)
                for name, value in response.getheaders():
                    if name.lower() not in _OWN:
                        self.send_header(name, value)
                self.send_header("Connection", "close")
                self.end_headers()
                while piece := response.read1():
                    self.wfile.write(piece)
                    self.wfile.flush()

        do_POST = do_GET  # noqa: N815 — the library's name

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """Clients may leave, and the app may stop, in the middle of a stream."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}{path}"
        server.shutdown()
        thread.join()
