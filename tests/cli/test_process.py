"""The command as a process: signals, closed and full outputs, threads."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def command(*arguments, stdout=subprocess.PIPE):
    code = "import sys, pellucid.cli; sys.exit(pellucid.cli.main())"
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True)


def test_ctrl_c_is_exit_130_without_a_traceback():
    process = command("train", "--subset", "20000", "100")
    for line in process.stdout:
        if line.startswith("Adam"):
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "stopped"
    assert "Traceback" not in err


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


def test_threads_are_limited():
    process = command("train", "--subset", "20000", "100", "--threads", "1")
    for line in process.stdout:
        if line.startswith("Adam"):
            break
    time.sleep(0.5)
    count = len(os.listdir(f"/proc/{process.pid}/task"))  # noqa: PTH208
    process.kill()
    process.communicate()
    assert count == 2, "ours and tqdm's monitor, none of the matrix products"
