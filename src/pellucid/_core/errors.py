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


class ConfigError(PellucidError):
    """Options that are unknown, out of range, or contradict each other or the state of an object."""
