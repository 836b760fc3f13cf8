"""Everything that this project fetches is named by its content: actions by commit, Python packages by hash, crates by Cargo.lock."""

import re
import unittest

from .repository import REQUIREMENTS, ROOT, WORKFLOWS, commands, requirements, scripts

# The commands of cargo that resolve dependencies.
RESOLVING = re.compile(r"cargo (lambda |deny )?(bench|build|check|clippy|deny|fetch|install|metadata|run|test|tree)\b(?! --version)")


class Actions(unittest.TestCase):
    def test_every_action_is_named_by_its_commit_and_says_its_version(self):
        used = [
            (path.name, line.strip())
            for path in WORKFLOWS
            for line in path.read_text().splitlines()
            if re.match(r"\s*(- )?uses:", line)
        ]
        self.assertGreater(len(used), 5)
        for name, line in used:
            with self.subTest(workflow=name):
                self.assertRegex(line, r"^(- )?uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")

    def test_one_action_has_one_commit(self):
        used = {use for path in WORKFLOWS for use in re.findall(r"uses: (\S+)", path.read_text())}
        self.assertEqual(len(used), len({use.partition("@")[0] for use in used}), used)

    def test_no_workflow_has_permissions_that_its_jobs_do_not_name(self):
        for path in WORKFLOWS:
            with self.subTest(workflow=path.name):
                self.assertIn("\npermissions: {}\n", path.read_text())


class PythonPackages(unittest.TestCase):
    def test_every_requirement_is_one_version_with_hashes(self):
        for path in REQUIREMENTS:
            found = list(requirements(path.read_text()))
            self.assertTrue(found, path)
            for requirement, hashes in found:
                with self.subTest(file=path.name, requirement=requirement):
                    self.assertRegex(requirement, r"^[A-Za-z0-9._-]+==[0-9A-Za-z.]+$")
                    self.assertTrue(hashes)
                    for one in hashes:
                        self.assertRegex(one, r"^sha256:[0-9a-f]{64}$")

    def test_pip_never_installs_without_hashes(self):
        found = [(name, call) for name, text in scripts().items() for call in commands("pip", text) if " install" in call]
        self.assertGreaterEqual(len(found), 3)
        for name, call in found:
            with self.subTest(file=name, call=call):
                self.assertIn("--require-hashes", call)
                self.assertIn("--only-binary :all:", call)


class Crates(unittest.TestCase):
    def test_every_call_of_cargo_keeps_to_the_lock_file(self):
        found = [(name, call) for name, text in scripts().items() for call in commands("cargo", text)]
        relevant = [(name, call) for name, call in found if RESOLVING.match(call)]
        self.assertGreater(len(relevant), 10)
        for name, call in relevant:
            with self.subTest(file=name, call=call):
                self.assertIn("--locked", call)

    def test_builds_by_sam_keep_to_the_lock_file(self):
        """`sam build` passes no options on, so cargo-lambda reads this one from Cargo.toml."""
        self.assertRegex((ROOT / "Cargo.toml").read_text(), r"(?m)^\[package\.metadata\.lambda\.build\](\n[a-z#].*)*\nlocked = true\b")

    def test_the_compiler_is_one_version(self):
        self.assertRegex((ROOT / "rust-toolchain.toml").read_text(), r'(?m)^channel = "\d+\.\d+\.\d+"$')
