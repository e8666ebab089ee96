"""Chunks: the samples of 64 series over a few ticks, as the bytes that are kept."""

import math
import zlib
from array import array
from collections.abc import Sequence

WIDTH = 64
"""Series of a chunk. Reading one series reads its neighbours too; writing a tick costs one row for 64 of them."""

NONE = math.nan
"""Where there is no sample."""


def empty(ticks: int) -> array[float]:
    """Return a chunk without samples; a series' ticks stand together."""
    return array("f", [NONE]) * (WIDTH * ticks)


def pack(chunk: array[float]) -> bytes:
    """Return a chunk as bytes: the values' first bytes, their second bytes and so on, compressed (they are alike)."""
    raw = chunk.tobytes()
    return zlib.compress(b"".join(raw[plane::4] for plane in range(4)), 1)


def unpack(blob: bytes, ticks: int) -> array[float]:
    """Return a chunk from bytes. Raises ValueError for bytes that are no such chunk."""
    try:
        planes = zlib.decompress(blob)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    size = WIDTH * ticks
    if len(planes) != 4 * size:
        raise ValueError(f"{len(planes)} bytes, not {4 * size}")
    raw = bytearray(4 * size)
    for plane in range(4):
        raw[plane::4] = planes[plane * size : (plane + 1) * size]
    return array("f", bytes(raw))


def overlay(below: array[float], above: array[float]) -> array[float]:
    """Return both chunks in one; where both have a sample, the one above counts."""
    return array("f", [b if a != a else a for b, a in zip(below, above, strict=True)])


def of_series(chunk: array[float], slot: int, ticks: int) -> array[float]:
    """Return the ticks of one series."""
    return chunk[slot * ticks : (slot + 1) * ticks]


def mean(values: Sequence[float]) -> float:
    """Return the mean of the samples there are, or NONE."""
    there = [value for value in values if value == value]
    return sum(there) / len(there) if there else NONE


def roll(fine: Sequence[array[float] | None], fine_ticks: int, ratio: int) -> array[float]:
    """Return the coarser chunk of consecutive chunks (None: a hole); ``ratio`` fine ticks are one coarse tick."""
    hole = array("f", [NONE]) * fine_ticks
    ticks = len(fine) * fine_ticks // ratio
    coarse = empty(ticks)
    for slot in range(WIDTH):
        line = array("f")
        for chunk in fine:
            line += hole if chunk is None else of_series(chunk, slot, fine_ticks)
        for tick in range(ticks):
            coarse[slot * ticks + tick] = mean(line[tick * ratio : (tick + 1) * ratio])
    return coarse
