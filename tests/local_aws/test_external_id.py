"""The provider's external ID for a customer: made once, and always the same for the same rotation."""

from .installed import OnProvidersSide
from .stacks import external_id, failing_sibling

HANDLE = r"\Aexternal-id-[0-9a-f]{64}\Z"
FORM = r"\A[A-Za-z0-9-]{32,128}\Z"


class ExternalId(OnProvidersSide):
    def made(self, **properties):
        stack = self.stack(self.provider)
        self.assertEqual((stack.create(external_id(**properties)), stack.reasons("ExternalId")), ("CREATE_COMPLETE", []))
        return stack

    def test_is_long_and_like_no_other(self):
        first, second = self.made(), self.made()
        outputs = first.outputs()
        self.assertRegex(outputs["ExternalId"], FORM)
        self.assertEqual((outputs["PreviousExternalId"], outputs["Rotation"]), ("", ""))
        self.assertRegex(first.physical_id("ExternalId"), HANDLE)
        self.assertNotIn(outputs["ExternalId"], first.physical_id("ExternalId"))
        self.assertNotEqual(second.outputs()["ExternalId"], outputs["ExternalId"])

    def test_changes_with_the_rotation_and_comes_back_with_it(self):
        stack = self.made(Rotation="1")
        handle, first = stack.physical_id("ExternalId"), stack.outputs()["ExternalId"]

        self.assertEqual(stack.update(external_id(Rotation="2", PreviousRotation="1")), "UPDATE_COMPLETE")
        outputs = stack.outputs()
        self.assertNotEqual(outputs["ExternalId"], first)
        self.assertEqual((outputs["PreviousExternalId"], outputs["Rotation"]), (first, "2"))
        self.assertEqual(stack.physical_id("ExternalId"), handle)

        self.assertEqual(stack.update(external_id(Rotation="1")), "UPDATE_COMPLETE")
        self.assertEqual(stack.outputs(), {"ExternalId": first, "PreviousExternalId": "", "Rotation": "1"})

    def test_survives_a_rollback(self):
        stack = self.made(Rotation="1")
        before = stack.outputs()
        template = external_id(Rotation="2")
        template["Resources"].update(failing_sibling(after="ExternalId"))
        self.assertEqual(stack.update(template), "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(stack.outputs(), before)

    def test_keeps_its_prefix_for_ever(self):
        stack = self.made(Prefix="acme")
        before = stack.outputs(), stack.physical_id("ExternalId")
        self.assertRegex(before[0]["ExternalId"], r"\Aacme-[0-9a-f]{64}\Z")
        self.assertEqual(stack.update(external_id(Prefix="other")), "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("Prefix", stack.reasons("ExternalId")[0])
        self.assertEqual((stack.outputs(), stack.physical_id("ExternalId")), before)
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")
