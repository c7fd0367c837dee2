"""AWS IAM, as boto3 and the `aws` command use it, and its service model walked constraint by constraint."""

import json
import pathlib
import subprocess
import sys
import unittest
import uuid

import boto3
import botocore
import botocore.config
from botocore.exceptions import ClientError

AWS = str(pathlib.Path(sys.executable).with_name("aws"))
ENTITIES = ("User", "Group", "Role")
OPERATIONS = """
CreateUser GetUser UpdateUser DeleteUser ListUsers CreateAccessKey UpdateAccessKey DeleteAccessKey ListAccessKeys
GetAccessKeyLastUsed CreateGroup GetGroup UpdateGroup DeleteGroup ListGroups AddUserToGroup RemoveUserFromGroup
ListGroupsForUser CreateRole GetRole UpdateRole UpdateAssumeRolePolicy DeleteRole ListRoles CreatePolicy GetPolicy
DeletePolicy ListPolicies CreatePolicyVersion GetPolicyVersion ListPolicyVersions SetDefaultPolicyVersion
DeletePolicyVersion ListEntitiesForPolicy UpdateRoleDescription ListInstanceProfilesForRole
""".split()
OPERATIONS += [
    name.format(entity)
    for entity in ENTITIES
    for name in (
        "Put{}Policy", "Get{}Policy", "Delete{}Policy", "List{}Policies", "Attach{}Policy", "Detach{}Policy",
        "ListAttached{}Policies",
    )
]  # fmt: skip
OPERATIONS += [f"{verb}{entity}PermissionsBoundary" for verb in ("Put", "Delete") for entity in ("User", "Role")]
OPERATIONS += [name.format(what) for what in ("User", "Role", "Policy") for name in ("Tag{}", "Untag{}", "List{}Tags")]
READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
    ],
}


def client(**options):
    """A client that does not try again, so that every error is seen."""
    options = {"retries": {"total_max_attempts": 1}, **options}
    return boto3.client("iam", config=botocore.config.Config(**options))


