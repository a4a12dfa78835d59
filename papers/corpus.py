"""Texts for the studies, from Debian packages: corpus.py OUT [--debs FOLDER] [--most BYTES].

Downloads (apt-get download, or takes from --debs) linux-source-6.1, python3.11-doc, bible-kjv and bible-kjv-text, extracts them
below a temporary folder, and writes OUT/{kernel,python,bible}.{train,valid}.txt and OUT/corpus.json: packages, files, bytes and
SHA-256 of each text. A file is held out when the SHA-256 of its name in the package begins with 0 of 16 (kernel: that of its
folder, so that drivers of one family are on one side); of the Bible, which is one file, books are files. Of the kernel files of at
most 32 KiB: tables of registers, of megabytes each, would be half the text and a text of another kind. --most: bytes of each
training text; files are taken in the order of the hashes of their names, so that fewer bytes are a part of more. Texts are not
for the repository: they have their packages' licences.
"""
import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import tarfile
import tempfile

PACKAGES = ["linux-source-6.1", "python3.11-doc", "bible-kjv", "bible-kjv-text"]
KERNEL_SUFFIXES = (".c", ".h", ".rst", ".S", ".txt")
KERNEL_LARGEST = 32 << 10
VERSE = re.compile(r"(\d?[A-Za-z]+)\d+:\d+ (.*)")


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def packages(debs, scratch):
    """Extracted below scratch; name -> version."""
    folder = pathlib.Path(debs) if debs else scratch
    versions = {}
    for package in PACKAGES:
        found = sorted(folder.glob(package + "_*.deb"))
        if not found:
            subprocess.run(["apt-get", "download", package], cwd=scratch, check=True)
            found = sorted(scratch.glob(package + "_*.deb"))
        versions[package] = found[-1].name.split("_")[1]
        subprocess.run(["dpkg-deb", "-x", str(found[-1].resolve()), str(scratch / "root")], check=True)
    return versions


def text_of(data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None  # a few files of the kernel are Latin-1
    return None if "\0" in text else text


def kernel(root):
    """(name, what decides over its side, text) of each file."""
    with tarfile.open(next((root / "usr/src").glob("linux-source-6.1.tar.*"))) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(KERNEL_SUFFIXES) and member.size <= KERNEL_LARGEST:
                text = text_of(archive.extractfile(member).read())
                if text:
                    yield member.name, str(pathlib.PurePosixPath(member.name).parent), text


def python(root):
    below = root / "usr/share/doc/python3.11/html/_sources"
    for path in sorted(below.rglob("*.rst.txt")):
        text = text_of(path.read_bytes())
        if text:
            name = path.relative_to(below).as_posix()
            yield name, name, text


def bible(root):
    done = subprocess.run([root / "usr/bin/bible", "-p", root / "usr/lib", "-f", "gen1:1-rev22:21"], stdin=subprocess.DEVNULL,
                          capture_output=True, check=True)
    books = {}
    for line in done.stdout.decode().splitlines():
        verse = VERSE.match(line)
        if verse:
            books.setdefault(verse[1], []).append(verse[2])
    for book, verses in books.items():
        yield book, book, "\n".join(verses) + "\n"


def write(out, name, files, most):
    sides = {"train": [], "valid": []}
    for file_name, decides, text in files:
        sides["valid" if digest(decides)[0] == "0" else "train"].append((digest(file_name), file_name, text))
    facts = {}
    for side, texts in sides.items():
        path, size, count, sha = out / f"{name}.{side}.txt", 0, 0, hashlib.sha256()
        with open(path, "wb") as file:
            for _, _, text in sorted(texts):
                data = text.encode() + (b"" if text.endswith("\n") else b"\n")
                if most and size + len(data) > (most if side == "train" else max(most // 10, 1 << 20)):
                    break
                file.write(data)
                sha.update(data)
                size, count = size + len(data), count + 1
        facts[side] = {"file": path.name, "files": count, "bytes": size, "sha256": sha.hexdigest()}
    return facts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--debs", help="folder with the packages")
    parser.add_argument("--most", type=int, default=0, help="bytes of each training text; 0: all")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        versions = packages(options.debs, scratch)
        root = scratch / "root"
        facts = {"packages": versions, "most": options.most}
        for name, files in (("kernel", kernel), ("python", python), ("bible", bible)):
            facts[name] = write(options.out, name, files(root), options.most)
    (options.out / "corpus.json").write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts, indent=1))


main()
