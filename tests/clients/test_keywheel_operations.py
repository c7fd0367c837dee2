"""What AWS does not have, by the example that the README shows."""

import contextlib
import io
import json
import runpy
import unittest

import boto3
from botocore.credentials import Credentials

from environment import FUNCTION_ARN, eventually, logs_in, new_name, secret_value
from keywheel_operations import Refused, keywheel


class Operations(unittest.TestCase):
    def setUp(self):
        self.client = boto3.client("secretsmanager")
        self.addCleanup(self.client.close)

    def secret(self, role, **tags):
        """A secret of this role with tags of Keywheel."""
        name = new_name("operations")
        tags = [{"Key": f"keywheel:{key.replace('_', '-')}", "Value": value} for key, value in tags.items()]
        self.client.create_secret(Name=name, SecretString=json.dumps(secret_value(role)), Tags=tags)
        return name

    def refused(self, code, operation, **members):
        with self.assertRaises(Refused) as raised:
            keywheel(operation, **members)
        self.assertEqual(raised.exception.code, code)

    def test_a_rotation_is_approved(self):
        name = self.secret("app_one", approve_before="setSecret")
        rotation = self.client.rotate_secret(SecretId=name, RotationLambdaARN=FUNCTION_ARN)
        (approval,) = eventually(lambda: keywheel("ListApprovals")["Approvals"])
        self.assertEqual(approval["ClientRequestToken"], rotation["VersionId"])

        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            runpy.run_module("keywheel_operations", run_name="__main__")
        self.assertEqual(printed.getvalue(), f"{approval['ApprovalId']} {rotation['ARN']} before setSecret\n")

        request = {"ApprovalId": approval["ApprovalId"]}
        described = keywheel("DescribeApproval", **request)
        self.assertEqual((described["SecretName"], described["ChangedKeys"]), (name, ["password"]))
        self.refused("AccessDeniedException", "Approve", **request)
        ann = keywheel("CreateApprover", UserName="ann")
        ann = Credentials(ann["AccessKeyId"], ann["SecretAccessKey"])
        self.assertEqual(keywheel("Approve", ann, **request, Comment="fine")["Wanting"], 0)

        eventually(lambda: keywheel("DescribeRotation", SecretId=name)["State"] == "Succeeded")
        self.assertTrue(logs_in(json.loads(self.client.get_secret_value(SecretId=name)["SecretString"])))
        events = keywheel("ListEvents", SecretId=name)["Events"]
        granted = [event["Caller"] for event in events if event["Event"] == "ApprovalGranted"]
        self.assertEqual(granted, ["arn:aws:iam::123456789012:user/ann"])

    def test_a_secret_is_verified_and_its_schedule_previewed(self):
        name = self.secret("app_two")
        rules = {"ScheduleExpression": "cron(0 4 ? * SUN *)"}
        self.client.rotate_secret(SecretId=name, RotationLambdaARN=FUNCTION_ARN, RotationRules=rules)
        eventually(lambda: keywheel("DescribeRotation", SecretId=name)["State"] == "Succeeded")
        policy = {"TimeZone": "Europe/Berlin", "Blackouts": [{"From": "2026-12-20", "Until": "2027-01-06"}]}
        keywheel("PutRotationPolicy", SecretId=name, **policy)
        self.assertLessEqual(policy.items(), keywheel("GetRotationPolicy", SecretId=name)["Policy"].items())
        slots = keywheel("PreviewSchedule", SecretId=name)["Slots"]
        self.assertEqual([slot["OpensLocal"][:3] for slot in slots], ["Sun"] * 5)
        token = keywheel("VerifySecret", SecretId=name)["ClientRequestToken"]
        verified = {"SecretId": name, "ClientRequestToken": token}
        eventually(lambda: keywheel("DescribeRotation", **verified)["State"] == "Succeeded")

    def test_refusals_have_a_code(self):
        self.refused("ResourceNotFoundException", "DescribeRotation", SecretId=new_name("nothing"))
        self.refused("ValidationException", "Approve")
        self.refused("UnknownOperationException", "Vanish")


if __name__ == "__main__":
    unittest.main()
