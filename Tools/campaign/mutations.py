"""Lies about a .thimble file whose checksums are right: each changes one thing that a writer could say."""

import json
import struct

INTEGERS = (0, 1, 2, 3, 7, 63, 64, 65, 127, 255, 1024, 65535, 65536, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
LARGE = INTEGERS + (1 << 32, (1 << 62), (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
STEPS = (0.0, -1.0, 1e-40, 1e38, float("inf"), float("nan"), 2.0 ** -96, 2.0 ** 64)
VALUES = (0, 1, 2, 3, 5, -1, 100, 512, 1 << 16, (1 << 31) - 1, 1 << 31, 1 << 62, 1 << 63, 1e308, 0.5, "x", "",
          None, True, [], {}, [[]], "\x1b[31m", "a" * 5000)


def configuration(file, other, random):
    """A member of the configuration gets another value, is dropped, added or written twice."""
    try:
        members = json.loads(file.configuration)
    except ValueError:
        return "configuration, damaged already"
    key = random.choice(list(members))
    how = random.randrange(10)
    if how == 0:
        del members[key]
    elif how == 1:
        members[random.choice(("surprise", "\x1b]0;title\x07", "n_experts", ""))] = random.choice(VALUES)
    elif how == 2:
        members["id2label"] = {str(n): "LABEL\x1b[2J" + "x" * random.choice((0, 4000))
                               for n in random.choice((range(1), range(3), range(200), (5, 9)))}
    elif how == 3:
        number = members[key]
        members[key] = number + random.choice((-1, 1)) if isinstance(number, int) else random.choice(VALUES)
    else:
        members[key] = random.choice(VALUES)
    text = json.dumps(members).encode()
    file.configuration = text[:-1] + b',"%s":1}' % key.encode() if how == 9 else text
    return f"configuration: {key[:20]!r}, way {how}"


def configuration_bytes(file, other, random):
    """The configuration is cut, lengthened, or has other bytes."""
    text = bytearray(file.configuration)
    how = random.randrange(5)
    if how == 0:
        text = text[:random.randrange(len(text))]
    elif how == 1:
        text[random.randrange(len(text))] = random.randrange(256)
    elif how == 2:
        text = bytearray(b"[" * random.choice((2, 100, 100000)))
    elif how == 3:
        text += b" " * random.choice((1, 1 << 20))
    else:
        text = bytearray(other.configuration)
    file.configuration = bytes(text)
    return f"configuration bytes, way {how}"


def tokenizer(file, other, random):
    """The tokenizer is another model's, is cut, or has other numbers in its tables."""
    data = bytearray(file.tokenizer)
    how = random.randrange(8)
    if how == 0:
        data = bytearray(other.tokenizer)
    elif how == 1:
        data = data[:random.choice((0, 1, 8, 64, random.randrange(len(data) + 1)))]
    elif how == 2:
        data += bytes(random.choice((1, 4, 64)))
    else:
        # Where the tables begin there are sizes, counts and offsets: there more often.
        reach = len(data) if how > 5 else min(len(data), 512)
        for _ in range(random.choice((1, 1, 1, 4))):
            if reach >= 4:
                at = random.randrange(reach // 4) * 4
                data[at:at + 4] = struct.pack("<I", random.choice(INTEGERS))
    file.tokenizer = bytes(data)
    return f"tokenizer, way {how}"


def tensor_record(file, other, random):
    """A field of a tensor record lies."""
    index = random.randrange(len(file.tensors))
    field = random.choice(("name_offset", "name_size", "kind", "rank", "rows", "columns", "first_chunk",
                           "chunk_count", "panels", "step", "factors"))
    limit = {"name_size": 65535, "kind": 255, "rank": 255}.get(field, (1 << 32) - 1)
    value = random.choice(STEPS) if field == "step" else min(random.choice(INTEGERS), limit)
    file.lies["tensor", index] = {field: value}
    return f"tensor {index}: {field} {value}"


def tensors(file, other, random):
    """Tensors are dropped, doubled, renamed, exchanged, or have other shapes than the configuration says."""
    count = len(file.tensors)
    index, second = random.randrange(count), random.randrange(count)
    one, two, how = file.tensors[index], file.tensors[second], random.randrange(7)
    if how == 0:
        del file.tensors[index]
    elif how == 1:
        file.tensors.append(one)
    elif how == 2:
        one.name = random.choice((b"", b"a", b"x" * 128, b"x" * 129, b"\x1b[31m", b"pred_layer.proj.bias"))
    elif how == 3:
        one.name, two.name = two.name, one.name
    elif how == 4:
        file.tensors[index], file.tensors[second] = two, one
    elif how == 5:
        fields = one.fields
        fields["rows"], fields["columns"] = fields["columns"], fields["rows"]
    else:
        # Fewer values, and the chunks that fit them: the record is right, the model is not.
        if one.fields["kind"] == 0 and len(one.chunks) == 1:
            kept = random.choice((1, max(one.fields["columns"] // 2, 1), one.fields["columns"] - 1 or 1))
            record, data = one.chunks[0]
            if record["codes_encoding"] == 0 and one.fields["rank"] == 1:
                one.fields["columns"] = kept
                one.chunks[0] = ({**record, "codes_size": 4 * kept}, data[:4 * kept])
                file.lies["rehash"] = True
    return f"tensors {index} and {second}, way {how}"


def chunk_record(file, other, random):
    """A field of a chunk record lies."""
    index = random.randrange(sum(len(tensor.chunks) for tensor in file.tensors))
    field = random.choice(("offset", "hash", "codes_size", "scales_size", "codes_encoding", "scales_encoding", "zero"))
    limit = {"offset": LARGE[-1], "hash": LARGE[-1], "codes_encoding": 255, "scales_encoding": 255, "zero": 65535}
    value = min(random.choice(LARGE), limit.get(field, (1 << 32) - 1))
    file.lies["chunk", index] = {field: value}
    return f"chunk {index}: {field} {value}"


def chunk_bytes(file, other, random):
    """The bytes of a chunk are others, with a right hash."""
    tensor = random.choice(file.tensors)
    number = random.randrange(len(tensor.chunks))
    record, data = tensor.chunks[number]
    data, how = bytearray(data), random.randrange(5)
    if how == 0:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    elif how == 1:
        at = random.randrange(len(data))
        data[at:at + 16] = random.randbytes(len(data[at:at + 16]))
    elif how == 2:
        data[:] = bytes([random.choice((0, 127, 128, 255))]) * len(data)
    elif how == 3:
        data[:] = random.randbytes(len(data))
    else:
        # As values of f32: NaN, infinity, the largest.
        word = struct.pack("<I", random.choice((0x7FC00000, 0x7F800000, 0xFF800000, 0x7F7FFFFF)))
        data[:len(data) // 4 * 4] = word * (len(data) // 4)
    tensor.chunks[number] = (record, bytes(data))
    file.lies["rehash"] = random.random() < 0.9
    return f"bytes of {tensor.name.decode(errors='replace')} {number}, way {how}"


def directory(file, other, random):
    """A field of the header or the directory lies."""
    if random.random() < 0.5:
        field = random.choice(("major", "minor", "zero", "file_size", "start", "size", "hash", "zero2"))
        limit = {"major": 65535, "minor": 65535, "zero": (1 << 32) - 1}.get(field, LARGE[-1])
        value = min(random.choice(LARGE), limit)
        file.lies["header", 0] = {field: value}
    else:
        field = random.choice(("at", "size", "hash", "text_at", "text_size", "text_hash", "count", "chunks", "names"))
        limit = (1 << 32) - 1 if field in ("count", "chunks", "names") else LARGE[-1]
        value = min(random.choice(LARGE), limit)
        file.lies["directory", 0] = {field: value}
    return f"directory: {field} {value}"


MUTATIONS = (configuration, configuration, configuration_bytes, tokenizer, tokenizer, tensor_record,
             tensors, tensors, chunk_record, chunk_bytes, directory)


def mutate(file, other, random):
    """A copy of `file` with one lie, or sometimes two: its bytes, and what was done."""
    lying, said = file.copy(), []
    for _ in range(random.choice((1, 1, 1, 2))):
        said.append(random.choice(MUTATIONS)(lying, other, random))
    data = bytearray(lying.write())
    if random.random() < 0.05:
        said.append("and a byte of the whole file")
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data), "; ".join(said)
