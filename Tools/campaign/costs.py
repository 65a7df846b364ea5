"""Small files and texts that once cost seconds, gigabytes, or a screen of text."""

import json
import os
import pickle
import shutil
import struct
import zipfile

from checkpoints import write_checkpoint, write_safetensors
from context import run
from outcome import MEBIBYTE, fault
from thimble_file import ThimbleFile, xxh64

ROOM = 192 * MEBIBYTE


def costs(context, row):
    """Time, memory and messages stay in proportion to the bytes given."""
    for part in (many_tensors, colliding_merges, long_lines, deep_pickles, many_layers, many_names):
        part(context, row)


def many_tensors(context, row):
    """65,000 tensors of one value."""
    folder = context.folder("many-tensors")
    with open(context.tiny_model("model"), "rb") as source:
        file = ThimbleFile(source.read())
    data = struct.pack("<f", 1)
    record = {"offset": 0, "hash": xxh64(data), "codes_size": 4, "scales_size": 0, "codes_encoding": 0,
              "scales_encoding": 0, "zero": 0, "zero2": 0}
    pattern = next(tensor for tensor in file.tensors if tensor.fields["kind"] == 0 and tensor.fields["rank"] == 1)
    for index in range(65000):
        tensor = type(pattern)({**pattern.fields, "columns": 1, "rows": 1}, b"t%d" % index, [(record, data)])
        file.tensors.append(tensor)
    path = os.path.join(folder, "many.thimble")
    with open(path, "wb") as target:
        target.write(file.write())
    for command in ("fill-mask", "verify", "inspect", "embed"):
        text = ("a <mask>",) if command in ("fill-mask", "embed") else ()
        row.judge(f"{command} of 65,000 tensors", fault(context.run(command, path, *text), (0, 65), memory=ROOM))
    path = os.path.join(folder, "checkpoint.safetensors")
    write_safetensors(path, {f"t{n}": (1,) for n in range(65000)}, {})
    row.judge("convert 65,000 tensors",
              fault(context.run("convert", path, "-o", path + ".out"), (65, 66), memory=ROOM))


def colliding_merges(context, row):
    """Merges whose hashes collide, as many as 3 MB hold."""
    folder = context.folder("merges")
    for name in ("config.json", "model.safetensors", "vocab.json"):
        source = context.tiny if name != "vocab.json" else context.file("Tests/ThimbleTextTests/Fixtures")
        shutil.copy(os.path.join(source, name), folder)
    merges = os.path.join(folder, "merges.txt")
    count = context.count(200_000, 40_000)
    compiler, program = shutil.which("cc") or shutil.which("clang"), os.path.join(folder, "colliding")
    source = context.file("Tools/campaign/colliding.c")
    if not compiler or run([compiler, "-O2", "-o", program, source], patience=60).code:
        row.note("without a C compiler no colliding merges were tried")
        return
    for kind, collide in (("random", "0"), ("colliding", "1")):
        with open(merges, "wb") as file:
            run([program, str(count), collide], patience=60, stdout=file)
        for command in (("convert", folder, "-o", os.path.join(folder, "out.thimble")),
                        ("tokenize", folder, "hello world")):
            row.judge(f"{command[0]}, {count:,} {kind} merges",
                      fault(context.run(*command), (0, 65), memory=ROOM))


def long_lines(context, row):
    """One line of 50 MB, one that never ends, and one word of a megabyte."""
    model = context.model()
    texts = {"50 MB of words": b"word " * context.count(10_000_000, 2_000_000),
             "one word of 1 MB": b"a" * 1_000_000, "1 MB of spaces": b" " * 1_000_000,
             "1 MB of masks": b"<mask>" * 170_000, "1 MB of combining marks": "e\u0301".encode() * 330_000,
             "1 MB of brackets": b"[" * 1_000_000}
    for name, text in texts.items():
        for command in (("tokenize", "--json"), ("fill-mask", "--json"), ("embed",)):
            result = context.run(command[0], model, *command[1:], input=text + b"\n", patience=20)
            # A line of 50 MB may take its own size, and its tokens' a few times over.
            room = ROOM + (600 * MEBIBYTE if command[0] == "tokenize" else 200 * MEBIBYTE) * len(text) // 50_000_000
            row.judge(f"{command[0]}: {name}", fault(result, (0, 65), patience=20, memory=room))


def deep_pickles(context, row):
    """Pickles of 68 KiB that ask for much: nesting, repeated lists, memo numbers, long counts."""
    folder, head = context.folder("pickles"), b"\x80\x02"
    bodies = {"lists in lists": b"]" * 68000 + b"." , "empty dictionaries": b"}" * 68000 + b".",
              "tuples": b")" + b"\x85" * 68000 + b".", "memo": b"]" + b"r\xff\xff\xff\x7f" * 13000 + b".",
              "marks": b"(" * 68000 + b".", "doubled": b"]" + b"q\x00h\x00\x86" * 13000 + b".",
              "a long": b"\x8b\xff\xff\xff\x7f" + b"1" * 1000 + b"."}
    for name, body in bodies.items():
        for kind in ("zip", "legacy"):
            path = os.path.join(folder, "model.bin")
            if kind == "zip":
                with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
                    archive.writestr("archive/data.pkl", head + body)
                    archive.writestr("archive/version", b"3\n")
            else:
                with open(path, "wb") as file:
                    file.write(pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
                               + pickle.dumps({"protocol_version": 1001, "little_endian": True}, 2) + head + body)
            result = context.run("convert", path, "-o", path + ".thimble")
            row.judge(f"a pickle of {name} ({kind})", fault(result, (65, 66), memory=96 * MEBIBYTE))


def many_layers(context, row):
    """A configuration that claims much more than there is."""
    folder = context.folder("claims")
    write_checkpoint(folder)
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    for claim in ({"n_layers": 1024}, {"n_layers": 1 << 31}, {"n_heads": 1 << 20}, {"emb_dim": 1 << 31},
                  {"vocab_size": 1 << 31, "n_words": 1 << 31}, {"max_position_embeddings": 1 << 40},
                  {"n_langs": 1 << 40, "use_lang_emb": True}, {"id2label": {str(n): "x" * 99 for n in range(9000)}}):
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump({**config, **claim}, file)
        for command in (("convert", folder, "-o", os.path.join(folder, "out.thimble")), ("fill-mask", folder, "a <mask>")):
            row.judge(f"{command[0]}: {next(iter(claim))} {str(next(iter(claim.values())))[:12]}",
                      fault(context.run(*command), (0, 65, 66), memory=ROOM))


def many_names(context, row):
    """Names of thousands of bytes, of control characters, and of nothing: in a checkpoint and as a path."""
    folder = context.folder("names")
    for label, name in (("long", "x" * 100_000), ("escapes", "\x1b[31mred\x1b]0;title\x07\r\n"), ("empty", ""),
                        ("right to left", "\u202e\u200f" * 10)):
        path = os.path.join(folder, "model.safetensors")
        write_safetensors(path, {name: (2,)}, {})
        row.judge(f"a tensor's name: {label}",
                  fault(context.run("convert", path, "-o", path + ".thimble"), (65, 66), memory=ROOM))
    strange = os.path.join(folder, "\x1b[31mred\x07")
    with open(strange, "wb") as file:
        file.write(b"no model")
    for command in ("fill-mask", "verify", "inspect", "convert"):
        extra = ("-o", os.path.join(folder, "o.thimble")) if command == "convert" else ()
        row.judge(f"{command} of a path with escapes", fault(context.run(command, strange, *extra), (65, 66)))
