"""Roles, sessions and policies, as boto3 uses them."""

import json
import unittest

import boto3
from botocore.exceptions import ClientError

from environment import new_name


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Sessions(unittest.TestCase):
    def setUp(self):
        self.iam = boto3.client("iam")
        self.root = boto3.client("secretsmanager")
        self.name = new_name("sts")
        self.arn = self.root.create_secret(Name=self.name, SecretString="one")["ARN"]
        self.account = self.arn.split(":")[4]

    def refused(self, code, call, **members):
        with self.assertRaises(ClientError) as caught:
            call(**members)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response["Error"]["Message"]

    def user(self, *statements):
        name = new_name("user").replace("/", "-")
        self.iam.create_user(UserName=name)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.iam.put_user_policy(UserName=name, PolicyName="P", PolicyDocument=document(*statements))
        return boto3.Session(
            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        )

    def test_assumes_a_role_that_reads_and_does_not_write(self):
        role = new_name("role").replace("/", "-")
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": self.account}}
        role_arn = self.iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": self.arn}
        self.iam.put_role_policy(RoleName=role, PolicyName="Read", PolicyDocument=document(read))
        user = self.user({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role_arn})
        self.refused("AccessDeniedException", user.client("secretsmanager").get_secret_value, SecretId=self.name)
        made = user.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="one")["Credentials"]
        self.assertTrue(made["AccessKeyId"].startswith("ASIA"))
        session = boto3.Session(
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
            aws_session_token=made["SessionToken"],
        )
        who = session.client("sts").get_caller_identity()
        self.assertEqual(who["Arn"], f"arn:aws:sts::{self.account}:assumed-role/{role}/one")
        secrets = session.client("secretsmanager")
        self.assertEqual(secrets.get_secret_value(SecretId=self.arn)["SecretString"], "one")
        told = self.refused("AccessDeniedException", secrets.put_secret_value, SecretId=self.arn, SecretString="two")
        action = "secretsmanager:PutSecretValue"
        ending = f"because no identity-based policy allows the {action} action"
        self.assertEqual(
            told, f"User: {who['Arn']} is not authorized to perform: {action} on resource: {self.arn} {ending}"
        )
        self.iam.delete_role_policy(RoleName=role, PolicyName="Read")
        self.iam.delete_role(RoleName=role)
        self.refused("UnrecognizedClientException", secrets.get_secret_value, SecretId=self.arn)

    def test_a_session_of_ones_own(self):
        user = self.user({"Effect": "Allow", "Action": "*", "Resource": "*"})
        made = user.client("sts").get_session_token(DurationSeconds=900)["Credentials"]
        session = boto3.Session(
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
            aws_session_token=made["SessionToken"],
        )
        value = session.client("secretsmanager").get_secret_value(SecretId=self.name)
        self.assertEqual(value["SecretString"], "one")
        self.refused("InvalidClientTokenId", session.client("iam").list_users)

    def test_a_secret_lets_a_user_in(self):
        user = self.user({"Effect": "Deny", "Action": "secretsmanager:DeleteSecret", "Resource": "*"})
        arn = user.client("sts").get_caller_identity()["Arn"]
        secrets = user.client("secretsmanager")
        self.refused("AccessDeniedException", secrets.get_secret_value, SecretId=self.name)
        allow = {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"AWS": arn}}
        self.root.put_resource_policy(SecretId=self.name, ResourcePolicy=document(allow))
        self.assertEqual(secrets.get_secret_value(SecretId=self.name)["SecretString"], "one")
        told = self.refused("AccessDeniedException", secrets.delete_secret, SecretId=self.name)
        self.assertTrue(told.endswith("with an explicit deny in an identity-based policy"), told)


if __name__ == "__main__":
    unittest.main()
