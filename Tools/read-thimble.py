#!/usr/bin/env python3
"""Checks a .thimble file, lists its tensors, and writes their values as .npy files.

A second reader, written from Formats/thimble.md alone; it needs numpy and zstandard.

example:
  Tools/read-thimble.py xlm.thimble
  Tools/read-thimble.py xlm.thimble --npy values transformer.layer_norm_emb.weight
"""

import mmap
import os
import struct
import sys
from types import SimpleNamespace

from options import Options


def options():
    parser = Options(__doc__)
    parser.add_argument("file", help="the .thimble file")
    parser.add_argument("tensor", nargs="*", help="which tensors to write (all)")
    parser.add_argument("--npy", metavar="FOLDER", help="write tensors there, one .npy each")
    return parser.parse_intermixed_args()


GIVEN = options() if __name__ == "__main__" else None

import numpy as np
import zstandard

C = np.array([0x3F800000, 0x3F8B95C2, 0x3F9837F0, 0x3FA5FED7,
              0x3FB504F3, 0x3FC5672A, 0x3FD744FD, 0x3FEAC0C7], "<u4").view("<f4")
P1, P2, P3, P4, P5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
                      0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
WORD = (1 << 64) - 1


align64 = lambda value: -(-value // 64) * 64
rotate = lambda x, by: ((x & WORD) << by | (x & WORD) >> 64 - by) & WORD


def require(holds, rule):
    if not holds:
        raise ValueError(rule)


def xxh64(parts):
    """XXH64 of every part. The 32-byte stripes of all parts advance together, as numpy likes it."""
    order = sorted(range(len(parts)), key=lambda i: -len(parts[i]))
    stripes = np.array([len(parts[i]) // 32 for i in order])
    lanes = np.zeros((stripes[0], len(parts), 4), "<u8")
    for at, i in enumerate(order):
        lanes[: stripes[at], at].flat = np.frombuffer(parts[i], "<u8", 4 * stripes[at])
    lanes *= np.uint64(P2)
    state = np.tile(np.array([P1 + P2 & WORD, P2, 0, -P1 & WORD], "<u8"), (len(parts), 1))
    for s, count in enumerate(np.searchsorted(-stripes, -np.arange(stripes[0]))):
        v = state[:count]  # the parts that have a stripe s
        v += lanes[s, :count]
        v[:] = (v << np.uint64(31) | v >> np.uint64(33)) * np.uint64(P1)
    hashes = [0] * len(parts)
    for at, i in enumerate(order):
        part, done, h = bytes(parts[i][32 * int(stripes[at]) :]), 0, P5
        if stripes[at]:
            h = sum(rotate(int(v), by) for v, by in zip(state[at], (1, 7, 12, 18)))
            for v in state[at]:
                h = (h ^ rotate(int(v) * P2, 31) * P1 & WORD) * P1 + P4 & WORD
        h = h + len(parts[i]) & WORD
        for size, mix, by, factor, term in ((8, lambda k: rotate(k * P2, 31) * P1, 27, P1, P4),
                                            (4, lambda k: k * P1, 23, P2, P3),
                                            (1, lambda k: k * P5, 11, P1, 0)):
            while len(part) - done >= size:
                h ^= mix(int.from_bytes(part[done : done + size], "little")) & WORD
                h, done = rotate(h, by) * factor + term & WORD, done + size
        h = (h ^ h >> 33) * P2 & WORD
        h = (h ^ h >> 29) * P3 & WORD
        hashes[i] = h ^ h >> 32
    return hashes


def decode(part, encoding, size):
    """The bytes of a part, which has to yield exactly `size` of them."""
    require(encoding <= 2 and size <= 1 << 20, "an unknown encoding, or a chunk that is too large")
    if encoding == 0:  # stored
        require(len(part) == size, "a stored part has a wrong size")
        return np.frombuffer(part, np.uint8)
    if encoding == 2:  # zstd nibble planes
        require(size % 2 == 0 and len(part) > size // 2, "nibble planes have a wrong size")
        low, high = decode(part[: size // 2], 0, size // 2), decode(part[size // 2 :], 1, size // 2)
        return np.concatenate([low & 15 | (high & 15) << 4, low >> 4 | high & 0xF0])
    try:  # zstd
        frame = zstandard.get_frame_parameters(part)
        require(frame.content_size == size and not frame.dict_id, "a zstd frame of a wrong size")
        stream = zstandard.ZstdDecompressor().decompressobj()
        values = stream.decompress(part)
    except zstandard.ZstdError as error:
        raise ValueError(f"a zstd frame is damaged: {error}") from error
    require(stream.eof and not stream.unused_data and len(values) == size, "a zstd frame is short")
    return np.frombuffer(values, np.uint8)


def read(path):
    """The tensors of a file, by name: shapes, and the bytes of every chunk. Checks every hash."""
    with open(path, "rb") as file:
        require(os.fstat(file.fileno()).st_size >= 64, "the file is shorter than its header")
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    magic, major, _, zero, file_size, start, size, hash, zero2, header_hash = struct.unpack_from(
        "<8sHHIQQQQQQ", data)
    require(magic == b"\x89THMB\r\n\x1a", "this is not a .thimble file")
    require(header_hash == xxh64([data[:56]])[0], "the header is damaged")
    require(major == 1, f"version {major} is not known here")
    require(file_size == len(data), f"{len(data)} bytes, not {file_size}: truncated?")
    require(64 <= start == len(data) - size and size >= 64, "the directory is out of place")
    require(hash == xxh64([data[start:]])[0], "the directory is damaged")
    *opaque, count, chunk_count, name_bytes, zero3 = struct.unpack_from("<6Q4I", data, start)
    require(size == 64 + 64 * count + 32 * chunk_count + name_bytes, "wrong directory size")
    require(not zero | zero2 | zero3, "a zero field is not 0")

    sections, end = [], 64  # of every section: what it is, its bytes, their hash

    def take(what, offset, size, expected, begin):
        nonlocal end
        require(offset == begin and begin + size <= start, f"{what} is out of place")
        require(not any(data[end:begin]), f"the padding before {what} is not 0")
        end = begin + size
        sections.append((what, data[begin:end], expected))
        return data[begin:end]

    take("the configuration", *opaque[:3], end)
    take("the tokenizer", *opaque[3:], align64(end))

    tensors, chunks_at, names_at = {}, start + 64 + 64 * count, len(data) - name_bytes
    chunk_at, name_at = chunks_at, names_at
    for at in range(start + 64, chunks_at, 64):
        name, name_size, *fields, zero = struct.unpack_from("<IHBB5IfI28s", data, at)
        t = SimpleNamespace(**dict(zip(
            "kind rank rows columns first count panels step factors".split(), fields)))
        require(name == name_at - names_at and not any(zero), "a bad tensor record")
        name, name_at = bytes(data[name_at:][:name_size]).decode("ascii"), name_at + name_size
        require(name and name not in tensors and t.kind <= 1 <= t.rank <= 2, f"a bad tensor {name}")
        # A chunk holds so many units of all: panels, or single values.
        unit = t.panels if t.kind else 65_536
        units = -(-t.rows // 32) if t.kind else t.rows * t.columns
        require(unit and units and t.count == -(-units // unit)
                and chunk_at == chunks_at + 32 * t.first, f"{name}: bad shape or chunks")
        tensors[name], t.parts = t, []
        for number in range(t.count):
            require(chunk_at < names_at, f"{name}: too many chunks")
            offset, expected, codes, scales, *encodings, zero, zero2 = struct.unpack_from(
                "<QQIIBBHI", data, chunk_at)
            part = take(f"{name}, chunk {number}", offset, codes + scales, expected,
                        end if number else align64(end))
            require(encodings[0] < 2 + t.kind and encodings[1] <= 2 * t.kind and not zero | zero2,
                    f"{name}: a bad chunk record")
            chunk_at, n = chunk_at + 32, min(unit, units - number * unit)
            t.parts.append((n, part[:codes], part[codes:], *encodings))
    require(name_at == len(data) and chunk_at == names_at, "records are left over")
    require(align64(end) == start and not any(data[end:start]), "the tensors end out of place")

    for first in range(0, len(sections), 256):  # Some at a time: hashing copies them.
        some = sections[first : first + 256]
        for (what, _, expected), found in zip(some, xxh64([part for _, part, _ in some])):
            require(found == expected, f"{what} is damaged: hash {found:016x}, not {expected:016x}")
    return tensors


def values(tensors, name):
    """The values of a tensor chunk by chunk, in order, as f32 arrays."""
    t = tensors[name]
    if t.kind == 0:
        yield from (decode(codes, how, 4 * n).view("<f4") for n, codes, _, how, _ in t.parts)
        return
    width, rows, factors = align64(t.columns), t.rows, None
    if t.factors:
        factors = np.concatenate(list(values(tensors, list(tensors)[t.factors - 1])))
    for panels, codes, scales, how, scales_how in t.parts:
        q = decode(codes, how, panels * 32 * width).reshape(panels, width // 4, 32, 4)
        require(q.all(), f"{name}: a code byte is 0")
        q = q.transpose(0, 2, 1, 3).reshape(-1, width).astype(np.float32) - np.float32(128)
        size = panels * width // 2
        e = decode(scales, scales_how - 1, size) if scales_how else np.zeros(size, "u1")
        e = e.reshape(panels, width // 64, 32).transpose(0, 2, 1).reshape(-1, width // 64)
        q *= np.repeat(np.ldexp((np.float32(t.step) * C)[e & 7], e >> 3), 64, axis=1)
        q, rows = q[:rows, : t.columns], rows - len(q)
        yield q if factors is None else q * factors


def main(given):
    try:
        tensors = read(given.file)
        for name, t in tensors.items():
            kind, shape = ("f32", "q8b64")[t.kind], (t.rows, t.columns)[2 - t.rank :]
            bits = 8 * sum(len(part[1]) + len(part[2]) for part in t.parts) / (t.rows * t.columns)
            print(f"{name:48} {kind:6} {'x'.join(map(str, shape)):>12} {bits:7.3f} bits/weight")
            if given.npy and (not given.tensor or name in given.tensor):
                os.makedirs(given.npy, exist_ok=True)
                path, at = f"{given.npy}/{name.replace('/', '_')}.npy", 0
                whole = np.lib.format.open_memmap(path, "w+", np.float32, shape).reshape(-1)
                for part in values(tensors, name):
                    whole[at : at + part.size] = part.flat
                    at += part.size
    except (ValueError, IndexError, OSError) as error:
        sys.exit(f"{given.file}: {error}")


if __name__ == "__main__":
    main(GIVEN)
