"""The size of what is deployed."""

import dataclasses
import io
import zipfile


@dataclasses.dataclass(frozen=True)
class Size:
    # Bytes.
    zipped: int
    unpacked: int


def size(function):
    files = [path for path in sorted(function.package.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            archive.write(path, path.relative_to(function.package))
    return Size(len(content.getvalue()), sum(path.stat().st_size for path in files))