def new_name(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def missing(shape, value, path):
    """What the service model requires of an answer and it does not have."""
    if shape.type_name == "structure":
        for name, inner in shape.members.items():
            if name in value:
                yield from missing(inner, value[name], f"{path}.{name}")
            elif name in shape.required_members:
                yield f"{path}.{name}"
    elif shape.type_name == "list":
        for item in value:
            yield from missing(shape.member, item, path)


class Entities(unittest.TestCase):
    def setUp(self):
        self.iam = client()
        self.iam.meta.events.register("after-call.iam", self.check_answer)

    def check_answer(self, parsed, model, **_):
        if "Error" not in parsed and model.output_shape:
            self.assertEqual(list(missing(model.output_shape, parsed, model.name)), [])

    def refused(self, code, status, method, **members):
        with self.assertRaises(ClientError) as refused:
            method(**members)
        answer = refused.exception.response
        self.assertEqual((answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]), (code, status))
        self.assertEqual(answer["Error"]["Type"], "Sender")
        return answer["Error"]["Message"]

    def test_a_user_with_keys_policies_and_a_group(self):
        iam, user, group = self.iam, new_name("user"), new_name("group")
        tags = [{"Key": "team", "Value": "blue + green: é"}]
        made = iam.create_user(UserName=user, Path="/people/", Tags=tags)["User"]
        self.assertEqual(made["Arn"], f"arn:aws:iam::123456789012:user/people/{user}")
        self.assertEqual(iam.get_user(UserName=user)["User"]["Tags"], tags)
        self.assertEqual(iam.list_user_tags(UserName=user)["Tags"], tags)
        # The account itself has no name.
        self.assertTrue(client().get_user()["User"]["Arn"].endswith(":root"))
        with self.assertRaises(iam.exceptions.EntityAlreadyExistsException):
            iam.create_user(UserName=user.upper())
        iam.create_group(GroupName=group)
        iam.add_user_to_group(GroupName=group, UserName=user)
        self.assertEqual([found["UserName"] for found in iam.get_group(GroupName=group)["Users"]], [user])
        self.assertEqual([found["GroupName"] for found in iam.list_groups_for_user(UserName=user)["Groups"]], [group])
        iam.put_user_policy(UserName=user, PolicyName="read", PolicyDocument=json.dumps(READ, indent=4))
        self.assertEqual(iam.get_user_policy(UserName=user, PolicyName="read")["PolicyDocument"], READ)
        self.refused(
            "MalformedPolicyDocument", 400, iam.put_user_policy, UserName=user, PolicyName="x", PolicyDocument="{"
        )

        key = iam.create_access_key(UserName=user)["AccessKey"]
        own = boto3.client(
            "iam", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip
        self.refused("AccessDenied", 403, own.list_users)
        used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
        self.assertEqual((used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]), (user, "iam"))
        iam.create_access_key(UserName=user)
        self.refused("LimitExceeded", 409, iam.create_access_key, UserName=user)
        iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Inactive")
        self.refused("InvalidClientTokenId", 403, own.list_users)
        iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Active")
        self.refused("AccessDenied", 403, own.list_users)

        renamed = new_name("renamed")
        iam.update_user(UserName=user, NewUserName=renamed)
        self.refused("AccessDenied", 403, own.list_users)
        self.refused("NoSuchEntity", 404, iam.get_user, UserName=user)
        self.refused("DeleteConflict", 409, iam.delete_user, UserName=renamed)
        for key in iam.list_access_keys(UserName=renamed)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=renamed, AccessKeyId=key["AccessKeyId"])
        self.refused("InvalidClientTokenId", 403, own.list_users)
        self.refused("DeleteConflict", 409, iam.delete_group, GroupName=group)
        iam.remove_user_from_group(GroupName=group, UserName=renamed)
        iam.delete_group(GroupName=group)
        iam.delete_user_policy(UserName=renamed, PolicyName="read")
        iam.delete_user(UserName=renamed)

    def test_a_role_with_a_managed_policy_and_a_boundary(self):
        iam, role, name = self.iam, new_name("role"), new_name("policy")
        policy = iam.create_policy(PolicyName=name, Path="/team/", PolicyDocument=json.dumps(READ))["Policy"]
        arn = policy["Arn"]
        made = iam.create_role(
            RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST), Description="Reads.",
            MaxSessionDuration=7200, PermissionsBoundary=arn,
        )["Role"]  # fmt: skip
        self.assertEqual(made["AssumeRolePolicyDocument"], TRUST)
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        self.assertEqual(attached, [{"PolicyName": name, "PolicyArn": arn}])
        users = iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]
        self.assertEqual([found["RoleName"] for found in users], [role])
        counted = iam.get_policy(PolicyArn=arn)["Policy"]
        self.assertEqual((counted["AttachmentCount"], counted["PermissionsBoundaryUsageCount"]), (1, 1))
        iam.update_role(RoleName=role, Description="Reads more.", MaxSessionDuration=3600)
        self.assertEqual(iam.get_role(RoleName=role)["Role"]["MaxSessionDuration"], 3600)
        described = iam.update_role_description(RoleName=role, Description="Reads most.")["Role"]
        self.assertEqual(described["Description"], "Reads most.")
        self.assertEqual(iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"], [])
        for _ in range(4):
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(READ), SetAsDefault=True)
        document = json.dumps(READ)
        self.refused("LimitExceeded", 409, iam.create_policy_version, PolicyArn=arn, PolicyDocument=document)
        versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
        self.assertEqual([version["VersionId"] for version in versions], ["v5", "v4", "v3", "v2", "v1"])
        self.assertEqual(iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"], READ)
        self.refused("DeleteConflict", 409, iam.delete_policy_version, PolicyArn=arn, VersionId="v5")
        self.refused("DeleteConflict", 409, iam.delete_policy, PolicyArn=arn)
        self.refused("DeleteConflict", 409, iam.delete_role, RoleName=role)
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
        iam.delete_role(RoleName=role)
        self.refused("DeleteConflict", 409, iam.delete_policy, PolicyArn=arn)
        for version in versions[1:]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=arn)
        self.refused("NoSuchEntity", 404, iam.get_policy, PolicyArn=arn)

    def test_simulates_what_somebody_may_do(self):
        iam, user, group = self.iam, new_name("user"), new_name("group")
        arn = iam.create_user(UserName=user)["User"]["Arn"]
        iam.create_group(GroupName=group)
        iam.add_user_to_group(GroupName=group, UserName=user)
        iam.put_group_policy(GroupName=group, PolicyName="read", PolicyDocument=json.dumps(READ, indent=4))
        conditional = json.loads(json.dumps(READ))
        conditional["Statement"][0].update(Action="kms:*", Condition={"Bool": {"aws:SecureTransport": "true"}})
        asked = {
            "PolicySourceArn": arn,
            "ActionNames": ["secretsmanager:GetSecretValue", "kms:Decrypt"],
            "PolicyInputList": [json.dumps(conditional)],
        }
        results = iam.simulate_principal_policy(**asked)["EvaluationResults"]
        self.assertEqual([result["EvalDecision"] for result in results], ["allowed", "implicitDeny"])
        statement = {
            "SourcePolicyId": "read", "SourcePolicyType": "group",
            "StartPosition": {"Line": 3, "Column": 19}, "EndPosition": {"Line": 8, "Column": 10},
        }  # fmt: skip
        self.assertEqual(results[0]["MatchedStatements"], [statement])
        self.assertEqual(results[1]["MissingContextValues"], ["aws:SecureTransport"])
        secure = {"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"}
        resources = [f"arn:aws:kms:us-east-1:123456789012:key/{number}" for number in range(3)]
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            **asked, ResourceArns=resources, ContextEntries=[secure], PaginationConfig={"PageSize": 4}
        )
        pages = [page["EvaluationResults"] for page in pages]
        self.assertEqual([len(page) for page in pages], [4, 2])
        found = [(result["EvalActionName"], result["EvalResourceName"], result["EvalDecision"]) for page in pages for result in page]
        expected = [(action, resource, "allowed") for action in asked["ActionNames"] for resource in resources]
        self.assertEqual(found, expected)
        specific = pages[1][1]["ResourceSpecificResults"]
        self.assertEqual(
            [(result["EvalResourceName"], result["EvalResourceDecision"]) for result in specific],
            [(resources[2], "allowed")],
        )
        keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn, PolicyInputList=asked["PolicyInputList"])
        self.assertEqual(keys["ContextKeyNames"], ["aws:SecureTransport"])
        self.refused("InvalidInput", 400, iam.get_context_keys_for_custom_policy, PolicyInputList=["{"])
        self.refused(
            "NoSuchEntity", 404, iam.simulate_principal_policy,
            PolicySourceArn=arn + "x", ActionNames=asked["ActionNames"],
        )  # fmt: skip
        iam.remove_user_from_group(GroupName=group, UserName=user)
        iam.delete_group_policy(GroupName=group, PolicyName="read")
        iam.delete_group(GroupName=group)
        iam.delete_user(UserName=user)

    def test_pages_through_what_there_is(self):
        names = sorted(new_name("page") for _ in range(5))
        for name in names:
            self.iam.create_user(UserName=name, Path="/pages/")
        pages = self.iam.get_paginator("list_users").paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 2})
        pages = [[user["UserName"] for user in page["Users"]] for page in pages]
        self.assertEqual(pages, [names[:2], names[2:4], names[4:]])
        listed = self.iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 1})
        builtin = [policy["PolicyName"] for page in listed for policy in page["Policies"]]
        self.assertIn("KeywheelApprover", builtin)
        self.assertEqual(builtin, sorted(set(builtin)))
        summary = self.iam.get_account_summary()["SummaryMap"]
        self.assertGreaterEqual(summary["Users"], 5)
        self.assertEqual(summary["AccessKeysPerUserQuota"], 2)


