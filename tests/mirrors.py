"""A small data set by name, and a server on this machine that hands it out well or badly; fixtures for all tests."""

import gzip
import hashlib
import http.server
import sys
import threading

import numpy as np
import pytest

from pellucid.data import catalogue
from tests.data.conftest import idx_bytes

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def contents():
    rng = np.random.default_rng(5)
    for part, count in (("train", 9), ("t10k", 6)):
        yield f"{part}-images-idx3-ubyte", idx_bytes(rng.integers(0, 256, (count, 4, 5), np.uint8))
        yield f"{part}-labels-idx1-ubyte", idx_bytes(np.arange(count, dtype=np.uint8) % 3)


CONTENTS = dict(contents())


class Handler(http.server.BaseHTTPRequestHandler):
    """The first folder of an address says how to behave."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        _, way, name = self.path.split("/")
        self.server.asked.append(way)
        content = CONTENTS[name.removesuffix(".gz")]
        self.close_connection = True
        getattr(self, f"send_{way}")(gzip.compress(content), content)

    def send(self, content, length=None):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def send_good(self, packed, content):
        self.send(packed)

    def send_plain(self, packed, content):
        self.send(content)

    def send_gone(self, packed, content):
        self.send_error(404)

    def send_garbage(self, packed, content):
        self.send(b"<html>please log in</html>")

    def send_other(self, packed, content):
        self.send(gzip.compress(bytes(len(content))))

    def send_short(self, packed, content):
        self.send(gzip.compress(content[:-1]))

    def send_torn(self, packed, content):
        self.send(packed[:-5])

    def send_scrambled(self, packed, content):
        self.send(packed[:12] + b"\xff" * 9 + packed[21:])

    def send_altered(self, packed, content):
        self.send(packed[:-8] + bytes(4) + packed[-4:])

    def send_cut(self, packed, content):
        self.send(packed[:20], len(packed))

    def send_bomb(self, packed, content):
        self.send(gzip.compress(content + bytes(200_000)))

    def send_endless(self, packed, content):
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(4000):  # 256 MB: an end nevertheless, so that this test can fail
                self.wfile.write(bytes(1 << 16))
                self.server.sent += 1 << 16
        except OSError:
            self.server.left.set()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.sent, server.left = [], 0, threading.Event()
    server.at = lambda *ways: [f"http://127.0.0.1:{server.server_port}/{way}/" for way in ways]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A catalogue of one small data set, which is nowhere on this machine; its folder to be."""
    files = tuple(
        catalogue.File(name, len(CONTENTS[name]), hashlib.sha256(CONTENTS[name]).hexdigest()) for name in NAMES
    )
    entry = catalogue.Entry("tiny", "", "", "", ("ant", "bee", "cat"), files, ("http://127.0.0.1:9/",))
    monkeypatch.setattr(catalogue, "CATALOGUE", {"tiny": entry})
    monkeypatch.setattr(sys.modules["pellucid.data.load"], "CATALOGUE", {"tiny": entry})
    monkeypatch.setattr(catalogue, "_DEBIAN", tmp_path / "debian")
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path / "home"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home" / "tiny"
