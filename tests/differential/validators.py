"""The three validators: ours, moto's and parliament's."""

import json
import pathlib
import subprocess
import sys
import types

ROOT = pathlib.Path(__file__).parents[2]


class Ours:
    """The example `validate` of the core crate, one process for each partition."""

    def __init__(self):
        subprocess.run(
            ["cargo", "build", "--quiet", "--locked", "--package", "delegated-role-core", "--example", "validate"],
            cwd=ROOT,
            check=True,
        )
        metadata = subprocess.run(
            ["cargo", "metadata", "--format-version", "1", "--no-deps", "--locked"],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        self._program = pathlib.Path(json.loads(metadata.stdout)["target_directory"], "debug/examples/validate")
        self._processes = {}

    def problems(self, text, partition):
        """The sentences for which we refuse the document."""
        process = self._processes.get(partition)
        if process is None:
            process = self._processes[partition] = subprocess.Popen(
                [self._program, partition], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        process.stdin.write(json.dumps(text).encode() + b"\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends its processes."""
        for process in self._processes.values():
            process.stdin.close()
            process.wait()
            process.stdout.close()


def moto(text):
    """The error that moto answers CreatePolicy and PutRolePolicy with, as a list of at most one."""
    from moto.iam.exceptions import MalformedPolicyDocument
    from moto.iam.policy_validation import IAMPolicyDocumentValidator

    try:
        IAMPolicyDocumentValidator(text).validate()
    except MalformedPolicyDocument as error:
        return [error.message]
    # Its errors are its answers, also those that it does not intend.
    except Exception as error:
        return [f"raised {type(error).__name__}: {error}"]
    return []


def _import_parliament():
    # It finds its data by pkg_resources, which new versions of setuptools no longer have.
    def resource_filename(package, name):
        return str(pathlib.Path(sys.modules[package].__file__).with_name(name))

    stand_in = types.ModuleType("pkg_resources")
    stand_in.resource_filename = resource_filename
    before = sys.modules.get("pkg_resources")
    sys.modules["pkg_resources"] = stand_in
    try:
        import parliament
    finally:
        if before is None:
            del sys.modules["pkg_resources"]
        else:
            sys.modules["pkg_resources"] = before
    return parliament


def parliament(text):
    """The findings of parliament: each its kind, its detail and where it is.

    It stops at an action that it does not know, so that it would not look at the rest of the statement. Such actions
    are replaced by one that it knows.
    """
    library = sys.modules.get("parliament") or _import_parliament()
    try:
        findings = library.analyze_policy_string(text, ignore_private_auditors=True).findings
        unknown = {
            found.location.get("string") for found in findings if found.issue in ("UNKNOWN_ACTION", "UNKNOWN_PREFIX")
        }
        if unknown:
            findings += library.analyze_policy_string(
                _with_known_actions(text, unknown), ignore_private_auditors=True
            ).findings
    except Exception as error:
        return [f"raised {type(error).__name__}: {error}"]
    return [f"{found.issue}: {found.detail or ''} [{found.location.get('string', '')}]" for found in findings]


def _with_known_actions(text, unknown):
    policy = json.loads(text)
    statements = policy["Statement"]

    def known(action):
        return "s3:GetObject" if isinstance(action, str) and action in unknown else action

    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Action", "NotAction"):
            value = statement.get(element)
            if value is not None:
                statement[element] = [known(item) for item in value] if isinstance(value, list) else known(value)
    return json.dumps(policy)
