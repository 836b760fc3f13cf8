"""The provider's part of the demo: a new customer, an unsafe trust policy, and a rotation of the external ID."""

from . import sam
from .constants import CUSTOMER, PROVIDER, PROVIDER_STACK_NAME
from .onboarding import QUICKSTART, Onboarding, read_link
from .policies import EXTERNAL_ID_KEY
from .stacks import Stack


def run(report, aws, customer, provider, acme, intruder):
    report.step(f"You are now the service provider, account {PROVIDER}. Deploy provider.yaml: `sam deploy --config-env provider`")
    report.info("MiniStack needs no changes to this template.")
    sam.deploy_provider(aws)
    function_stack = Stack(provider, PROVIDER_STACK_NAME)
    report.check_equal(function_stack.describe()["StackStatus"], "CREATE_COMPLETE", "the function is installed in the provider's account")

    roles_before = customer.role_names(path="/")
    report.step("Add a customer: deploy examples/provider-onboarding.yaml, one stack per customer")
    onboarding = Onboarding(provider, Stack(provider, "customer-one"))
    report.check_equal(onboarding.deploy(), "CREATE_COMPLETE", "the stack is complete")
    outputs = onboarding.outputs()
    first_id = outputs["ExternalId"]
    report.info(f"ExternalId: {first_id}")
    report.info(f"QuickCreateLink: {outputs['QuickCreateLink']}")
    report.check("Verdict" not in outputs, "nothing is checked yet, because the customer has no role yet")

    report.step("The customer opens the link, which fills in all parameters, and creates the stack (examples/customer-quickstart.yaml)")
    link = read_link(outputs["QuickCreateLink"])
    customer_stack = Stack(customer, link["StackName"])
    status = customer_stack.create(QUICKSTART, **link["Parameters"])
    report.check_equal(status, "CREATE_COMPLETE", "the role exists, and the customer did not install the function")
    role_arn = customer_stack.outputs()["RoleArn"]
    report.info(f"RoleArn: {role_arn}")

    report.step("The provider enters the role's ARN, and the function checks the role before the provider uses it")
    status = onboarding.deploy(CustomerRoleArn=role_arn, CustomerAccountId=CUSTOMER)
    report.check_equal(status, "UPDATE_COMPLETE", "the stack is complete")
    outputs = onboarding.outputs()
    report.check_equal(outputs["Verdict"], "Safe", f"the verdict is Safe (checked at {outputs['CheckedAt']})")
    for line in outputs["Probes"].splitlines():
        report.info(f"    {line}")
    report.check_equal(onboarding.stored_role(), role_arn, f"the SSM parameter {onboarding.parameter} contains the role's ARN")
    report.check(acme.assume(role_arn, first_id), "the provider with the external ID: allowed")
    report.check(not acme.assume(role_arn), "the provider without an external ID: denied")
    report.check(not intruder.assume(role_arn, first_id), "the stranger with the external ID: denied")

    report.step("The customer makes the trust policy unsafe by mistake: StringLike, and a * after the external ID")
    trust = customer.role(role_arn.rsplit("/", 1)[1])["Trust"]["Statement"]
    unsafe = {**trust[0], "Condition": {"StringLike": {EXTERNAL_ID_KEY: f"{first_id}*"}}}
    customer.set_trust(role_arn, unsafe)
    report.check(acme.assume(role_arn, f"{first_id}-and-more"), "the provider with a longer external ID: allowed")
    status = onboarding.deploy(Revision="2")
    statement = "a new Revision repeats the check: it fails, and the provider's stack rolls back"
    report.check_equal(status, "UPDATE_ROLLBACK_COMPLETE", statement)
    reason = onboarding.failed_checks()[0]
    report.check("a character appended" in reason, "the stack's events contain the reason:")
    report.info_wrapped(reason)
    report.check(first_id not in reason, "the reason does not contain the external ID")

    report.step("The customer corrects the trust policy, and the provider repeats the check")
    customer.set_trust(role_arn, *trust)
    report.check_equal(onboarding.deploy(Revision="3"), "UPDATE_COMPLETE", "the stack is complete")
    report.check_equal(onboarding.outputs()["Verdict"], "Safe", "the verdict is Safe")

    report.step("Rotate the external ID without an interruption")
    status = onboarding.deploy(Rotation="2", PreviousRotation="1")
    report.check_equal(status, "UPDATE_COMPLETE", "the provider generates a new external ID")
    outputs = onboarding.outputs()
    second_id = outputs["ExternalId"]
    report.info(f"ExternalId: {second_id}")
    report.check_equal(outputs["PreviousExternalId"], first_id, "the previous external ID is still available")
    report.check(acme.assume(role_arn, outputs["ExternalIdToSend"]), "the provider still sends the previous one: allowed")
    customer_parameters = {**link["Parameters"], "ExternalId": outputs["ExternalIdsToAccept"]}
    report.check_equal(customer_stack.update(**customer_parameters), "UPDATE_COMPLETE", "the customer accepts both external IDs")
    report.check(acme.assume(role_arn, first_id) and acme.assume(role_arn, second_id), "the provider with either of them: allowed")
    status = onboarding.deploy(PreviousRotation="")
    report.check_equal(status, "UPDATE_COMPLETE", "the check with the new external ID succeeds, and the provider sends it from now on")
    outputs = onboarding.outputs()
    report.check(acme.assume(role_arn, outputs["ExternalIdToSend"]), "the provider with the output ExternalIdToSend: allowed")
    customer_parameters["ExternalId"] = outputs["ExternalIdsToAccept"]
    report.check_equal(customer_stack.update(**customer_parameters), "UPDATE_COMPLETE", "the customer accepts only the new external ID")
    report.check(acme.assume(role_arn, second_id), "the provider with the new external ID: allowed")
    report.check(not acme.assume(role_arn, first_id), "the provider with the previous external ID: denied")

    report.step("Delete the stacks of this customer: the customer's, the provider's stack for this customer, and the provider's function")
    for name, stack in (("customer's", customer_stack), ("provider's", onboarding.stack), ("function's", function_stack)):
        report.check_equal(stack.delete(), "DELETE_COMPLETE", f"the {name} stack is deleted")
    report.check_equal(onboarding.stored_role(), None, "no SSM parameter remains")
    report.check_equal(provider.role_names(path="/"), [], "no role remains in the provider's account")
    report.check_equal(customer.role_names(path="/"), roles_before, "the role of the quickstart is gone")
    report.check_equal(provider.client("lambda").list_functions()["Functions"], [], "no function remains")
    report.check_equal(provider.client("logs").describe_log_groups()["logGroups"], [], "no log group remains")
