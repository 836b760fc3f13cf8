"""AWS accounts on the local AWS, their roles and users, and the sessions of assumed roles."""

import functools
import json
import threading

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from . import policies
from .constants import REGION, ROLE_PATH_PREFIX
from .emulator import ROOT_SECRET

# The local AWS needs no retries, and no proxy must be used.
_CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30, proxies={})
# boto3's default session is not safe for several threads that create clients.
_client_lock = threading.Lock()
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


class Account:
    """An account on the local AWS, used with root credentials."""

    def __init__(self, aws, account_id):
        self.aws, self.id = aws, account_id

    @functools.cache
    def client(self, service, region=REGION):
        return _client(self.aws, service, region, self.id, ROOT_SECRET)

    def role(self, name):
        """The whole role as a value that can be compared with ==, or None if it does not exist."""
        iam = self.client("iam")
        try:
            role = iam.get_role(RoleName=name)["Role"]
        except iam.exceptions.NoSuchEntityException:
            return None
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        return {
            "Arn": role["Arn"],
            "RoleId": role["RoleId"],
            "Trust": role["AssumeRolePolicyDocument"],
            "Description": role.get("Description", ""),
            "MaxSessionDuration": role["MaxSessionDuration"],
            "PermissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "Tags": {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
            "ManagedPolicyArns": sorted(policy["PolicyArn"] for policy in attached),
            "InlinePolicies": {
                policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline
            },
        }

    def role_names(self, path=ROLE_PATH_PREFIX):
        return sorted(role["RoleName"] for role in self.client("iam").list_roles(PathPrefix=path)["Roles"])

    def create_role(self, name, *trust_statements):
        """Creates a role with this trust policy, without the function, and returns its ARN."""
        trust = json.dumps(policies.document(*trust_statements))
        return self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    def set_trust(self, arn, *trust_statements):
        trust = json.dumps(policies.document(*trust_statements))
        self.client("iam").update_assume_role_policy(RoleName=arn.rsplit("/", 1)[1], PolicyDocument=trust)

    def delete_role(self, name):
        """Deletes a role with its policies."""
        iam = self.client("iam")
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)

    def create_user(self, name, path="/", actions="sts:AssumeRole"):
        """An IAM user with permission for these actions. By default it can assume every role that trusts it.

        Tests need a user because the root user proves nothing: on AWS it cannot assume roles, on MiniStack it can."""
        iam = self.client("iam")
        iam.create_user(UserName=name, Path=path)
        iam.put_user_policy(UserName=name, PolicyName="Permissions", PolicyDocument=json.dumps(policies.allow(actions)))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return User(self.aws, name, key["AccessKeyId"], key["SecretAccessKey"])


class User:
    def __init__(self, aws, name, key_id, secret):
        self.aws, self.name, self.key_id, self.secret = aws, name, key_id, secret
        self._sts = self.client("sts")

    def client(self, service, region=REGION):
        return _client(self.aws, service, region, self.key_id, self.secret)

    def assume(self, role_arn, external_id=None):
        """A session of the role, or None if access is denied. Any other failure is an error."""
        arguments = {} if external_id is None else {"ExternalId": external_id}
        try:
            answer = self._sts.assume_role(RoleArn=role_arn, RoleSessionName=self.name, **arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] == "AccessDenied":
                return None
            raise
        return Session(self.aws, answer["Credentials"])


class Session:
    """A session of an assumed role."""

    def __init__(self, aws, credentials):
        self._client = functools.partial(
            _client,
            aws,
            key_id=credentials["AccessKeyId"],
            secret=credentials["SecretAccessKey"],
            token=credentials["SessionToken"],
        )

    def is_allowed(self, service, call, region=REGION, **arguments):
        """Makes the call. False if access is denied; any other failure is an error."""
        client = self._client(service, region)
        try:
            getattr(client, call)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] in _DENIED:
                return False
            raise
        return True


def _client(aws, service, region, key_id, secret, token=None):
    with _client_lock:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=aws.endpoint,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=_CONFIG,
        )
