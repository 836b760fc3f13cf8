"""The templates as they are released: they name the zip, and need no build."""

from .failure import ReleaseError
from .source import ROOT

BUILD = """\
    Metadata:
      BuildMethod: rust-cargolambda
      BuildProperties:
        Binary: service-provider-access
"""


def read(architecture, zip_name, code_key):
    """Name: text. `aws cloudformation package` uploads what a CodeUri names. A stack set reads the code by its key."""
    with_code_uri = {
        name: _replaced(name, _fixed(name, _text(name), architecture), ("      CodeUri: .\n", f"      CodeUri: {zip_name}\n"), (BUILD, ""))
        for name in ("template.yaml", "provider.yaml")
    }
    stackset = _replaced(
        "stackset.yaml",
        _fixed("stackset.yaml", _text("stackset.yaml"), architecture),
        ("  CodeKey:\n    Type: String\n", f"  CodeKey:\n    Type: String\n    Default: {code_key}\n"),
    )
    return {**with_code_uri, "stackset.yaml": stackset, "organization.yaml": _text("organization.yaml")}


def _fixed(name, text, architecture):
    """There is one zip, so there is one processor: another value would make a function that cannot start."""
    before = "  Architecture:\n    Type: String\n    Default: x86_64\n    AllowedValues: [x86_64, arm64]\n"
    after = f"  Architecture:\n    Type: String\n    Default: {architecture}\n    AllowedValues: [{architecture}]\n"
    return _replaced(name, text, (before, after))


def _replaced(name, text, *replacements):
    for before, after in replacements:
        if text.count(before) != 1:
            raise ReleaseError(f"{name} must contain this text once, but contains it {text.count(before)} times:\n{before}")
        text = text.replace(before, after)
    return text


def _text(name):
    return (ROOT / name).read_text()

