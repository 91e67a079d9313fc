"""What can go wrong, as exceptions whose text is written for people.

Every message reads ``WHAT: REASON``; the command line prints it after ``error:`` and exits with 1.
"""


class PellucidError(ValueError):
    """Base of all errors that pellucid raises on purpose."""


class ShapeError(PellucidError):
    """Sizes that do not fit together; the message names them."""


class DtypeError(PellucidError):
    """An array of a type that no operation here computes in, or of another type than its partners."""


class FileError(PellucidError):
    """A file or folder that is missing, damaged, or would be overwritten."""


class NonFiniteError(PellucidError):
    """A loss or a gradient that is nan or infinite; the message says which layer made it, from what.

    Attributes
    ----------
    step : int
        Counted from 1; it was not taken.
    bundle : path or None
        The file with which the step can be replayed.
    """

    def __init__(self, message: str, step: int = 0, bundle: object = None) -> None:
        super().__init__(message)
        self.step, self.bundle = step, bundle


class ConfigError(PellucidError):
    """Options that are unknown, out of range, or contradict each other or the state of an object."""
