"""The command's frame: sub-commands, and what is printed and returned when something goes wrong.

Nothing here, nor at the top of a sub-command's file, imports NumPy: ``pellucid --help`` answers at once.
Exit codes: 0 done, 1 an error that the message explains, 2 wrong usage, 130 stopped by Ctrl-C.
"""

import io
import os
import sys
from collections.abc import Sequence

import click

from .._core.errors import PellucidError
from .certify import certify
from .data import data
from .doctor import doctor
from .evaluate import evaluate
from .lr_find import lr_find
from .models import models
from .predict import predict
from .replay import replay
from .summary import summary
from .train import train
from .verify_run import verify_run


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pellucid")
def cli() -> None:
    """Convolutional and recurrent networks from scratch: clear, exact, fast."""


for command in (train, lr_find, evaluate, predict, summary, certify, verify_run, replay, models, data, doctor):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments` (those of the process by default); return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may be no text at all
    try:
        code = cli.main(arguments, prog_name=program(), standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:  # wrong usage; click knows how to show it
        error.show()
        return error.exit_code
    except PellucidError as error:
        click.echo(f"error: {error}", err=True)
        return 1
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
        return 130
    except OSError as error:
        if error.filename is None:  # our own output: Python would try to write it again at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # else the reader has gone, as in `pellucid models | head -1`
            click.echo(f"error: {error.filename or 'output'}: {error.strerror or error}", err=True)
        return 1
    return code if isinstance(code, int) else 0


def program() -> str:
    """Return the word by which the user called us."""
    return os.environ.get("PELLUCID_PROGRAM", "pellucid")
