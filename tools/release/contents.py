"""The files of a release."""

import hashlib
import string

from publish import code

from . import archives, components, programs, templates
from .source import ROOT

SUMS = "SHA256SUMS"
PROJECT = "service-provider-access"


def command_archive(source, architecture, command, completions):
    """The name and the content of the archive with the command."""
    name = f"delegated-role-{source.version}-{architecture}"
    files = {"delegated-role": command.read_bytes(), "LICENSE": _license(), **completions}
    return f"{name}.tar.gz", archives.tar_gz(name, files, source.time)


def release(source, architecture, function, command_archive):
    """The name of the release archive, and the files in it, by name. `function` is a directory, `command_archive` a name and a content."""
    package = code.package(function, architecture)
    zip_name = f"{PROJECT}-{source.version}-{architecture}.zip"
    archive_name, archive = command_archive
    files = {
        zip_name: package.content,
        archive_name: archive,
        "LICENSE": _license(),
        "INSTALL.md": _install(source, architecture, zip_name, archive_name, package.key),
        "sbom.cdx.json": components.bill_of_materials(source, architecture),
        **{name: text.encode() for name, text in templates.read(architecture, zip_name, package.key).items()},
    }
    return f"{PROJECT}-{source.version}-{architecture}", {**files, SUMS: sums(files)}


def sums(files):
    """As `sha256sum --check` reads them."""
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())).encode()


def _install(source, architecture, zip_name, command_archive, code_key):
    text = string.Template((ROOT / "tools" / "release" / "INSTALL.md").read_text())
    values = {"version": source.version, "commit": source.commit, "architecture": architecture, "code_key": code_key}
    return text.substitute(values, zip=zip_name, command=command_archive).encode()


def _license():
    return (ROOT / "LICENSE").read_bytes()
