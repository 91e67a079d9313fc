"""What the README shows works as it stands there."""

import re
import subprocess
from pathlib import Path

import pytest

import pellucid
from pellucid.cli.main import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_program_runs(monkeypatch, capsys):
    (program,) = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(program.strip().splitlines()) <= 15
    whole = pellucid.data.mnist()

    class Fewer:
        """MNIST with 500 training images besides the 5,000 held out, and 50 test images."""

        def __call__(self):
            train, test = whole
            return train.split(5500)[1], test.split(50)[1]

    monkeypatch.setattr(pellucid.data, "mnist", Fewer())
    exec(compile(program, "README.md", "exec"), {})
    out = capsys.readouterr().out
    assert "34,826" in out
    assert float(re.search(r"'accuracy': ([\d.]+)", out)[1]) > 0.5


def test_each_word_of_run_that_is_named_exists():
    words = set(re.findall(r"\./run ([\w-]+)", README + (ROOT / "CONTRIBUTING.md").read_text()))
    usage = subprocess.run(["sh", ROOT / "run", "help"], capture_output=True, text=True, check=True).stdout
    assert {"train", "test"} <= words
    assert words <= set(re.findall(r"^  ([\w-]+)  ", usage, re.M))


def test_each_command_is_a_word_of_run():
    listed, *_, branches = re.split(r"^EOT$|^case \$word in$", (ROOT / "run").read_text(), flags=re.M)
    passed_on = re.search(r"^    (train [|\w -]+)\)$", branches, re.M)[1]
    for name in cli.commands:
        assert re.search(rf"^  {name}  ", listed, re.M), name
        assert name in passed_on.split(" | "), name


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"])
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text())
    assert all((ROOT / link).exists() for link in links if "://" not in link)
