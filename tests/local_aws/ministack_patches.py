"""Starts MiniStack with corrections to three defects. They show when several accounts have a function of the same name.

Like AWS, MiniStack keeps one warm process per function, account and Region. But:

- When its CloudFormation creates a function, it ends the processes of that name in all accounts, even in the middle of
  a request. Such a request gets no answer, and the stack of the other account waits until it times out.
- When a stack deletes a function, the process keeps running.
- While MiniStack ends a process, its only thread does nothing else.

With these patches MiniStack ends only the process of the account and Region in question, in a separate thread.
"""

import threading

from ministack.app import main
from ministack.core import lambda_runtime
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

_kill_workers = lambda_runtime.kill_workers
_invalidate_worker = lambda_svc.invalidate_worker
_function = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
_delete_function = _function["delete"]


def kill_workers(workers):
    # MiniStack has already removed them from its list, so no request waits for them.
    threading.Thread(target=_kill_workers, args=(list(workers),), daemon=True).start()


def invalidate_worker(name, qualifier=None, account=None, region=None):
    _invalidate_worker(name, qualifier, account or get_account_id(), region or get_region())


def delete_function(name, properties):
    _delete_function(name, properties)
    invalidate_worker(name)


lambda_runtime.kill_workers = kill_workers
lambda_svc.invalidate_worker = invalidate_worker
_function["delete"] = delete_function

if __name__ == "__main__":
    main()
