"""boto3, as an application and an operator use it."""

import datetime
import json
import string
import unittest
import unittest.mock
import uuid

import boto3
import botocore.auth
import botocore.config
from botocore.exceptions import ClientError

from environment import FUNCTION_ARN, eventually, logs_in, new_name, secret_value

RESTRICTED = "The security token included in the request is invalid."


def client(**arguments):
    """A client that does not try again, so that every error is seen."""
    config = botocore.config.Config(retries={"total_max_attempts": 1})
    return boto3.client("secretsmanager", config=config, **arguments)


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.client = client()
        self.addCleanup(self.client.close)

    def refused(self, code, text, operation, **arguments):
        """The operation fails with this code and text, and with the status of every client error."""
        with self.assertRaises(ClientError) as raised:
            operation(**arguments)
        answer = raised.exception.response
        self.assertEqual(answer["Error"]["Code"], code)
        self.assertEqual(answer["Error"]["Message"], text)
        self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 400)

    def create(self, prefix="app", **arguments):
        name = new_name(prefix)
        return name, self.client.create_secret(Name=name, **arguments)

    def versions(self, name):
        return self.client.describe_secret(SecretId=name)["VersionIdsToStages"]


class Values(ClientTest):
    def test_a_secret_is_created_read_and_described(self):
        name, created = self.create(SecretString="first", Description="for tests", Tags=[{"Key": "team", "Value": "blue"}])
        self.assertRegex(created["ARN"], rf"^arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-[0-9A-Za-z]{{6}}$")
        for secret_id in (name, created["ARN"], created["ARN"][:-7]):
            read = self.client.get_secret_value(SecretId=secret_id)
            self.assertEqual((read["SecretString"], read["Name"], read["ARN"]), ("first", name, created["ARN"]))
            self.assertEqual((read["VersionId"], read["VersionStages"]), (created["VersionId"], ["AWSCURRENT"]))
            self.assertNotIn("SecretBinary", read)
        described = self.client.describe_secret(SecretId=name)
        self.assertEqual(described["Description"], "for tests")
        self.assertEqual(described["Tags"], [{"Key": "team", "Value": "blue"}])
        self.assertEqual(described["VersionIdsToStages"], {created["VersionId"]: ["AWSCURRENT"]})
        self.assertNotIn("RotationEnabled", described)
        age = datetime.datetime.now(datetime.timezone.utc) - described["CreatedDate"]
        self.assertLess(abs(age), datetime.timedelta(minutes=5))

    def test_bytes_come_back_as_they_were(self):
        data = bytes(range(256))
        name, _ = self.create(SecretBinary=data)
        read = self.client.get_secret_value(SecretId=name)
        self.assertEqual(read["SecretBinary"], data)
        self.assertNotIn("SecretString", read)

    def test_every_character_comes_back(self):
        text = "quote \" backslash \\ newline \n tab \t nul \u0000 umlaut \u00fc wheel \U0001f6de"
        name, _ = self.create(SecretString=text)
        self.assertEqual(self.client.get_secret_value(SecretId=name)["SecretString"], text)

    def test_a_new_value_moves_the_labels(self):
        name, created = self.create(SecretString="first")
        put = self.client.put_secret_value(SecretId=name, SecretString="second")
        self.assertEqual(put["VersionStages"], ["AWSCURRENT"])
        self.assertEqual(
            self.versions(name), {created["VersionId"]: ["AWSPREVIOUS"], put["VersionId"]: ["AWSCURRENT"]}
        )
        read = self.client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
        self.assertEqual(read["SecretString"], "first")
        read = self.client.get_secret_value(SecretId=name, VersionId=put["VersionId"])
        self.assertEqual(read["SecretString"], "second")

        updated = self.client.update_secret(SecretId=name, SecretString="third", Description="changed")
        self.assertEqual(self.client.get_secret_value(SecretId=name)["SecretString"], "third")
        self.assertEqual(self.client.describe_secret(SecretId=name)["Description"], "changed")
        self.assertNotIn("VersionId", self.client.update_secret(SecretId=name, Description="again"))

        listed = self.client.list_secret_version_ids(SecretId=name)["Versions"]
        self.assertEqual({version["VersionId"] for version in listed}, {put["VersionId"], updated["VersionId"]})
        listed = self.client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
        bare = [version for version in listed if "VersionStages" not in version]
        self.assertEqual([version["VersionId"] for version in bare], [created["VersionId"]])

    def test_a_token_means_one_value(self):
        token = str(uuid.uuid4())
        name, created = self.create(SecretString="value", ClientRequestToken=token)
        self.assertEqual(created["VersionId"], token)
        again = self.client.create_secret(Name=name, SecretString="value", ClientRequestToken=token)
        self.assertEqual(again["ARN"], created["ARN"])
        text = (
            f"You can't use ClientRequestToken {token} because that value is already in use for a version of "
            f"secret {created['ARN']}."
        )
        arguments = {"SecretId": name, "SecretString": "other", "ClientRequestToken": token}
        self.refused("ResourceExistsException", text, self.client.put_secret_value, **arguments)

    def test_a_label_moves_where_it_is_told(self):
        name, created = self.create(SecretString="first")
        second = self.client.put_secret_value(SecretId=name, SecretString="second", VersionStages=["BLUE"])
        first, second = created["VersionId"], second["VersionId"]
        self.assertEqual(self.versions(name), {first: ["AWSCURRENT"], second: ["BLUE"]})
        move = self.client.update_secret_version_stage
        text = (
            "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to "
            f"version {first}, so you must explicitly reference that version in RemoveFromVersionId."
        )
        arguments = {"SecretId": name, "VersionStage": "AWSCURRENT", "MoveToVersionId": second}
        self.refused("InvalidParameterException", text, move, **arguments)
        move(RemoveFromVersionId=first, **arguments)
        self.assertEqual(self.versions(name)[first], ["AWSPREVIOUS"])
        self.assertEqual(set(self.versions(name)[second]), {"AWSCURRENT", "BLUE"})
        move(SecretId=name, VersionStage="BLUE", RemoveFromVersionId=second)
        self.assertEqual(self.versions(name)[second], ["AWSCURRENT"])

    def test_tags_come_and_go(self):
        name, _ = self.create(SecretString="value")
        self.client.tag_resource(SecretId=name, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        self.client.tag_resource(SecretId=name, Tags=[{"Key": "a", "Value": "3"}])
        self.client.untag_resource(SecretId=name, TagKeys=["b", "unknown"])
        self.assertEqual(self.client.describe_secret(SecretId=name)["Tags"], [{"Key": "a", "Value": "3"}])

    def test_passwords_have_the_asked_characters(self):
        password = self.client.get_random_password()["RandomPassword"]
        self.assertEqual(len(password), 32)
        for characters in (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation):
            self.assertTrue(set(password) & set(characters))
        password = self.client.get_random_password(
            PasswordLength=200, ExcludePunctuation=True, ExcludeUppercase=True, ExcludeCharacters="abc"
        )["RandomPassword"]
        self.assertEqual(len(password), 200)
        self.assertLessEqual(set(password), set(string.ascii_lowercase + string.digits) - set("abc"))


class Lists(ClientTest):
    def test_pages_cover_everything_once(self):
        prefix = new_name("pages")
        names = [f"{prefix}/{number:02}" for number in range(25)]
        for name in names:
            self.client.create_secret(Name=name, SecretString="value")
        pages = self.client.get_paginator("list_secrets").paginate(
            Filters=[{"Key": "name", "Values": [prefix]}], PaginationConfig={"PageSize": 10}
        )
        pages = [[secret["Name"] for secret in page["SecretList"]] for page in pages]
        self.assertTrue(all(len(page) <= 10 for page in pages))
        self.assertEqual(sorted(name for page in pages for name in page), names)

    def test_filters_select(self):
        name, _ = self.create(SecretString="value", Description="Needle in a haystack", Tags=[{"Key": new_name("tag"), "Value": "x"}])
        tag = self.client.describe_secret(SecretId=name)["Tags"][0]["Key"]
        for key, value, found in [("tag-key", tag, True), ("description", "needle", True), ("tag-value", "y", False)]:
            filters = [{"Key": "name", "Values": [name]}, {"Key": key, "Values": [value]}]
            listed = self.client.list_secrets(Filters=filters)["SecretList"]
            self.assertEqual([secret["Name"] for secret in listed], [name] if found else [], key)


    def test_many_values_are_read_at_once(self):
        prefix = new_name("batch")
        names = [f"{prefix}/{number}" for number in range(3)]
        for name in names:
            self.client.create_secret(Name=name, SecretString=f"value of {name}")
        read = self.client.batch_get_secret_value(SecretIdList=[*names, "missing"])
        self.assertEqual({value["Name"]: value["SecretString"] for value in read["SecretValues"]}, {name: f"value of {name}" for name in names})
        self.assertEqual([(error["SecretId"], error["ErrorCode"]) for error in read["Errors"]], [("missing", "ResourceNotFoundException")])
        filters, found, token = [{"Key": "name", "Values": [prefix]}], [], {}
        while token is not None:
            page = self.client.batch_get_secret_value(Filters=filters, MaxResults=2, **token)
            found += [value["Name"] for value in page["SecretValues"]]
            token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
        self.assertEqual(sorted(found), names)


class Replicas(ClientTest):
    def test_a_replica_follows_and_is_promoted(self):
        name, created = self.create(SecretString="first", AddReplicaRegions=[{"Region": "eu-west-1"}])
        self.assertEqual([(status["Region"], status["Status"]) for status in created["ReplicationStatus"]], [("eu-west-1", "InSync")])
        there = client(region_name="eu-west-1")
        self.addCleanup(there.close)
        self.client.put_secret_value(SecretId=name, SecretString="second")
        self.assertEqual(there.get_secret_value(SecretId=name)["SecretString"], "second")
        self.assertEqual(there.describe_secret(SecretId=name)["PrimaryRegion"], "us-east-1")
        text = "Operation not permitted on a replica secret. Call must be made in primary secret's region."
        self.refused("InvalidParameterException", text, there.put_secret_value, SecretId=name, SecretString="theirs")
        added = self.client.replicate_secret_to_regions(SecretId=name, AddReplicaRegions=[{"Region": "eu-west-2"}])
        self.assertEqual(len(added["ReplicationStatus"]), 2)
        left = self.client.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=["eu-west-2"])
        self.assertEqual(len(left["ReplicationStatus"]), 1)
        there.stop_replication_to_replica(SecretId=name)
        there.put_secret_value(SecretId=name, SecretString="theirs")
        self.assertEqual(self.client.get_secret_value(SecretId=name)["SecretString"], "second")


