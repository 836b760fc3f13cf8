"""`make publish` against the local AWS: what lies in the buckets, who can read it, and the commands that are printed."""

import base64
import functools
import hashlib
import io
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

import boto3
import botocore.session
import jmespath
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from botocore.validate import validate_parameters
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

from . import overlay, sam
from .accounts import Account, _client
from .between import Between
from .emulator import REGION
from .installed import OnLocalAws
from .overlay import read
from .stacks import FUNCTION_NAME, Stack

sys.path.insert(0, str(sam.ROOT / "tools"))
from publish import buckets, code  # noqa: E402

# Beside the accounts of the other tests: one that publishes, and three that would read.
PUBLISHER, MEMBER, OUTSIDER, LONELY = "444444444444", "555555555555", "666666666666", "777777777777"
ELSEWHERE = "eu-west-1"
BOTH = f"{REGION} {ELSEWHERE}"
ORGANIZATION = "o-a1b2c3d4e5"
BUILT = sam.ROOT / ".aws-sam" / "build" / "Function"
KEY = re.compile(rf"service-provider-access/{sam.ARCHITECTURE}/([0-9a-f]{{64}})\.zip")
_numbers = itertools.count(1)


class Publishing(OnLocalAws):
    """`make publish` as somebody at a shell sees it."""

    def setUp(self):
        self.publisher = Account(self.world.aws, PUBLISHER)
        self.prefix = f"code-{next(_numbers)}"
        self.addCleanup(self.take_away)

    def publish(self, account=PUBLISHER, **variables):
        """How it ended, what it said meanwhile, and what it printed."""
        given = {"ORGANIZATION": ORGANIZATION, "REGIONS": REGION, "CODE_BUCKET_PREFIX": self.prefix, "BUILT": str(BUILT)}
        given = {"ARCHITECTURE": sam.ARCHITECTURE, **given, **variables}
        environment = {**self.world.aws.tool_environment(account), "PYTHONPATH": str(sam.ROOT / "tools")}
        environment["PATH"] = f"{sam.TOOLS}{os.pathsep}{environment['PATH']}"
        for name, value in given.items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        ended = subprocess.run(
            [sam.TOOLS / "python", "-m", "publish"],
            cwd=sam.ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return ended.returncode, ended.stderr.strip(), ended.stdout

    def published(self, **variables):
        """What it printed, when it went well."""
        status, said, printed = self.publish(**variables)
        self.assertEqual(status, 0, said)
        return printed

    def not_published(self, **variables):
        """Why not; nothing is printed then that somebody could run."""
        status, said, printed = self.publish(**variables)
        self.assertEqual((status, printed), (1, ""))
        return said

    def key(self, printed):
        return KEY.search(printed.splitlines()[0])[0]

    def bucket(self, region=REGION):
        return f"{self.prefix}-{region}"

    def versions(self, region=REGION):
        found = self.publisher.client("s3", region).list_object_versions(Bucket=self.bucket(region))
        return [version["Key"] for version in found.get("Versions", [])]

    def other_code(self, more=b"\n"):
        """The function with something after its end."""
        directory = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, directory)
        (directory / "bootstrap").write_bytes((BUILT / "bootstrap").read_bytes() + more)
        return directory

    def take_away(self):
        for region in BOTH.split():
            self.publisher.client("cloudformation", region).delete_stack(StackName="service-provider-access-code")
            s3 = self.publisher.client("s3", region)
            for found in s3.list_buckets()["Buckets"]:
                if found["Name"].endswith(f"-{region}"):
                    for version in s3.list_object_versions(Bucket=found["Name"]).get("Versions", []):
                        s3.delete_object(Bucket=found["Name"], Key=version["Key"], VersionId=version["VersionId"])
                    s3.delete_bucket(Bucket=found["Name"])


