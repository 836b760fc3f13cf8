"""The function as a zip file. Its key contains the hash of its content, so equal files have equal keys."""

import dataclasses
import hashlib
import io
import pathlib
import zipfile

from .failure import PublishError

PROGRAM = "bootstrap"
# The bytes in an ELF header that name the processor.
MACHINES = {b"\x3e\x00": "x86_64", b"\xb7\x00": "arm64"}


@dataclasses.dataclass(frozen=True)
class Package:
    key: str
    content: bytes
    sha256: bytes


def package(directory, architecture):
    directory = pathlib.Path(directory)
    program = directory / PROGRAM
    if not program.is_file():
        raise PublishError(f"{program} does not exist. Set BUILT to a directory that `sam build` wrote.")
    check_processor(program, architecture)
    content = _zip(directory)
    digest = hashlib.sha256(content)
    return Package(f"service-provider-access/{architecture}/{digest.hexdigest()}.zip", content, digest.digest())


def check_processor(program, architecture):
    built_for = _processor(program)
    if built_for != architecture:
        raise PublishError(f"{program} is built for {built_for}, not for {architecture}. Build it with ARCHITECTURE={architecture}.")


def _zip(directory):
    """A reproducible zip file: sorted, with a fixed date, and with only the permissions that Lambda needs."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(path for path in directory.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            # A Unix file that everyone can read. Lambda must be able to execute the program.
            entry.create_system = 3
            executable = path.name == PROGRAM or path.stat().st_mode & 0o111
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            archive.writestr(entry, path.read_bytes())
    return content.getvalue()


def _processor(program):
    with program.open("rb") as file:
        header = file.read(20)
    if header[:4] != b"\x7fELF":
        raise PublishError(f"{program} is not a Linux program.")
    return MACHINES.get(header[18:20], "another processor")