class Policies(ClientTest):
    def policy(self, principal):
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    def test_a_policy_is_put_told_and_taken_off(self):
        name, _ = self.create(SecretString="value")
        self.assertNotIn("ResourcePolicy", self.client.get_resource_policy(SecretId=name))
        policy = self.policy("arn:aws:iam::123456789012:root")
        self.client.put_resource_policy(SecretId=name, ResourcePolicy=policy, BlockPublicPolicy=True)
        self.assertEqual(self.client.get_resource_policy(SecretId=name)["ResourcePolicy"], policy)
        pages = self.client.get_paginator("list_resource_policies").paginate(SecretId=name)
        self.assertEqual([summary for page in pages for summary in page["ResourcePolicies"]], [{"PolicyName": "default"}])
        self.client.delete_resource_policy(SecretId=name)
        self.assertNotIn("ResourcePolicy", self.client.get_resource_policy(SecretId=name))

    def test_what_lets_anybody_in_is_refused_when_asked(self):
        name, _ = self.create(SecretString="value")
        with self.assertRaises(self.client.exceptions.PublicPolicyException):
            self.client.put_resource_policy(SecretId=name, ResourcePolicy=self.policy("*"), BlockPublicPolicy=True)
        with self.assertRaises(self.client.exceptions.MalformedPolicyDocumentException):
            self.client.put_resource_policy(SecretId=name, ResourcePolicy="{}")
        self.assertFalse(self.client.validate_resource_policy(ResourcePolicy=self.policy("*"))["PolicyValidationPassed"])
        self.assertTrue(self.client.validate_resource_policy(ResourcePolicy=self.policy("123456789012"))["PolicyValidationPassed"])


