"""The shared environment of the end-to-end tests, and the base classes of the test cases.

One local AWS serves all tests of a run. template.yaml is deployed in the customer's account, and provider.yaml in the
provider's account when a test needs it.
"""

import functools
import itertools
import unittest

from . import sam
from .accounts import Account
from .constants import CUSTOMER, LOGS, PROVIDER, PROVIDER_STACK_NAME, ROOT, STACK_NAME, STRANGER
from .deny_policies import GUARDRAILS, guardrails
from .emulator import LocalAws
from .stacks import Stack

LOG = LOGS / "tests.log"
_numbers = itertools.count(1)


class Environment:
    """The local AWS, its accounts, and a user in the provider's and in the stranger's account."""

    def __init__(self):
        self.aws = LocalAws(LOG)
        # Nothing stops it here: the supervisor does, when this process ends.
        self.aws.start()
        print(f"Local AWS on {self.aws.endpoint}, log in {LOG.relative_to(ROOT)}", flush=True)
        self.customer, self.provider, self.stranger = (Account(self.aws, a) for a in (CUSTOMER, PROVIDER, STRANGER))
        sam.deploy(self.aws, {"TrustedAccountIds": PROVIDER})
        self.acme = self.provider.create_user("acme")
        self.intruder = self.stranger.create_user("intruder")

    @functools.cached_property
    def checking_role_arn(self):
        """Deploys provider.yaml when a test needs it for the first time."""
        sam.deploy_provider(self.aws)
        return Stack(self.provider, PROVIDER_STACK_NAME).outputs()["CheckingRoleArn"]


@functools.cache
def _environment_or_error():
    try:
        return Environment()
    except Exception as error:
        return error


def environment():
    """The environment for all tests. If its setup fails, it is not tried again for every test."""
    result = _environment_or_error()
    if isinstance(result, Exception):
        raise result
    return result


class LocalAwsTestCase(unittest.TestCase):
    """A test in the customer's account. Its stacks are deleted at the end."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.environment = environment()
        cls.customer = cls.environment.customer

    def stack(self, account=None, name=None, region=None):
        """A stack that does not exist yet."""
        stack = Stack(account or self.customer, name or f"test-{next(_numbers)}", region)
        self.addCleanup(lambda: stack.exists() and stack.delete())
        return stack

    def role_of(self, stack):
        return self.customer.role(stack.outputs()["RoleName"])

    def guardrails(self, stack):
        """The guardrail policy that the role of this stack must have, as an inline policy."""
        return {GUARDRAILS: guardrails(self.customer, stack, Stack(self.customer, STACK_NAME))}


class ProviderTestCase(LocalAwsTestCase):
    """A test of the provider's resources, with roles in the customer's account that the function did not create."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.environment.provider
        cls.checking_role_arn = cls.environment.checking_role_arn

    def create_role(self, *trust_statements, account=None, name=None):
        """Creates a role with this trust policy and returns its ARN."""
        account, name = account or self.customer, name or f"by-hand-{next(_numbers)}"
        arn = account.create_role(name, *trust_statements)
        self.addCleanup(account.client("iam").delete_role, RoleName=name)
        return arn
