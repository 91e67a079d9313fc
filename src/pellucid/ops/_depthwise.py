"""Depthwise convolution, the sums of conv2d where each group is one channel.

    y[n,o,i,j] = sum_{u,v} weight[o,0,u,v] * xp[n, o//M, i*SH+u*DH, j*SW+v*DW]          M = O / C outputs to a channel

With one number for each tap a matrix product has nothing to share: the windows are read where they lie.  For
each of the M outputs `einsum` runs along the channels, which are neighbours in memory.
"""

import numpy as np

from .._core.arrays import Array


def depthwise_forward(windows: Array, weight: Array, y: Array) -> None:
    """Write the sums into y (N, O, OH, OW); windows (N, OH, OW, KH, KW, C)."""
    KH, KW, C = windows.shape[3:]
    taps, outputs = np.ascontiguousarray(weight.reshape(C, -1, KH, KW).transpose(1, 2, 3, 0)), _by_channel(y, C)
    for m, tap in enumerate(taps):
        np.einsum("nijuvc,uvc->nijc", windows, tap, out=outputs[..., m])


def depthwise_grad_weight(windows: Array, grad_y: Array) -> Array:
    """Return grad_weight (O, 1, KH, KW): summed over each sample, then over the samples."""
    g = _by_channel(grad_y, windows.shape[-1])
    sums = [np.einsum("nijuvc,nijc->nuvc", windows, g[..., m]).sum(axis=0) for m in range(g.shape[-1])]
    return np.stack(sums, axis=-1).transpose(2, 3, 0, 1).reshape(-1, 1, *windows.shape[3:5])


def depthwise_grad_tap(rows: Array, tap: Array, out: Array) -> None:
    """Write what one tap (O,) of the kernel hands back to x into out (rows, C), for the rows (rows, O) of grad_y."""
    C = out.shape[1]
    np.einsum("rcm,cm->rc", rows.reshape(len(rows), C, len(tap) // C), tap.reshape(C, -1), out=out)


def _by_channel(y: Array, C: int) -> Array:
    """(N, O, OH, OW) as (N, OH, OW, C, M): a view of channels-last memory."""
    N, O, OH, OW = y.shape
    return y.transpose(0, 2, 3, 1).reshape(N, OH, OW, C, O // C)