class Deletion(ClientTest):
    def test_a_deleted_secret_can_be_restored(self):
        name, created = self.create(SecretString="value")
        deleted = self.client.delete_secret(SecretId=name, RecoveryWindowInDays=7)
        wait = deleted["DeletionDate"] - datetime.datetime.now(datetime.timezone.utc)
        self.assertAlmostEqual(wait / datetime.timedelta(days=1), 7, delta=1)
        self.assertIn("DeletedDate", self.client.describe_secret(SecretId=name))
        text = "You can't perform this operation on the secret because it was marked for deletion."
        self.refused("InvalidRequestException", text, self.client.get_secret_value, SecretId=name)
        tags = [{"Key": "a", "Value": "1"}]
        self.refused("InvalidRequestException", text, self.client.tag_resource, SecretId=name, Tags=tags)
        text = "You can't create this secret because a secret with this name is already scheduled for deletion."
        self.refused("InvalidRequestException", text, self.client.create_secret, Name=name, SecretString="value")
        filters = [{"Key": "name", "Values": [name]}]
        self.assertEqual(self.client.list_secrets(Filters=filters)["SecretList"], [])
        listed = self.client.list_secrets(Filters=filters, IncludePlannedDeletion=True)["SecretList"]
        self.assertEqual([secret["ARN"] for secret in listed], [created["ARN"]])
        self.client.restore_secret(SecretId=name)
        self.assertEqual(self.client.get_secret_value(SecretId=name)["SecretString"], "value")

    def test_a_forced_deletion_frees_the_name(self):
        name, created = self.create(SecretString="value")
        self.client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)

        def gone():
            try:
                self.client.describe_secret(SecretId=name)
            except self.client.exceptions.ResourceNotFoundException:
                return True
            return False

        eventually(gone)
        again = self.client.create_secret(Name=name, SecretString="new")
        self.assertNotEqual(again["ARN"], created["ARN"])
        self.assertEqual(self.client.get_secret_value(SecretId=name)["SecretString"], "new")

    def test_a_forced_deletion_of_nothing_succeeds(self):
        answer = self.client.delete_secret(SecretId=new_name("nothing"), ForceDeleteWithoutRecovery=True)
        self.assertIn("DeletionDate", answer)

    def test_the_window_has_bounds(self):
        name, _ = self.create(SecretString="value")
        for window in (6, 31):
            with self.assertRaises(self.client.exceptions.InvalidParameterException) as raised:
                self.client.delete_secret(SecretId=name, RecoveryWindowInDays=window)
            text = "RecoveryWindowInDays value must be between 7 and 30 days (inclusive)"
            self.assertIn(text, str(raised.exception))
        with self.assertRaises(self.client.exceptions.InvalidParameterException):
            self.client.delete_secret(SecretId=name, RecoveryWindowInDays=7, ForceDeleteWithoutRecovery=True)


