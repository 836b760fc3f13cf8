"""MiniStack, with mistakes mended that show only where several accounts have a function of the same name.

It keeps the process of a function warm, one for each account and Region, as AWS does. But its CloudFormation, when it
makes a function, ends the processes of that name in every account, also those that are in the middle of a request:
nobody answers it then, and the other account's stack waits in vain. It leaves the process running when a stack takes
the function away. And while it ends a process, its one thread does nothing else. Here the process of the one account
and Region is ended, and no other, beside that thread.
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
    # Nobody finds them any more by now, so nobody waits for them.
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
