"""load, fetch, verify: data sets by name, against a server that misbehaves in every way (tests/mirrors.py)."""

import gzip
import socket
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from pellucid import ConfigError, FileError
from pellucid.data import catalogue, fetch, load, verify
from tests.data.conftest import idx_bytes
from tests.mirrors import CONTENTS, NAMES


def put(folder, pack=gzip.compress, suffix=".gz"):
    folder.mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / f"{name}{suffix}").write_bytes(pack(content))


def states(name="tiny"):
    return [state for _, _, state in verify(name)]


@pytest.mark.parametrize("way", ["good", "plain"])
def test_what_is_fetched_is_whole_verified_and_loaded_with_its_names(home, server, way, capfd):
    assert states() == ["missing"] * 4
    assert fetch("tiny", mirrors=server.at(way)) == home
    assert states() == ["ok"] * 4
    train, test = load("tiny")
    assert (train.inputs.shape, len(test)) == ((9, 1, 4, 5), 6)
    assert train.class_names == test.class_names == ("ant", "bee", "cat")
    assert sorted(p.name.removesuffix(".gz") for p in home.iterdir()) == sorted(NAMES)
    assert capfd.readouterr() == ("", ""), "a library does not print"
    server.asked.clear()
    assert fetch("tiny", mirrors=server.at(way)) == home
    assert server.asked == [], "what is there is not asked for"


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("gone", "404 Not Found"),
        ("garbage", "bytes of content are due, there are only 26"),
        ("other", "SHA-256 of the content is [0-9a-f]{64}, not "),
        ("short", "bytes of content are due, there are only"),
        ("torn", "damaged gzip data: Compressed file ended"),
        ("scrambled", "damaged gzip data: Error -3"),
        ("altered", "damaged gzip data: CRC check failed"),
        ("cut", r"IncompleteRead\(20 bytes read"),
        ("bomb", "bytes of content are due, there are more"),
        ("endless", r"sends more than the 1,196 bytes that this file can have"),
    ],
)
def test_a_mirror_that_fails_is_told_and_the_next_one_tried(home, server, way, words):
    with pytest.raises(FileError, match=rf"/{way}/train-images-idx3-ubyte.gz: .*{words}") as raised:
        fetch("tiny", mirrors=server.at(way, "gone"))
    assert str(raised.value).count("\n  http://127.0.0.1") == 3, "two failures, and the mirror for fetching by hand"
    assert not home.parent.exists(), "nothing is left"
    assert fetch("tiny", mirrors=server.at(way, "good")) == home
    assert states() == ["ok"] * 4


def test_an_endless_answer_fills_neither_memory_nor_disk(home, server):
    tracemalloc.start()
    with pytest.raises(FileError, match="sends more than"):
        fetch("tiny", mirrors=server.at("endless"))
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
    assert server.left.wait(10), "the connection is closed, not read to its end"
    assert server.sent < 50e6


