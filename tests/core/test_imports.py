"""What importing costs: nothing that is not asked for."""

import json
import subprocess
import sys

import pytest

import pellucid


def modules_after(statement):
    code = f"import json, sys, time; start = time.process_time()\n{statement}\n"
    code += "print(json.dumps([list(sys.modules), time.process_time() - start]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_import_pellucid_loads_nothing_heavy_and_takes_no_time():
    modules, seconds = modules_after("import pellucid")
    assert not {"numpy", "click", "tqdm", "safetensors", "PIL", "matplotlib"} & set(modules)
    assert seconds < 0.2


def test_everything_together_loads_no_extra_and_little_beyond_numpy():
    rooms = ", ".join(f"pellucid.{room}" for room in pellucid._ROOMS)
    modules, _ = modules_after(f"import {rooms}; pellucid.Trainer")
    assert "pellucid.train.trainer" in modules
    assert not {"PIL", "matplotlib", "pooch", "requests", "torch", "click", "tqdm"} & set(modules)
    beyond = set(modules) - set(modules_after("import numpy")[0])
    foreign = [name for name in beyond if name.split(".")[0] != "pellucid"]
    assert len(foreign) < 150, sorted(foreign)  # some 100 of Python's own and safetensors; another library brings more


def test_help_imports_no_numpy():
    code = "import sys, pellucid.cli; pellucid.cli.main(['train', '--help']); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--batch-size" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"


def test_public_names_are_there():
    for name in pellucid.__all__:
        assert getattr(pellucid, name) is not None
    assert dir(pellucid) == sorted(pellucid.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = pellucid.nonsense
