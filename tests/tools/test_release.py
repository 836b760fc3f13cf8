"""What `make release` refuses, and that its archives depend on nothing but their content."""

import hashlib
import os
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What `make release` runs.
sys.path.insert(0, str(ROOT / "tools"))

from release import archives, contents, crates, programs, source, templates  # noqa: E402
from release.failure import ReleaseError  # noqa: E402

HEADER = b"\x7fELF" + bytes(14) + {"x86_64": b"\x3e\x00", "arm64": b"\xb7\x00"}[programs.HOST]
SOURCE = source.Source(version="1.2.3", commit="0" * 40, time=1_700_000_000)


class Programs(unittest.TestCase):
    def refusal(self, content):
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory, "program")
            program.write_bytes(content)
            try:
                programs.check(program, programs.HOST)
            except ReleaseError as error:
                return str(error).removeprefix(f"{program} ")
        return None

    def test_for_lambda_without_paths_is_accepted(self):
        self.assertIsNone(self.refusal(HEADER + b"\0GLIBC_2.30\0/cargo/registry/src/ring/lib.rs\0/project/src/main.rs\0"))

    def test_with_a_path_of_this_machine_is_refused(self):
        for path in (ROOT, pathlib.Path.home()):
            with self.subTest(path=path):
                self.assertEqual(
                    self.refusal(HEADER + os.fsencode(path) + b"/src/main.rs\0"),
                    f"contains a path of this machine: {path}/src/main.rs. Other machines would make other bytes. Build it with `make`, "
                    "which sets --remap-path-prefix.",
                )

    def test_that_needs_a_newer_glibc_than_lambda_has_is_refused(self):
        self.assertEqual(self.refusal(HEADER + b"GLIBC_2.2.5\0GLIBC_2.35\0"), "needs glibc 2.35, but Lambda has 2.34.")

    def test_for_another_processor_or_system_is_refused(self):
        self.assertIn("is not a Linux program", self.refusal(b"#!/bin/sh"))
        self.assertIn(f"not for {programs.HOST}", self.refusal(b"\x7fELF" + bytes(14) + b"\x08\x00"))


class Archives(unittest.TestCase):
    def test_have_the_same_bytes_in_any_order_and_at_any_hour(self):
        files = {"b/c": b"text", "a": HEADER, "LICENSE": b"license"}
        archive = archives.tar_gz("release-1", files, SOURCE.time)
        self.assertEqual(archives.tar_gz("release-1", dict(reversed(files.items())), SOURCE.time), archive)
        self.assertNotEqual(archives.tar_gz("release-1", files, SOURCE.time + 1), archive)

    def test_sums_are_sorted_and_as_sha256sum_reads_them(self):
        lines = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in (("a", b"1"), ("b", b"2"))]
        self.assertEqual(contents.sums({"b": b"2", "a": b"1"}).decode().splitlines(), lines)


class Templates(unittest.TestCase):
    def test_have_one_processor_and_name_the_code(self):
        texts = templates.read("arm64", "function.zip", "some/key.zip")
        self.assertEqual(sorted(texts), ["organization.yaml", "provider.yaml", "stackset.yaml", "template.yaml"])
        for name in ("template.yaml", "provider.yaml"):
            self.assertIn("      CodeUri: function.zip\n", texts[name])
        for name in ("template.yaml", "provider.yaml", "stackset.yaml"):
            self.assertIn("    Default: arm64\n    AllowedValues: [arm64]\n", texts[name])
        self.assertIn("    Default: some/key.zip\n", texts["stackset.yaml"])

    def test_that_have_changed_are_an_error(self):
        with self.assertRaisesRegex(ReleaseError, "provider.yaml must contain this text once, but contains it 0 times:\nabsent"):
            templates._replaced("provider.yaml", "text", ("absent", ""))


class Sources(unittest.TestCase):
    def test_tag_must_be_the_version(self):
        source.check_tag("v1.2.3", SOURCE)
        with self.assertRaisesRegex(ReleaseError, "^The tag is v1.2.4, but Cargo.toml has version 1.2.3. Change one of them.$"):
            source.check_tag("v1.2.4", SOURCE)

    def test_changelog_has_the_version(self):
        self.assertIn(f"\n## {source.version()}\n", (ROOT / "CHANGELOG.md").read_text())


class Crates(unittest.TestCase):
    def test_row_of_cargo_tree_is_read(self):
        self.assertEqual(
            crates._row("12time-macros v0.2.32 (proc-macro)|MIT/Apache-2.0 (*)"),
            (12, crates.Crate("time-macros", "0.2.32", "MIT OR Apache-2.0"), True),
        )
        self.assertEqual(crates._row("0core v1.0.0 (/a b/core)|"), (0, crates.Crate("core", "1.0.0", ""), False))