class Rotation(ClientTest):
    def rotated(self, name, token):
        """Waits as the users of AWS do: until the new version is current and nothing is pending."""
        return eventually(lambda: self.versions(name).get(token) == ["AWSCURRENT"])

    def test_an_application_reads_what_was_rotated(self):
        name = "prod/TwitterApp/Database"
        value = secret_value("app_one")
        created = self.client.create_secret(Name=name, SecretString=json.dumps(value))
        rotation = self.client.rotate_secret(SecretId=name, RotationLambdaARN=FUNCTION_ARN)
        self.rotated(name, rotation["VersionId"])

        secret = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])
        self.assertLessEqual({"engine", "host", "password", "port", "username"}, set(secret))
        self.assertNotEqual(secret["password"], value["password"])
        self.assertEqual({**secret, "password": None}, {**value, "password": None})
        self.assertTrue(logs_in(secret))
        self.assertFalse(logs_in(value))
        self.assertEqual(self.versions(name)[created["VersionId"]], ["AWSPREVIOUS"])
        described = self.client.describe_secret(SecretId=name)
        self.assertTrue(described["RotationEnabled"])
        self.assertEqual(described["RotationLambdaARN"], FUNCTION_ARN)
        self.assertIn("LastRotatedDate", described)

    def test_a_rotation_asked_for_again_is_the_same(self):
        name, _ = self.create(SecretString=json.dumps(secret_value("app_two")))
        token = str(uuid.uuid4())
        for _ in range(3):
            answer = self.client.rotate_secret(
                SecretId=name, RotationLambdaARN=FUNCTION_ARN, ClientRequestToken=token
            )
            self.assertEqual(answer["VersionId"], token)
        self.rotated(name, token)
        self.client.rotate_secret(SecretId=name, ClientRequestToken=token)
        self.assertEqual(len(self.versions(name)), 2)
        self.assertTrue(logs_in(json.loads(self.client.get_secret_value(SecretId=name)["SecretString"])))

    def test_a_schedule_is_set_and_cancelled(self):
        name, _ = self.create(SecretString=json.dumps(secret_value("app_three")))
        before = self.versions(name)
        rules = {"ScheduleExpression": "cron(0 4 ? * SUN *)", "Duration": "3h"}
        self.client.rotate_secret(
            SecretId=name, RotationLambdaARN=FUNCTION_ARN, RotationRules=rules, RotateImmediately=False
        )
        eventually(lambda: self.versions(name) == before)
        described = self.client.describe_secret(SecretId=name)
        self.assertEqual(described["RotationRules"], rules)
        due = described["NextRotationDate"]
        self.assertGreater(due, datetime.datetime.now(datetime.timezone.utc))
        self.assertEqual(due.astimezone(datetime.timezone.utc).strftime("%a"), "Sun")
        self.client.cancel_rotate_secret(SecretId=name)
        described = self.client.describe_secret(SecretId=name)
        self.assertFalse(described["RotationEnabled"])
        self.assertEqual(described["RotationRules"], rules)
        self.assertNotIn("NextRotationDate", described)

    def test_what_cannot_rotate_is_refused_and_changes_nothing(self):
        name, _ = self.create(SecretString="value")
        text = "No Lambda rotation function ARN is associated with this secret."
        self.refused("InvalidRequestException", text, self.client.rotate_secret, SecretId=name)
        text = (
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
            "access to the principal secretsmanager.amazonaws.com."
        )
        arguments = {"SecretId": name, "RotationLambdaARN": FUNCTION_ARN.replace("postgres-", "unknown-")}
        self.refused("AccessDeniedException", text, self.client.rotate_secret, **arguments)
        text = "You cannot specify both rotation frequency and schedule expression together."
        rules = {"AutomaticallyAfterDays": 3, "ScheduleExpression": "rate(4 hours)"}
        arguments = {"SecretId": name, "RotationLambdaARN": FUNCTION_ARN, "RotationRules": rules}
        self.refused("InvalidParameterException", text, self.client.rotate_secret, **arguments)
        self.assertNotIn("RotationEnabled", self.client.describe_secret(SecretId=name))


