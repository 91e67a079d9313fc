"""What the tests of the activations share: cases and refusals."""

import numpy as np

from pellucid import DtypeError
from tests.checks import case, refuse

SHAPES = {
    "rows": case((3, 4)),
    "images": case((2, 3, 4, 5)),
    "one number": case((1,)),
    "sequences": case((2, 3, 4)),
}
REFUSED = {"bytes": refuse(np.zeros(3, np.uint8), error=DtypeError, words="x is uint8; convert it")}
