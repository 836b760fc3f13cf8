"""The printed commands depend on the stack sets that exist: missing ones are created, existing ones are updated."""

from . import sam, templates
from .constants import OTHER_REGIONS_STACK_SET_NAME as OTHERS
from .constants import REGION, SECOND_REGION
from .constants import STACK_SET_NAME as HOME
from .printed_commands import calls, changed_parameters, rollback_calls
from .publishing import BOTH_REGIONS, VALUES, PublishTestCase

OLD_KEY = f"service-provider-access/{sam.ARCHITECTURE}/{'0' * 64}.zip"


class ExistingStackSets(PublishTestCase):
    def setUp(self):
        super().setUp()
        self.proxy = self.start_proxy()

    def publish(self, **variables):
        return super().publish(**{**VALUES, "AWS_ENDPOINT_URL_CLOUDFORMATION": self.proxy.endpoint, **variables})

    def add_stack_set(self, name, regions, home=REGION, key=OLD_KEY, **parameters):
        """Adds a stack set that DescribeStackSet returns. It has all parameters except two. Returns the parameters."""
        names = [name for name in templates.read("stackset.yaml")["Parameters"] if name not in ("AlarmTopicArn", "LogLevel")]
        parameters = {
            **dict.fromkeys(names, ""),
            "CodeBucketPrefix": self.prefix,
            "CodeKey": key,
            "HomeRegion": home,
            "Architecture": sam.ARCHITECTURE,
            "RoleName": "acme",
            "MaxSessionDuration": "7200",
            "ExternalId": "a&b",
            **parameters,
        }
        self.proxy.stack_sets[REGION, name] = {"Parameters": parameters, "Regions": regions, "OrganizationalUnitIds": ["r-zz99"]}
        return parameters

    def names(self, printed):
        return [(call["Call"], call["StackSetName"]) for call in calls(printed)]

    def test_missing_stack_sets_are_created_and_nothing_else(self):
        printed = self.publish_commands(REGIONS=BOTH_REGIONS, DELEGATED_ADMIN="1")
        self.assertEqual(
            self.names(printed),
            [(call, name) for name in (HOME, OTHERS) for call in ("CreateStackSet", "CreateStackInstances")],
        )
        for text in ("update-stack-set", "If the stack sets exist", "Roll back", "older code"):
            self.assertNotIn(text, printed)
        self.assertEqual(
            self.proxy.calls,
            [
                (region, name, "DELEGATED_ADMIN")
                for region, name in ((SECOND_REGION, HOME), (REGION, HOME), (REGION, OTHERS))
            ],
        )

    def test_existing_stack_sets_are_updated_and_nothing_else(self):
        before = self.add_stack_set(HOME, [REGION])
        self.add_stack_set(OTHERS, [SECOND_REGION])
        # Older code that was never deployed is not used for a rollback.
        self.publish_commands(REGIONS=BOTH_REGIONS, BUILT=str(self.copy_of_function()))
        status, messages, printed = self.publish(REGIONS=BOTH_REGIONS)
        self.assertEqual((status, "Could not determine" in messages), (0, False), messages)
        self.assertEqual(self.proxy.calls[0], (SECOND_REGION, HOME, None))
        updates = calls(printed)
        rollbacks = rollback_calls(printed)
        self.assertEqual(self.names(printed), [("UpdateStackSet", HOME), ("UpdateStackSet", OTHERS)])
        self.assertEqual([call["StackSetName"] for call in rollbacks], [HOME, OTHERS])
        self.assertEqual(printed.count("New parameters that get their default values: LogLevel, AlarmTopicArn\n"), 2)
        for update, rollback, region in zip(updates, rollbacks, BOTH_REGIONS.split(), strict=True):
            self.assertEqual(changed_parameters(update), {"CodeKey": self.key(printed), "Architecture": sam.ARCHITECTURE})
            # AWS rejects UsePreviousValue for a new parameter.
            self.assertEqual(sorted(update["Parameters"]), sorted(before))
            self.assertEqual(update["OperationPreferences"]["RegionOrder"], [region])
            self.assertEqual(changed_parameters(rollback), {"CodeKey": OLD_KEY, "Architecture": sam.ARCHITECTURE})
            self.assertEqual(sorted(rollback["Parameters"]), sorted(templates.read("stackset.yaml")["Parameters"]))
            self.assertTrue(rollback["UsePreviousTemplate"])
        self.assertIn("use the stackset.yaml of the previous code", printed)

    def test_rollback_of_deployed_code_is_the_older_code_in_the_bucket(self):
        older = self.key(self.publish_commands(BUILT=str(self.copy_of_function())))
        key = self.key(self.publish_commands())
        self.add_stack_set(HOME, [REGION], key=key)
        [rollback] = rollback_calls(self.publish_commands())
        self.assertEqual(changed_parameters(rollback)["CodeKey"], older)
        # If other code is deployed, the rollback also restores its processor and its bucket.
        self.add_stack_set(HOME, [REGION], Architecture="another", CodeBucketPrefix="previous-prefix", HomeRegion="")
        printed = self.publish_commands()
        [update], [rollback] = calls(printed), rollback_calls(printed)
        new = {"CodeKey": key, "Architecture": sam.ARCHITECTURE, "CodeBucketPrefix": self.prefix, "HomeRegion": REGION}
        self.assertEqual(changed_parameters(update), new)
        old = {"CodeKey": OLD_KEY, "Architecture": "another", "CodeBucketPrefix": "previous-prefix"}
        self.assertEqual(changed_parameters(rollback), {**new, **old})

    def test_stack_set_of_the_other_regions_gets_the_parameters_of_the_home_region(self):
        before = self.add_stack_set(HOME, [REGION])
        printed = self.publish_commands(REGIONS=BOTH_REGIONS, OU=None, EXTERNAL_ID=None)
        update, create, instances = calls(printed, valid=False)
        self.assertEqual(self.names(printed.replace("<EXTERNAL_ID>", "id"))[0], ("UpdateStackSet", HOME))
        self.assertEqual((create["Call"], create["StackSetName"]), ("CreateStackSet", OTHERS))
        self.assertEqual(create["Parameters"], {**before, **changed_parameters(update), "ExternalId": "<EXTERNAL_ID>"})
        self.assertIn("Replace these first, or set the variables for make publish: '<EXTERNAL_ID>'", printed)
        self.assertNotIn(before["ExternalId"], printed)
        self.assertEqual(
            (instances["Regions"], instances["DeploymentTargets"]), ([SECOND_REGION], {"OrganizationalUnitIds": ["r-zz99"]})
        )

    def test_stacks_are_created_in_regions_without_stacks(self):
        self.add_stack_set(HOME, [])
        update, instances = calls(self.publish_commands())
        self.assertEqual(
            (update["Call"], instances["Call"], instances["Regions"]), ("UpdateStackSet", "CreateStackInstances", [REGION])
        )
        # If the first stack set has stacks in a Region, the second is not created for that Region.
        self.add_stack_set(HOME, BOTH_REGIONS.split())
        [update] = calls(self.publish_commands(REGIONS=BOTH_REGIONS))
        self.assertEqual(
            (update["StackSetName"], update["OperationPreferences"]["RegionOrder"]), (HOME, BOTH_REGIONS.split())
        )

    def test_commands_for_both_cases_if_stack_sets_cannot_be_read(self):
        self.proxy.error = (403, "AccessDenied", "User is not authorized to perform: cloudformation:DescribeStackSet")
        status, messages, printed = self.publish()
        self.assertEqual(status, 0, messages)
        self.assertIn(
            f"Could not determine whether the stack set {HOME} exists in {REGION} (cloudformation:DescribeStackSet). AWS reports "
            "AccessDenied: User is not authorized to perform: cloudformation:DescribeStackSet. The commands for both cases are "
            "printed",
            messages,
        )
        self.assertEqual(
            [call for call, _ in self.names(printed)], ["CreateStackSet", "CreateStackInstances", "UpdateStackSet"]
        )

    def test_home_region_cannot_change(self):
        self.add_stack_set(HOME, [REGION], home=SECOND_REGION)
        messages = self.publish_error(REGIONS=BOTH_REGIONS)
        self.assertIn(f"The stack set {HOME} in {REGION} has HomeRegion={SECOND_REGION}", messages)
        self.assertIn(
            f"Set HOME_REGION={SECOND_REGION}. To move the home Region, see docs/organization.md. Nothing was published.", messages
        )
        # The same Regions in another order.
        self.add_stack_set(HOME, [REGION])
        messages = self.publish_error(REGIONS=BOTH_REGIONS, HOME_REGION=SECOND_REGION)
        self.assertIn(
            f"The stack set {HOME} exists in {REGION}, so the home Region is {REGION}, not {SECOND_REGION}", messages
        )

    def test_code_is_required_in_every_region_with_stacks(self):
        self.add_stack_set(HOME, [REGION])
        self.add_stack_set(OTHERS, [SECOND_REGION])
        messages = self.publish_error()
        self.assertIn(
            f"The stack set {OTHERS} also has stacks in {SECOND_REGION}. They cannot be updated without the code there", messages
        )