class Code(Publishing):
    def test_lies_in_every_region_once_under_a_key_that_says_what_it_is(self):
        status, said, printed = self.publish(REGIONS=BOTH)
        self.assertEqual(status, 0, said)
        key = self.key(printed)
        contents = set()
        for region in BOTH.split():
            self.assertIn(f"{region}: it is now in {self.bucket(region)}, and reads as it should.", said)
            contents.add(self.publisher.client("s3", region).get_object(Bucket=self.bucket(region), Key=key)["Body"].read())
        [content] = contents
        self.assertEqual(hashlib.sha256(content).hexdigest(), KEY.fullmatch(key)[1])
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            [program] = archive.infolist()
            self.assertEqual((program.filename, program.create_system), ("bootstrap", 3))
            self.assertEqual(oct(program.external_attr >> 16), oct(0o100755))
            self.assertEqual(archive.read(program), (BUILT / "bootstrap").read_bytes())

        # Built again elsewhere and at another time it is the same, and nothing is uploaded.
        again = self.other_code(more=b"")
        os.utime(again / "bootstrap", (1, 1))
        (again / "bootstrap").chmod(0o600)
        status, said, printed_again = self.publish(REGIONS=BOTH, BUILT=str(again))
        self.assertEqual((status, printed_again), (0, printed))
        for region in BOTH.split():
            self.assertIn(f"{region}: it was already in {self.bucket(region)}", said)
            self.assertEqual(self.versions(region), [key])

    def test_that_is_new_has_another_key_and_a_way_back(self):
        first = self.published()
        self.assertIn("# There is no older code", first)
        self.assertNotIn("Back to the code", first)
        second = self.published(BUILT=str(self.other_code()), DELEGATED_ADMIN="1", OU="r-ab12")
        self.assertNotEqual(self.key(second), self.key(first))
        self.assertEqual(sorted(self.versions()), sorted([self.key(first), self.key(second)]))

        (made, instances, new), [back] = commands(second), way_back(second)
        self.assertEqual([call["CallAs"] for call in (made, instances, new, back)], ["DELEGATED_ADMIN"] * 4)
        self.assertEqual((new["Parameters"]["CodeKey"], back["Parameters"]["CodeKey"]), (self.key(second), self.key(first)))
        # Nothing else goes back.
        del new["TemplateBody"], new["Parameters"]["CodeKey"], back["Parameters"]["CodeKey"]
        self.assertTrue(back.pop("UsePreviousTemplate"))
        self.assertEqual(back, new)
        # Who publishes the older code again has nothing before it to go back to.
        self.assertIn("# There is no older code", self.published())

    def test_that_was_replaced_is_not_recommended(self):
        key = self.key(self.published())
        self.publisher.client("s3").put_object(Bucket=self.bucket(), Key=key, Body=b"another program")
        # The prefix is not said again: it stays what it is.
        said = self.not_published(CODE_BUCKET_PREFIX=None)
        self.assertIn(f"{key} in {self.bucket()} does not contain what its name says: somebody has replaced it.", said)

    def test_lies_in_buckets_named_after_the_account_and_stays_where_stacks_look_for_it(self):
        self.prefix = f"service-provider-access-{PUBLISHER}"
        printed = self.published(CODE_BUCKET_PREFIX=None, OU="r-ab12")
        self.assertEqual(commands(printed)[0]["Parameters"]["CodeBucketPrefix"], self.prefix)
        self.assertEqual(self.versions(), [self.key(printed)])
        said = self.not_published(CODE_BUCKET_PREFIX="another-prefix")
        self.assertIn(f"In {REGION} the code lies in a bucket that begins with {self.prefix}, and stacks take it from there", said)


class Upload(unittest.TestCase):
    """What the publisher asks of S3, as botocore's stub of it sees."""

    def test_never_replaces_what_somebody_else_uploaded_meanwhile_and_never_touches_a_strangers_bucket(self):
        zipped = code.Zipped("service-provider-access/arm64/key.zip", b"code", hashlib.sha256(b"code").digest())
        bucket = buckets.Bucket("bucket", REGION, PUBLISHER)
        where = {"Bucket": "bucket", "Key": zipped.key, "ExpectedBucketOwner": PUBLISHER}
        checksum = base64.b64encode(zipped.sha256).decode()
        with Stubber(bucket._s3) as s3:
            s3.add_client_error("head_object", http_status_code=404, expected_params=where)
            s3.add_client_error(
                "put_object",
                http_status_code=412,
                expected_params={
                    **where,
                    "Body": b"code",
                    "ContentType": "application/zip",
                    "ChecksumSHA256": checksum,
                    "IfNoneMatch": "*",
                },
            )
            s3.add_response("get_object", {"Body": io.BytesIO(b"code")}, where)
            self.assertTrue(bucket.put(zipped), "it was there")
            s3.assert_no_pending_responses()


