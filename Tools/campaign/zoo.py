"""Files that lie: malformed checkpoints, mutated .thimble files, and those that somebody made by hand."""

import json
import os
import re
import shutil

from context import TEXT
from mutations import mutate
from outcome import MEBIBYTE, fault
from thimble_file import ThimbleFile

ROOM = 160 * MEBIBYTE  # resident, the program and the mapped file among it
NO_NUMBER = re.compile(rb"(?i)[\[:,-](nan|inf(inity)?|null)\b")
TARGETS = "dogs,house,maison,xyzzyabc"


def checkpoints(context, row):
    """Every malformed checkpoint of the tests: alone, and beside a configuration."""
    folder = context.file("Tests/ThimbleCheckpointTests/Fixtures/malformed")
    names = sorted(set(os.listdir(folder)) - {"expected.json"})
    if context.quick:
        names = context.random("zoo").sample(names, 40)
    beside = context.folder("malformed")
    shutil.copy(os.path.join(context.tiny, "config.json"), beside)
    output = os.path.join(context.folder("malformed-output"), "out.thimble")
    for name in names:
        source = os.path.join(folder, name)
        result = context.run("convert", source, "-o", output)
        row.judge(f"convert {name}", fault(result, (65, 66), memory=ROOM) or left(output))
        weights = os.path.join(beside, weights_name(name))
        shutil.copy(source, weights)
        result = context.run("fill-mask", beside, TEXT)
        row.judge(f"fill-mask of a folder with {name}", fault(result, (65, 66), memory=ROOM))
        os.unlink(weights)


def weights_name(name):
    return "model.safetensors" if name.startswith("safetensors") else "pytorch_model.bin"


def left(output):
    folder = os.path.dirname(output)
    names = os.listdir(folder)
    for name in names:
        os.unlink(os.path.join(folder, name))
    return f"leaves {', '.join(names)}" if names else None


def mutants(context, row):
    """.thimble files that lie and have right checksums."""
    files = [ThimbleFile(read(model)) for model in (
        context.tiny_model("model"), context.tiny_model("XLMForSequenceClassification"), context.model())]
    if (data := files[0].write()) != read(context.tiny_model("model")):
        row.judge("a file put together again", f"differs: {len(data)} bytes; the format has changed")
        return
    choose, path = context.random("mutants"), os.path.join(context.folder("mutants"), "mutant.thimble")
    rights = [answers(context, context.tiny_model("model")), answers(
        context, context.tiny_model("XLMForSequenceClassification")), answers(context, context.model())]
    sound = 0
    for number in range(context.count(600, 60)):
        # The larger file takes longer to write: less often.
        index = choose.choice((0, 0, 0, 0, 1, 1, 1, 1, 2))
        data, said = mutate(files[index], files[index - 1], choose)
        with open(path, "wb") as file:
            file.write(data)
        verdict, reason = lies(context, path, rights[index])
        sound += verdict == 0
        row.judge(f"mutant {number}: {said}", reason)
    row.note(f"of the mutated files verify takes {sound} for sound: they are other models, and run")


def lies(context, path, right):
    """The exit code of verify, and why what the commands do with a file is a loss."""
    verdict = context.run("verify", path)
    if reason := fault(verdict, (0, 65), memory=ROOM):
        return verdict.code, f"verify: {reason}"
    lines = verdict.errors.splitlines()
    for arguments, expected in zip(uses(path), right):
        result = context.run(*arguments)
        reason = fault(result, (0, 64, 65), memory=ROOM)
        concerned = not lines or any(concerns(line, arguments[0]) for line in lines)
        if not reason and result.code == 0 and result.output != expected and verdict.code and concerned:
            reason = "verify refuses the file, and another answer comes without a word"
        if not reason and result.code == 0 and arguments[0] != "tokenize" and NO_NUMBER.search(result.output):
            reason = f"prints what is no number: {result.output[:80]!r}"
        if reason:
            return verdict.code, f"{arguments[0]}: {reason}"
    return verdict.code, None