def test_no_server_and_one_that_does_not_answer(home, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(FileError, match=rf"http://127.0.0.1:{port}/train.*: Connection refused"):
        fetch("tiny", mirrors=[f"http://127.0.0.1:{port}/"])
    monkeypatch.setattr(sys.modules["pellucid.data.fetch"], "_TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        started = time.perf_counter()
        with pytest.raises(FileError, match=rf"http://127.0.0.1:{port}/train.*: timed out"):
            fetch("tiny", mirrors=[f"http://127.0.0.1:{port}/"])
        assert time.perf_counter() - started < 10
    with pytest.raises(FileError, match=r"nonsense/train-images-idx3-ubyte.*: Invalid URL"):
        fetch("tiny", mirrors=["nonsense/"])


def test_only_what_is_missing_is_fetched_and_what_was_there_stays(home, server):
    home.mkdir(parents=True)
    (home / NAMES[1]).write_bytes(CONTENTS[NAMES[1]])
    (home / "notes.txt").write_text("mine")
    before = (home / NAMES[1]).stat().st_mtime_ns
    fetch("tiny", mirrors=server.at("good"))
    assert len(server.asked) == 3
    assert (home / NAMES[1]).stat().st_mtime_ns == before
    assert (home / "notes.txt").read_text() == "mine"


def test_a_damaged_file_is_told_and_not_written_over(home, server):
    put(home)
    damaged = home / f"{NAMES[2]}.gz"
    damaged.write_bytes(gzip.compress(CONTENTS[NAMES[2]][:-1] + b"?"))
    assert states()[:2] + states()[3:] == ["ok"] * 3
    assert states()[2].startswith("damaged: SHA-256 of the content is ")
    content = damaged.read_bytes()
    with pytest.raises(FileError, match=f"{damaged}: damaged: SHA-256 .*; move it away, then fetch again"):
        fetch("tiny", mirrors=server.at("good"))
    assert damaged.read_bytes() == content
    damaged.unlink()
    assert states()[2] == "missing"
    fetch("tiny", mirrors=server.at("good"))
    assert states() == ["ok"] * 4


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_full_disk_leaves_nothing_and_asks_no_other_mirror(home, server, monkeypatch, error):
    from pellucid._core import files

    def fail(*_):
        raise error

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises((FileError, KeyboardInterrupt)) as raised:
        fetch("tiny", mirrors=server.at("good", "good"))
    assert isinstance(raised.value, KeyboardInterrupt) or "cannot be written: No space left" in str(raised.value)
    assert len(server.asked) == 1
    assert not home.exists()


def test_a_home_that_cannot_be_made(home, server):
    home.parent.write_text("a file")
    with pytest.raises(FileError, match=f"{home}: cannot be made: Not a directory"):
        fetch("tiny", mirrors=server.at("good"))


def test_offline_nothing_is_asked_and_the_way_by_hand_is_told(home, server):
    with pytest.raises(FileError) as raised:
        fetch("tiny", offline=True, mirrors=server.at("good"))
    assert server.asked == []
    with pytest.raises(FileError, match="tiny: not on this machine; fetch it with `pellucid data fetch tiny`") as other:
        load("tiny")
    for error in (raised, other):
        message = str(error.value)
        for file in catalogue.find("tiny").files:
            assert f"{file.name}.gz" in message
            assert file.sha256 in message
        assert "http://127.0.0.1:9/" in message
        assert message.endswith(f"into {home}")
    put(home)
    assert fetch("tiny", offline=True) == home


def test_without_pooch_the_extra_is_named(home, server, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(FileError, match=r"tiny: downloading needs pooch: pip install 'pellucid\[fetch\]'"):
        fetch("tiny", mirrors=server.at("good"))
    put(home)
    assert len(load("tiny")[0]) == 9, "loading needs none"


def test_places_in_their_order_and_only_whole_ones(home, tmp_path, monkeypatch):
    put(tmp_path / "debian" / "tiny", bytes, "")
    home.mkdir(parents=True)
    (home / NAMES[0]).write_bytes(b"only one of four")
    assert fetch("tiny", offline=True) == tmp_path / "debian" / "tiny"
    (home / NAMES[0]).unlink()
    home.rmdir()
    put(home)
    assert fetch("tiny", offline=True) == home
    monkeypatch.setattr(catalogue, "_PACKAGE", tmp_path / "package")
    put(tmp_path / "package" / "tiny")
    assert fetch("tiny", offline=True) == tmp_path / "package" / "tiny"


def test_the_home_is_the_systems_place_for_caches(monkeypatch, tmp_path):
    pooch = pytest.importorskip("pooch")
    monkeypatch.delenv("PELLUCID_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert catalogue.home(catalogue.find("mnist")) == pooch.os_cache("pellucid") / "mnist"


def test_a_word_that_is_nothing_lists_the_names(tmp_path, monkeypatch):
    with pytest.raises(FileError, match="nonsense: no such folder, nor a data set; known are mnist, fashion-mnist"):
        load("nonsense")
    for ask in (fetch, verify):
        with pytest.raises(ConfigError, match="'nonsense': unknown; known are mnist, fashion-mnist"):
            ask("nonsense")


def test_a_folder_is_loaded_even_with_the_name_of_a_data_set(home, tmp_path, monkeypatch):
    put(tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    for source in (tmp_path / "tiny", str(tmp_path / "tiny"), "./tiny"):
        assert load(source)[0].class_names == ("0", "1", "2")
    put(home)
    assert load("tiny")[0].class_names == ("ant", "bee", "cat")
    assert load(Path("tiny"))[0].class_names == ("0", "1", "2"), "a path that is there is a folder"


def test_a_bomb_is_unpacked_no_further_than_it_must(home):
    put(home)
    packed = gzip.compress(CONTENTS[NAMES[0]] + np.random.default_rng(1).bytes(5_000_000))
    (home / f"{NAMES[0]}.gz").write_bytes(packed[:-1000])  # whoever reads on meets this damage
    assert states()[0] == "damaged: 196 bytes of content are due, there are more"


def test_a_label_without_a_name_is_a_damaged_file(home):
    put(home)
    (home / NAMES[3]).write_bytes(idx_bytes(np.full(6, 200, np.uint8)))
    with pytest.raises(FileError, match=f"{home}: has a label 200, but there are 3 classes"):
        load("tiny")


def test_the_catalogue_is_that_of_the_package_and_of_debian():
    """Where Debian's dataset-fashion-mnist is installed, its content is what the catalogue says."""
    assert states("mnist") == ["ok"] * 4
    assert load()[0].class_names == tuple("0123456789")
    for entry in catalogue.CATALOGUE.values():
        assert [file.name for file in entry.files] == list(NAMES)
        assert len(entry.class_names) == 10
        assert all(mirror.endswith("/") for mirror in entry.mirrors)
    if catalogue.complete(catalogue.find("fashion-mnist")):
        assert states("fashion-mnist") == ["ok"] * 4
        train, _ = load("fashion-mnist")
        assert train.inputs.shape == (60_000, 1, 28, 28)
        assert train.class_names[9] == "Ankle boot"