class Template(unittest.TestCase):
    """What the local AWS does not show of organization.yaml."""

    def test_outlives_its_stack_and_forgets_nothing_that_is_current(self):
        template = read("organization.yaml")
        for name in ("Bucket", "BucketPolicy"):
            policies = [template["Resources"][name][policy] for policy in ("DeletionPolicy", "UpdateReplacePolicy")]
            self.assertEqual(policies, ["RetainExceptOnCreate", "Retain"])
        rules = template["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
        self.assertEqual([set(rule) - {"Id", "Status"} for rule in rules], [{"NoncurrentVersionExpiration"}])


class Bucket(Publishing):
    """Who reads the code: every account of one organization, and who may do anything else: nobody but the publisher."""

    def setUp(self):
        super().setUp()
        # MiniStack makes an organization for each account that asks for its own.
        self.organization = self.organization_of(MEMBER)
        self.code = self.key(self.published(ORGANIZATION=self.organization))
        self.s3 = self.publisher.client("s3")
        self.policy = json.loads(self.s3.get_bucket_policy(Bucket=self.bucket())["Policy"])

    def organization_of(self, account):
        return Account(self.world.aws, account).client("organizations").describe_organization()["Organization"]["Id"]

    def test_is_versioned_encrypted_private_and_owned(self):
        bucket = {"Bucket": self.bucket()}
        self.assertEqual(self.s3.get_bucket_versioning(**bucket)["Status"], "Enabled")
        [rule] = self.s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
        blocked = self.s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
        self.assertEqual((len(blocked), set(blocked.values())), (4, {True}))
        [rule] = self.s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"]
        self.assertEqual(rule, {"ObjectOwnership": "BucketOwnerEnforced"})

        # And a policy that lets everybody in would be refused.
        everybody = {**self.policy["Statement"][0]}
        del everybody["Condition"]
        public = {**self.policy, "Statement": [everybody]}
        with self.assertRaisesRegex(ClientError, "public policies are prevented"):
            self.s3.put_bucket_policy(Bucket=self.bucket(), Policy=json.dumps(public))

    def test_is_read_by_the_organization_alone_and_listed_by_nobody_else(self):
        # The local AWS speaks plain HTTP, and the policy refuses that even to an administrator of the publishing account.
        administrator = self.administrator()
        object = {"Bucket": self.bucket(), "Key": self.code}
        with self.assertRaisesRegex(ClientError, "explicit deny in a resource-based policy"):
            administrator.get_object(**object)
        self.allow_plain_http()
        self.assertTrue(administrator.get_object(**object)["Body"].read())

        self.organization_of(OUTSIDER)
        anonymous = boto3.client(
            "s3", region_name=REGION, endpoint_url=self.world.aws.endpoint, config=Config(signature_version=UNSIGNED, proxies={})
        )
        member, outsider, lonely = (Account(self.world.aws, account).client("s3") for account in (MEMBER, OUTSIDER, LONELY))
        self.assertTrue(member.get_object(**object)["Body"].read())
        for who in (outsider, lonely, anonymous):
            self.assert_denied(who.get_object, **object)
        for who in (member, outsider, lonely, anonymous):
            self.assert_denied(who.list_objects_v2, Bucket=self.bucket())
            self.assert_denied(who.list_object_versions, Bucket=self.bucket())
            self.assert_denied(who.put_object, **object, Body=b"another program", IfNoneMatch="*")
            self.assert_denied(who.delete_object, **object)
            self.assert_denied(who.get_bucket_policy, Bucket=self.bucket())
            self.assert_denied(who.put_bucket_policy, Bucket=self.bucket(), Policy=json.dumps(self.policy))

        self.assert_says_so_in_its_policy()

    def assert_says_so_in_its_policy(self):
        """As MiniStack's evaluator judges it by itself, also where its S3 does not ask it."""
        anything = "arn:aws:s3:::" + self.bucket()
        object, once = f"{anything}/{self.code}", {"s3:if-none-match": "*"}
        table = [
            # Who, what, on what, how: decision.
            (self.organization, "s3:GetObject", object, True, {}, "Allow"),
            (ORGANIZATION, "s3:GetObject", object, True, {}, "ImplicitDeny"),
            (None, "s3:GetObject", object, True, {}, "ImplicitDeny"),
            (self.organization, "s3:GetObject", object, False, {}, "Deny"),
            (self.organization, "s3:GetObjectVersion", object, True, {}, "ImplicitDeny"),
            (self.organization, "s3:GetObject", "arn:aws:s3:::another-bucket/key", True, {}, "ImplicitDeny"),
            (self.organization, "s3:ListBucket", anything, True, {}, "ImplicitDeny"),
            (self.organization, "s3:ListBucket", anything, False, {}, "Deny"),
            (self.organization, "s3:DeleteObject", object, True, {}, "ImplicitDeny"),
            (self.organization, "s3:PutObject", object, True, once, "ImplicitDeny"),
            # The last two are what the publishing account's own administrators meet: no deny, and a deny.
            (None, "s3:PutObject", object, True, once, "ImplicitDeny"),
            (None, "s3:PutObject", object, True, {}, "Deny"),
        ]
        decided = [(*row[:-1], self.decision(*row[:-1])) for row in table]
        self.assertEqual(decided, table)

    def decision(self, organization, action, resource, encrypted, more):
        keys = {"aws:principalorgid": organization} if organization else {}
        context = EvalContext(
            principal_arn=f"arn:aws:iam::{LONELY}:role/stacksets-exec",
            principal_type="AssumedRole",
            principal_account=LONELY,
            action=action,
            resource_arn=resource,
            region=REGION,
            secure_transport=encrypted,
            service_context={**keys, **more},
        )
        return evaluate_resource_policy(json.dumps(self.policy), context).decision

    def administrator(self):
        user = self.publisher.user(f"administrator-{self.prefix}")
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        self.publisher.client("iam").put_user_policy(
            UserName=user.name, PolicyName="Everything", PolicyDocument=json.dumps(everything)
        )
        return _client(self.world.aws, "s3", REGION, user.key_id, user.secret)

    def allow_plain_http(self):
        statements = [statement for statement in self.policy["Statement"] if statement["Sid"] != "EncryptedConnectionsOnly"]
        self.assertEqual(len(statements), len(self.policy["Statement"]) - 1)
        self.s3.put_bucket_policy(Bucket=self.bucket(), Policy=json.dumps({**self.policy, "Statement": statements}))

    def assert_denied(self, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], "AccessDenied", arguments)


