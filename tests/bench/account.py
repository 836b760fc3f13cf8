"""The fake IAM and CloudFormation: what the three functions and the audit call, and nothing more."""

import dataclasses
import datetime
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

from .server import Response

ACCOUNT = "111111111111"
PAGE = 100
NAMESPACES = {"2010-05-08": "https://iam.amazonaws.com/doc/2010-05-08/", "2010-05-15": "http://cloudformation.amazonaws.com/doc/2010-05-15/"}


@dataclasses.dataclass
class Role:
    name: str
    path: str
    arn: str
    id: str
    trust: str
    description: str
    max_session_duration: str
    boundary: str
    tags: dict
    created: str
    inline: dict = dataclasses.field(default_factory=dict)
    attached: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Call:
    action: str
    arrived: float
    answered: float


class Account:
    def __init__(self):
        self._lock = threading.Lock()
        self.delay = 0.0
        self.clear()

    def clear(self):
        with self._lock:
            self.roles, self.calls, self.unexpected = {}, [], []
            # (stack ID, logical ID): physical ID
            self.resources = {}

    def answer(self, request):
        """Changes the account at once, and replies after the delay."""
        parameters = dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True))
        action = parameters.get("Action", "")
        with self._lock:
            status, xml = self._perform(action, parameters)
        answered = request.arrived + self.delay
        time.sleep(max(0.0, answered - time.monotonic()))
        with self._lock:
            self.calls.append(Call(action, request.arrived, time.monotonic()))
        headers = (("Content-Type", "text/xml"), ("x-amzn-RequestId", "00000000-0000-4000-8000-000000000000"))
        return Response(status, xml.encode(), headers)

    def _perform(self, action, parameters):
        perform = ACTIONS.get(action)
        namespace = NAMESPACES.get(parameters.get("Version"), "")
        if perform is None:
            self.unexpected.append(action)
            return 400, _error(namespace, "InvalidAction", f"This fake does not know {action}.")
        try:
            result = perform(self, parameters)
        except KeyError as missing:
            return 404, _error(namespace, "NoSuchEntity", f"{missing} cannot be found.")
        except _Exists as name:
            return 409, _error(namespace, "EntityAlreadyExists", f"Role with name {name} already exists.")
        return 200, (
            f'<{action}Response xmlns="{namespace}"><{action}Result>{result}</{action}Result>'
            f"<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata></{action}Response>"
        )

    # --- The actions ---

    def create_role(self, parameters):
        name, path = parameters["RoleName"], parameters.get("Path", "/")
        if name in self.roles:
            raise _Exists(name)
        role = Role(
            name=name,
            path=path,
            arn=f"arn:aws:iam::{ACCOUNT}:role{path}{name}",
            id=f"AROA{len(self.roles):017d}",
            trust=parameters["AssumeRolePolicyDocument"],
            description=parameters.get("Description", ""),
            max_session_duration=parameters.get("MaxSessionDuration", "3600"),
            boundary=parameters.get("PermissionsBoundary", ""),
            tags=_tags(parameters),
            created=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        self.roles[name] = role
        return f"<Role>{_identity(role)}{_tag_list(role)}</Role>"

    def put_role_policy(self, parameters):
        self.roles[parameters["RoleName"]].inline[parameters["PolicyName"]] = parameters["PolicyDocument"]
        return ""

    def attach_role_policy(self, parameters):
        self.roles[parameters["RoleName"]].attached.append(parameters["PolicyArn"])
        return ""

    def list_roles(self, parameters):
        found = [role for _, role in sorted(self.roles.items()) if role.path.startswith(parameters.get("PathPrefix", "/"))]
        start = int(parameters.get("Marker") or 0)
        more = start + PAGE < len(found)
        members = "".join(f"<member>{_identity(role)}</member>" for role in found[start : start + PAGE])
        marker = f"<Marker>{start + PAGE}</Marker>" if more else ""
        return f"<Roles>{members}</Roles><IsTruncated>{str(more).lower()}</IsTruncated>{marker}"

    def get_role(self, parameters):
        role = self.roles[parameters["RoleName"]]
        boundary = (
            f"<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>"
            f"{role.boundary}</PermissionsBoundaryArn></PermissionsBoundary>"
            if role.boundary
            else ""
        )
        return (
            f"<Role>{_identity(role)}<Description>{escape(role.description)}</Description>"
            f"<MaxSessionDuration>{role.max_session_duration}</MaxSessionDuration><RoleLastUsed/>{boundary}{_tag_list(role)}</Role>"
        )

    def list_role_policies(self, parameters):
        names = "".join(f"<member>{escape(name)}</member>" for name in sorted(self.roles[parameters["RoleName"]].inline))
        return f"<PolicyNames>{names}</PolicyNames><IsTruncated>false</IsTruncated>"

    def list_attached_role_policies(self, parameters):
        members = "".join(
            f"<member><PolicyName>{arn.rsplit('/', 1)[1]}</PolicyName><PolicyArn>{arn}</PolicyArn></member>"
            for arn in self.roles[parameters["RoleName"]].attached
        )
        return f"<AttachedPolicies>{members}</AttachedPolicies><IsTruncated>false</IsTruncated>"

    def get_role_policy(self, parameters):
        role, name = self.roles[parameters["RoleName"]], parameters["PolicyName"]
        document = urllib.parse.quote(role.inline[name], safe="")
        return f"<RoleName>{role.name}</RoleName><PolicyName>{escape(name)}</PolicyName><PolicyDocument>{document}</PolicyDocument>"

    def describe_stack_resource(self, parameters):
        logical_id = parameters["LogicalResourceId"]
        physical_id = self.resources[parameters["StackName"], logical_id]
        return (
            f"<StackResourceDetail><LogicalResourceId>{logical_id}</LogicalResourceId><PhysicalResourceId>{physical_id}"
            "</PhysicalResourceId><ResourceType>Custom::DelegatedRole</ResourceType><LastUpdatedTimestamp>2026-01-01T00:00:00Z"
            "</LastUpdatedTimestamp><ResourceStatus>CREATE_COMPLETE</ResourceStatus></StackResourceDetail>"
        )


ACTIONS = {
    "CreateRole": Account.create_role,
    "PutRolePolicy": Account.put_role_policy,
    "AttachRolePolicy": Account.attach_role_policy,
    "ListRoles": Account.list_roles,
    "GetRole": Account.get_role,
    "ListRolePolicies": Account.list_role_policies,
    "ListAttachedRolePolicies": Account.list_attached_role_policies,
    "GetRolePolicy": Account.get_role_policy,
    "DescribeStackResource": Account.describe_stack_resource,
}


class _Exists(Exception):
    pass


def _tags(parameters):
    tags = {}
    while (key := parameters.get(f"Tags.member.{len(tags) + 1}.Key")) is not None:
        tags[key] = parameters[f"Tags.member.{len(tags) + 1}.Value"]
    return tags


def _identity(role):
    return (
        f"<Path>{role.path}</Path><RoleName>{role.name}</RoleName><RoleId>{role.id}</RoleId><Arn>{role.arn}</Arn>"
        f"<CreateDate>{role.created}</CreateDate>"
        f"<AssumeRolePolicyDocument>{urllib.parse.quote(role.trust, safe='')}</AssumeRolePolicyDocument>"
    )


def _tag_list(role):
    members = "".join(f"<member><Key>{escape(key)}</Key><Value>{escape(value)}</Value></member>" for key, value in role.tags.items())
    return f"<Tags>{members}</Tags>"


def _error(namespace, code, message):
    return (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
        "<RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
    )
