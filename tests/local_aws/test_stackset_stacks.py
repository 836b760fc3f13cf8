"""stackset.yaml, deployed in accounts and Regions as StackSets do, in the order meant and in others."""

import contextlib
import io
import json
import unittest

from samtranslator.yaml_helper import yaml_parse

from . import overlay, rehearse
from .installed import OnLocalAws
from .stacksets import Failed, one_after_the_other
from .story import Story

EUROPE = "eu-west-1"


class Overlay(unittest.TestCase):
    def test_differs_from_stackset_yaml_in_the_functions_policy_alone(self):
        changes = []
        widened = json.loads(overlay.stack_set(changes.append))
        shipped = yaml_parse(overlay.STACK_SET.read_text())
        self.assertTrue(changes)
        for template in (shipped, widened):
            [given] = template["Resources"]["FunctionRole"]["Properties"]["Policies"]
            statements = overlay.statements(given["PolicyDocument"]["Statement"])
            template["Resources"]["FunctionRole"]["Properties"]["Policies"] = [
                (statement["Sid"], statement["Effect"], statement["Action"]) for statement in statements
            ]
        self.assertEqual(widened, shipped)


class HowMany(unittest.TestCase):
    def test_is_a_whole_number_that_the_local_aws_carries(self):
        self.assertEqual(rehearse.read("200", "2"), (200, 2))
        for given, said in [
            (("", "2"), "ACCOUNTS is how many, a whole number from 1 to 200, and not ''"),
            (("0", "2"), "ACCOUNTS is how many, a whole number from 1 to 200, and not '0'"),
            (("201", "1"), "ACCOUNTS is how many, a whole number from 1 to 200, and not '201'"),
            (("20", "us-east-1 eu-west-1"), "REGIONS is how many, a whole number from 1 to 8, and not 'us-east-1 eu-west-1'"),
            (("100", "5"), "ACCOUNTS=100 REGIONS=5 is 500 stacks; the local AWS carries 400."),
        ]:
            with self.assertRaises(SystemExit) as refusal:
                rehearse.read(*given)
            self.assertEqual(str(refusal.exception).removesuffix(": make rehearse ACCOUNTS=20 REGIONS=2"), said)


class StackSets(OnLocalAws):
    def rehearsal(self, accounts, regions):
        with contextlib.redirect_stdout(io.StringIO()):
            it = rehearse.Rehearsal(self.world.aws, Story(), self.world.acme, self.world.intruder, accounts, regions)
            it.publish(release=1, action=rehearse.READ_LOGS)
        return it

    def test_a_small_organization_from_its_first_day_to_its_last(self):
        it = self.rehearsal(accounts=3, regions=2)
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(rehearse.tell(Story(), it), (6, 3))
        self.assertEqual(
            [(row.phase, row.stacks, row.roles, row.work and row.work.requests) for row in it.rows],
            [
                ("create", 2, 1, 2),
                ("update", 2, 1, 2),
                ("an account joins", 4, 2, 2),
                ("one joins, Regions at once", 6, 3, 2),
                ("an account leaves", 5, 2, None),
                ("... its other Regions", 4, 2, None),
                ("delete the other Regions", 2, 2, None),
                ("delete the home Region", 0, 0, None),
            ],
        )

    def test_without_a_home_region_the_second_region_says_to_name_one(self):
        it = self.rehearsal(accounts=1, regions=3)
        [member] = it.members

        def without_home(member):
            return {**it.parameters(member), "HomeRegion": ""}

        with self.assertRaises(Failed) as failure:
            it.stack_set.create([member], one_after_the_other(it.regions), without_home)
        said = str(failure.exception)
        self.assertTrue(said.startswith(f"account {member.id}, {EUROPE}: ROLLBACK_COMPLETE: DelegatedRole: "), said)
        self.assertIn("HomeRegion", said)
        self.assertIn(it.home, said)
        self.assertEqual([region for _, region in it.stack_set.instances], [it.home, EUROPE], "no later Region is touched")
        it.stack_set.delete([member], [[EUROPE]])
        self.assertTrue(self.world.acme.assume(rehearse.role_arn(member), rehearse.EXTERNAL_ID), "the first Region's is untouched")
        it.stack_set.delete([member], [[it.home]])
        self.assertEqual(member.leftovers(), [])

    def test_another_region_that_comes_first_waits_for_the_home_region(self):
        it = self.rehearsal(accounts=1, regions=2)
        [member] = it.members
        early = it.stack_set.begin(member, EUROPE, it.parameters)
        it.stack_set.create([member], [[it.home]], it.parameters)
        self.assertEqual((early.stack.end(), early.stack.failure()), ("CREATE_COMPLETE", "nothing failed"))
        of_home = it.stack_set.instances[member.id, it.home].stack.outputs()
        outputs = early.stack.outputs()
        self.assertNotEqual(outputs.pop("ServiceToken"), of_home.pop("ServiceToken"))
        self.assertEqual(outputs, of_home)
        it.stack_set.delete([member], [[it.home], [EUROPE]])
        self.assertEqual(member.leftovers(), [])
