"""Archives with nothing in them of the machine or the hour: fixed times, order, owners and modes."""

import gzip
import io
import tarfile


def tar_gz(directory, files, time):
    """An archive in which every file is in this directory. `files` is name: content; what begins like an ELF program is executable."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        folders = {directory} | {f"{directory}/{name.rpartition('/')[0]}" for name in files if "/" in name}
        for folder in sorted(folders):
            archive.addfile(_entry(folder, time, 0o755, type=tarfile.DIRTYPE))
        for name, data in sorted(files.items()):
            mode = 0o755 if data.startswith(b"\x7fELF") else 0o644
            archive.addfile(_entry(f"{directory}/{name}", time, mode, size=len(data)), io.BytesIO(data))
    return gzip.compress(content.getvalue(), compresslevel=6, mtime=time)


def _entry(name, time, mode, **rest):
    entry = tarfile.TarInfo(name)
    entry.mtime, entry.mode = time, mode
    for field, value in rest.items():
        setattr(entry, field, value)
    return entry