def concerns(line, command):
    """Whether what verify says in `line` is for `command` to notice too."""
    # What an author with intent writes into the tables of the tokenizer makes another tokenizer. Only verify
    # reads all of them.
    if b"tokenizer" in line:
        return False
    # Of weights, that no code is 0 and what padding holds is for verify alone (Formats/thimble.md).
    if b", chunk " in line:
        return command != "tokenize" and b"of the codes is 0" not in line and b"the padding at" not in line
    return True


def uses(path):
    return (("fill-mask", path, TEXT, "--json", "--targets", TARGETS), ("fill-mask", path, TEXT, "--json"),
            ("embed", path, TEXT), ("classify", path, TEXT, "--json"), ("tokenize", path, TEXT + " 我 xyz"))


def answers(context, path):
    return [context.run(*arguments).output for arguments in uses(path)]


def made_by_hand(context, row):
    """One file for each kind that was found: sections that disagree, and damage that no checksum of a chunk covers."""
    data = read(context.tiny_model("model"))
    file, path = ThimbleFile(data), os.path.join(context.folder("by-hand"), "made.thimble")
    right = answers(context, context.tiny_model("model"))
    for name, content in by_hand(file, ThimbleFile(read(context.model()))).items():
        with open(path, "wb") as target:
            target.write(content)
        row.judge(name, refused(context, path))
    # A byte of a section changed without its checksum: refused, or at least no other answer.
    choose = context.random("by hand")
    at = 64 + len(file.configuration)
    at += -at % 64
    for section, begin, size in (("configuration", 64, len(file.configuration)),
                                 ("tokenizer", at, len(file.tokenizer))):
        for _ in range(context.count(40, 10)):
            damaged, place = bytearray(data), begin + choose.randrange(size)
            damaged[place] ^= 1 << choose.randrange(8)
            with open(path, "wb") as target:
                target.write(damaged)
            verdict, reason = lies(context, path, right)
            row.judge(f"byte {place}, in the {section}", reason or (None if verdict == 65 else "verify takes it for sound"))
    shared = os.path.join(context.root, "..", "shared", "faults")
    for name in ("tokens-beyond-vocabulary.thimble", "damaged-configuration.thimble"):
        if os.path.exists(os.path.join(shared, name)):
            row.judge(name, refused(context, os.path.join(shared, name)))


def by_hand(file, other):
    """Name and bytes of files with right checksums whose sections disagree."""
    made = {}

    def add(name, change):
        lying = file.copy()
        change(lying)
        made[name] = lying.write()

    def configure(**members):
        def change(lying):
            lying.configuration = json.dumps({**json.loads(lying.configuration), **members}).encode()
        return change

    def set_tokenizer(lying):
        lying.tokenizer = other.tokenizer

    add("tokens beyond the vocabulary", set_tokenizer)
    for member in ("mask_index", "pad_index", "unk_index", "bos_index", "eos_index"):
        add(f"{member} beyond the vocabulary", configure(**{member: 10 ** 6}))
    add("more positions than the table has", configure(max_position_embeddings=1 << 20))
    add("more layers than there are", configure(n_layers=5))
    add("1,024 layers", configure(n_layers=1024))
    add("heads that do not divide the width", configure(n_heads=7))

    def shorten(lying):
        tensor = next(tensor for tensor in lying.tensors if tensor.name == b"pred_layer.proj.bias")
        record, data = tensor.chunks[0]
        tensor.fields["columns"] -= 1
        tensor.chunks[0] = ({**record, "codes_size": record["codes_size"] - 4}, data[:-4])
        lying.lies["rehash"] = True

    add("a head bias of the wrong length", shorten)
    return made


def refused(context, path):
    """Why a file that every command has to refuse is a loss."""
    for arguments in (("verify", path), *uses(path), ("inspect", path), ("plan", path), ("serve", path, "--port", "0")):
        # What is inside may be looked at, whatever it is worth.
        codes = (0, 65) if arguments[0] == "inspect" else (65,)
        if reason := fault(context.run(*arguments), codes, memory=ROOM):
            return f"{arguments[0]}: {reason}"
    return None


def read(path):
    with open(path, "rb") as file:
        return file.read()
