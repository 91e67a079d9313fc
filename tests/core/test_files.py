"""write_file: the old file or the new one, and nothing else."""

import os
import stat

import pytest

from pellucid import FileError
from pellucid._core import files
from pellucid._core.files import locked_folder, make_folder, new_folder, write_file


def test_it_writes_and_replaces(tmp_path):
    for content in (b"old", b"new"):
        write_file(tmp_path / "f", content)
        assert (tmp_path / "f").read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, failing, error):
    def fail(*_):
        raise error

    (tmp_path / "f").write_bytes(b"old")
    target, name = (files.os, "fsync") if failing == "fsync" else (files.Path, "replace")
    monkeypatch.setattr(target, name, fail)
    with pytest.raises((FileError, KeyboardInterrupt)) as raised:
        write_file(tmp_path / "f", b"new")
    assert isinstance(raised.value, KeyboardInterrupt) or "cannot be written: No space left" in str(raised.value)
    assert (tmp_path / "f").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileError, match=r"nowhere/f: cannot be written: No such file"):
        write_file(tmp_path / "nowhere" / "f", b"")


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="file/f: cannot be written: Not a directory"):
        write_file(tmp_path / "file" / "f", b"")


def test_file_and_folder_are_flushed_in_order(tmp_path, monkeypatch):
    """write, fsync, rename, fsync of the folder."""
    events, fsync, replace = [], os.fsync, files.Path.replace

    def watched_fsync(handle):
        events.append("fsync folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "fsync file")
        fsync(handle)

    def watched_replace(source, target):
        events.append("rename")
        return replace(source, target)

    monkeypatch.setattr(files.os, "fsync", watched_fsync)
    monkeypatch.setattr(files.Path, "replace", watched_replace)
    write_file(tmp_path / "f", b"new")
    assert events == ["fsync file", "rename", "fsync folder"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a" / "b"
    with new_folder(path) as staging:
        write_file(staging / "f", b"x")
        assert not path.exists()
    assert [p.name for p in path.parent.iterdir()] == ["b"]
    assert (path / "f").read_bytes() == b"x"
    with pytest.raises(FileError, match="cannot be written"), new_folder(tmp_path / "c" / "d") as staging:
        write_file(staging / "no" / "f", b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_what_a_kill_left_is_removed_but_not_what_a_living_process_makes(tmp_path):
    killed, alive, other = (tmp_path / name for name in (".run.1.part", ".run.2.part", ".run2.1.part"))
    for folder in (killed, alive, other):
        make_folder(folder / "checkpoints")
    with locked_folder(alive), new_folder(tmp_path / "run"):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == [".run.2.part", ".run2.1.part", "run"]


def test_a_folder_whose_name_is_taken_meanwhile(tmp_path):
    path = tmp_path / "run"
    with pytest.raises(FileError, match="run: cannot be made: Directory not empty"), new_folder(path):
        make_folder(path / "of somebody else")
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path):
    with pytest.raises(FileError, match="nothing: cannot be opened: No such file"), locked_folder(tmp_path / "nothing"):
        pass
