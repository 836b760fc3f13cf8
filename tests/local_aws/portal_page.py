"""docs/portal.md as programs: its code in both languages, its policies, and calls of its functions."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from .constants import PROVIDER, ROOT

PAGE = (ROOT / "docs" / "portal.md").read_text()
# The account of the page. The other numbers are those of customers.
ACCOUNT_OF_THE_PAGE = "111122223333"
NODE = ROOT / ".tools" / "node" / "bin"
PACKAGES = ROOT / ".tools" / "portal" / "node_modules"
SECONDS = 240

# Calls one function with the arguments of the command line, and prints what it returns as JSON.
CALL_PYTHON = "import json, sys, portal; print(json.dumps(getattr(portal, sys.argv[1])(*sys.argv[2:])))"
CALL_TYPESCRIPT = """
import * as portal from "./portal.ts";
const [name, ...given] = process.argv.slice(2);
console.log(JSON.stringify(await (portal as unknown as Record<string, (...given: string[]) => unknown>)[name](...given)));
"""


class CallFailed(Exception):
    """The program of the page ended with an error. The message is its output."""


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def policies():
    """The policies of the page in order: of the back end, of the stacks, of the bucket. They name the provider's account."""
    return [json.loads(block.replace(ACCOUNT_OF_THE_PAGE, PROVIDER)) for block in blocks("json")]


class _Program:
    """The code of the page in one language, run with these credentials."""

    def __init__(self, user):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        self._environment = {
            **user.aws.tool_environment(PROVIDER),
            "AWS_ACCESS_KEY_ID": user.key_id,
            "AWS_SECRET_ACCESS_KEY": user.secret,
            "PATH": f"{NODE}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder),
        }
        self._write("\n".join(blocks(self.language)).replace(ACCOUNT_OF_THE_PAGE, PROVIDER))

    def close(self):
        self._folder.cleanup()

    def run(self, *command):
        """What the command prints."""
        # The programs read the template from this folder.
        result = subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, text=True, timeout=SECONDS)
        self.written = result.stdout + result.stderr
        if result.returncode != 0:
            raise CallFailed(self.written)
        return result.stdout


class Python(_Program):
    language = "python"

    def _write(self, code):
        (self.folder / "portal.py").write_text(code)

    def call(self, name, *arguments):
        return json.loads(self.run(sys.executable, "-W", "error", "-c", CALL_PYTHON, name, *arguments))


class TypeScript(_Program):
    language = "ts"
    names = {"add_customer": "addCustomer", "enter_role": "enterRole", "check": "check", "may_use": "mayUse"}

    def _write(self, code):
        (self.folder / "portal.ts").write_text(code)
        (self.folder / "call.ts").write_text(CALL_TYPESCRIPT)
        (self.folder / "package.json").write_text('{"type": "module"}')
        (self.folder / "node_modules").symlink_to(PACKAGES)

    def check_types(self):
        options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--erasableSyntaxOnly", "--types", "node"]
        paths = ["--typeRoots", str(PACKAGES / "@types"), "--allowImportingTsExtensions", str(self.folder / "call.ts")]
        self.run(PACKAGES / ".bin" / "tsc", *options, *paths)

    def call(self, name, *arguments):
        return json.loads(self.run("node", str(self.folder / "call.ts"), self.names[name], *arguments))