class PrintedCommands(Publishing):
    """They are taken by a shell, AWS's own description of its calls knows them, and stackset.yaml their parameters."""

    GIVEN = {
        "OU": "ou-ab12-cdef3456,r-ab12",
        "PROVIDER": "222222222222,333333333333",
        "EXTERNAL_ID": "acme/0c9d5f1e7a3b4826@x:y=+,.-_",
        "ROLE_NAME": "acme+support@example",
    }

    def test_bring_the_code_to_every_account(self):
        printed = self.published(**self.GIVEN)
        key = self.key(printed)
        made, instances, updated = commands(printed)
        for call in (made, instances, updated):
            self.assertEqual((call["Region"], call["StackSetName"], call.get("CallAs")), (REGION, "service-provider-access", None))
        self.assertEqual((made["Call"], instances["Call"], updated["Call"]), ("CreateStackSet", "CreateStackInstances", "UpdateStackSet"))

        template = (sam.ROOT / "stackset.yaml").read_text()
        for call in (made, updated):
            self.assertEqual((call["TemplateBody"], call["Capabilities"]), (template, ["CAPABILITY_NAMED_IAM"]))
        self.assertEqual(made["PermissionModel"], "SERVICE_MANAGED")
        self.assertEqual(made["AutoDeployment"], {"Enabled": True, "RetainStacksOnAccountRemoval": False})
        self.assertEqual(made["ManagedExecution"], {"Active": True})
        self.assertEqual(
            made["Parameters"],
            {
                "ExternalAwsAccountId": self.GIVEN["PROVIDER"],
                "ExternalId": self.GIVEN["EXTERNAL_ID"],
                "RoleName": self.GIVEN["ROLE_NAME"],
                "CodeBucketPrefix": self.prefix,
                "CodeKey": key,
                "Architecture": sam.ARCHITECTURE,
                "HomeRegion": REGION,
            },
        )
        self.assertEqual(self.refused(made["Parameters"]), [])
        self.assertEqual(instances["DeploymentTargets"], {"OrganizationalUnitIds": ["ou-ab12-cdef3456", "r-ab12"]})
        self.assertEqual(instances["Regions"], [REGION])

        # An update names every parameter, and changes the code alone.
        self.assertEqual(changed(updated), {"CodeKey": key, "Architecture": sam.ARCHITECTURE})
        self.assertEqual(sorted(updated["Parameters"]), sorted(read("stackset.yaml")["Parameters"]))

    def test_bring_it_to_the_home_region_first_by_a_stack_set_of_its_own(self):
        printed = self.published(**self.GIVEN, REGIONS=BOTH, HOME_REGION=ELSEWHERE, DELEGATED_ADMIN="1")
        calls = commands(printed)
        home, others = "service-provider-access", "service-provider-access-regions"
        self.assertEqual(
            [(call["Call"], call["StackSetName"], call["Region"], call["CallAs"]) for call in calls],
            [
                (name, stack_set, ELSEWHERE, "DELEGATED_ADMIN")
                for name, stack_set in (
                    ("CreateStackSet", home),
                    ("CreateStackInstances", home),
                    ("CreateStackSet", others),
                    ("CreateStackInstances", others),
                    ("UpdateStackSet", home),
                    ("UpdateStackSet", others),
                )
            ],
        )
        made_home, instances_home, made, instances, updated_home, updated = calls
        for call, order in ((instances_home, [ELSEWHERE]), (instances, [REGION]), (updated_home, [ELSEWHERE]), (updated, [REGION])):
            self.assertEqual(call["OperationPreferences"]["RegionOrder"], order)
            self.assertEqual(call["OperationPreferences"]["RegionConcurrencyType"], "SEQUENTIAL")
            self.assertEqual(call.get("Regions", order), order)

        # The two are the same, but for what AWS is told of their order when an account joins.
        self.assertEqual(made["Parameters"]["HomeRegion"], ELSEWHERE)
        self.assertEqual(made_home["AutoDeployment"], {"Enabled": True, "RetainStacksOnAccountRemoval": False})
        self.assertEqual(made.pop("AutoDeployment"), {**made_home.pop("AutoDeployment"), "DependsOn": [arn(ELSEWHERE, home)]})
        self.assertEqual({**made, "StackSetName": home}, made_home)
        for call in (updated_home, updated):
            del call["StackSetName"], call["OperationPreferences"]
        self.assertEqual(updated, updated_home)

    def test_say_when_the_other_regions_may_follow(self):
        printed = self.published(**self.GIVEN, REGIONS=BOTH)
        told = [line.removeprefix("# ") for line in printed.splitlines() if "list-stack-set-operations" in line]
        # Once for the first time, once for afterwards, and each time before the other stack set is touched.
        self.assertEqual(len(told), 2)
        self.assertLess(printed.index(told[0]), printed.index("--stack-set-name service-provider-access-regions"))
        self.assertLess(printed.rindex(told[0]), printed.rindex("--stack-set-name service-provider-access-regions"))
        [call] = commands("\n".join(told[:1]))
        self.assertEqual((call["Call"], call["StackSetName"], call["Region"]), ("ListStackSetOperations", "service-provider-access", REGION))
        summaries = [
            {"Status": "RUNNING", "CreationTimestamp": "2026-01-02T10:00:00.000000+00:00"},
            {"Status": "SUCCEEDED", "CreationTimestamp": "2026-01-01T10:00:00.000000+00:00"},
        ]
        for order in (summaries, summaries[::-1]):
            self.assertEqual(jmespath.search(call["query"], {"Summaries": order}), "RUNNING")

    def test_cannot_be_run_before_what_is_missing_is_put_in(self):
        printed = self.published()
        self.assertIn("# Put in first, or give to make publish: '<OU>, <PROVIDER>, <EXTERNAL_ID>, <ROLE_NAME>'\n", printed)
        made, instances, _ = commands(printed, valid=False)
        self.assertEqual(self.refused(made["Parameters"]), ["ExternalAwsAccountId", "ExternalId", "RoleName"])
        self.assertEqual(problems("CreateStackInstances", instances), ["DeploymentTargets.OrganizationalUnitIds: <OU>"])

    def refused(self, given):
        """The parameters that are missing, unknown, or of a form that the template refuses."""
        template = read("stackset.yaml")["Parameters"]
        required = [name for name, parameter in template.items() if "Default" not in parameter and name not in given]
        return required + [
            name
            for name, value in given.items()
            if not re.search(template[name].get("AllowedPattern", ""), value)
            or value not in template[name].get("AllowedValues", [value])
        ]


