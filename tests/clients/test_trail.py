"""The calls of the API, looked up as in CloudTrail."""

import json
import unittest
import uuid

import boto3
from botocore.exceptions import ClientError

from environment import eventually, new_name

# Begins as every value does that the tests look for in what a server leaves behind.
VALUE = "KeywheelCanary7f3a9c"
# The store keeps these as they are; the trail keeps none of them.
DESCRIPTION = "for the trail 7f3a9c"
NOTE = "trail-note-7f3a9c"


class Trail(unittest.TestCase):
    def setUp(self):
        self.secrets = boto3.client("secretsmanager")
        self.trail = boto3.client("cloudtrail")

    def events(self, key, value, **others):
        attributes = [{"AttributeKey": key, "AttributeValue": value}]
        pages = self.trail.get_paginator("lookup_events").paginate(LookupAttributes=attributes, **others)
        return [event for page in pages for event in page["Events"]]

    def test_who_read_what_from_where(self):
        name = new_name("trail")
        self.secrets.create_secret(Name=name, SecretString=VALUE)
        answer = self.secrets.get_secret_value(SecretId=name)
        request_id = answer["ResponseMetadata"]["RequestId"]
        event = eventually(lambda: self.events("EventId", request_id))[0]
        self.assertEqual(event["EventName"], "GetSecretValue")
        self.assertEqual(event["ReadOnly"], "true")
        self.assertEqual(event["Username"], "root")
        self.assertEqual(event["EventSource"], "secretsmanager.amazonaws.com")
        resource = {"ResourceType": "AWS::SecretsManager::Secret", "ResourceName": name}
        self.assertEqual(event["Resources"], [resource])
        told = json.loads(event["CloudTrailEvent"])
        self.assertEqual(told["requestParameters"], {"secretId": name})
        self.assertEqual(told["sourceIPAddress"], "127.0.0.1")
        self.assertIn("Boto3", told["userAgent"])
        self.assertEqual(told["userIdentity"]["type"], "Root")
        self.assertNotIn("errorCode", told)

    def test_what_was_changed_and_what_was_refused(self):
        name = new_name("trail")
        self.secrets.create_secret(Name=name, SecretString=VALUE, Description=DESCRIPTION)
        with self.assertRaises(ClientError):
            self.secrets.create_secret(Name=name, SecretString=VALUE)
        events = eventually(lambda: self.both(name))
        self.assertEqual([event["ReadOnly"] for event in events], ["false", "false"])
        refused, made = (json.loads(event["CloudTrailEvent"]) for event in events)
        self.assertEqual(refused["errorCode"], "ResourceExistsException")
        self.assertNotIn("errorCode", made)
        for text in (VALUE, DESCRIPTION):
            self.assertNotIn(text, json.dumps(events, default=str))

    def test_who_made_which_user(self):
        iam, name = boto3.client("iam"), f"trail-{uuid.uuid4().hex}"
        iam.create_user(UserName=name, Tags=[{"Key": "note", "Value": NOTE}])
        document = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": f"arn:aws:iam::1:user/{NOTE}"}}
        iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(document))
        with self.assertRaises(ClientError):
            iam.create_user(UserName=name)
        events = eventually(lambda: found if len(found := self.events("ResourceName", name)) == 3 else None)
        self.assertEqual({event["EventSource"] for event in events}, {"iam.amazonaws.com"})
        self.assertEqual({event["ReadOnly"] for event in events}, {"false"})
        resource = {"ResourceType": "AWS::IAM::User", "ResourceName": name}
        self.assertEqual([event["Resources"] for event in events], [[resource]] * 3)
        refused, put, made = (json.loads(event["CloudTrailEvent"]) for event in events)
        self.assertEqual((made["eventName"], made["requestParameters"]), ("CreateUser", {"userName": name}))
        self.assertEqual(put["requestParameters"], {"userName": name, "policyName": "all"})
        self.assertEqual(refused["errorCode"], "EntityAlreadyExists")
        self.assertNotIn(NOTE, json.dumps(events, default=str))
        iam.delete_user_policy(UserName=name, PolicyName="all")
        iam.delete_user(UserName=name)

    def test_who_made_or_asked_for_which_function(self):
        functions, name = boto3.client("lambda"), f"trail-{uuid.uuid4().hex}"
        code = {"ZipFile": VALUE.encode()}
        role = "arn:aws:iam::123456789012:role/rotates"
        with self.assertRaises(ClientError):
            functions.create_function(FunctionName=name, Role=role, Code=code, Environment={"Variables": {"A": VALUE}})
        with self.assertRaises(ClientError):
            functions.invoke(FunctionName=name, Payload=json.dumps({"SecretId": VALUE}))
        invoked, made = eventually(lambda: self.both(name))
        resource = {"ResourceType": "AWS::Lambda::Function", "ResourceName": name}
        for event, told in ((made, "CreateFunction"), (invoked, "Invoke")):
            self.assertEqual((event["EventName"], event["Resources"]), (told, [resource]))
            parameters = json.loads(event["CloudTrailEvent"])["requestParameters"]
            self.assertEqual(parameters, {"functionName": name})

    def both(self, name):
        events = self.events("ResourceName", name)
        return events if len(events) == 2 else None

    def test_bad_questions(self):
        def refused(code, **members):
            with self.assertRaises(ClientError) as refusal:
                self.trail.lookup_events(**members)
            self.assertEqual(refusal.exception.response["Error"]["Code"], code)

        attribute = {"AttributeKey": "Username", "AttributeValue": "root"}
        refused("InvalidLookupAttributesException", LookupAttributes=[attribute, attribute])
        refused("InvalidTimeRangeException", StartTime=2_000_000_000, EndTime=1_000_000_000)
        refused("InvalidNextTokenException", NextToken="forged")


if __name__ == "__main__":
    unittest.main()
