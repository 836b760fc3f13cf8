"""The function, installed alone on one local AWS for all tests of a run."""

import functools
import itertools
import unittest

from . import sam
from .accounts import Account
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

    def stack(self):
        stack = Stack(self.customer, f"test-{next(_numbers)}")
        self.addCleanup(lambda: stack.exists() and stack.delete())
        return stack

    def role_of(self, stack):
        return self.customer.role(stack.outputs()["RoleName"])
