"""Does what StackSets do, because the local AWS has none: one stack of one template in each account and Region.

It processes Regions one after the other or all at once, and a number of accounts at the same time. The failure tolerance
is zero: after a failure, the operations that run are completed, and no other operation starts.
"""

import concurrent.futures
import dataclasses
import threading
import uuid

from .accounts import Account
from .constants import OTHER_REGIONS_STACK_SET_NAME, STACK_SET_NAME
from .stacks import Stack


@dataclasses.dataclass(frozen=True)
class StackInstance:
    """A stack of the StackSet in one account and Region."""

    account: Account
    region: str
    stack: Stack

    @classmethod
    def new(cls, account, region, stack_set):
        # StackSets, too, give each stack a unique name.
        return cls(account, region, Stack(account, f"StackSet-{stack_set}-{uuid.uuid4()}", region))


class OperationFailed(Exception):
    """The message contains accounts, Regions and reasons."""


def sequential(regions):
    """RegionConcurrencyType SEQUENTIAL: one wave per Region."""
    return [[region] for region in regions]


def parallel(regions):
    """RegionConcurrencyType PARALLEL: one wave for all Regions."""
    return [list(regions)]


class StackSet:
    """The StackSet of the home Region together with the StackSet of the other Regions. Both use the same template."""

    def __init__(self, template, home, account_concurrency, on_completed=lambda: None):
        """`on_completed` is called for each completed stack operation."""
        self.instances = {}
        self._template, self._home = template, home
        self._account_concurrency, self._on_completed = account_concurrency, on_completed

    def create(self, accounts, waves, parameters):
        """`parameters` is a function that returns the parameters for an account."""

        def create(account, region):
            instance = self.start_create(account, region, parameters)
            return instance, instance.stack.wait()

        self._operate(create, accounts, waves, "CREATE_COMPLETE")

    def start_create(self, account, region, parameters):
        """Starts to create a single stack, and does not wait for it."""
        stack_set = STACK_SET_NAME if region == self._home else OTHER_REGIONS_STACK_SET_NAME
        instance = self.instances[account.id, region] = StackInstance.new(account, region, stack_set)
        instance.stack.start_create(self._template, **parameters(account))
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

    def _operate(self, operation, accounts, waves, expected_status):
        any_failed = threading.Event()

        def run(account, region):
            """The failure, or None."""
            if any_failed.is_set():
                return None
            try:
                instance, status = operation(account, region)
                failure = None if status == expected_status else f"{status}: {instance.stack.first_failure()}"
            except Exception as error:
                failure = f"{type(error).__name__}: {error}"
            if failure:
                any_failed.set()
                return f"account {account.id}, {region}: {failure}"
            self._on_completed()
            return None

        for regions in waves:
            # In a parallel wave, all Regions of an account start together.
            pairs = [(account, region) for account in accounts for region in regions]
            failures = in_threads(self._account_concurrency * len(regions), lambda pair: run(*pair), pairs)
            if any(failures):
                raise OperationFailed("\n".join(filter(None, failures)))


def in_threads(count, function, items):
    """The results of the function for all items, in order, computed in `count` threads.

    On Ctrl-C it returns at once and cancels what has not started."""
    pool = concurrent.futures.ThreadPoolExecutor(count)
    try:
        return list(pool.map(function, items))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