class Refusals(ClientTest):
    def test_what_is_not_there(self):
        text = "Secrets Manager can't find the specified secret."
        for operation in (self.client.get_secret_value, self.client.describe_secret, self.client.rotate_secret):
            self.refused("ResourceNotFoundException", text, operation, SecretId=new_name("nothing"))
        empty, _ = self.create()
        text = "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"
        self.refused("ResourceNotFoundException", text, self.client.get_secret_value, SecretId=empty)
        name, created = self.create(SecretString="value")
        version = str(uuid.uuid4())
        text = f"Secrets Manager can't find the specified secret value for VersionId: {version}"
        arguments = {"SecretId": name, "VersionId": version}
        self.refused("ResourceNotFoundException", text, self.client.get_secret_value, **arguments)
        text = "You provided a VersionStage that is not associated to the provided VersionId."
        arguments = {"SecretId": name, "VersionId": created["VersionId"], "VersionStage": "OTHER"}
        self.refused("InvalidRequestException", text, self.client.get_secret_value, **arguments)

    def test_names(self):
        name, _ = self.create(SecretString="value")
        text = f"The operation failed because the secret {name} already exists."
        self.refused("ResourceExistsException", text, self.client.create_secret, Name=name, SecretString="value")
        text = (
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: "
            "-/_+=.@!"
        )
        self.refused("ValidationException", text, self.client.create_secret, Name="a b", SecretString="value")

    def test_who_signs(self):
        read = {"SecretId": "anything"}
        wrong = client(aws_access_key_id="AKIATESTKEYWHEEL0000", aws_secret_access_key="another-secret")
        with self.assertRaises(ClientError) as raised:
            wrong.get_secret_value(**read)
        self.assertEqual(raised.exception.response["Error"]["Code"], "InvalidSignatureException")
        self.assertTrue(
            raised.exception.response["Error"]["Message"].startswith(
                "The request signature we calculated does not match the signature you provided."
            )
        )
        unknown = client(aws_access_key_id="AKIAUNKNOWN", aws_secret_access_key="another-secret")
        self.refused("UnrecognizedClientException", RESTRICTED, unknown.get_secret_value, **read)
        token = client(
            aws_access_key_id="AKIATESTKEYWHEEL0000", aws_secret_access_key="x", aws_session_token="not-issued"
        )
        self.refused("UnrecognizedClientException", RESTRICTED, token.get_secret_value, **read)

    def test_when_it_was_signed(self):
        real = botocore.auth.get_current_datetime
        for minutes, text in ((-10, "Signature expired: "), (10, "Signature not yet current: ")):
            shift = datetime.timedelta(minutes=minutes)
            with unittest.mock.patch("botocore.auth.get_current_datetime", lambda: real() + shift):
                with self.assertRaises(ClientError) as raised:
                    self.client.list_secrets()
            error = raised.exception.response["Error"]
            self.assertEqual(error["Code"], "InvalidSignatureException")
            self.assertTrue(error["Message"].startswith(text), error["Message"])

    def test_regions_are_apart(self):
        name, _ = self.create(SecretString="value")
        elsewhere = client(region_name="eu-west-1")
        text = "Secrets Manager can't find the specified secret."
        self.refused("ResourceNotFoundException", text, elsewhere.get_secret_value, SecretId=name)
        created = elsewhere.create_secret(Name=name, SecretString="other")
        self.assertIn(":eu-west-1:", created["ARN"])
        self.assertEqual(self.client.get_secret_value(SecretId=name)["SecretString"], "value")


if __name__ == "__main__":
    unittest.main()
