"""stackset.yaml says what template.yaml says, and StackSets can take it. Needs no AWS, not even a local one."""

import copy
import unittest

from samtranslator.model.exceptions import InvalidDocumentException

from .comparison import DIFFERENCES, ROOT, differences, read, translated

# What CloudFormation takes in --template-body.
MOST_BYTES = 51200
PARTS = ("Parameters", "Conditions", "Resources", "Outputs")
# Words for people. All else counts.
WORDS = ("Description", "ConstraintDescription")
# Templates that cannot be read any more, of some 1,250 that a test tries.
FEW = 50

UNREADABLE = (AttributeError, IndexError, InvalidDocumentException, KeyError, TypeError, ValueError)


class Comparison(unittest.TestCase):
    """The two templates come to the same, but for what is meant, and nothing can be lost from either unseen."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.source = read("template.yaml")
        cls.template = translated(cls.source)
        cls.stackset = read("stackset.yaml")

    def setUp(self):
        self.unreadable = []

    def test_the_two_differ_in_what_is_meant_and_in_nothing_else(self):
        self.assertEqual(differences(self.template, self.stackset), [])

    def test_every_difference_has_one_reason(self):
        paths = [path for several in DIFFERENCES.values() for path, *_ in several]
        self.assertEqual(sorted(paths), sorted(set(paths)))

    def test_whatever_template_yaml_loses_is_told(self):
        # SAM translates the function and leaves the rest as it is, so the rest is mutated after the translation,
        # which takes far longer than the comparison.
        for section in PARTS:
            for name in self.source[section]:
                if name != "Function":
                    self.assertEqual(self.template[section][name], self.source[section][name])
        inside, outside = [], []
        for place in places(self.source):
            (inside if place[:2] == ("Resources", "Function") else outside).append(place)
        self.assertGreater(len(inside), 30)
        for mutate in (lose, change):
            for place in inside:
                self.assert_told(place, lambda: differences(translated(mutate(self.source, place)), self.stackset))
            for place in outside:
                self.assert_told(place, lambda: differences(mutate(self.template, place), self.stackset))

    def test_whatever_stackset_yaml_loses_is_told(self):
        for mutate in (lose, change):
            for place in places(self.stackset):
                self.assert_told(place, lambda: differences(self.template, mutate(self.stackset, place)))

    def test_whatever_either_gains_is_told(self):
        gained = {
            ("Resources", "FunctionRole", "Properties", "Policies", 0, "PolicyDocument", "Statement"): [
                {"Sid": "More", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
            ],
            ("Resources", "FunctionRole", "Properties"): {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
            ("Resources",): {"Invocation": {"Type": "AWS::Lambda::Permission"}},
            ("Resources", "DelegatedRole", "Properties"): {"AllowAdministrativeAccess": "true"},
            ("Parameters",): {"More": {"Type": "String"}},
            ("Outputs",): {"More": {"Value": "more"}},
        }
        for place, more in gained.items():
            for mutated in (self.template, self.stackset):
                self.assert_told(place, lambda: differences(*self.with_one_for(mutated, add(mutated, place, more))))

    def with_one_for(self, template, another):
        return [another if one is template else one for one in (self.template, self.stackset)]

    def assert_told(self, place, compare):
        try:
            found = compare()
        except UNREADABLE as problem:
            # A template that cannot even be read is told, too. But a comparison that always raises would tell nothing.
            self.unreadable.append(f"{place}: {problem!r}")
            self.assertLess(len(self.unreadable), FEW, self.unreadable)
            return
        self.assertTrue(found, f"nobody notices a change of {place}")


class StackSets(unittest.TestCase):
    """What StackSets and `aws cloudformation create-stack-set` demand of a template."""

    def setUp(self):
        self.template = read("stackset.yaml")

    def test_it_is_short_enough_for_a_command_line(self):
        self.assertLess((ROOT / "stackset.yaml").stat().st_size, MOST_BYTES)

    def test_it_takes_neither_transforms_nor_nested_stacks(self):
        self.assertNotIn("Transform", self.template)
        self.assertNotIn("Fn::Transform", [step for place in places(self.template) for step in place])
        types = {"::".join(resource["Type"].split("::")[:2]) for resource in self.template["Resources"].values()}
        self.assertEqual(types, {"AWS::Lambda", "AWS::IAM", "AWS::Logs", "AWS::CloudWatch", "Custom::DelegatedRole"})

    def test_what_the_provider_and_the_function_need_must_be_given(self):
        required = [name for name, parameter in self.template["Parameters"].items() if "Default" not in parameter]
        self.assertEqual(required, ["ExternalAwsAccountId", "ExternalId", "RoleName", "CodeBucketPrefix", "CodeKey"])

    def test_every_parameter_has_its_place_and_its_label(self):
        for name in ("template.yaml", "stackset.yaml", "organization.yaml"):
            template = read(name)
            interface = template["Metadata"]["AWS::CloudFormation::Interface"]
            grouped = [parameter for group in interface["ParameterGroups"] for parameter in group["Parameters"]]
            self.assertEqual(sorted(grouped), sorted(template["Parameters"]))
            self.assertEqual(sorted(interface["ParameterLabels"]), sorted(template["Parameters"]))

    def test_the_code_is_looked_for_where_it_is_put(self):
        there = read("organization.yaml")
        self.assertEqual(
            self.template["Resources"]["Function"]["Properties"]["Code"]["S3Bucket"],
            there["Resources"]["Bucket"]["Properties"]["BucketName"],
        )
        for limit in ("AllowedPattern", "ConstraintDescription"):
            self.assertEqual(*(one["Parameters"]["CodeBucketPrefix"][limit] for one in (self.template, there)))


def places(template):
    """The place of everything that counts in a template, as the steps that lead to it."""
    return [place for part in PARTS for place in _places((part,), template[part])]


def _places(path, value):
    if isinstance(value, dict):
        steps = [step for step in value if not (step in WORDS and path[0] in ("Parameters", "Outputs") and len(path) == 2)]
    else:
        steps = range(len(value)) if isinstance(value, list) else ()
    for step in steps:
        yield (*path, step)
        yield from _places((*path, step), value[step])


def lose(template, place):
    """The template without what is there."""
    template = copy.deepcopy(template)
    del _parent(template, place)[place[-1]]
    return template


def change(template, place):
    """The template with something else there."""
    template = copy.deepcopy(template)
    _parent(template, place)[place[-1]] = "something else"
    return template


def add(template, place, more):
    template = copy.deepcopy(template)
    there = _parent(template, (*place, None))
    there.extend(more) if isinstance(there, list) else there.update(more)
    return template


def _parent(template, place):
    for step in place[:-1]:
        template = template[step]
    return template
