"""Pixels from a worker as a PNG. We encode it, so what a page shows is an image whatever the bytes were."""

from __future__ import annotations

import struct
import zlib

import numpy as np

LARGEST = 1024  # pixels each way


def png(pixels: np.ndarray | None) -> bytes:
    """A PNG of (height, width, 3) uint8 pixels; nothing when they are not that, or too many."""
    if pixels is None or pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        return b""
    height, width, _ = pixels.shape
    if not 0 < height <= LARGEST or not 0 < width <= LARGEST:
        return b""
    # Every row begins with its filter type: 0, none (PNG specification, section 9).
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
