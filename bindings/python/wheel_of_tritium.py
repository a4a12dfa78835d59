"""Build backend (PEP 517): zips the package into a wheel. Nothing is compiled.

    pip wheel bindings/python --config-settings "library=$PWD/build/engine/c_api/libtritium.so"

puts the shared library beside the package, for this kind of machine; without it the wheel is for any, and finds the library
that the system has, or that TRITIUM_LIBRARY names.
"""

import base64
import hashlib
import io
import pathlib
import re
import sysconfig
import tarfile
import zipfile

HERE = pathlib.Path(__file__).parent
SOURCES = ("tritium/*.py", "tritium/py.typed")
ABI = (HERE / "tritium/_abi.py").read_text(encoding="utf-8")
VERSION = re.search(r'__version__ = "(.+?)"', ABI).group(1)
SONAME = re.search(r'SONAME = "(.+?)"', ABI).group(1)
METADATA = f"""Metadata-Version: 2.1
Name: tritium
Version: {VERSION}
Summary: Runs and trains ternary language models: tritium's C ABI in Python
License: MIT
Requires-Python: >=3.9
Provides-Extra: numpy
Requires-Dist: numpy; extra == 'numpy'
Description-Content-Type: text/markdown

""" + (HERE / "README.md").read_text(encoding="utf-8")


def package_files():
    return {path.relative_to(HERE).as_posix(): path.read_bytes() for pattern in SOURCES for path in sorted(HERE.glob(pattern))}


def write_wheel(folder, files, tag):
    info = f"tritium-{VERSION}.dist-info"
    files[f"{info}/METADATA"] = METADATA.encode()
    pure = "true" if tag.endswith("-any") else "false"
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tritium\nRoot-Is-Purelib: {pure}\nTag: {tag}\n".encode()
    rows = [f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
            for name, data in files.items()]
    files[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    name = f"tritium-{VERSION}-{tag}.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, data in files.items():
            wheel.writestr(path, data)
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    files, tag = package_files(), "py3-none-any"
    library = (config_settings or {}).get("library")
    if library:
        place = pathlib.Path(library).resolve()
        if not place.is_file():  # pip begins in this folder, wherever it was called
            raise SystemExit(f"library={library}: there is no {place}; give the whole path")
        files[f"tritium/{SONAME}"] = place.read_bytes()
        tag = "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())
    return write_wheel(wheel_directory, files, tag)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return write_wheel(wheel_directory, {"tritium.pth": f"{HERE}\n".encode()}, "py3-none-any")


def build_sdist(sdist_directory, config_settings=None):
    name = f"tritium-{VERSION}"
    files = package_files()
    files.update({path: (HERE / path).read_bytes() for path in ("pyproject.toml", "README.md", pathlib.Path(__file__).name)})
    files["PKG-INFO"] = METADATA.encode()
    with tarfile.open(pathlib.Path(sdist_directory, f"{name}.tar.gz"), "w:gz") as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return f"{name}.tar.gz"
