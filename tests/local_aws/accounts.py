"""The accounts of the story, and what somebody in each of them can do."""

import functools
import json
import threading

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from .emulator import REGION, ROOT_SECRET

# A local AWS answers at once or not at all, and no proxy leads to it.
_CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30, proxies={})
# boto3 makes clients of one session, and not in several threads at the same time.
_making = threading.Lock()


class Account:
    """An account on the local AWS, administered by its root."""

    def __init__(self, aws, account_id):
        self.aws, self.id = aws, account_id

    @functools.cache
    def client(self, service, region=REGION):
        return _client(self.aws, service, region, self.id, ROOT_SECRET)

    def role(self, name):
        """Everything that makes up a role, comparable with ==; None when there is none."""
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

    def role_names(self, path="/delegated/"):
        return sorted(role["RoleName"] for role in self.client("iam").list_roles(PathPrefix=path)["Roles"])

    def trusting_role(self, name, *statements):
        """Makes a role with this trust, as by hand, and returns its ARN."""
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=_document(statements))
        return role["Role"]["Arn"]

    def change_trust(self, arn, *statements):
        name = arn.rsplit("/", 1)[1]
        self.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=_document(statements))

    def user(self, name, path="/"):
        """An IAM user who may assume any role that lets them: the account's root proves nothing, for
        AWS lets no root assume roles, and MiniStack does."""
        iam = self.client("iam")
        iam.create_user(UserName=name, Path=path)
        iam.put_user_policy(
            UserName=name,
            PolicyName="AssumeRoles",
            PolicyDocument='{"Version":"2012-10-17","Statement":'
            '[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}',
        )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return User(self.aws, name, key["AccessKeyId"], key["SecretAccessKey"])


class User:
    def __init__(self, aws, name, key_id, secret):
        self.aws, self.name, self.key_id, self.secret = aws, name, key_id, secret
        self._sts = _client(aws, "sts", REGION, key_id, secret)

    def assume(self, role_arn, external_id=None):
        """A session when the role opens, None when it is shut. Any other failure is an error."""
        given = {} if external_id is None else {"ExternalId": external_id}
        try:
            answer = self._sts.assume_role(RoleArn=role_arn, RoleSessionName=self.name, **given)
        except ClientError as error:
            if error.response["Error"]["Code"] == "AccessDenied":
                return None
            raise
        return Session(self.aws, answer["Credentials"])


class Session:
    """What an assumed role may do."""

    def __init__(self, aws, credentials):
        self._client = functools.partial(
            _client,
            aws,
            key_id=credentials["AccessKeyId"],
            secret=credentials["SecretAccessKey"],
            token=credentials["SessionToken"],
        )

    def may(self, service, call, region=REGION, **arguments):
        client = self._client(service, region)
        try:
            getattr(client, call)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
                return False
            raise
        return True


def _document(statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _client(aws, service, region, key_id, secret, token=None):
    with _making:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=aws.endpoint,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=_CONFIG,
        )
