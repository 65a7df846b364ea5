"""Puts checkpoints together byte by byte, so that make-malformed-checkpoints.py can tell every lie.

Each function makes an honest piece unless it is told otherwise: by default a tensor of shape [1, 2]
with the numbers 1 and 2, as fp16.
"""

import json
import struct

F16 = b"\x00\x3c\x00\x40"  # 1 and 2
A = {"dtype": "F16", "shape": [1, 2], "data_offsets": [0, 4]}


def safetensors(header, data=F16, size=None):
    if not isinstance(header, bytes):
        header = json.dumps(header).encode()
    return struct.pack("<Q", len(header) if size is None else size) + header + data


STOP = b"."
NONE = b"N"
EMPTY = b")"
ORDERED = b"ccollections\nOrderedDict\n"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
HALF = b"ctorch\nHalfStorage\n"


def text(string):
    data = string if isinstance(string, bytes) else string.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def integer(value):
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def tup(*items):
    return b"(" + b"".join(items) + b"t"


def sizes(values):
    return tup(*map(integer, values))


def storage(key="0", count=2, kind=HALF, tail=b"", first=text("storage"), location=text("cpu")):
    key = key if isinstance(key, bytes) else text(key)
    count = count if isinstance(count, bytes) else integer(count)
    return tup(first, kind, key, location, count, tail) + b"Q"


def tensor(of=None, offset=0, shape=(1, 2), strides=(2, 1), function=REBUILD, more=None):
    more = b"\x89" + ORDERED + EMPTY + b"R" if more is None else more
    return function + tup(
        storage() if of is None else of, integer(offset), sizes(shape), sizes(strides), more) + b"R"


def dictionary(*pairs):
    return b"}(" + b"".join(pairs) + b"u"


def pickle(body):
    return b"\x80\x02" + body + STOP


def state(value=None, name="a"):
    return pickle(dictionary(text(name), tensor() if value is None else value))


class Zip:
    """A zip archive as torch.save writes it, every field of which can be overridden."""

    def __init__(self):
        self.body, self.entries, self.count = b"", b"", 0

    def add(self, name, data, flags=0x808, method=0, size=None, packed=None, offset=None, local=None,
            extra=b"", disk=0, local_size=0):
        name = name if isinstance(name, bytes) else name.encode()
        local = name if local is None else local
        offset = len(self.body) if offset is None else offset
        size = len(data) if size is None else size
        packed = size if packed is None else packed
        self.body += struct.pack("<IHHHHHIIIHH", 0x04034B50, 0, flags, method, 0, 0, 0, local_size,
                                 local_size, len(local), 0) + local + data
        self.entries += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 0, 0, flags, method, 0, 0, 0,
                                    packed, size, len(name), len(extra), 0, disk, 0, 0,
                                    offset) + name + extra
        self.count += 1
        return self

    def end(self, wide=True, count=None, start=None, tail=b"", comment=b"", disk=0, wide_count=None,
            wide_place=None, wide_size=44):
        count = self.count if count is None else count
        start = len(self.body) if start is None else start
        size = len(self.entries)
        out = self.body + self.entries
        if wide:
            place = len(out) if wide_place is None else wide_place
            total = count if wide_count is None else wide_count
            out += struct.pack("<IQHHIIQQQQ", 0x06064B50, wide_size, 30, 0, 0, 0, total, total, size,
                               start)
            out += struct.pack("<IIQI", 0x07064B50, 0, place, 1)
        return out + struct.pack("<IHHHHIIH", 0x06054B50, disk, 0, count, count, size, start,
                                 len(comment)) + comment + tail


def torch_zip(data=None, value=F16, folder="archive"):
    archive = Zip().add(f"{folder}/data.pkl", state() if data is None else data)
    return archive.add(f"{folder}/data/0", value).add(f"{folder}/version", b"3\n")


def legacy(data=None, keys=None, storages=None, version=1001, little=b"\x88", tail=b""):
    keys = b"](X\x01\0\0\0" + b"0e" if keys is None else keys
    storages = struct.pack("<q", 2) + F16 if storages is None else storages
    return (b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e"
            + pickle(b"M" + struct.pack("<H", version))
            + pickle(dictionary(text("little_endian"), little))
            + (state() if data is None else data) + pickle(keys) + storages + tail)


F32 = struct.pack("<2f", 1, 2)
BF16 = b"\x80\x3f\x00\x40"


def short(string):
    return b"\x8c" + bytes([len(string)]) + string.encode()


def protocol_4(body):
    body += STOP
    return b"\x80\x04\x95" + struct.pack("<Q", len(body)) + body