class StackSets(Publishing):
    """What is printed follows from the stack sets that are there, as AWS tells of them."""

    HOME, OTHERS = "service-provider-access", "service-provider-access-regions"
    OLD_KEY = f"service-provider-access/{sam.ARCHITECTURE}/{'0' * 64}.zip"

    def setUp(self):
        super().setUp()
        self.between = Between(self.world.aws.endpoint)
        self.addCleanup(self.between.stop)

    def publish(self, **variables):
        return super().publish(**{**PrintedCommands.GIVEN, "AWS_ENDPOINT_URL_CLOUDFORMATION": self.between.endpoint, **variables})

    def deployed(self, name, regions, home=REGION, key=OLD_KEY, **more):
        """With every parameter but those that are new."""
        names = [parameter for parameter in read("stackset.yaml")["Parameters"] if parameter not in ("AlarmTopicArn", "LogLevel")]
        parameters = {**dict.fromkeys(names, ""), "CodeBucketPrefix": self.prefix, "CodeKey": key, "HomeRegion": home}
        parameters |= {"Architecture": sam.ARCHITECTURE, "RoleName": "acme", "MaxSessionDuration": "7200", "ExternalId": "a&b", **more}
        described = {"Parameters": parameters, "Regions": regions, "OrganizationalUnitIds": ["r-zz99"]}
        self.between.stack_sets[REGION, name] = described
        return parameters

    def calls(self, printed):
        return [(call["Call"], call["StackSetName"]) for call in commands(printed)]

    def test_that_are_not_there_are_made_and_nothing_else(self):
        printed = self.published(REGIONS=BOTH, DELEGATED_ADMIN="1")
        self.assertEqual(
            self.calls(printed),
            [(call, name) for name in (self.HOME, self.OTHERS) for call in ("CreateStackSet", "CreateStackInstances")],
        )
        for no in ("update-stack-set", "Afterwards", "Back to", "older code"):
            self.assertNotIn(no, printed)
        asked = [(region, name, "DELEGATED_ADMIN") for region, name in ((ELSEWHERE, self.HOME), (REGION, self.HOME), (REGION, self.OTHERS))]
        self.assertEqual(self.between.asked, asked)

    def test_that_are_there_are_updated_and_nothing_else(self):
        had = self.deployed(self.HOME, [REGION])
        self.deployed(self.OTHERS, [ELSEWHERE])
        # Older code that was never deployed is nothing to go back to.
        self.published(REGIONS=BOTH, BUILT=str(self.other_code()))
        status, said, printed = self.publish(REGIONS=BOTH)
        self.assertEqual((status, "cannot be told" in said), (0, False), said)
        self.assertEqual(self.between.asked[0], (ELSEWHERE, self.HOME, None))
        updated = commands(printed)
        back = way_back(printed)
        self.assertEqual(self.calls(printed), [("UpdateStackSet", self.HOME), ("UpdateStackSet", self.OTHERS)])
        self.assertEqual([call["StackSetName"] for call in back], [self.HOME, self.OTHERS])
        self.assertEqual(printed.count("so left to their defaults: LogLevel, AlarmTopicArn\n"), 2)
        for call, way, region in zip(updated, back, BOTH.split(), strict=True):
            self.assertEqual(changed(call), {"CodeKey": self.key(printed), "Architecture": sam.ARCHITECTURE})
            # AWS refuses to keep the value of a parameter that there was not.
            self.assertEqual(sorted(call["Parameters"]), sorted(had))
            self.assertEqual(call["OperationPreferences"]["RegionOrder"], [region])
            self.assertEqual(changed(way), {"CodeKey": self.OLD_KEY, "Architecture": sam.ARCHITECTURE})
            self.assertEqual(sorted(way["Parameters"]), sorted(read("stackset.yaml")["Parameters"]))
            self.assertTrue(way["UsePreviousTemplate"])
        self.assertIn("the older checkout has the one that belongs to the older code", printed)

    def test_that_have_this_code_already_go_back_to_the_code_before_it_in_the_bucket(self):
        older = self.key(self.published(BUILT=str(self.other_code())))
        key = self.key(self.published())
        self.deployed(self.HOME, [REGION], key=key)
        [back] = way_back(self.published())
        self.assertEqual(changed(back)["CodeKey"], older)
        # Back to another processor and to where the code lay then, when that is what is deployed.
        self.deployed(self.HOME, [REGION], Architecture="another", CodeBucketPrefix="where-it-was", HomeRegion="")
        printed = self.published()
        [updated], [back] = commands(printed), way_back(printed)
        new = {"CodeKey": key, "Architecture": sam.ARCHITECTURE, "CodeBucketPrefix": self.prefix, "HomeRegion": REGION}
        self.assertEqual(changed(updated), new)
        old = {"CodeKey": self.OLD_KEY, "Architecture": "another", "CodeBucketPrefix": "where-it-was"}
        self.assertEqual(changed(back), {**new, **old})

    def test_of_the_other_regions_are_made_as_the_home_region_is(self):
        had = self.deployed(self.HOME, [REGION])
        printed = self.published(REGIONS=BOTH, OU=None, EXTERNAL_ID=None)
        updated, made, instances = commands(printed, valid=False)
        self.assertEqual(self.calls(printed.replace("<EXTERNAL_ID>", "id"))[0], ("UpdateStackSet", self.HOME))
        self.assertEqual((made["Call"], made["StackSetName"]), ("CreateStackSet", self.OTHERS))
        self.assertEqual(made["Parameters"], {**had, **changed(updated), "ExternalId": "<EXTERNAL_ID>"})
        self.assertIn("Put in first, or give to make publish: '<EXTERNAL_ID>'", printed)
        self.assertNotIn(had["ExternalId"], printed)
        self.assertEqual((instances["Regions"], instances["DeploymentTargets"]), ([ELSEWHERE], {"OrganizationalUnitIds": ["r-zz99"]}))

    def test_get_the_regions_that_they_lack(self):
        self.deployed(self.HOME, [])
        updated, instances = commands(self.published())
        self.assertEqual((updated["Call"], instances["Call"], instances["Regions"]), ("UpdateStackSet", "CreateStackInstances", [REGION]))
        # What one stack set has, another cannot have.
        self.deployed(self.HOME, BOTH.split())
        [updated] = commands(self.published(REGIONS=BOTH))
        self.assertEqual((updated["StackSetName"], updated["OperationPreferences"]["RegionOrder"]), (self.HOME, BOTH.split()))

    def test_that_cannot_be_looked_for_leave_both_cases(self):
        self.between.refusal = (403, "AccessDenied", "User is not authorized to perform: cloudformation:DescribeStackSet")
        status, said, printed = self.publish()
        self.assertEqual(status, 0, said)
        self.assertIn(
            f"Whether there is a stack set {self.HOME} in {REGION} cannot be told (cloudformation:DescribeStackSet; AWS says: AccessDenied: "
            "User is not authorized to perform: cloudformation:DescribeStackSet), so the commands for both cases are printed",
            said,
        )
        self.assertEqual([call for call, _ in self.calls(printed)], ["CreateStackSet", "CreateStackInstances", "UpdateStackSet"])

    def test_keep_the_role_where_it_is(self):
        self.deployed(self.HOME, [REGION], home=ELSEWHERE)
        said = self.not_published(REGIONS=BOTH)
        self.assertIn(f"The role is kept in {ELSEWHERE}, as HomeRegion of the stack set {self.HOME} in {REGION} says", said)
        self.assertIn(f"give HOME_REGION={ELSEWHERE}. How to move it: docs/organization.md. Nothing was published.", said)
        # The Regions in another order than last time.
        self.deployed(self.HOME, [REGION])
        said = self.not_published(REGIONS=BOTH, HOME_REGION=ELSEWHERE)
        self.assertIn(f"There is a stack set {self.HOME} in {REGION}, so that is the home Region, not {ELSEWHERE}", said)

    def test_have_the_code_in_every_region_they_go_to(self):
        self.deployed(self.HOME, [REGION])
        self.deployed(self.OTHERS, [ELSEWHERE])
        said = self.not_published()
        self.assertIn(f"The stack set {self.OTHERS} has stacks in {ELSEWHERE}, too, which could not be updated without the code", said)


