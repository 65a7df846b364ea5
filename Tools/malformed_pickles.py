"""The lies that a pickle can tell, for make-malformed-checkpoints.py."""

import struct

from checkpoint_bytes import *


def pickle_lies(lie):
    """Hands every lie to `lie`: name, bytes of a zip checkpoint, part of the message."""

    def body(name, message, data, raw=False):
        lie(f"pickle-{name}", torch_zip(data if raw else pickle(data)).end(), message)

    def value(name, message, value):
        body(name, message, dictionary(text("a"), value))

    def call(name, message, function, arguments=EMPTY):
        value(name, message, function + arguments + b"R")

    # What would run code.
    call("global-system", '"posix system"', b"cposix\nsystem\n", text("id") + b"\x85")
    call("global-eval", '"builtins eval"', b"cbuiltins\neval\n", text("1") + b"\x85")
    call("global-getattr", '"__builtin__ getattr"', b"c__builtin__\ngetattr\n")
    call("global-load", '"torch load"', b"ctorch\nload\n")
    call("global-prefix", '"torch._utils _rebuild_tensor_v22"', b"ctorch._utils\n_rebuild_tensor_v22\n")
    call("global-dotted", '"collections OrderedDict.fromkeys"', b"ccollections\nOrderedDict.fromkeys\n")
    call("global-not-ascii", '"torch Siz??"', "ctorch\nSiz\u00e9\n".encode())
    call("global-space", '"collections  OrderedDict"', b"ccollections\n OrderedDict\n")
    call("global-stack", '"os system"', text("os") + text("system") + b"\x93")
    call("global-stack-integers", "STACK_GLOBAL to an integer", b"K\1K\2\x93")
    call("global-escape", '"os ?[2J"', b"cos\n\x1b[2J\n")
    call("global-endless", '"aaaa', b"c" + b"a" * 300 + b"\n")
    body("global-cut", "ends in the middle", b"\x80\x02cposix", raw=True)
    for name, code in [
        ("PERSID", b"Pos\n"), ("INST", b"(ios\nsystem\n"), ("OBJ", b"(" + ORDERED + b"o"),
        ("NEWOBJ", b")\x81"), ("NEWOBJ_EX", b"\x92"), ("EXT1", b"\x82\1"), ("EXT2", b"\x83\1\0"),
        ("EXT4", b"\x84\1\0\0\0"), ("DUP", b"2"), ("INT", b"I1\n"), ("LONG", b"L1\n"),
        ("FLOAT", b"F1\n"), ("STRING", b"S'a'\n"), ("UNICODE", b"Va\n"), ("PUT", b"p0\n"),
        ("GET", b"g0\n"), ("DICT", b"(d"), ("LIST", b"(l"), ("BINBYTES8", b"\x8e" + bytes(8)),
        ("BYTEARRAY8", b"\x96" + bytes(8)), ("NEXT_BUFFER", b"\x97"), ("READONLY_BUFFER", b"\x98"),
        ("EMPTY_SET", b"\x8f"), ("ADDITEMS", b"\x90"), ("FROZENSET", b"\x91"),
    ]:
        body(f"opcode-{name.lower()}", f"{name} (0x", code)
    body("opcode-unknown", "0xFE is not allowed", b"\xfe")

    # What is applied to the wrong thing.
    call("reduce-dictionary", "REDUCE to a dictionary", b"}")
    call("reduce-storage-type", "REDUCE to a type", HALF)
    call("reduce-no-tuple", "REDUCE to None", ORDERED, NONE)
    call("reduce-ordered-from-dictionary", "the arguments of OrderedDict", ORDERED, b"}\x85")
    call("reduce-ordered-from-triples", "the arguments of OrderedDict", ORDERED,
         b"](" + sizes([1, 2, 3]) + b"e\x85")
    call("reduce-size-of-integer", "the arguments of torch.Size", b"ctorch\nSize\n", b"K\1\x85")
    call("reduce-parameter-of-none", "the arguments of _rebuild_parameter",
         b"ctorch._utils\n_rebuild_parameter\n", b"NN)\x87")
    value("build-dictionary", "BUILD to a dictionary", b"}}b")
    value("build-tensor", "BUILD to a tensor", tensor() + b"}b")
    value("build-storage", "BUILD to a storage", storage() + b"}b")
    value("build-global", "BUILD to a global", ORDERED + b"}b")
    value("setitem-list", "SETITEM to a list", b"]K\1K\2s")
    value("setitem-tensor", "SETITEM to a tensor", tensor() + b"K\1K\2s")
    value("setitems-inert", "SETITEM to a NumPy object", b"cnumpy\ndtype\n)R(K\1K\2u")
    value("setitem-unhashable", "a list as a key", b"}]K\2s")
    value("setitems-odd", "not there", b"}(K\1K\2K\3u")
    value("append-dictionary", "APPEND to a dictionary", b"}K\1a")
    value("append-tuple", "APPEND to a tuple", b")K\1a")

    # The machine itself.
    body("memo-unset", "the memo 7", b"h\7")
    body("memo-far", "memos for its size", b"}r\xff\xff\xff\xff")
    body("memo-of-nothing", "not there", b"q\0")
    body("stack-empty", "not there", b"0")
    body("stack-below-mark", "not there", b"N(0")
    body("mark-missing", "a mark that is not there", b"t")
    body("leftover", "does not end with one value", b"NN")
    body("leftover-mark", "does not end with one value", b"N(")
    body("empty", "does not end with one value", b"")
    body("no-bytes", "ends in the middle", b"", raw=True)
    body("no-stop", "ends in the middle", b"\x80\x02N", raw=True)
    body("protocol-1", "pickle protocol 1", b"\x80\x01N.", raw=True)
    body("protocol-6", "pickle protocol 6", b"\x80\x06N.", raw=True)
    body("frame-long", "ends in the middle", b"\x95" + struct.pack("<Q", 1 << 40))
    body("text-long", "ends in the middle", b"X\xff\xff\xff\x7f")
    body("text-absurd", "ends in the middle", b"\x8d" + b"\xff" * 8)
    body("long-17", "an integer of 17 bytes", b"\x8a\x11" + bytes(17))
    body("long4-negative", "an integer of 4294967295 bytes", b"\x8b\xff\xff\xff\xff")
    body("stack-high", "more than 65536 values on the stack", b"N" * 70_000)
    body("root-list", "holds no dictionary", b"]")
    body("root-tensor", "holds no dictionary", tensor())
    body("root-cyclic", "neither a dictionary of tensors", b"}q\0X\1\0\0\0ah\0s")
    body("name-surrogate", "is not UTF-8", dictionary(text(b"\xed\xa0\x80"), tensor()))
    body("name-twice", 'two tensors are called "a"',
         dictionary(text("a"), tensor(), text("a"), tensor()))

    # Storages.
    def pid(name, message, data):
        value(f"storage-{name}", message, tensor(of=data))

    pid("no-tuple", "it is None", b"NQ")
    pid("empty", "does not begin with a string", b")Q")
    pid("module", "a whole module", storage(first=text("module")))
    pid("other", "it is not a storage", storage(first=text("tensor")))
    pid("four", "it is not a storage", tup(text("storage"), HALF, text("0"), text("cpu")) + b"Q")
    pid("key-text", "its key is not a number", storage(key="../0"))
    pid("key-zeros", "its key is not a number", storage(key="00"))
    pid("key-plus", "its key is not a number", storage(key="+0"))
    pid("key-integer", "its key is not a number", storage(key=integer(0)))
    pid("key-large", "its key is not a number", storage(key="18446744073709551616"))
    pid("type-none", "its type is None", storage(kind=NONE))
    pid("type-function", "its type is a global", storage(kind=REBUILD))
    pid("location", "no location", storage(location=NONE))
    pid("count-negative", "its size makes no sense", storage(count=-2))
    pid("count-overflow", "its size makes no sense", storage(count=1 << 62))
    pid("count-huge", "its size makes no sense", storage(count=1 << 64))
    pid("count-text", "its size makes no sense", storage(count=text("2")))
    pid("count-larger", "storage 0 has the size 4", storage(count=1 << 40))
    pid("view-past-end", "reaches out of the storage",
        storage(tail=tup(text("1"), integer(1), integer(2))))
    pid("view-negative", "reaches out of the storage",
        storage(tail=tup(text("1"), integer(-1), integer(1))))
    body("storage-two-sizes", "with two types or sizes",
         dictionary(text("a"), tensor(), text("b"), tensor(of=storage(count=3))))
    body("storage-two-types", "with two types or sizes",
         dictionary(text("a"), tensor(), text("b"),
                    tensor(of=storage(kind=b"ctorch\nBFloat16Storage\n"))))

    # Tensors.
    def shaped(name, message, **fields):
        value(f"tensor-{name}", message, tensor(**fields))

    misfit = "does not fit its storage of 2 elements"
    shaped("offset-past-end", misfit, offset=1)
    shaped("offset-negative", misfit, offset=-1)
    shaped("offset-overflow", misfit, offset=(1 << 63) - 1)
    shaped("shape-larger", misfit, shape=(1, 3))
    shaped("shape-negative", misfit, shape=(-1, -2))
    shaped("shape-overflow", misfit, shape=(1 << 62, 1 << 62), strides=(0, 0))
    shaped("stride-past-end", misfit, shape=(2, 1), strides=(2, 1))
    shaped("stride-negative", misfit, offset=1, strides=(-2, -1))
    shaped("stride-overflow", misfit, shape=(3, 2), strides=((1 << 62) + 1, 1))
    shaped("empty-past-end", misfit, offset=3, shape=(0,), strides=(1,))
    shaped("ranks-differ", misfit, shape=(1, 2), strides=(1,))
    shaped("rank", "the arguments of _rebuild_tensor_v2", shape=(1,) * 9, strides=(1,) * 9)
    shaped("shape-huge-integer", "the arguments of", shape=(1 << 70,), strides=(1,))
    shaped("few-arguments", "the arguments of _rebuild_tensor_v2", more=b"")
    shaped("no-storage", "the arguments of _rebuild_tensor_v2", of=NONE)
    shaped("untyped", "the arguments of _rebuild_tensor_v2",
           of=storage(kind=b"ctorch.storage\nUntypedStorage\n", count=4))
    shaped("typed-v3", "the arguments of _rebuild_tensor_v3",
           function=b"ctorch._utils\n_rebuild_tensor_v3\n",
           more=b"\x89" + ORDERED + EMPTY + b"Rctorch\nfloat16\n")
    shaped("not-contiguous", "is a view with strides [0, 1]", shape=(2, 2), strides=(0, 1))
