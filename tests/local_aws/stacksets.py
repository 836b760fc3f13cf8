"""What StackSets do, for a local AWS that has none: one stack in each account and Region, all of one template.

Regions one after the other or side by side, and in each of them so many accounts at a time, each with the account's own
credentials. No failure is tolerated: what was begun is ended, nothing more is begun, and no later Region is touched.
"""

import concurrent.futures
import dataclasses
import threading
import uuid

from .accounts import Account
from .stacks import Stack

# The one of the home Region, and the one of the others, which depends on it: automatic deployment keeps no other order.
NAME = "service-provider-access"
OTHERS_NAME = f"{NAME}-regions"


@dataclasses.dataclass(frozen=True)
class Instance:
    """A stack of the StackSet in one account and Region."""

    account: Account
    region: str
    stack: Stack

    @classmethod
    def of(cls, account, region, stack_set):
        # As StackSets name them: each stack has a name of its own.
        return cls(account, region, Stack(account, f"StackSet-{stack_set}-{uuid.uuid4()}", region))


class Failed(Exception):
    """Stacks did not become what they should be. The message names accounts, Regions and reasons."""


def one_after_the_other(regions):
    """RegionConcurrencyType SEQUENTIAL: waves of one Region."""
    return [[region] for region in regions]


def side_by_side(regions):
    """RegionConcurrencyType PARALLEL: one wave."""
    return [list(regions)]


class StackSet:
    """That of the home Region, and that of the others: one template, and one life."""

    def __init__(self, template, home, at_once, done=lambda: None):
        """`at_once` accounts at a time; `done` is called whenever a stack is."""
        self.instances = {}
        self._template, self._home, self._at_once, self._done = template, home, at_once, done

    def create(self, accounts, waves, parameters):
        """`parameters` gives those of an account."""

        def create(account, region):
            instance = self.begin(account, region, parameters)
            return instance, instance.stack.end()

        self._operate(create, accounts, waves, "CREATE_COMPLETE")

    def begin(self, account, region, parameters):
        """One stack, out of order, and without waiting for it."""
        stack_set = NAME if region == self._home else OTHERS_NAME
        instance = self.instances[account.id, region] = Instance.of(account, region, stack_set)
        instance.stack.start(self._template, **parameters(account))
        return instance

    def update(self, accounts, waves, parameters):
        def update(account, region):
            instance = self.instances[account.id, region]
            return instance, instance.stack.update(self._template, **parameters(account))

        self._operate(update, accounts, waves, "UPDATE_COMPLETE")

    def delete(self, accounts, waves):
        def delete(account, region):
            instance = self.instances[account.id, region]
            status = instance.stack.delete()
            if status == "DELETE_COMPLETE":
                del self.instances[account.id, region]
            return instance, status

        self._operate(delete, accounts, waves, "DELETE_COMPLETE")

    def _operate(self, act, accounts, waves, wished):
        failed = threading.Event()

        def begin(account, region):
            """Why it failed, or nothing."""
            if failed.is_set():
                return None
            try:
                instance, status = act(account, region)
                failure = None if status == wished else f"{status}: {instance.stack.failure()}"
            except Exception as error:
                failure = f"{type(error).__name__}: {error}"
            if failure:
                failed.set()
                return f"account {account.id}, {region}: {failure}"
            self._done()
            return None

        for regions in waves:
            # Both Regions of an account come at the same time where they come side by side.
            pairs = [(account, region) for account in accounts for region in regions]
            failures = in_threads(self._at_once * len(regions), lambda pair: begin(*pair), pairs)
            if any(failures):
                raise Failed("\n".join(filter(None, failures)))


def in_threads(number, act, items):
    """What `act` makes of each, in their order. Interrupted, it waits for nothing."""
    pool = concurrent.futures.ThreadPoolExecutor(number)
    try:
        return list(pool.map(act, items))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
