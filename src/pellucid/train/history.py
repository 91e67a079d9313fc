"""History: what was measured after each epoch."""

import csv
import io
import math
import os

from .._core.files import write_file


class History:
    """A table with one row for each epoch, columns such as loss, accuracy, val_loss, val_accuracy.

    Examples
    --------
    >>> history = History()
    >>> history.append({"epoch": 1, "loss": 0.5})
    >>> history["loss"], len(history)
    ([0.5], 1)
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def append(self, row: dict[str, float]) -> None:
        """Add the row of one epoch."""
        self.rows.append(dict(row))

    def __getitem__(self, column: str) -> list[float]:
        """Return one column, over the epochs."""
        return [row[column] for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def best(self, column: str, min_delta: float = 0.0, mode: str = "auto") -> int:
        """Return the index of the best row: the first from which no later one is better by more than `min_delta`.

        `mode` says whether the column is to fall ("min") or to rise ("max"); "auto" lets columns that end in "accuracy"
        rise, others fall.  What is no number (nan) is worse than all numbers.
        """
        rises = column.endswith("accuracy") if mode == "auto" else mode == "max"
        values = [math.inf if math.isnan(v) else -v if rises else v for v in self[column]]
        best = 0
        for i, value in enumerate(values):
            if value < values[best] - min_delta:
                best = i
        return best

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table; numbers are written so that reading gives the same bits."""
        text = io.StringIO()
        columns = dict.fromkeys(name for row in self.rows for name in row)
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_file(path, text.getvalue().encode())
