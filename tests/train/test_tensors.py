"""Files of named arrays: right ones come back to the bit, wrong ones are named before their numbers are read."""

import contextlib
import io
import json
import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save

from pellucid import FileError
from pellucid.nn import Linear, Sequential
from pellucid.train import digest, load_weights, save_weights
from pellucid.train.tensors import npz_bytes, read_arrays

STATE = {"0.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "0.bias": np.zeros(2, np.float32)}


def net():
    return Sequential(Linear(3, 2)).build((3,), seed=1)


def safetensors(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def entry(shape, start, stop, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


def npz(**members):
    """A zip of raw members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=True)
    return file.getvalue()


def lying_npy(shape):
    """A header that announces more than there is."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return file.getvalue() + bytes(24)


def strange_npy(header):
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


LONG = b"\x93NUMPY\x02\x00" + (300_000_000).to_bytes(4, "little") + bytes(100)


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("the pickle was opened",))


ONE = '"0.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
TWICE = f"{{{ONE},{ONE}}}".encode()
ONE_OF = f"{{{ONE}}}".encode()
BAD = {
    "empty": (b"", "no valid safetensors file"),
    "text": (b"hello, this is no file of weights", "no valid safetensors file"),
    "pickle": (pickle.dumps(STATE), "no valid safetensors file"),
    "header too long": (b"\xff" * 7 + b"\0" + bytes(100), "hold no header"),
    "header no JSON": (safetensors(b"[1, 2"), "its header is b'\\[1, 2'"),
    "header no table": (safetensors([1]), "no valid safetensors file"),
    "header no entry": (safetensors({"0.weight": 3}), "no valid safetensors file"),
    "cut short": (save(STATE)[:-1], "damaged: the header announces"),
    "garbage behind": (save(STATE) + b"x", "damaged: the header announces"),
    "twice": (safetensors(TWICE, bytes(4)), "0.weight stands there twice"),
    "size and shape disagree": (safetensors({"a": entry([3], 0, 4)}, bytes(4)), r"a of shape \(3,\) has 4 bytes"),
    "two in one place": (
        safetensors({"0.weight": entry([2, 3], 0, 24), "0.bias": entry([2], 16, 24)}, bytes(24)),
        "no valid safetensors file: .*[Oo]ffset",
    ),
    "negative": (safetensors({"a": entry([-1], 0, -4)}), "damaged: a of shape"),
    "missing": (save({"0.weight": STATE["0.weight"]}), "does not fit the model: load_state_dict: missing 0.bias"),
    "unexpected": (save(STATE | {"x": np.zeros(1)}), "unexpected x"),
    "misshapen": (save(STATE | {"0.bias": np.zeros(3)}), r"0.bias has shape \(3,\), expected \(2,\)"),
    "bool": (save(STATE | {"0.bias": np.zeros(2, bool)}), "0.bias holds bool, numbers are needed"),
    "nan": (save(STATE | {"0.bias": np.array([0, np.nan])}), "not finite: 0.bias"),
    "infinite": (npz_bytes(STATE | {"0.bias": np.array([0, np.inf])}), "not finite: 0.bias"),
    "npz misshapen": (npz_bytes(STATE | {"0.bias": np.zeros(3)}), r"0.bias has shape \(3,\), expected \(2,\)"),
    "npz missing": (npz_bytes({"0.bias": np.zeros(2)}), "missing 0.weight"),
    "npz pickled": (
        npz(**{"0.weight.npy": npy(STATE["0.weight"]), "0.bias.npy": npy(np.array([Evil(), 1], object))}),
        "0.bias is a pickled object, which is never read",
    ),
    "npz strings": (npz(**{"a.npy": npy(np.array(["x"]))}), "a holds <U1, numbers are needed"),
    "npz cut short": (npz_bytes(STATE)[:-30], "no valid .npz file"),
    "npz no npy": (npz(**{"0.bias.npy": b"hello world"}), "no valid .npz file"),
    "npz long header": (npz(**{"a.npy": LONG}), "a has a header beyond 10,000 bytes"),
    "npz strange header": (npz(**{"a.npy": strange_npy("{1: 2, 'a': 3}")}), "no valid .npz file"),
    "npz nested header": (npz(**{"a.npy": strange_npy("(" * 200)}), "no valid .npz file"),
    "shape beyond numbers": (safetensors(ONE_OF.replace(b"[1]", b"[1e400]"), bytes(4)), "its header"),
    "npz lies": (npz(**{"0.bias.npy": lying_npy((10**9,))}), r"0.bias of shape \(1000000000,\) has 152 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_named_changes_nothing_and_is_bounded(tmp_path, what):
    content, words = BAD[what]
    (tmp_path / "w").write_bytes(content)
    model, before = net(), sorted(tmp_path.iterdir())
    tracemalloc.start()
    with pytest.raises(FileError, match=words) as raised:
        load_weights(model, tmp_path / "w")
    assert tracemalloc.get_traced_memory()[1] < 3e6
    tracemalloc.stop()
    assert str(raised.value).startswith(f"{tmp_path / 'w'}: ")
    assert digest(model) == digest(net())
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.filterwarnings("ignore:Duplicate name")  # zipfile's word on what is made here
def test_an_npz_with_a_name_twice(tmp_path):
    with zipfile.ZipFile(tmp_path / "w", "w") as archive:
        for _ in range(2):
            archive.writestr("0.bias.npy", npy(np.zeros(2)))
    with pytest.raises(FileError, match=r"0\.bias stands there twice"):
        load_weights(net(), tmp_path / "w")


@pytest.mark.parametrize("seed", range(60))
def test_any_damage_to_a_packed_npz_is_a_file_error_or_harmless(tmp_path, seed):
    np.savez_compressed(tmp_path / "w.npz", **STATE)
    content = bytearray((tmp_path / "w.npz").read_bytes())
    rng = np.random.default_rng(seed)
    content[rng.integers(4, len(content))] ^= 1 << rng.integers(8)
    (tmp_path / "w.npz").write_bytes(content)
    with contextlib.suppress(FileError):
        load_weights(net(), tmp_path / "w.npz")


def test_a_large_foreign_file_is_refused_before_its_numbers_are_read(tmp_path):
    """A gigabyte that is announced and there (as a hole in the file) is not read."""
    size = 1 << 30
    head = safetensors({"big": entry([size // 4], 0, size)})
    with (tmp_path / "w").open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
    tracemalloc.start()
    with pytest.raises(FileError, match="unexpected big"):
        load_weights(net(), tmp_path / "w")
    assert tracemalloc.get_traced_memory()[1] < 3e6
    tracemalloc.stop()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    packed = zipfile.ZipFile(tmp_path / "w", "w", zipfile.ZIP_DEFLATED)
    with packed as archive, archive.open("0.bias.npy", "w") as member:
        header = {"descr": "<f4", "fortran_order": False, "shape": (25_000_000,)}
        np.lib.format.write_array_header_1_0(member, header)
        for _ in range(100):
            member.write(bytes(1_000_000))
    tracemalloc.start()
    with pytest.raises(FileError, match=r"0\.bias has shape"):
        load_weights(net(), tmp_path / "w")
    assert tracemalloc.get_traced_memory()[1] < 3e6
    tracemalloc.stop()


def test_names_never_reach_the_disk(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, content in (
        ("w.npz", npz(**{"../../evil.npy": npy(np.zeros(2))})),
        ("w.safetensors", save({"../../evil": np.zeros(2)})),
    ):
        (folder / name).write_bytes(content)
        with pytest.raises(FileError, match=r"unexpected \.\./\.\./evil"):
            load_weights(net(), folder / name)
        assert sorted(p.name for p in tmp_path.rglob("*")) == ["in", name]
        (folder / name).unlink()


@pytest.mark.parametrize("name", ["w.safetensors", "w.npz"])
def test_weights_come_back_to_the_bit_whatever_the_file_is_called(tmp_path, name):
    model, other = net(), Sequential(Linear(3, 2)).build((3,), seed=2)
    save_weights(model, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    (tmp_path / name).rename(tmp_path / "anything")
    load_weights(other, tmp_path / "anything")
    assert digest(other) == digest(model)
    save_weights(model, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first, "the same weights, the same bytes"


def test_what_numpy_and_safetensors_wrote_themselves(tmp_path):
    np.savez_compressed(tmp_path / "w.npz", **STATE)
    model = net()
    load_weights(model, tmp_path / "w.npz")
    assert model[0].weight.data.tolist() == STATE["0.weight"].tolist()


def test_metadata_come_along(tmp_path):
    (tmp_path / "w").write_bytes(save(STATE, {"made by": "test"}))
    arrays, metadata = read_arrays(tmp_path / "w", lambda header: None)
    assert metadata == {"made by": "test"}
    assert arrays.keys() == STATE.keys()


def test_a_folder_and_nothing(tmp_path):
    with pytest.raises(FileError, match="cannot be read: Is a directory"):
        load_weights(net(), tmp_path)
    with pytest.raises(FileError, match="cannot be read: No such file"):
        load_weights(net(), tmp_path / "nothing")


def test_an_npz_of_the_second_version(tmp_path):
    members = {}
    for name, array in STATE.items():
        file = io.BytesIO()
        np.lib.format.write_array(file, array, version=(2, 0))
        members[f"{name}.npy"] = file.getvalue()
    (tmp_path / "w.npz").write_bytes(npz(**members))
    load_weights(model := net(), tmp_path / "w.npz")
    assert model[0].weight.data.tolist() == STATE["0.weight"].tolist()
