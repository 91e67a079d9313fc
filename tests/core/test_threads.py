"""How many threads: what the user says, before NumPy is there; else what the machine and a container grant."""

import subprocess
import sys

import pytest

from pellucid import ConfigError
from pellucid._core import threads
from pellucid._core.threads import cores, limit_threads, thread_count


def test_it_sets_the_limit_before_numpy():
    code = (
        "from pellucid._core.threads import limit_threads; limit_threads(1); import os, numpy as np\n"
        "a = np.ones((600, 600)); a @ a; print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_it_refuses_when_it_is_too_late():
    with pytest.raises(ConfigError, match="OPENBLAS_NUM_THREADS=2"):
        limit_threads(2)


def test_it_refuses_none():
    with pytest.raises(ConfigError, match="at least 1"):
        limit_threads(0)


def test_it_refuses_too_many():
    with pytest.raises(ConfigError, match="at most 1024"):
        limit_threads(1025)


@pytest.mark.parametrize(
    ("mine", "quota", "variable", "expected"),
    [
        (8, None, None, "8 processors; one thread a core"),
        (2, None, None, "2 of 8 processors by affinity; one thread a core"),
        (8, "150000 100000", None, "8 processors, the control group grants 1.5 of them; one thread a core"),
        (2, "400000 100000", "3", "2 of 8 processors by affinity; PELLUCID_NUM_THREADS says 3"),
    ],
)
def test_it_says_why(tmp_path, monkeypatch, mine, quota, variable, expected):
    for name in threads._VARIABLES:
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv("PELLUCID_NUM_THREADS", variable)
    monkeypatch.setattr(threads, "processors", lambda: mine)
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 8)
    for name, text in {"proc/self/cgroup": "0::/box", "sys/fs/cgroup/box/cpu.max": quota or "max 100000"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert threads.why(tmp_path) == expected


def test_the_variable_sets_the_count(monkeypatch):
    monkeypatch.setenv("PELLUCID_NUM_THREADS", "7")
    assert thread_count() == 7
    monkeypatch.setenv("PELLUCID_NUM_THREADS", "")
    assert thread_count() == cores()


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "1025", "\u0664"])
def test_a_wrong_value_is_named(monkeypatch, value):
    monkeypatch.setenv("PELLUCID_NUM_THREADS", value)
    with pytest.raises(ConfigError, match="PELLUCID_NUM_THREADS: is '"):
        thread_count()


V1 = "5:memory:/box\n2:cpu,cpuacct:/box/inner\n1:name=systemd:/\n"


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("", {}, 16),
        ("0::/box/inner", {"box/inner/cpu.max": "max 100000"}, 16),
        ("0::/box/inner", {"box/inner/cpu.max": "400000 100000"}, 4),
        ("0::/box/inner", {"box/inner/cpu.max": "400000 100000", "box/cpu.max": "250000 100000"}, 3),  # rounded up
        ("0::/box", {"box/inner/cpu.max": "100000 100000"}, 16),  # a group below is not ours
        ("0::/", {"cpu.max": "10000 100000"}, 1),
        ("0::/box", {"box/cpu.max": "9900000 100000"}, 16),  # more than there are processors
        ("0::/box", {"unified/box/cpu.max": "200000 100000"}, 2),
        ("0::/box", {"box/cpu.max": "garbage"}, 16),
        ("0::/box", {"box/cpu.max": "100000 0"}, 16),
        (V1, {"cpu/box/inner/cpu.cfs_quota_us": "-1", "cpu/box/inner/cpu.cfs_period_us": "100000"}, 16),
        (V1, {"cpu/box/inner/cpu.cfs_quota_us": "150000", "cpu/box/inner/cpu.cfs_period_us": "100000"}, 2),
        (V1, {"cpu,cpuacct/box/cpu.cfs_quota_us": "100000", "cpu,cpuacct/box/cpu.cfs_period_us": "50000"}, 2),
        (V1, {"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3),  # the path is the host's
    ],
)
def test_cores_are_those_of_the_container(tmp_path, monkeypatch, groups, files, expected):
    monkeypatch.setattr(threads, "processors", lambda: 16)
    for name, text in {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{k}": v for k, v in files.items()}}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    assert cores(tmp_path) == expected


def test_without_control_groups_all_processors_count(tmp_path):
    assert cores(tmp_path) == threads.processors() >= 1
