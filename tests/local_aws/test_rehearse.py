"""stackset.yaml in the accounts and Regions of an organization, deployed in the recommended order and in other orders."""

import contextlib
import io
import json
import unittest

from . import rehearse, templates
from .constants import FIRST_ID, SECOND_REGION
from .fixtures import LocalAwsTestCase
from .policies import EXTERNAL_ID_KEY, trust_statement
from .report import CheckFailed, Report
from .stacksets import OperationFailed, sequential


class RelaxedStackSet(unittest.TestCase):
    def test_differs_only_in_the_functions_policy(self):
        changes = []
        relaxed = json.loads(templates.relaxed_stack_set(changes.append))
        shipped = templates.read("stackset.yaml")
        self.assertTrue(changes)
        for template in (shipped, relaxed):
            properties = template["Resources"]["FunctionRole"]["Properties"]
            [_] = properties["Policies"]
            properties["Policies"] = [
                (statement["Sid"], statement["Effect"], statement["Action"])
                for statement in templates.function_statements(template)
            ]
        self.assertEqual(relaxed, shipped)


class Arguments(unittest.TestCase):
    def test_are_whole_numbers_that_the_local_aws_supports(self):
        self.assertEqual(rehearse.parse_arguments("200", "2"), (200, 2))
        for arguments, message in [
            (("", "2"), "ACCOUNTS must be a whole number from 1 to 200, not ''"),
            (("0", "2"), "ACCOUNTS must be a whole number from 1 to 200, not '0'"),
            (("201", "1"), "ACCOUNTS must be a whole number from 1 to 200, not '201'"),
            (("20", "us-east-1 eu-west-1"), "REGIONS must be a whole number from 1 to 8, not 'us-east-1 eu-west-1'"),
            (("100", "5"), "ACCOUNTS=100 and REGIONS=5 make 500 stacks. The local AWS supports at most 400."),
        ]:
            with self.subTest(arguments):
                with self.assertRaises(SystemExit) as exit:
                    rehearse.parse_arguments(*arguments)
                self.assertEqual(str(exit.exception).removesuffix(". Example: make rehearse ACCOUNTS=20 REGIONS=2"), message)


class Organization(LocalAwsTestCase):
    def rehearsal(self, accounts, regions):
        aws, acme, intruder = self.environment.aws, self.environment.acme, self.environment.intruder
        with contextlib.redirect_stdout(io.StringIO()):
            rehearsal = rehearse.Rehearsal(aws, Report(), acme, intruder, accounts, regions)
            rehearsal.publish(release=1, action=rehearse.READ_LOGS)
        return rehearsal

    def test_small_organization_with_all_phases(self):
        rehearsal = self.rehearsal(accounts=3, regions=2)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            self.assertEqual(rehearse.run(Report(), rehearsal), (6, 3))
        self.assertIn("\n     roles: 3; findings: 0; complete: 6 of 6 audits\n", printed.getvalue())
        self.assertEqual(
            [(row.phase, row.stacks, row.roles, row.usage and row.usage.requests) for row in rehearsal.rows],
            [
                ("create", 2, 1, 2),
                ("update", 2, 1, 2),
                ("account joins", 4, 2, 2),
                ("joins, Regions in parallel", 6, 3, 2),
                ("account leaves", 5, 2, None),
                ("... its other Regions", 4, 2, None),
                ("delete the other Regions", 2, 2, None),
                ("delete the home Region", 0, 0, None),
            ],
        )

    def test_audit_names_the_account_whose_role_was_loosened(self):
        rehearsal = self.rehearsal(accounts=2, regions=2)
        _, second = rehearsal.members
        rehearsal.stack_set.create(rehearsal.members, sequential(rehearsal.regions), rehearsal.parameters)
        self.addCleanup(rehearsal.stack_set.delete, rehearsal.members, sequential(rehearsal.regions[::-1]))
        second.set_trust(rehearse.role_arn(second), trust_statement(StringLike={EXTERNAL_ID_KEY: f"{FIRST_ID[:5]}*"}))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), self.assertRaises(CheckFailed) as caught:
            rehearse.audit(Report(), rehearsal)
        # The function of each Region finds it.
        self.assertIn("\n     roles: 2; findings: 4; complete: 4 of 4 audits\n", "\n" + printed.getvalue())
        problem = f"account {second.id}: {rehearsal.home}: [('{rehearse.ROLE_NAME}', ['open', 'drifted'])]"
        self.assertTrue(str(caught.exception).endswith(f"\n     {problem}"), caught.exception)

    def test_without_home_region_the_second_region_fails_and_names_the_property(self):
        rehearsal = self.rehearsal(accounts=1, regions=3)
        [member] = rehearsal.members

        def parameters(member):
            return {**rehearsal.parameters(member), "HomeRegion": ""}

        with self.assertRaises(OperationFailed) as caught:
            rehearsal.stack_set.create([member], sequential(rehearsal.regions), parameters)
        message = str(caught.exception)
        start = f"account {member.id}, {SECOND_REGION}: ROLLBACK_COMPLETE: DelegatedRole: "
        self.assertTrue(message.startswith(start), message)
        self.assertIn("HomeRegion", message)
        self.assertIn(rehearsal.home, message)
        regions = [region for _, region in rehearsal.stack_set.instances]
        self.assertEqual(regions, [rehearsal.home, SECOND_REGION], "no operation starts in a later Region")
        rehearsal.stack_set.delete([member], [[SECOND_REGION]])
        role = rehearse.role_arn(member)
        self.assertTrue(self.environment.acme.assume(role, FIRST_ID), "the role of the first Region is not changed")
        rehearsal.stack_set.delete([member], [[rehearsal.home]])
        self.assertEqual(member.remaining_resources(), [])

    def test_other_region_that_starts_first_waits_for_the_home_region(self):
        rehearsal = self.rehearsal(accounts=1, regions=2)
        [member] = rehearsal.members
        early = rehearsal.stack_set.start_create(member, SECOND_REGION, rehearsal.parameters)
        rehearsal.stack_set.create([member], [[rehearsal.home]], rehearsal.parameters)
        self.assertEqual((early.stack.wait(), early.stack.first_failure()), ("CREATE_COMPLETE", "nothing failed"))
        home_outputs = rehearsal.stack_set.instances[member.id, rehearsal.home].stack.outputs()
        outputs = early.stack.outputs()
        self.assertNotEqual(outputs.pop("ServiceToken"), home_outputs.pop("ServiceToken"))
        self.assertEqual(outputs, home_outputs)
        rehearsal.stack_set.delete([member], [[rehearsal.home], [SECOND_REGION]])
        self.assertEqual(member.remaining_resources(), [])
