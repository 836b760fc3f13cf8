"""Starts MiniStack with corrections to five defects.

Three show when several accounts have a function of the same name. Like AWS, MiniStack keeps one warm process per function, account and Region. But:

- When its CloudFormation creates a function, it ends the processes of that name in all accounts, even in the middle of
  a request. Such a request gets no answer, and the stack of the other account waits until it times out.
- When a stack deletes a function, the process keeps running.
- While MiniStack ends a process, its only thread does nothing else.

With these patches MiniStack ends only the process of the account and Region in question, in a separate thread.

The fourth: in the section Conditions, `!Ref AWS::Region` is that text, not the Region. With the patch it is the Region.

The fifth: an `AWS::IAM::Role` does not get its permissions boundary. With the patch it does.
"""

import threading

from ministack.app import main
from ministack.core import lambda_runtime
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, lambda_svc
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

_kill_workers = lambda_runtime.kill_workers
_invalidate_worker = lambda_svc.invalidate_worker
_function = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
_delete_function = _function["delete"]
_evaluate_conditions = engine._evaluate_conditions
_role = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
_create_role = _role["create"]


def kill_workers(workers):
    # MiniStack has already removed them from its list, so no request waits for them.
    threading.Thread(target=_kill_workers, args=(list(workers),), daemon=True).start()


def invalidate_worker(name, qualifier=None, account=None, region=None):
    _invalidate_worker(name, qualifier, account or get_account_id(), region or get_region())


def delete_function(name, properties):
    _delete_function(name, properties)
    invalidate_worker(name)


def evaluate_conditions(template, parameters):
    return _evaluate_conditions(template, {**parameters, "AWS::Region": {"Value": get_region()}})


def create_role(logical_id, properties, stack_name):
    name, attributes = _create_role(logical_id, properties, stack_name)
    if "PermissionsBoundary" in properties:
        iam._put_role_permissions_boundary({"RoleName": name, "PermissionsBoundary": properties["PermissionsBoundary"]})
    return name, attributes


lambda_runtime.kill_workers = kill_workers
lambda_svc.invalidate_worker = invalidate_worker
_function["delete"] = delete_function
_role["create"] = create_role
for module in (changesets, engine, handlers, stacks):
    module._evaluate_conditions = evaluate_conditions

if __name__ == "__main__":
    main()
