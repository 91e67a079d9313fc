"""The command as a process: signals, closed and full outputs, threads."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


def command(*arguments, stdout=subprocess.PIPE, **settings):
    code = "import sys, pellucid.cli; sys.exit(pellucid.cli.main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True, **settings
    )


def training(cwd, *more):
    """A run of some minutes, with epochs of two seconds, which has begun."""
    options = ["--subset", "2000", "100", "--validation", "50", "--epochs", "99", "--out", "run", *more]
    process = command("train", *options, cwd=cwd)
    for line in process.stdout:
        if line.startswith("adam"):
            break
    time.sleep(0.7)
    return process


def wait_for(path, process):
    """Wait until there is such a file; a process that ended before would never make it."""
    while not path.exists():
        assert process.poll() is None, "it has ended before"
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_with_a_checkpoint(tmp_path, number, code):
    process = training(tmp_path)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err
    step = int(re.search(r"^stopped after step (\d+); go on with: pellucid train --resume run$", err, re.M)[1])
    assert (tmp_path / "run" / "checkpoints" / f"step-{step:08}.safetensors").exists()
    assert f"stopped by {number.name} after step {step}" in (tmp_path / "run" / "log.txt").read_text()


def test_a_reader_who_leaves_does_not_end_a_run(tmp_path):
    """As in `train | head -1`, once the training has begun; and Ctrl-C ends the reader of `2>&1 | tee` first."""
    process = training(tmp_path)
    process.stdout.close()
    process.stderr.close()
    wait_for(tmp_path / "run" / "history.csv", process)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    log = (tmp_path / "run" / "log.txt").read_text()
    step = int(re.search(r"stopped by SIGINT after step (\d+)", log)[1])
    assert (tmp_path / "run" / "checkpoints" / f"step-{step:08}.safetensors").exists()


def test_a_second_ctrl_c_aborts(tmp_path):
    """While the first one's step hangs, which a stopped process stands for: both signals wait, then both arrive."""
    code = (
        "import sys, time, pellucid.cli, pellucid.train as t\n"
        "t.Trainer.train_step = lambda *a: time.sleep(60)\n"
        "sys.exit(pellucid.cli.main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "train", "--subset", "500", "100", "--out", "run"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    wait_for(tmp_path / "run" / "log.txt", process)
    time.sleep(0.5)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "stopping after this step, with a checkpoint; Ctrl-C again aborts" in err
    assert err.splitlines()[-1] == "stopped"
    assert "Traceback" not in err


def test_ctrl_c_before_the_training_is_plain(tmp_path):
    code = (
        "import sys, os, signal, pellucid.cli, pellucid.train as t\n"
        "t.load_parts = lambda *a: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.exit(pellucid.cli.main(['train']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr.strip()) == (130, "stopped")
    assert not list(tmp_path.iterdir())


def test_an_ignored_signal_stays_ignored(tmp_path):
    """As under nohup, or behind & in a script."""
    code = (
        "import sys, os, signal, pellucid.cli, pellucid.train as t\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "step = t.Trainer.train_step\n"
        "t.Trainer.train_step = lambda *a: os.kill(os.getpid(), signal.SIGINT) or step(*a)\n"
        "sys.exit(pellucid.cli.main(['train', '--subset', '100', '50', '--epochs', '1']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_leaves_is_no_error():
    read, write = os.pipe()
    os.close(read)
    process = command("summary", stdout=write)
    os.close(write)
    _, err = process.communicate(timeout=30)
    assert err == ""


def test_a_full_disk_under_the_output_is_told():
    with Path("/dev/full").open("w") as full:
        process = command("summary", stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err == "error: output: No space left on device\n"


@pytest.mark.parametrize("limit", [100, 200_000])
def test_a_disk_that_takes_no_more_is_an_error(tmp_path, limit):
    """A limit on the size of files stands for it: the configuration is too large, or the first checkpoint."""
    process = command(
        "train", "--subset", "100", "50", "--validation", "50", "--epochs", "1", "--out", "run",
        cwd=tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.fullmatch(r"error: run/.*: cannot be written: File too large\n", err)
    assert not list(tmp_path.iterdir())


def test_threads_are_limited(tmp_path):
    process = training(tmp_path, "--threads", "1")
    count = len(os.listdir(f"/proc/{process.pid}/task"))  # noqa: PTH208
    process.kill()
    process.communicate()
    assert count == 2, "ours and tqdm's monitor, none of the matrix products"
    assert json.loads((tmp_path / "run" / "env.json").read_text())[0]["threads"] == 1
