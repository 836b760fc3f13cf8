"""The commands of docs/authoring.md that need cfn-lint print what the page says, and its files for CI are well-formed. (Its
other commands are run by cli/tests/page.rs.)"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools/aws/bin"
PAGE = (ROOT / "docs/authoring.md").read_text()

# A fenced block, with the name of the file that the sentence before it gives it.
BLOCK = re.compile(r"(?:`([A-Za-z0-9_./-]+)`:\n\n)?```([a-z]+)\n(.*?)```\n", re.DOTALL)


class Page(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        shutil.copytree(ROOT / "cfn-lint", self.folder / "cfn-lint")

    def lint(self, *arguments):
        command = [TOOLS / "python", TOOLS / "cfn-lint", *arguments]
        environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
        return subprocess.run(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False
        ).stdout

    def test_cfn_lint_prints_what_the_page_says(self):
        ran = 0
        for file, language, text in BLOCK.findall(PAGE):
            if file:
                (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / file).write_text(text)
            if language == "console" and text.startswith("$ cfn-lint "):
                line, expected = text.split("\n", 1)
                self.assertEqual(self.lint(*line.split()[2:]), expected)
                ran += 1
        self.assertEqual(ran, 1)

    def test_its_files_are_well_formed_and_its_version_is_the_tested_one(self):
        files = {file: text for file, _, text in BLOCK.findall(PAGE) if file}
        workflow = yaml.safe_load(files[".github/workflows/templates.yml"])
        self.assertEqual(workflow["permissions"], {"contents": "read", "security-events": "write"})
        steps = workflow["jobs"]["check"]["steps"]
        written = {word for step in steps for word in step.get("run", "").split() if word.endswith(".sarif")}
        uploaded = {step["with"]["sarif_file"] for step in steps if "upload-sarif" in step.get("uses", "")}
        self.assertEqual(uploaded, written)
        hooks = [hook for repository in yaml.safe_load(files[".pre-commit-config.yaml"])["repos"] for hook in repository["hooks"]]
        self.assertEqual([hook["id"] for hook in hooks], ["cfn-lint", "delegated-role"])

        pinned = re.search(r"^cfn-lint==(.*)$", (ROOT / "tools/aws.in").read_text(), re.MULTILINE)[1]
        named = re.findall(r"cfn-lint(?: |\[sarif\]==)([0-9.]+[0-9])", PAGE) + re.findall(r"rev: v([0-9.]+)", PAGE)
        self.assertEqual(named, [pinned] * 3)

    def test_the_options_of_cfn_lint_in_the_workflow_exist(self):
        usage = self.lint("--help")
        [command] = re.findall(r"run: cfn-lint (.*)$", PAGE, re.MULTILINE)
        for option in re.findall(r"--[a-z-]+", command):
            self.assertRegex(usage, rf"{option}\b")