class Stacks(Publishing):
    """What was published and what is printed make stacks: here in the publishing account, since MiniStack looks for a
    function's code in the function's own account alone."""

    def test_of_every_region_have_the_code_of_that_region_and_its_topic(self):
        printed = self.published(**PrintedCommands.GIVEN, REGIONS=BOTH)
        template, _ = overlay.widen(read("stackset.yaml"))
        for region in BOTH.split():
            stack = Stack(self.publisher, "in-an-account", region)
            self.addCleanup(lambda stack=stack: stack.exists() and stack.delete())
            # A role of its own for each, so that one needs nothing of the other.
            given = {**commands(printed)[0]["Parameters"], "HomeRegion": "", "RoleName": f"acme-{region}"}
            status = stack.create(template, **given, AlarmTopicArn=f"arn:aws:sns:us-west-2:{PUBLISHER}:on-call")
            self.assertEqual((status, stack.reasons("DelegatedRole")), ("CREATE_COMPLETE", []))
            self.assertEqual(stack.outputs()["RoleArn"], f"arn:aws:iam::{PUBLISHER}:role/delegated/acme-{region}")

            function = self.publisher.client("lambda", region).get_function_configuration(FunctionName=FUNCTION_NAME)
            self.assertEqual(function["Role"], f"arn:aws:iam::{PUBLISHER}:role/service-provider-access-{region}")
            digest = base64.b64decode(function["CodeSha256"]).hex()
            self.assertEqual(digest, KEY.fullmatch(given["CodeKey"])[1])
            alarms = self.publisher.client("cloudwatch", region).describe_alarms()["MetricAlarms"]
            self.assertEqual(
                [alarm["AlarmActions"] for alarm in alarms], [[f"arn:aws:sns:{region}:{PUBLISHER}:on-call"]] * 3
            )
            self.assertEqual(stack.update(**{**given, "AlarmTopicArn": ""}), "UPDATE_COMPLETE")
            self.assertEqual(self.publisher.client("cloudwatch", region).describe_alarms()["MetricAlarms"], [])
            self.assertEqual(stack.delete(), "DELETE_COMPLETE")
        self.assertEqual(self.publisher.client("iam").list_roles()["Roles"], [])


