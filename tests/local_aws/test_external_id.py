"""Custom::ExternalId generates the provider's external ID for a customer: once, and always the same for a rotation."""

from .fixtures import ProviderTestCase
from .stacks import external_id, failing_sibling

PHYSICAL_ID = r"\Aexternal-id-[0-9a-f]{64}\Z"
EXTERNAL_ID = r"\A[A-Za-z0-9-]{32,128}\Z"


class ExternalId(ProviderTestCase):
    def create(self, **properties):
        stack = self.stack(self.provider)
        self.assertEqual((stack.create(external_id(**properties)), stack.reasons("ExternalId")), ("CREATE_COMPLETE", []))
        return stack

    def test_is_long_and_unique(self):
        first, second = self.create(), self.create()
        outputs = first.outputs()
        self.assertRegex(outputs["ExternalId"], EXTERNAL_ID)
        self.assertEqual((outputs["PreviousExternalId"], outputs["Rotation"]), ("", ""))
        self.assertRegex(first.physical_id("ExternalId"), PHYSICAL_ID)
        self.assertNotIn(outputs["ExternalId"], first.physical_id("ExternalId"))
        self.assertNotEqual(second.outputs()["ExternalId"], outputs["ExternalId"])

    def test_changes_with_the_rotation_and_returns_with_it(self):
        stack = self.create(Rotation="1")
        physical_id, first = stack.physical_id("ExternalId"), stack.outputs()["ExternalId"]

        self.assertEqual(stack.update(external_id(Rotation="2", PreviousRotation="1")), "UPDATE_COMPLETE")
        outputs = stack.outputs()
        self.assertNotEqual(outputs["ExternalId"], first)
        self.assertEqual((outputs["PreviousExternalId"], outputs["Rotation"]), (first, "2"))
        self.assertEqual(stack.physical_id("ExternalId"), physical_id)

        self.assertEqual(stack.update(external_id(Rotation="1")), "UPDATE_COMPLETE")
        self.assertEqual(stack.outputs(), {"ExternalId": first, "PreviousExternalId": "", "Rotation": "1"})

    def test_survives_a_rollback(self):
        stack = self.create(Rotation="1")
        before = stack.outputs()
        template = external_id(Rotation="2")
        template["Resources"].update(failing_sibling(after="ExternalId"))
        self.assertEqual(stack.update(template), "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(stack.outputs(), before)

    def test_prefix_cannot_change(self):
        stack = self.create(Prefix="acme")
        before = stack.outputs(), stack.physical_id("ExternalId")
        self.assertRegex(before[0]["ExternalId"], r"\Aacme-[0-9a-f]{64}\Z")
        self.assertEqual(stack.update(external_id(Prefix="other")), "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("Prefix", stack.reasons("ExternalId")[0])
        self.assertEqual((stack.outputs(), stack.physical_id("ExternalId")), before)
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")
