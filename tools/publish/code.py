"""The function as one file, whose name says what is in it: equal files have equal names, and no others do."""

import dataclasses
import hashlib
import io
import pathlib
import zipfile

from .failure import CannotPublish

PROGRAM = "bootstrap"
# Where an ELF file says which processor it is for.
MACHINES = {b"\x3e\x00": "x86_64", b"\xb7\x00": "arm64"}


@dataclasses.dataclass(frozen=True)
class Zipped:
    key: str
    content: bytes
    sha256: bytes


def zipped(directory, architecture):
    directory = pathlib.Path(directory)
    program = directory / PROGRAM
    if not program.is_file():
        raise CannotPublish(f"There is no {program}: BUILT must be a directory as `sam build` makes it.")
    built_for = _processor(program)
    if built_for != architecture:
        raise CannotPublish(f"{program} is built for {built_for}, not for {architecture}: give ARCHITECTURE={architecture} to the build, too.")
    content = _zip(directory)
    digest = hashlib.sha256(content)
    return Zipped(f"service-provider-access/{architecture}/{digest.hexdigest()}.zip", content, digest.digest())


def _zip(directory):
    """The same bytes for the same files: sorted, without dates, with the one permission that counts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(path for path in directory.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Unix, and a regular file that everybody may read. Lambda must be able to run the program.
            entry.create_system = 3
            executable = path.name == PROGRAM or path.stat().st_mode & 0o111
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            archive.writestr(entry, path.read_bytes())
    return packed.getvalue()


def _processor(program):
    with program.open("rb") as file:
        header = file.read(20)
    if header[:4] != b"\x7fELF":
        raise CannotPublish(f"{program} is no program for Linux.")
    return MACHINES.get(header[18:20], "another processor")