class Mistakes(Publishing):
    """Every failure is a sentence that says what to do, and nothing is published."""

    def test_in_what_is_wished_are_told_all_at_once(self):
        self.assertEqual(
            self.not_published(ORGANIZATION=None, REGIONS=None),
            "ORGANIZATION is missing: the ID of the organization whose accounts may read the code, as "
            "`aws organizations describe-organization` shows it.\n"
            'REGIONS is missing: where the function is wanted, such as REGIONS="us-east-1 eu-west-1".\n'
            'Nothing was published. It is called like this: make publish ORGANIZATION=o-... REGIONS="us-east-1 eu-west-1"',
        )
        said = self.not_published(
            ORGANIZATION="ou-ab12-cdef3456",
            REGIONS="us-east-1,frankfurt",
            HOME_REGION="eu-central-1",
            CODE_BUCKET_PREFIX="Code",
            ARCHITECTURE="arm",
            OU="o-a1b2c3d4e5",
            PROVIDER="1234",
            EXTERNAL_ID="it's mine",
            ROLE_NAME="a role",
            DELEGATED_ADMIN="yes",
        )
        self.assertEqual(
            said.splitlines(),
            [
                "ORGANIZATION=ou-ab12-cdef3456 is not an organization's ID: o- and 10 to 32 of a-z 0-9.",
                "CODE_BUCKET_PREFIX=Code is not 3 to 48 characters of a-z 0-9 - that neither begin nor end with a dash.",
                "ARCHITECTURE=arm is not x86_64 or arm64.",
                "PROVIDER=1234 is not an account ID of 12 digits, up to ten of them separated by commas.",
                "EXTERNAL_ID is not 2 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -.",
                "ROLE_NAME=a role is not 1 to 64 characters of A-Z a-z 0-9 _ + = , . @ -.",
                "DELEGATED_ADMIN=yes is not 1 in a delegated administrator's account, nothing in the management account.",
                "REGIONS: frankfurt is not a Region such as us-east-1.",
                "HOME_REGION=eu-central-1 is not among the REGIONS: its stack keeps the role.",
                "OU: o-a1b2c3d4e5 is not the ID of an organizational unit (ou-...) or of a root (r-...).",
                'Nothing was published. It is called like this: make publish ORGANIZATION=o-... REGIONS="us-east-1 eu-west-1"',
            ],
        )

    def test_in_who_publishes(self):
        said = self.not_published(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
        self.assertTrue(said.startswith("No AWS credentials were found. Log in to the account that publishes"), said)
        said = self.not_published(AWS_ACCESS_KEY_ID="AKIAUNKNOWNUNKNOWN00")
        self.assertTrue(said.startswith("Asking AWS whose credentials these are failed. AWS says: "), said)

    def test_in_the_code(self):
        empty = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, empty)
        said = self.not_published(BUILT=empty)
        self.assertEqual(said, f"There is no {empty}/bootstrap: BUILT must be a directory as `sam build` makes it.")
        pathlib.Path(empty, "bootstrap").write_text("#!/bin/sh\n")
        self.assertEqual(self.not_published(BUILT=empty), f"{empty}/bootstrap is no program for Linux.")
        [other] = {"x86_64", "arm64"} - {sam.ARCHITECTURE}
        self.assertEqual(
            self.not_published(ARCHITECTURE=other),
            f"{BUILT}/bootstrap is built for {sam.ARCHITECTURE}, not for {other}: give ARCHITECTURE={other} to the build, too.",
        )

    def test_in_the_buckets_name(self):
        stranger = Account(self.world.aws, OUTSIDER).client("s3", ELSEWHERE)
        stranger.create_bucket(Bucket=self.bucket(ELSEWHERE), CreateBucketConfiguration={"LocationConstraint": ELSEWHERE})
        self.addCleanup(stranger.delete_bucket, Bucket=self.bucket(ELSEWHERE))
        said = self.not_published(REGIONS=ELSEWHERE)
        self.assertIn(f"The bucket's name {self.bucket(ELSEWHERE)} is taken by somebody else", said)
        self.assertIn("Choose another: CODE_BUCKET_PREFIX=...", said)

    def test_in_a_strangers_bucket_that_anybody_may_look_at(self):
        between = self.between()
        between.public_buckets = [self.bucket()]
        said = self.not_published(AWS_ENDPOINT_URL_S3=between.endpoint)
        self.assertIn(f"The bucket's name {self.bucket()} is taken by somebody else", said)

    def test_in_a_bucket_that_no_stack_keeps(self):
        self.publisher.client("s3").create_bucket(Bucket=self.bucket())
        said = self.not_published()
        self.assertIn(f"There is a bucket {self.bucket()} in this account already, but no stack service-provider-access-code", said)
        # Both ways out are ways.
        self.assertIn("Choose another name: CODE_BUCKET_PREFIX=... Or delete it, if it is empty and nobody needs it: aws s3api ", said)
        command = said.rsplit(": aws s3api ", 1)[1].split()
        self.assertEqual(command, ["delete-bucket", "--region", REGION, "--bucket", self.bucket()])
        self.publisher.client("s3").delete_bucket(Bucket=self.bucket())
        self.published()

    def test_in_who_may_not_list(self):
        between = self.between()
        between.lists_nothing = True
        said = self.not_published(AWS_ENDPOINT_URL_S3=between.endpoint)
        self.assertIn(f"is in {self.bucket()} already cannot be told: S3 answers 403 instead of 404", said)
        self.assertIn(f"s3:ListBucket on arn:*:s3:::{self.bucket()}", said)

    def between(self):
        between = Between(self.world.aws.endpoint)
        self.addCleanup(between.stop)
        return between

    def test_in_a_deployment_are_shown(self):
        # Somebody who may look, and do nothing.
        user = self.publisher.user(f"reader-{self.prefix}")
        looking = [{"Effect": "Allow", "Action": ["cloudformation:DescribeStacks", "s3:*"], "Resource": "*"}]
        self.publisher.client("iam").put_user_policy(
            UserName=user.name, PolicyName="Look", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": looking})
        )
        said = self.not_published(AWS_ACCESS_KEY_ID=user.key_id, AWS_SECRET_ACCESS_KEY=user.secret)
        self.assertIn("cloudformation:CreateChangeSet", said)
        self.assertIn("`sam deploy` of organization.yaml in us-east-1 failed; it says above why.", said)

    def test_in_an_earlier_attempt_are_told(self):
        self.publisher.client("s3").create_bucket(Bucket=self.bucket())
        taken = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": self.bucket()}}}
        stack = Stack(self.publisher, "service-provider-access-code")
        self.assertEqual(stack.create({"Resources": taken}), "ROLLBACK_COMPLETE")
        said = self.not_published()
        self.assertIn("The stack service-provider-access-code in us-east-1 is in ROLLBACK_COMPLETE.", said)
        self.assertIn("aws cloudformation delete-stack --region us-east-1 --stack-name service-provider-access-code", said)


