#!/usr/bin/env python3
"""Writes the zoo of checkpoints: malformed ones with one lie each, and unusual but honest ones.

Needs nothing but Python 3. The bytes are put together here, not by any library of checkpoints, so
that every lie can be told. malformed/expected.json maps each file to a part of what a reader must
say about it. Every file in unusual/ holds one tensor "a" of shape [1, 2] with the numbers 1 and 2.

example:
  Tools/make-malformed-checkpoints.py Tests/ThimbleCheckpointTests/Fixtures
"""

import json
import pathlib
import struct

from checkpoint_bytes import *
from malformed_pickles import pickle_lies
from options import Options

ZOO = {}
HONEST = {}


def lie(name, data, message):
    """Adds a file; `message` is part of what the reader says about it."""
    assert name not in ZOO, name
    ZOO[name] = (data, message)


def safetensors_lies():
    def entry(name, message, **fields):
        lie(f"safetensors-{name}", safetensors({"a": {**A, **fields}}), message)

    two = {"a": A, "b": {"dtype": "F16", "shape": [1], "data_offsets": [4, 6]}}
    lie("safetensors-header-beyond-file", safetensors({"a": A}, size=200), "claims 200 bytes")
    lie("safetensors-header-huge", safetensors({"a": A}, size=1 << 63), "claims 9223372036854775808")
    lie("safetensors-header-over-limit", safetensors({"a": A}, size=100_000_001), "claims 100000001")
    lie("safetensors-header-cut", safetensors({"a": A}, size=20), "the header is damaged")
    lie("safetensors-header-key-twice",
        safetensors(b'{"a":%b,"a":%b}' % ((json.dumps(A).encode(),) * 2)), 'the key "a" occurs twice')
    lie("safetensors-header-nested", safetensors(b'{"a":' + b"[" * 9000), "nested deeper than 64")
    lie("safetensors-header-surrogate", safetensors(b'{"\\ud800":1}'), "surrogate")
    lie("safetensors-header-not-utf8", safetensors(b'{"\xff":1}'), "not UTF-8")
    lie("safetensors-tensor-no-object", safetensors({"a": 1}), '"dtype" is not a string')
    lie("safetensors-metadata-number", safetensors({"__metadata__": {"a": 1}, "a": A}),
        "not an object of strings")
    lie("safetensors-metadata-list", safetensors({"__metadata__": [], "a": A}),
        "not an object of strings")
    lie("safetensors-first-offset", safetensors({"a": {**A, "data_offsets": [2, 6]}}, F16 + b"xx"),
        "begins at byte 2")
    lie("safetensors-hole", safetensors({**two, "b": {**two["b"], "data_offsets": [6, 8]}},
                                        F16 + bytes(4)), "begins at byte 6")
    lie("safetensors-overlap", safetensors({**two, "b": {**two["b"], "data_offsets": [2, 4]}}),
        "begins at byte 2")
    lie("safetensors-same-range", safetensors({"a": A, "b": A}), "begins at byte 0")
    lie("safetensors-tail", safetensors({"a": A}, F16 + b"tail"), "4 bytes follow the last tensor")
    lie("safetensors-short", safetensors({"a": A}, F16[:3]), "the tensors need 4 bytes, 3 are there")
    entry("range-reversed", "not a range of bytes", data_offsets=[4, 0])
    entry("range-negative", "not a range of bytes", data_offsets=[-4, 0])
    entry("range-of-one", "not a range of bytes", data_offsets=[4])
    entry("range-of-three", "not a range of bytes", data_offsets=[0, 4, 4])
    entry("range-of-text", "not a range of bytes", data_offsets=["0", "4"])
    entry("range-fractional", "not a range of bytes", data_offsets=[0, 4.0])
    entry("range-past-everything", "which is not the size", data_offsets=[0, (1 << 64) - 1])
    entry("range-beyond-integers", "not a range of bytes", data_offsets=[0, 1 << 64])
    entry("shape-overflow", "too large", shape=[1 << 62, 4])
    entry("shape-overflow-beside-zero", "too large", shape=[0, 1 << 62, 1 << 62])
    entry("shape-bits-overflow", "which is not the size", shape=[1 << 60])
    entry("shape-negative", "too large or no shape", shape=[-1, -2])
    entry("shape-fractional", "too large or no shape", shape=[1, 2.0])
    entry("shape-number", "not a list", shape=2)
    entry("shape-rank", "not a list of at most 8", shape=[1] * 8 + [2])
    entry("shape-larger", "which is not the size of [1, 3]", shape=[1, 3])
    entry("type-unknown", 'holds "F17"', dtype="F17")
    entry("type-number", '"dtype" is not a string', dtype=16)
    entry("type-other-size", "which is not the size", dtype="F32")


