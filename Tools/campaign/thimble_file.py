"""Taking a .thimble file apart and putting it together with right checksums (Formats/thimble.md)."""

import copy
import struct

WORD = (1 << 64) - 1
P1, P2, P3, P4, P5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
                      0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
HEADER = struct.Struct("<8sHHIQQQQQQ")
DIRECTORY = struct.Struct("<6Q4I")
TENSOR = struct.Struct("<IHBB5IfI28s")
CHUNK = struct.Struct("<QQIIBBHI")
TENSOR_FIELDS = ("name_offset", "name_size", "kind", "rank", "rows", "columns", "first_chunk",
                 "chunk_count", "panels", "step", "factors", "zero")
CHUNK_FIELDS = ("offset", "hash", "codes_size", "scales_size", "codes_encoding", "scales_encoding",
                "zero", "zero2")


def rotate(value, by):
    return (value << by | value >> 64 - by) & WORD


def xxh64(data):
    size, at = len(data), 0
    if size >= 32:
        a, b, c, d = P1 + P2 & WORD, P2, 0, -P1 & WORD
        whole = size // 32 * 32
        for w, x, y, z in struct.iter_unpack("<4Q", memoryview(data)[:whole]):
            a = rotate(a + w * P2 & WORD, 31) * P1 & WORD
            b = rotate(b + x * P2 & WORD, 31) * P1 & WORD
            c = rotate(c + y * P2 & WORD, 31) * P1 & WORD
            d = rotate(d + z * P2 & WORD, 31) * P1 & WORD
        h = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18) & WORD
        for lane in (a, b, c, d):
            h = ((h ^ rotate(lane * P2 & WORD, 31) * P1 & WORD) * P1 + P4) & WORD
        at = whole
    else:
        h = P5
    h = h + size & WORD
    while size - at >= 8:
        lane = int.from_bytes(data[at:at + 8], "little")
        h, at = (rotate(h ^ rotate(lane * P2 & WORD, 31) * P1 & WORD, 27) * P1 + P4) & WORD, at + 8
    if size - at >= 4:
        h = (rotate(h ^ int.from_bytes(data[at:at + 4], "little") * P1 & WORD, 23) * P2 + P3) & WORD
        at += 4
    for byte in data[at:]:
        h = rotate(h ^ byte * P5 & WORD, 11) * P1 & WORD
    h = (h ^ h >> 33) * P2 & WORD
    h = (h ^ h >> 29) * P3 & WORD
    return h ^ h >> 32


class Tensor:
    """A tensor record with its name, and its chunks as (record, bytes)."""

    def __init__(self, fields, name, chunks):
        self.fields, self.name, self.chunks = fields, name, chunks


class ThimbleFile:
    """The parts of a file. `write` computes sizes, places and hashes anew, unless it is told others."""

    def __init__(self, data):
        header = HEADER.unpack_from(data)
        self.magic, self.major, self.minor = header[:3]
        start = header[5]
        (at, size, _, text_at, text_size, _, count, chunk_count, names, _) = DIRECTORY.unpack_from(data, start)
        self.configuration = bytes(data[at:at + size])
        self.tokenizer = bytes(data[text_at:text_at + text_size])
        chunks_at = start + 64 + 64 * count
        names_at = chunks_at + 32 * chunk_count
        self.tensors = []
        for index in range(count):
            fields = dict(zip(TENSOR_FIELDS, TENSOR.unpack_from(data, start + 64 + 64 * index)))
            name_at = names_at + fields["name_offset"]
            chunks = []
            for number in range(fields["first_chunk"], fields["first_chunk"] + fields["chunk_count"]):
                record = dict(zip(CHUNK_FIELDS, CHUNK.unpack_from(data, chunks_at + 32 * number)))
                place = record["offset"]
                chunks.append((record, bytes(data[place:place + record["codes_size"] + record["scales_size"]])))
            self.tensors.append(Tensor(fields, bytes(data[name_at:name_at + fields["name_size"]]), chunks))
        # What `write` puts in place of what it computed: (kind of record, its index) -> fields.
        self.lies = {}

    def copy(self):
        return copy.deepcopy(self)

    def write(self):
        body = bytearray(64)
        lies = lambda kind, index, fields: {**fields, **self.lies.get((kind, index), {})}
        place = lambda data: (len(body), body.extend(data))[0]
        align = lambda: body.extend(bytes(-len(body) % 64))
        configuration_at = place(self.configuration)
        align()
        tokenizer_at = place(self.tokenizer)
        tensor_records, chunk_records, names, number = [], [], b"", 0
        for index, tensor in enumerate(self.tensors):
            align()
            fields = {**tensor.fields, "name_offset": len(names), "name_size": len(tensor.name),
                      "first_chunk": number, "chunk_count": len(tensor.chunks)}
            tensor_records.append(TENSOR.pack(*lies("tensor", index, fields).values()))
            names += tensor.name
            for record, data in tensor.chunks:
                record = {**record, "offset": place(data)}
                if self.lies.get("rehash"):
                    record["hash"] = xxh64(data)
                chunk_records.append(CHUNK.pack(*lies("chunk", number, record).values()))
                number += 1
        align()
        start = len(body)
        directory = dict(zip(("at", "size", "hash", "text_at", "text_size", "text_hash", "count", "chunks",
                              "names", "zero"),
                             (configuration_at, len(self.configuration), xxh64(self.configuration), tokenizer_at,
                              len(self.tokenizer), self._tokenizer_hash(), len(tensor_records),
                              len(chunk_records), len(names), 0)))
        body += DIRECTORY.pack(*lies("directory", 0, directory).values())
        body += b"".join(tensor_records) + b"".join(chunk_records) + names
        header = lies("header", 0, {"magic": self.magic, "major": self.major, "minor": self.minor, "zero": 0,
                                    "file_size": len(body), "start": start, "size": len(body) - start,
                                    "hash": xxh64(body[start:]), "zero2": 0})
        packed = HEADER.pack(*header.values(), 0)[:56]
        body[:64] = packed + struct.pack("<Q", xxh64(packed))
        return bytes(body)

    _hashes = {}

    def _tokenizer_hash(self):
        """Cached: it is the one large part, and most files share it."""
        if self.tokenizer not in self._hashes:
            self._hashes[self.tokenizer] = xxh64(self.tokenizer)
            if len(self._hashes) > 8:
                del self._hashes[next(iter(self._hashes))]
        return self._hashes[self.tokenizer]