PREVIOUS = "what it was"


@functools.cache
def _cloudformation():
    return botocore.session.get_session().get_service_model("cloudformation")


def commands(printed, valid=True):
    """What a shell makes of it: the calls to AWS, as their API has them, and the parameters of the template by name."""
    said = _run(printed)
    # A shell at a prompt may take # for a command, which does nothing here either.
    assert _run(re.sub("^#", ":", printed, flags=re.MULTILINE)) == said, printed
    calls = []
    for line in said.split("\036")[:-1]:
        service, name, *arguments = line.split("\037")[:-1]
        assert service == "cloudformation", service
        if name == "describe-stack-set":
            continue
        call = _call(name, arguments)
        if valid:
            found = problems(call["Call"], call)
            assert not found, found
        if "Parameters" in call:
            call["Parameters"] = {
                given["ParameterKey"]: given.get("ParameterValue", PREVIOUS) for given in call["Parameters"]
            }
        calls.append(call)
    return calls


def way_back(printed):
    """The commands that stand in a comment, as they are without their signs."""
    _, commented = printed.split("# Back to the code before this one", 1)
    _, *lines = commented.splitlines()
    assert all(line.startswith("#") for line in lines), lines
    return commands("\n".join(line.removeprefix("# ") for line in lines))


def changed(call):
    return {name: value for name, value in call["Parameters"].items() if value is not PREVIOUS}


def arn(region, stack_set):
    return f"arn:aws:cloudformation:{region}:{PUBLISHER}:stackset/{stack_set}:0a1b2c3d"


def _run(printed):
    """What `aws` was given, as it keeps it in a file; and the shell made no other."""
    keeps = 'exec 3>calls; aws() { { for argument; do printf "%s\\037" "$argument"; done; printf "\\036"; } >&3; '
    answers = f'if [ "$2" = describe-stack-set ]; then echo "{arn("$4", "$6")}"; fi; }}\n'
    with tempfile.TemporaryDirectory() as directory:
        ended = subprocess.run(["sh", "-eu"], input=keeps + answers + printed, cwd=directory, capture_output=True, text=True)
        assert (ended.returncode, ended.stdout, ended.stderr, os.listdir(directory)) == (0, "", "", ["calls"]), ended
        return pathlib.Path(directory, "calls").read_text()


def _call(name, arguments):
    operation = next(one for one in _cloudformation().operation_names if xform_name(one, "-") == name)
    members = _cloudformation().operation_model(operation).input_shape.members
    options = {f"--{xform_name(member, '-')}": member for member in members}
    call, given = {"Call": operation}, []
    for argument in arguments:
        if argument in ("--region", "--query", "--output"):
            given = call.setdefault({"--region": "Region"}.get(argument, argument.removeprefix("--")), [])
        elif argument.startswith("--"):
            given = call.setdefault(options[argument], [])
        else:
            given.append(argument)
    for one in ("Region", "query", "output"):
        if one in call:
            [call[one]] = call[one]
    for member, shape in members.items():
        if member in call:
            call[member] = _value(shape, call[member])
    return call


def _value(shape, given):
    """As the AWS CLI reads an option: a flag, JSON or its shorthand, a list of words, the content of a file, or a word."""
    if shape.type_name == "boolean":
        return not given
    if shape.type_name == "structure" or shape.type_name == "list" and shape.member.type_name == "structure":
        [text] = given
        return json.loads(text) if text[0] in "[{" else _shorthand(shape, text)
    if shape.type_name == "list":
        return given
    [word] = given
    return (sam.ROOT / word.removeprefix("file://")).read_text() if word.startswith("file://") else word


def _shorthand(shape, text):
    """KEY=VALUE,KEY=VALUE: a single value of a list stands for itself."""
    read = {"boolean": {"true": True, "false": False}.__getitem__, "list": lambda value: [value], "string": str}
    pairs = (pair.split("=") for pair in text.split(","))
    return {name: read[shape.members[name].type_name](value) for name, value in pairs}


def problems(operation, call):
    """What AWS's description of the call has against it."""
    shape = _cloudformation().operation_model(operation).input_shape
    given = {member: call[member] for member in shape.members if member in call}
    if isinstance(given.get("Parameters"), dict):
        del given["Parameters"]
    validate_parameters(given, shape)
    return list(_malformed("", given, shape))


def _malformed(path, value, shape):
    """Botocore checks types and names; patterns and listed values it leaves to AWS."""
    if shape.type_name == "structure":
        for member, item in value.items():
            yield from _malformed(f"{path}.{member}".strip("."), item, shape.members[member])
    elif shape.type_name == "list":
        for item in value:
            yield from _malformed(path, item, shape.member)
    elif shape.type_name == "string":
        known = getattr(shape, "enum", None)
        longest = shape.metadata.get("max", len(value))
        if known and value not in known or len(value) > longest or not re.search(shape.metadata.get("pattern", ""), value):
            yield f"{path}: {value}"
