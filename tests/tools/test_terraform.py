"""The Terraform example is valid HCL, and what it passes on exists in the templates. Where Terraform is installed, it computes
the parameters; nothing here needs its AWS provider."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import hcl2
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/terraform"
MODULE = EXAMPLE / "modules/delegated-role"

# Not settings of the role.
OF_THE_STACK = {"name", "configuration_file", "stack_tags"}

# Settings that are not simply one parameter of the same name.
PARAMETERS = {"external_id": "ExternalId", "managed_policies": "ManagedPolicyArns", "custom_policy": "CustomPolicy"}

OF_CLOUDFORMATION = {"ServiceToken", "ServiceTimeout"}


def read(path):
    return hcl2.loads(path.read_text())


def named(file, kind):
    """The blocks of one kind: name, content. This parser keeps the quotation marks of strings."""
    return {name.strip('"'): content for block in read(file).get(kind, []) for name, content in block.items()}


def template(path):
    return yaml_parse(path.read_text())


def parameter(setting):
    return PARAMETERS.get(setting, "".join(word.title() for word in setting.split("_")))


class Files(unittest.TestCase):
    def test_every_file_is_valid(self):
        files = sorted(EXAMPLE.rglob("*.tf"))
        self.assertGreater(len(files), 5)
        for file in files:
            with self.subTest(file.name):
                read(file)

    @unittest.skipUnless(shutil.which("terraform"), "terraform is not installed")
    def test_every_file_is_formatted(self):
        result = subprocess.run(["terraform", "fmt", "-check", "-diff", "-recursive", EXAMPLE], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class Module(unittest.TestCase):
    def setUp(self):
        self.variables = named(MODULE / "variables.tf", "variable")
        self.settings = set(self.variables) - OF_THE_STACK
        self.template = template(MODULE / "role.yaml")

    def test_it_has_the_variables_that_users_know(self):
        known = {
            "external_aws_account_id": "string",
            "external_id": "string",
            "require_mfa": "bool",
            "max_session_duration": "number",
            "configuration_file": "string",
        }
        for name, kind in known.items():
            self.assertEqual(self.variables[name]["type"].strip('"${}'), kind, name)
        self.assertIs(self.variables["external_id"]["sensitive"], True)
        for feature, field in {"custom_policy": "content", "managed_policies": "arns"}.items():
            declared = str(self.variables[feature]["type"])
            self.assertIn("enabled", declared)
            self.assertIn(field, declared)

    def test_every_setting_is_a_parameter_of_its_template_and_every_parameter_a_setting(self):
        self.assertEqual({parameter(setting) for setting in self.settings}, set(self.template["Parameters"]))

    def test_every_setting_can_be_in_the_configuration_file(self):
        [accepted, _] = re.findall(r"setsubtract\((.*?)\)\) == 0", (MODULE / "variables.tf").read_text(), re.DOTALL)
        self.assertEqual(set(re.findall(r'"([a-z_]+)"', accepted)), self.settings)
        [passed] = [block["variables"] for block in read(MODULE / "parameters.tf")["locals"]]
        self.assertEqual(set(passed), self.settings - set(PARAMETERS))

    def test_every_property_is_a_parameter(self):
        schema = json.loads((ROOT / "cfn-lint/schemas/DelegatedRole.json").read_text())
        # No parameter carries a list of objects.
        lists = {name for name, property in schema["properties"].items() if "object" in str(property.get("items", {}).get("type"))}
        self.assertIn("Tags", lists)
        self.assertEqual(set(self.template["Parameters"]), set(schema["properties"]) - OF_CLOUDFORMATION - lists)
        properties = self.template["Resources"]["Role"]["Properties"]
        self.assertEqual(set(properties), set(schema["properties"]) - lists)
        for name in self.template["Parameters"]:
            self.assertIn(f"'Ref': '{name}'", str(properties[name]), f"{name} is not passed on")
            default = self.template["Parameters"][name].get("Default")
            if default:
                self.assertEqual(json.dumps(schema["properties"][name]["default"]).strip('"'), default)

    def test_its_parameters_have_the_names_of_template_yaml(self):
        resource = template(ROOT / "template.yaml")["Resources"]["DelegatedRole"]["Properties"]
        parameters = template(ROOT / "template.yaml")["Parameters"]
        same = {name for name in parameters if name in resource}
        self.assertGreaterEqual(len(same), 7)
        self.assertLessEqual(same, set(self.template["Parameters"]))

    def test_its_outputs_are_those_of_its_template(self):
        used = re.findall(r'outputs\["([A-Za-z]+)"\]', (MODULE / "outputs.tf").read_text())
        self.assertEqual(sorted(used), sorted(self.template["Outputs"]))
        outputs = named(MODULE / "outputs.tf", "output")
        for name in ("external_id", "terraform_provider", "aws_config_profile"):
            self.assertIs(outputs[name].get("sensitive"), True, f"{name} contains the external ID")


class Examples(unittest.TestCase):
    def test_the_customer_gives_what_the_module_and_template_yaml_have(self):
        settings = set(named(MODULE / "variables.tf", "variable"))
        modules = named(EXAMPLE / "customer/main.tf", "module")
        self.assertEqual(set(modules), {"acme", "auditor"})
        outputs = set(named(MODULE / "outputs.tf", "output"))
        for name, module in modules.items():
            given = {key for key in module if not key.startswith("__")} - {"source", "depends_on"}
            self.assertLessEqual(given, settings, name)
            self.assertEqual((EXAMPLE / "customer" / module["source"].strip('"')).resolve(), MODULE)
        for name, output in re.findall(r"module\.([a-z]+)\.([a-z_]+)", (EXAMPLE / "customer/main.tf").read_text()):
            self.assertIn(name, modules)
            self.assertIn(output, outputs)
        [stack] = [block['"aws_cloudformation_stack"']['"function"'] for block in read(EXAMPLE / "customer/main.tf")["resource"]]
        self.assertLessEqual({key.strip('"') for key in stack["parameters"]}, set(template(ROOT / "template.yaml")["Parameters"]))

    def test_the_provider_sends_the_external_id_with_and_without_mfa(self):
        self.assertIs(named(EXAMPLE / "provider/main.tf", "variable")["external_id"]["sensitive"], True)
        plain, with_mfa = [block['"aws"'] for block in read(EXAMPLE / "provider/main.tf")["provider"]]
        for provider in (plain, with_mfa):
            [role] = provider["assume_role"]
            self.assertEqual(role["external_id"], "${var.external_id}")
        self.assertNotIn("profile", plain)
        self.assertEqual(with_mfa["profile"], '"provider-mfa"')


@unittest.skipUnless(shutil.which("terraform"), "terraform is not installed")
class Computed(unittest.TestCase):
    """The parameters as Terraform computes them. Only the resource is another: one that needs no provider."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ("variables.tf", "parameters.tf"):
            shutil.copy(MODULE / name, self.folder)
        main = (MODULE / "main.tf").read_text()
        checks = main[main.index("  lifecycle {") :]
        (self.folder / "main.tf").write_text(
            f'resource "terraform_data" "this" {{\n  input = local.parameters\n{checks}\noutput "parameters" {{\n  value     = local.parameters\n  sensitive = true\n}}\n'
        )
        self.terraform("init")

    def terraform(self, *arguments):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "CHECKPOINT_DISABLE": "1"}
        return subprocess.run(
            ["terraform", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    def apply(self, file=None, **variables):
        if file is not None:
            (self.folder / "settings.yaml").write_text(file)
            variables["configuration_file"] = "settings.yaml"
        # Each time from nothing: what was there before would be printed, too.
        (self.folder / "terraform.tfstate").unlink(missing_ok=True)
        (self.folder / "terraform.tfvars.json").write_text(json.dumps({"name": "x", **variables}))
        return self.terraform("apply", "-auto-approve", "-input=false", "-no-color")

    def parameters(self, file=None, **variables):
        result = self.apply(file, **variables)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("THE-EXTERNAL-ID", result.stdout + result.stderr)
        return json.loads(self.terraform("output", "-json", "parameters").stdout)

    def refused(self, message, file=None, **variables):
        result = self.apply(file, **variables)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(message, " ".join(re.sub("[│╷╵]", "", result.stderr).split()))

    NOTHING = {"ExternalId": "", "ManagedPolicyArns": "", "CustomPolicy": ""}

    def test_only_what_is_given_is_passed_on(self):
        found = self.parameters(external_aws_account_id="222222222222")
        self.assertEqual(found, {**self.NOTHING, "ExternalAwsAccountId": "222222222222"})

    def test_lists_numbers_and_booleans_become_strings(self):
        document = '{"Version":"2012-10-17","Statement":[]}'
        found = self.parameters(
            external_aws_account_id="222222222222",
            external_id="THE-EXTERNAL-ID",
            require_mfa=True,
            max_session_duration=7200,
            source_ips=["203.0.113.0/24", "198.51.100.0/24"],
            managed_policies={"enabled": True, "arns": ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"]},
            custom_policy={"enabled": True, "content": document},
        )
        self.assertEqual(
            found,
            {
                "ExternalAwsAccountId": "222222222222",
                "ExternalId": "THE-EXTERNAL-ID",
                "RequireMfa": "true",
                "MaxSessionDuration": "7200",
                "SourceIps": "203.0.113.0/24,198.51.100.0/24",
                "ManagedPolicyArns": "arn:aws:iam::aws:policy/A,arn:aws:iam::aws:policy/B",
                "CustomPolicy": document,
            },
        )

    def test_a_feature_that_is_not_enabled_is_left_out(self):
        found = self.parameters(
            external_aws_account_id="222222222222",
            managed_policies={"enabled": False, "arns": ["arn:aws:iam::aws:policy/A"]},
            custom_policy={"enabled": False},
        )
        self.assertEqual(found, {**self.NOTHING, "ExternalAwsAccountId": "222222222222"})

    def test_the_example_file_is_read(self):
        found = self.parameters((EXAMPLE / "customer/auditor.yaml").read_text())
        self.assertEqual(
            found,
            {
                **self.NOTHING,
                "ExternalAwsAccountId": "333333333333",
                "RequireMfa": "true",
                "MfaMaxAge": "3600",
                "MaxSessionDuration": "3600",
                "ExpiresAt": "2027-12-31T23:59:59Z",
                "Description": "The yearly audit",
                "ManagedPolicyArns": "arn:aws:iam::aws:policy/SecurityAudit",
            },
        )

    def test_a_variable_counts_more_than_the_file(self):
        file = 'external_aws_account_id: "333333333333"\nrequire_mfa: true\nexternal_id: FROM-THE-FILE\nmax_session_duration: 3600\n'
        self.assertEqual(self.parameters(file.replace("FROM-THE-FILE", "THE-EXTERNAL-ID"))["ExternalId"], "THE-EXTERNAL-ID")
        found = self.parameters(file, require_mfa=False, external_id="THE-EXTERNAL-ID", managed_policies={"enabled": False})
        self.assertEqual(
            found,
            {
                **self.NOTHING,
                "ExternalAwsAccountId": "333333333333",
                "ExternalId": "THE-EXTERNAL-ID",
                "RequireMfa": "false",
                "MaxSessionDuration": "3600",
            },
        )

    def test_mistakes_are_refused(self):
        account = {"external_aws_account_id": "222222222222"}
        unknown = "The configuration file has a setting that this module does not know."
        self.refused(unknown, 'external_aws_account_id: "222222222222"\nrequire_mfaa: true\n')
        fields = "custom_policy has enabled and content"
        self.refused(fields, "managed_policies:\n  enabled: true\n  arn: x\n", **account)
        self.refused("Give external_aws_account_id", external_id="THE-EXTERNAL-ID")
        self.refused("policy document in JSON", custom_policy={"enabled": True, "content": "{}"}, **account)
        self.refused("policy document in JSON", "custom_policy:\n  enabled: true\n", **account)
        self.refused("Give arns, or set enabled to false", managed_policies={"enabled": True}, **account)
        self.refused("Give managed_policies some arns", "managed_policies:\n  enabled: true\n", **account)
        long = json.dumps({"Statement": ["x" * 4096]})
        self.refused("at most 4096 characters", custom_policy={"enabled": True, "content": long}, **account)
