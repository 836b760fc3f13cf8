"""The function, installed on one local AWS for all tests of a run: at the customer's, and at the provider's."""

import functools
import itertools
import unittest

from . import sam
from .accounts import Account
from .denies import GUARDRAILS, guardrails
from .emulator import CUSTOMER, PROVIDER, STRANGER, LocalAws
from .stacks import Stack

LOG = sam.ROOT / ".aws-sam" / "local" / "tests.log"
_numbers = itertools.count(1)


class World:
    """The accounts, with a user each who tries to get in."""

    def __init__(self):
        self.aws = LocalAws(LOG)
        # The keeper stops it when this process ends, however it ends.
        self.aws.start()
        print(f"Local AWS on {self.aws.endpoint}, its log in {LOG.relative_to(sam.ROOT)}", flush=True)
        self.customer, self.provider, self.stranger = (Account(self.aws, a) for a in (CUSTOMER, PROVIDER, STRANGER))
        sam.deploy(self.aws, {"TrustedAccountIds": PROVIDER})
        self.acme = self.provider.user("acme")
        self.intruder = self.stranger.user("intruder")

    @functools.cached_property
    def checking_role_arn(self):
        """The provider's side, installed when a test first asks for it."""
        sam.deploy_provider(self.aws)
        return Stack(self.provider, sam.PROVIDER_STACK_NAME).outputs()["CheckingRoleArn"]


@functools.cache
def _world():
    try:
        return World()
    except Exception as failure:
        return failure


def world():
    """One for all. What could not be set up once is not tried again for every test."""
    found = _world()
    if isinstance(found, Exception):
        raise found
    return found


class OnLocalAws(unittest.TestCase):
    """A test with stacks of its own, which are gone afterwards."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = world()
        cls.customer = cls.world.customer

    def stack(self, account=None):
        stack = Stack(account or self.customer, f"test-{next(_numbers)}")
        self.addCleanup(lambda: stack.exists() and stack.delete())
        return stack

    def role_of(self, stack):
        return self.customer.role(stack.outputs()["RoleName"])

    def guardrails(self, stack):
        """The inline policy that every role of a stack carries."""
        return {GUARDRAILS: guardrails(self.customer, stack, Stack(self.customer, sam.STACK_NAME))}


class OnProvidersSide(OnLocalAws):
    """A test of what the provider does, with roles that customers made by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.world.provider
        cls.checking_role_arn = cls.world.checking_role_arn

    def role(self, *statements):
        """The ARN of a role in the customer's account with this trust."""
        name = f"by-hand-{next(_numbers)}"
        arn = self.customer.trusting_role(name, *statements)
        self.addCleanup(self.customer.client("iam").delete_role, RoleName=name)
        return arn
