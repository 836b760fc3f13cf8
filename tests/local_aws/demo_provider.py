"""The provider's chapter of the demo: a customer comes on board, becomes careless, and changes the external ID."""

from . import sam
from .emulator import CUSTOMER, PROVIDER
from .onboarding import QUICKSTART, Onboarding, read_link
from .stacks import Stack


def tell(story, aws, customer, provider, acme, intruder):
    story.step(f"Now you are the service provider, {PROVIDER}. Deploy provider.yaml: `sam deploy --config-env provider`")
    story.tell("Nothing in it is widened for MiniStack.")
    sam.deploy_provider(aws)
    installed = Stack(provider, sam.PROVIDER_STACK_NAME)
    story.expect_same(installed.describe()["StackStatus"], "CREATE_COMPLETE", "the function is installed, in the provider's own account")

    story.step("A new customer: deploy examples/provider-onboarding.yaml, which is all the provider does for one")
    onboarding = Onboarding(provider, Stack(provider, "customer-one"))
    story.expect_same(onboarding.deploy(), "CREATE_COMPLETE", "the stack is complete")
    outputs = onboarding.outputs()
    first_id = outputs["ExternalId"]
    story.tell(f"ExternalId: {first_id}")
    story.tell(f"QuickCreateLink: {outputs['QuickCreateLink']}")
    story.expect("Verdict" not in outputs, "nothing is checked yet: the customer has not made a role")

    story.step("The customer opens the link, which fills in everything, and makes their stack (examples/customer-quickstart.yaml)")
    link = read_link(outputs["QuickCreateLink"])
    customers = Stack(customer, link["StackName"])
    status = customers.create(QUICKSTART, **link["Parameters"])
    story.expect_same(status, "CREATE_COMPLETE", "the role is made, with nothing of ours installed at the customer's")
    role_arn = customers.outputs()["RoleArn"]
    story.tell(f"RoleArn: {role_arn}")

    story.step("The provider fills in the role, and it is checked before anything else happens")
    story.expect_same(onboarding.deploy(CustomerRoleArn=role_arn, CustomerAccountId=CUSTOMER), "UPDATE_COMPLETE", "the stack is complete")
    outputs = onboarding.outputs()
    story.expect_same(outputs["Verdict"], "Safe", f"the verdict of {outputs['CheckedAt']}: Safe")
    for line in outputs["Probes"].splitlines():
        story.tell(f"    {line}")
    story.expect_same(onboarding.stored_role(), role_arn, f"the role is in the SSM parameter {onboarding.parameter}")
    story.expect(acme.assume(role_arn, first_id), "the provider with the external ID: open")
    story.expect(not acme.assume(role_arn), "the provider without: shut")
    story.expect(not intruder.assume(role_arn, first_id), "a stranger with it: shut")

    story.step("The customer is careless, and loosens the trust by hand: StringLike, and a * after the ID")
    trust = customer.role(role_arn.rsplit("/", 1)[1])["Trust"]["Statement"]
    loose = [{**trust[0], "Condition": {"StringLike": {"sts:ExternalId": f"{first_id}*"}}}]
    customer.change_trust(role_arn, *loose)
    story.expect(acme.assume(role_arn, f"{first_id}-and-more"), "another external ID that begins like the right one: open")
    status = onboarding.deploy(Revision="2")
    story.expect_same(status, "UPDATE_ROLLBACK_COMPLETE", "asked again with another Revision, the provider's stack says no and is as it was before")
    reason = onboarding.refusals()[0]
    story.expect("a character appended" in reason, "its events say why:")
    story.tell_at_length(reason)
    story.expect(first_id not in reason, "the external ID is not among it")

    story.step("The customer puts the trust right, and the provider asks again")
    customer.change_trust(role_arn, *trust)
    story.expect_same(onboarding.deploy(Revision="3"), "UPDATE_COMPLETE", "the stack is complete")
    story.expect_same(onboarding.outputs()["Verdict"], "Safe", "the verdict: Safe")

    story.step("Another external ID, without a gap")
    story.expect_same(onboarding.deploy(Rotation="2", PreviousRotation="1"), "UPDATE_COMPLETE", "the provider makes a new one")
    outputs = onboarding.outputs()
    second_id = outputs["ExternalId"]
    story.tell(f"ExternalId: {second_id}")
    story.expect_same(outputs["PreviousExternalId"], first_id, "the previous one is still there")
    story.expect(acme.assume(role_arn, outputs["ExternalIdToSend"]), "the provider still sends that: open")
    accepted = {**link["Parameters"], "ExternalId": outputs["ExternalIdsToAccept"]}
    story.expect_same(customers.update(**accepted), "UPDATE_COMPLETE", "the customer accepts both")
    story.expect(acme.assume(role_arn, first_id) and acme.assume(role_arn, second_id), "the provider with either: open")
    story.expect_same(onboarding.deploy(PreviousRotation=""), "UPDATE_COMPLETE", "the provider asks with the new one: Safe, and sends it from now on")
    outputs = onboarding.outputs()
    story.expect(acme.assume(role_arn, outputs["ExternalIdToSend"]), "the provider with what the stack says: open")
    accepted["ExternalId"] = outputs["ExternalIdsToAccept"]
    story.expect_same(customers.update(**accepted), "UPDATE_COMPLETE", "the customer accepts the new one alone")
    story.expect(acme.assume(role_arn, second_id), "the provider with the new one: open")
    story.expect(not acme.assume(role_arn, first_id), "the provider with the previous one: shut")

    story.step("Everybody parts: delete the customer's stack, the provider's stack of the customer, and the function")
    for who, stack in (("customer's", customers), ("provider's", onboarding.stack), ("function's", installed)):
        story.expect_same(stack.delete(), "DELETE_COMPLETE", f"the {who} stack is gone")
    story.expect_same(onboarding.stored_role(), None, "no SSM parameter is left")
    for whose, account in (("customer's", customer), ("provider's", provider)):
        story.expect_same(account.client("iam").list_roles()["Roles"], [], f"no role is left in the {whose} account")
    story.expect_same(provider.client("lambda").list_functions()["Functions"], [], "no function is left")
    story.expect_same(provider.client("logs").describe_log_groups()["logGroups"], [], "no log group is left")