def zip_lies():
    good = torch_zip().end()
    data = state()

    def member(message, name, file="archive/extra", data=b"", **fields):
        lie(f"zip-{name}", torch_zip().add(file, data, **fields).end(), message)

    lie("zip-truncated", good[:-1], "a zip archive without its end")
    lie("zip-half", good[:len(good) // 2], "a zip archive without its end")
    lie("zip-tail", good + b"tail", "a zip archive without its end")
    lie("zip-comment", torch_zip().end(comment=b"hello"), "a zip archive without its end")
    lie("zip-only-magic", b"PK\x03\x04", "a zip archive without its end")
    lie("zip-before-first", b"PK\x03\x04" + good, "damaged")
    shifted = Zip()
    shifted.body = b"PK\x03\x04 and more"
    lie("zip-before-first-shifted",
        shifted.add("archive/data.pkl", data).add("archive/data/0", F16).end(),
        "other bytes stand before the first member")
    lie("zip-split", torch_zip().end(disk=1), "split over several files")
    lie("zip-count-too-high", torch_zip().end(count=4), "no entry begins here")
    lie("zip-count-too-low", torch_zip().end(count=2), "longer than its entries")
    lie("zip-count-disagrees", torch_zip().end(wide_count=4), "the two end records disagree")
    lie("zip-count-absurd", torch_zip().end(count=0xFFFF, wide_count=1 << 40),
        "1099511627776 members")
    lie("zip-directory-elsewhere", torch_zip().end(start=10), "does not end where")
    lie("zip-directory-past-end", torch_zip().end(start=0xFFFFFFF0, wide=False), "does not end where")
    lie("zip-wide-record-elsewhere", torch_zip().end(wide_place=7), "not where its locator says")
    lie("zip-wide-record-past-end", torch_zip().end(wide_place=(1 << 64) - 1),
        "not where its locator says")
    lie("zip-wide-record-longer", torch_zip().end(wide_size=45), "makes no sense")
    member("is compressed", "deflated", method=8)
    member("is encrypted", "encrypted", flags=0x809)
    member("two different sizes", "two-sizes", data=b"abc", packed=2)
    member("disagrees with the directory", "name-disagrees", local=b"archive/other")
    member("disagrees with the directory", "local-size", data=b"abc", local_size=2)
    member("occurs twice", "member-twice", file="archive/version")
    member("not a plain path", "path-up", file="archive/../up")
    member("not a plain path", "path-absolute", file="/archive")
    member("not a plain path", "path-backslash", file="archive\\up")
    member("not a plain path", "path-zero", file="archive/a\0b")
    member("not a plain path", "path-not-utf8", file=b"archive/\xff")
    member("overlaps", "overlap", data=b"abc", offset=0, local=b"archive/extra", file="archive/data.pkl")
    member("has no header", "offset-past-end", offset=1 << 30)
    member("has no header", "offset-in-the-middle", offset=9)
    member("passes the end of the members", "size-past-end", size=1 << 30)
    member("lacks the zip64 field", "wide-size-missing", size=0xFFFFFFFF)
    member("lacks the zip64 field", "wide-size-short", size=0xFFFFFFFF,
           extra=struct.pack("<HHQ", 1, 8, 0))
    member("passes the end of the members", "wide-size-absurd", size=0xFFFFFFFF,
           extra=struct.pack("<HHQQ", 1, 16, (1 << 64) - 1, (1 << 64) - 1))
    member("in another file", "member-split", disk=1)
    member("that PyTorch did not write", "two-folders", file="other/version")
    lie("zip-other", Zip().add("word/document.xml", b"x").end(), "that PyTorch did not write")
    lie("zip-empty", Zip().end(), "neither safetensors nor PyTorch")
    member("TorchScript", "torchscript-code", file="archive/code/a.py")
    member("TorchScript", "torchscript-constants", file="archive/constants.pkl")
    member("big-endian", "big-endian", file="archive/byteorder", data=b"big")
    lie("zip-storage-missing", Zip().add("archive/data.pkl", data).end(), "storage 0 is missing")
    lie("zip-storage-short", torch_zip(value=F16[:3]).end(), "storage 0 has the size 3")
    lie("zip-storage-long", torch_zip(value=F16 + b"x").end(), "storage 0 has the size 5")
    lie("zip-pickle-tail", torch_zip(data + b"tail").end(), "4 bytes follow the end of the pickle")


def legacy_lies():
    good = legacy()
    lie("legacy-version", legacy(version=1000), "only 1001 is known")
    lie("legacy-big-endian", legacy(little=b"\x89"), "big-endian")
    lie("legacy-only-magic", good[:15], "ends in the middle")
    lie("legacy-without-data", good[:-12], "storage 0 needs 12 bytes, 0 are left")
    lie("legacy-data-cut", good[:-1], "storage 0 needs 12 bytes, 11 are left")
    lie("legacy-tail", legacy(tail=b"tail"), "4 bytes follow the end of the checkpoint")
    lie("legacy-count-differs", legacy(storages=struct.pack("<q", 1) + F16[:2]),
        "storage 0 has the size 1, but its tensors were made for 2")
    lie("legacy-count-negative", legacy(storages=struct.pack("<q", -1) + F16), "has the size")
    lie("legacy-keys-no-list", legacy(keys=b"}"), "the list of storages")
    lie("legacy-keys-integers", legacy(keys=b"](K\0e"), "the list of storages")
    lie("legacy-keys-missing", legacy(keys=b"]", storages=b""), "storage 0 is missing")
    lie("legacy-keys-twice", legacy(keys=b"](" + text("0") * 2 + b"e"), "storage 0 occurs twice")
    lie("legacy-keys-unused", legacy(keys=b"](" + text("7") + b"e"), "storage 7 belongs to no tensor")
    lie("legacy-global", legacy(pickle(b"cos\nsystem\n")), '"os system"')
    lie("legacy-count-beyond-file", legacy(
        pickle(dictionary(text("a"), tensor(of=storage(count=1 << 40)))),
        storages=struct.pack("<q", 1 << 40) + F16), "storage 0 needs 2199023255560 bytes")
    lie("legacy-encoder-decoder", legacy(pickle(dictionary(text("encoder"), b"}", text("decoder"), b"}")),
                                         keys=b"]", storages=b""), "an encoder and decoder")


def foreign_lies():
    lie("foreign-empty", b"", "the file is empty")
    lie("foreign-lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1143\n",
        "git lfs pull")
    lie("foreign-html", b"<!DOCTYPE html><html><body>Not found</body></html>", "a web page")
    lie("foreign-hdf5", b"\x89HDF\r\n\x1a\n" + bytes(64), "HDF5")
    lie("foreign-tar", b"pickle".ljust(257, b"\0") + b"ustar\x0000".ljust(255, b"\0"), "a tar archive")
    lie("foreign-gzip", b"\x1f\x8b\x08" + bytes(20), "gzip")
    lie("foreign-text", b"Just some words.\n", "neither safetensors nor PyTorch")
    lie("foreign-one-byte", b"\x80", "neither safetensors nor PyTorch")


def index_lies():
    def index(name, message, data):
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        lie(f"index-{name}", data, message)

    good = safetensors({"a": A})
    ZOO["shard-1.safetensors"] = (good, None)
    ZOO["shard-2.safetensors"] = (good, None)
    index("no-json", "expected a value", b'{"weight_map": ')
    index("no-map", 'no "weight_map"', {"metadata": {}})
    index("empty-map", 'no "weight_map"', {"weight_map": {}})
    index("file-number", 'file of "a" is not a string', {"weight_map": {"a": 1}})
    for name, file in [("up", "../shard-1.safetensors"), ("absolute", "/etc/passwd"), ("dots", ".."),
                       ("empty", ""), ("zero", "shard-1.safetensors\0"), ("backslash", "a\\b"),
                       ("long", "a" * 300)]:
        index(f"path-{name}", "not the plain name of a file", {"weight_map": {"a": file}})
    index("file-missing", "No such file", {"weight_map": {"a": "nowhere.safetensors"}})
    index("tensor-missing", 'says that "b" is in shard-1.safetensors',
          {"weight_map": {"a": "shard-1.safetensors", "b": "shard-1.safetensors"}})
    index("tensor-elsewhere", 'tensor "a" is in',
          {"weight_map": {"a": "shard-1.safetensors", "b": "shard-2.safetensors"}})
    index("key-twice", 'the key "a" occurs twice',
          b'{"weight_map": {"a": "shard-1.safetensors", "a": "shard-2.safetensors"}}')
    index("nested", "is an index itself", {"weight_map": {"a": "index-nested"}})


def unusual():
    def zipped(name, body, data=F16, raw=False, **others):
        archive = torch_zip(body if raw else pickle(body), data)
        for member, content in others.items():
            archive.add(f"archive/{member}", content)
        HONEST[f"zip-{name}"] = archive.end()

    def value(name, body, data=F16):
        zipped(name, dictionary(text("a"), body), data)

    zipped("little-endian", dictionary(text("a"), tensor()), byteorder=b"little")
    zipped("set-item", b"}" + text("a") + tensor() + b"s")
    zipped("ordered", ORDERED + EMPTY + b"R" + text("a") + tensor() + b"s"
           + dictionary(text("_metadata"), b"}") + b"b")
    zipped("ordered-from-list", ORDERED + b"](" + tup(text("a"), tensor()) + b"e\x85R")
    zipped("ordered-from-lists", ORDERED + b"](](" + text("a") + tensor() + b"ee\x85R")
    zipped("beside-others", dictionary(
        text("epoch"), integer(3), text("loss"), b"G\x3f\xf0" + bytes(6), text("name"), text("x"),
        text("none"), NONE, integer(7), text("seven"), text("a"), tensor(), text("long"),
        integer(1 << 40), text("longer"), integer(-(1 << 100)), text("zero"), b"\x8a\0"))
    zipped("numpy", dictionary(
        text("probabilities"),
        b"cnumpy._core.multiarray\n_reconstruct\n"
        + tup(b"cnumpy\nndarray\n", tup(b"K\0"), b"c_codecs\nencode\n" + tup(text("b"), text("latin1"))
              + b"R") + b"R" + tup(b"K\1", b"C\2ab") + b"b",
        text("a"), tensor()))
    zipped("python-2", b"}(U\1a" + tensor() + b"u")
    zipped("popped", dictionary(text("a"), tensor()) + b"N0(NN1")
    zipped("memo-with-holes", b"}r\x90\0\0\0" + text("a") + tensor() + b"s0j\x90\0\0\0")
    zipped("protocol-4", protocol_4(
        b"}\x94(" + short("a") + b"\x94"
        + tensor(function=short("torch._utils") + b"\x94" + short("_rebuild_tensor_v2") + b"\x94\x93\x94")
        + b"u"), raw=True)
    value("parameter", b"ctorch._utils\n_rebuild_parameter\n"
          + tup(tensor(), b"\x88", ORDERED + EMPTY + b"R") + b"R")
    value("first-version", tensor(function=b"ctorch._utils\n_rebuild_tensor\n", more=b""))
    value("with-metadata", tensor(more=b"\x89" + ORDERED + EMPTY + b"R" + b"}"))
    value("torch-size", REBUILD + tup(
        storage(), integer(0), b"ctorch\nSize\n" + sizes([1, 2]) + b"\x85R", sizes([2, 1]), b"\x89",
        ORDERED + EMPTY + b"R") + b"R")
    value("offset", tensor(of=storage(count=4), offset=2), bytes(4) + F16)
    value("odd-strides-of-one", tensor(strides=(77, 1)))
    value("float32", tensor(of=storage(kind=b"ctorch\nFloatStorage\n")), F32)
    value("bfloat16", tensor(of=storage(kind=b"ctorch\nBFloat16Storage\n")), BF16)
    value("untyped", tensor(
        of=storage(kind=b"ctorch.storage\nUntypedStorage\n", count=8), offset=0,
        function=b"ctorch._utils\n_rebuild_tensor_v3\n",
        more=b"\x89" + ORDERED + EMPTY + b"Rctorch\nfloat32\n"), F32)
    zipped("wrapped", dictionary(text("state_dict"), dictionary(text("a"), tensor())))
    HONEST["zip-without-wide-end"] = torch_zip().end(wide=False)
    HONEST["zip-other-folder"] = torch_zip(folder="m\u00e9").end()
    HONEST["zip-wide-size"] = torch_zip().add(
        "archive/.data/id", b"abc", size=0xFFFFFFFF,
        extra=struct.pack("<HHQHHQQ", 0x4246, 8, 0, 1, 16, 3, 3)).end()
    HONEST["legacy-five"] = legacy()
    HONEST["legacy-view"] = legacy(
        pickle(dictionary(text("a"), tensor(of=storage(
            count=4, tail=tup(text("9"), integer(2), integer(2)))))),
        storages=struct.pack("<q", 4) + bytes(4) + F16)
    magic = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
    HONEST["legacy-protocol-4"] = protocol_4(magic) + legacy()[15:]
    HONEST["safetensors-padded"] = safetensors(json.dumps({"a": A}).encode() + b"   ")
    HONEST["safetensors-metadata"] = safetensors(
        {"__metadata__": {"format": "pt"}, "a": {**A, "more": 1}})
    empty = {"dtype": "F6_E2M3", "shape": [0, 5], "data_offsets": [0, 0]}
    HONEST["safetensors-empty-tensors"] = safetensors(
        {"a": A, "b": empty, "c": {**empty, "data_offsets": [4, 4]}})
    HONEST["safetensors-scalar"] = safetensors(
        {"b": {"dtype": "U8", "shape": [], "data_offsets": [0, 1]},
         "a": {**A, "data_offsets": [1, 5]}}, b"x" + F16)
    # Header sizes that begin like JSON (123), a web page ("<!") and gzip.
    for size in 123, 0x213C, 0x8B1F:
        header = json.dumps({"a": A}).encode().ljust(size)
        HONEST[f"safetensors-size-{size}"] = safetensors(header)
    HONEST["index"] = json.dumps({
        "metadata": {"total_size": 4.0}, "weight_map": {"a": "safetensors-padded"}}).encode()


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)


def main():
    parser = Options(__doc__)
    parser.add_argument("folder", type=pathlib.Path, help="where malformed/ and unusual/ are written")
    folder = parser.parse_args().folder
    for make in safetensors_lies, zip_lies, legacy_lies, foreign_lies, index_lies:
        make()
    pickle_lies(lie)
    unusual()
    files = {name: data for name, (data, _) in ZOO.items()}
    expected = {name: message for name, (_, message) in ZOO.items() if message is not None}
    files["expected.json"] = (json.dumps(expected, indent=1) + "\n").encode()
    write(folder / "malformed", files)
    write(folder / "unusual", HONEST)


main()
