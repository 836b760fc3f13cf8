"""The rules of cfn-lint find every mistake, on its line, in the words of the function, and find nothing in what is right."""

import json
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools/aws/bin"
TEMPLATES = ROOT / "tests/tools/cfn_lint"


def run(*command):
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(
        [TOOLS / "python", *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def expected(template):
    """What the comments of a template say: (line, code, message)."""
    found = []
    for number, line in enumerate(template.read_text().splitlines(), 1):
        comment = re.search(r" # (E\d{4} .*)$", line)
        for finding in comment[1].split(" ## ") if comment and not line.startswith("#") else ():
            code, message = finding.split(" ", 1)
            found.append((number, code, message))
    return sorted(found)


class Rules(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.templates = sorted(TEMPLATES.glob("*.yaml"))
        # Only what is given here, not what .cfnlintrc says.
        result = run(
            TOOLS / "cfn-lint", "--config-file", os.devnull, "--append-rules", "cfn-lint/rules", "--format", "json", "--", *cls.templates
        )
        assert result.stdout, result.stderr
        cls.findings = json.loads(result.stdout)

    def found(self, template):
        return sorted(
            (finding["Location"]["Start"]["LineNumber"], finding["Rule"]["Id"], finding["Message"])
            for finding in self.findings
            if finding["Filename"] == str(template)
        )

    def test_finds_each_mistake_on_its_line(self):
        for name, count in {"properties.yaml": 30, "attributes.yaml": 5}.items():
            with self.subTest(name):
                wanted = expected(TEMPLATES / name)
                self.assertGreaterEqual(len(wanted), count)
                self.assertEqual(self.found(TEMPLATES / name), wanted)

    def test_finds_nothing_in_what_the_function_accepts(self):
        self.assertEqual(self.found(TEMPLATES / "right.yaml"), [])

    def test_each_rule_has_an_address_since_code_scanning_requires_one(self):
        ours = [finding["Rule"] for finding in self.findings if finding["Rule"]["Id"].startswith("E93")]
        self.assertEqual({rule["Id"] for rule in ours}, {"E9310", "E9311", "E9312"})
        for rule in ours:
            self.assertRegex(rule["Source"], "^https://")

    def test_repeats_no_value(self):
        for value in ["external-id-1", "an-external-id", "33333333333", "129601", "exclusive", "4000"]:
            self.assertNotIn(value, "\n".join(finding["Message"] for finding in self.findings))


class Configuration(unittest.TestCase):
    def test_sam_validate_honours_it(self):
        bad = run("-m", "samcli", "validate", "--lint", "--template-file", TEMPLATES / "attributes.yaml")
        self.assertEqual(bad.returncode, 1, bad.stdout + bad.stderr)
        self.assertIn("E9311", bad.stdout + bad.stderr)

    def test_every_template_is_linted(self):
        commands = re.findall(r"^\t\$\(aws\)/cfn-lint .*-- (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
        linted = {path.relative_to(ROOT) for pattern in " ".join(commands).split() for path in ROOT.glob(pattern)}
        ours = re.compile(r"^\s+Type: ['\"]?Custom::(DelegatedRole|ExternalId|AccessCheck)\b", re.MULTILINE)
        folders = [ROOT.glob("*.yaml"), ROOT.glob("examples/**/*.yaml"), ROOT.glob("docs/**/*.yaml")]
        templates = {path.relative_to(ROOT) for folder in folders for path in folder if ours.search(path.read_text())}
        self.assertGreaterEqual(len(templates), 4)
        self.assertLessEqual(templates, linted)


class Schemas(unittest.TestCase):
    def test_another_reader_of_json_schema_judges_values_alike(self):
        result = run(TEMPLATES / "agreement.py")
        self.assertRegex(result.stdout, r"\A\d{4,} values\n\Z", result.stderr)