class Command(unittest.TestCase):
    def run_aws(self, *arguments):
        command = [sys.executable, AWS, "iam", *arguments, "--output", "json"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def aws(self, *arguments):
        done = self.run_aws(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, text, *arguments):
        done = self.run_aws(*arguments)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(text, done.stderr)

    def test_an_administrator_types(self):
        user, role, policy = new_name("user"), new_name("role"), new_name("policy")
        self.aws("create-user", "--user-name", user, "--tags", "Key=team,Value=blue")
        key = self.aws("create-access-key", "--user-name", user)["AccessKey"]
        self.assertEqual((key["UserName"], key["Status"], len(key["SecretAccessKey"])), (user, "Active", 40))
        inline = ("--user-name", user, "--policy-name", "read")
        self.aws("put-user-policy", *inline, "--policy-document", json.dumps(READ))
        self.assertEqual(self.aws("get-user-policy", *inline)["PolicyDocument"], READ)
        made = self.aws("create-policy", "--policy-name", policy, "--policy-document", json.dumps(READ))
        arn = made["Policy"]["Arn"]
        self.aws("create-role", "--role-name", role, "--assume-role-policy-document", json.dumps(TRUST))
        self.aws("attach-role-policy", "--role-name", role, "--policy-arn", arn)
        self.aws("attach-user-policy", "--user-name", user, "--policy-arn", arn)
        attached = self.aws("list-attached-user-policies", "--user-name", user)["AttachedPolicies"]
        self.assertEqual(attached, [{"PolicyName": policy, "PolicyArn": arn}])
        self.assertIn(user, [found["UserName"] for found in self.aws("list-users")["Users"]])
        self.assertEqual(self.aws("list-user-policies", "--user-name", user)["PolicyNames"], ["read"])
        source = ("--policy-source-arn", f"arn:aws:iam::123456789012:user/{user}")
        names = ("--action-names", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue")
        told = self.aws("simulate-principal-policy", *source, *names)["EvaluationResults"]
        self.assertEqual([result["EvalDecision"] for result in told], ["allowed", "implicitDeny"])
        self.refused("(DeleteConflict)", "delete-user", "--user-name", user)
        self.refused("(DeleteConflict)", "delete-policy", "--policy-arn", arn)
        self.refused("(NoSuchEntity)", "get-user", "--user-name", new_name("nobody"))
        self.refused("(EntityAlreadyExists)", "create-user", "--user-name", user)
        self.aws("detach-user-policy", "--user-name", user, "--policy-arn", arn)
        self.aws("detach-role-policy", "--role-name", role, "--policy-arn", arn)
        self.aws("delete-policy", "--policy-arn", arn)
        self.aws("delete-role", "--role-name", role)
        self.aws("delete-user-policy", *inline)
        self.aws("delete-access-key", "--user-name", user, "--access-key-id", key["AccessKeyId"])
        self.aws("delete-user", "--user-name", user)


class Model(unittest.TestCase):
    def setUp(self):
        self.iam = client(parameter_validation=False)
        self.model = self.iam.meta.service_model

    def sample(self, shape):
        kind, low = shape.type_name, shape.metadata.get("min", 0)
        if kind == "string":
            return shape.enum[0] if shape.enum else "a" * max(low, 1)
        return {"integer": low, "list": [], "boolean": False}[kind]

    def violations(self, shape):
        """Values that break a constraint of this shape."""
        kind, limits = shape.type_name, shape.metadata
        if kind == "string":
            if shape.enum:
                yield "enum", "none of them"
                return
            if limits.get("min", 0) > 0:
                yield "min", ""
            if "max" in limits:
                yield "max", "a" * (limits["max"] + 1)
            if "pattern" in limits:
                yield "pattern", "a\u20ac"
        elif kind == "integer":
            if "min" in limits:
                yield "min", limits["min"] - 1
            if "max" in limits:
                yield "max", limits["max"] + 1
        elif kind == "list" and shape.member.type_name == "structure":
            good = {name: self.sample(inner) for name, inner in shape.member.members.items()}
            yield "max", [good] * (limits.get("max", 1000) + 1)
            for name, inner in shape.member.members.items():
                if name in shape.member.required_members:
                    yield f"{name} required", [{other: value for other, value in good.items() if other != name}]
                for constraint, value in self.violations(inner):
                    yield f"{name} {constraint}", [{**good, name: value}]

    def refused(self, operation, request):
        with self.assertRaises(ClientError) as refused:
            getattr(self.iam, botocore.xform_name(operation))(**request)
        error = refused.exception.response
        self.assertEqual((error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]), ("ValidationError", 400))

    def test_every_constraint_is_checked(self):
        broken = 0
        for operation in OPERATIONS:
            shape = self.model.operation_model(operation).input_shape
            good = {name: self.sample(shape.members[name]) for name in shape.required_members}
            for member in shape.required_members:
                request = {name: value for name, value in good.items() if name != member}
                with self.subTest(operation=operation, member=member, constraint="required"):
                    self.refused(operation, request)
                    broken += 1
            for member, inner in shape.members.items():
                for constraint, value in self.violations(inner):
                    with self.subTest(operation=operation, member=member, constraint=constraint):
                        self.refused(operation, {**good, member: value})
                        broken += 1
        self.assertGreater(broken, 400)


if __name__ == "__main__":
    unittest.main()
