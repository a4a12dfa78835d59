"""Writes and checks GGUF files for gguf_peer_test.cpp with code that the engine does not share.

    gguf_peer.py TOOLS write FILE    a file with ternary tensors, written by TOOLS/tinygguf.py
    gguf_peer.py TOOLS check FILE    exits 0 when FILE, written by the engine, holds what the test put into it

The contents of both are formulas that the test repeats: trit(i) and scale(row).
"""
import struct
import sys

SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}


def trits(np, shape):
    i = np.arange(int(np.prod(shape)), dtype=np.int64)
    return ((i * i + i // 7 + i // 256) % 3 - 1).reshape(shape).astype(np.int8)


def scales(np, rows):
    return np.float32(0.375) * np.exp2(-(np.arange(rows) % 5)).astype(np.float32)


class Reader:
    def __init__(self, path):
        self.data = open(path, "rb").read()
        self.at = 0
        magic, version, n_tensors, n_keys = self.take("<4sIQQ")
        assert (magic, version) == (b"GGUF", 3), (magic, version)
        self.keys = {}
        for _ in range(n_keys):
            name = self.text()
            self.keys[name] = self.value(self.take("<I")[0])
        self.tensors = {}
        for _ in range(n_tensors):
            name = self.text()
            dims = [self.take("<Q")[0] for _ in range(self.take("<I")[0])]
            self.tensors[name] = (dims[::-1], *self.take("<IQ"))
        self.start = (self.at + 31) // 32 * 32

    def take(self, layout):
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def text(self):
        length = self.take("<Q")[0]
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def value(self, kind):
        """(kind, value); arrays are ((9, element kind), values)."""
        if kind == 8:
            return kind, self.text()
        if kind == 9:
            element, n = self.take("<IQ")
            return (kind, element), [self.value(element)[1] for _ in range(n)]
        return kind, self.take(SCALARS[kind])[0]


def write(np, tinygguf, path):
    g = tinygguf
    shape, s = (2, 6, 256), scales(np, 12).reshape(2, 6, 1)
    t = trits(np, shape)
    g.write(path, {"general.architecture": "peer", "peer.layers": 3, "peer.offset": -4, "peer.eps": 0.5,
                   "peer.flag": True, "peer.names": ["a", "\u2581b"], "peer.ids": [1, -2, 3]},
            [g.ternary("tq1", t, s, g.TQ1_0), g.ternary("tq2", t, s, g.TQ2_0), g.ternary("i2s", t, 0.1, g.I2_S),
             g.ternary("q2_64", t, s, g.Q2_0), g.f32("f32", np.arange(6).reshape(2, 3)),
             g.ternary("q2_128", np.concatenate([t] * 4), np.concatenate([s] * 4), g.Q2_0, group=128),
             g.f16("f16", np.arange(6).reshape(2, 3) / 4)])


def check(np, tinygguf, path):
    g, file = tinygguf, Reader(path)
    expected = {"a.u32": (4, 4000000000), "a.i32": (5, -5), "a.u64": (10, 2**63), "a.i64": (11, -2**40), "a.f32": (6, 0.5),
                "a.bool": (7, True), "a.text": (8, "\u2581x"), "a.texts": ((9, 8), ["x", "", "yz"]),
                "a.integers": ((9, 5), [1, -1]), "a.reals": ((9, 6), [0.5, -2.0]), "a.wide": ((9, 11), [2**40])}
    assert file.keys == expected, file.keys

    def raw(name, size):
        start = file.start + file.tensors[name][2]
        assert start % 32 == 0
        return np.frombuffer(file.data, np.uint8, size, start)

    shape, s = (2, 6, 256), scales(np, 12)
    t = trits(np, shape).reshape(-1)
    assert file.tensors["tq1"][:2] == (list(shape), g.TQ1_0), file.tensors
    for name, unpack, block in (("tq1", g.unpack_tq1_0, 54), ("tq2", g.unpack_tq2_0, 66)):
        got, d = unpack(raw(name, 12 * block))
        assert (got == t).all() and (d == s).all(), name
    # The blocks must also be the very bytes that the other writer makes.
    for name, packed in (("tq1", g.pack_tq1_0(t, s)), ("tq2", g.pack_tq2_0(t, s)), ("i2s", g.pack_i2_s(t, 0.1)),
                         ("q2_64", g.pack_q2_0(t, np.repeat(s, 4), 64)), ("q2_128", g.pack_q2_0(t, np.repeat(s, 2), 128))):
        assert (raw(name, len(packed)) == packed).all(), name


def main():
    tools, command, path = sys.argv[1:]
    sys.path.insert(0, tools)
    try:
        import numpy
        import tinygguf
    except ImportError as missing:
        print(missing)
        return 77
    {"write": write, "check": check}[command](numpy, tinygguf, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
