"""stackset.yaml, deployed in accounts and Regions as StackSets do, in the order meant and in others."""

import contextlib
import io

from . import rehearse
from .installed import OnLocalAws
from .stacksets import Failed, one_after_the_other
from .story import Story

EUROPE = "eu-west-1"


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
        it = self.rehearsal(accounts=1, regions=2)
        [member] = it.members

        def without_home(member):
            return {**it.parameters(member), "HomeRegion": ""}

        with self.assertRaises(Failed) as failure:
            it.stack_set.create([member], one_after_the_other(it.regions), without_home)
        said = str(failure.exception)
        self.assertTrue(said.startswith(f"account {member.id}, {EUROPE}: ROLLBACK_COMPLETE: DelegatedRole: "), said)
        self.assertIn("HomeRegion", said)
        self.assertIn(it.home, said)
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
