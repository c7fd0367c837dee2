"""AWS KMS, as boto3 and the `aws` command use it, and its service model walked constraint by constraint."""

import json
import subprocess
import sys
import pathlib
import unittest
import uuid

import boto3
import botocore.config
from botocore.exceptions import ClientError

from environment import new_name

AWS = str(pathlib.Path(sys.executable).with_name("aws"))
OPERATIONS = """
CreateKey DescribeKey ListKeys UpdateKeyDescription CreateAlias UpdateAlias DeleteAlias ListAliases EnableKey DisableKey
ScheduleKeyDeletion CancelKeyDeletion Encrypt Decrypt ReEncrypt GenerateDataKey GenerateDataKeyWithoutPlaintext
GenerateRandom GetKeyPolicy PutKeyPolicy ListKeyPolicies EnableKeyRotation DisableKeyRotation GetKeyRotationStatus
RotateKeyOnDemand ListKeyRotations TagResource UntagResource ListResourceTags
""".split()
# Members of what is not there: refused, or of no use.
OUTSIDE = {"CustomKeyStoreId", "XksKeyId", "Recipient", "DryRunModifiers", "ResourceOwners", "GrantTokens"}
# Required by the service, though its model says otherwise.
ALSO_REQUIRED = {("Decrypt", "CiphertextBlob"), ("ReEncrypt", "CiphertextBlob")}


def client(service, **options):
    """A client that does not try again, so that every error is seen."""
    options = {"retries": {"total_max_attempts": 1}, **options}
    return boto3.client(service, config=botocore.config.Config(**options))


class Keys(unittest.TestCase):
    def setUp(self):
        self.kms = client("kms")
        self.secrets = client("secretsmanager")

    def new_key(self):
        return self.kms.create_key(Description="a test")["KeyMetadata"]["KeyId"]

    def test_encrypts_rotates_and_decrypts(self):
        key = self.new_key()
        context = {"purpose": "test"}
        blob = self.kms.encrypt(KeyId=key, Plaintext=b"hello", EncryptionContext=context)["CiphertextBlob"]
        self.kms.rotate_key_on_demand(KeyId=key)
        opened = self.kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
        self.assertEqual(opened["Plaintext"], b"hello")
        with self.assertRaises(self.kms.exceptions.InvalidCiphertextException):
            self.kms.decrypt(CiphertextBlob=blob)
        data_key = self.kms.generate_data_key(KeyId=key, KeySpec="AES_256")
        self.assertEqual(len(data_key["Plaintext"]), 32)
        again = self.kms.decrypt(CiphertextBlob=data_key["CiphertextBlob"])
        self.assertEqual(again["Plaintext"], data_key["Plaintext"])
        self.assertEqual(len(self.kms.list_key_rotations(KeyId=key)["Rotations"]), 1)

    def test_pages_through_keys_and_aliases(self):
        made = {self.new_key() for _ in range(3)}
        names = {f"alias/{uuid.uuid4()}" for _ in made}
        for name, key in zip(names, made):
            self.kms.create_alias(AliasName=name, TargetKeyId=key)
        pages = self.kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})
        self.assertLessEqual(made, {key["KeyId"] for page in pages for key in page["Keys"]})
        pages = self.kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 2})
        self.assertLessEqual(names, {alias["AliasName"] for page in pages for alias in page["Aliases"]})

    def test_a_disabled_key_locks_its_secrets(self):
        key, name = self.new_key(), new_name("kms")
        self.secrets.create_secret(Name=name, SecretString="one", KmsKeyId=key)
        self.assertEqual(self.secrets.get_secret_value(SecretId=name)["SecretString"], "one")
        self.kms.disable_key(KeyId=key)
        with self.assertRaises(self.secrets.exceptions.DecryptionFailure):
            self.secrets.get_secret_value(SecretId=name)
        with self.assertRaises(self.kms.exceptions.DisabledException):
            self.kms.encrypt(KeyId=key, Plaintext=b"one")
        self.kms.enable_key(KeyId=key)
        self.secrets.update_secret(SecretId=name, KmsKeyId="")
        self.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        self.assertEqual(self.secrets.get_secret_value(SecretId=name)["SecretString"], "one")

    def test_the_aws_command(self):
        def aws(*words):
            done = subprocess.run([AWS, "kms", *words], capture_output=True, check=True, text=True)
            return json.loads(done.stdout) if done.stdout else None

        key = aws("create-key", "--tags", "TagKey=team,TagValue=db")["KeyMetadata"]["KeyId"]
        aws("enable-key-rotation", "--key-id", key, "--rotation-period-in-days", "100")
        status = aws("get-key-rotation-status", "--key-id", key)
        self.assertEqual((status["KeyRotationEnabled"], status["RotationPeriodInDays"]), (True, 100))
        self.assertEqual(aws("list-resource-tags", "--key-id", key)["Tags"], [{"TagKey": "team", "TagValue": "db"}])
        policy = json.loads(aws("get-key-policy", "--key-id", key)["Policy"])
        self.assertEqual(policy["Statement"][0]["Action"], "kms:*")


class Model(unittest.TestCase):
    """Each constraint of the service model is broken once."""

    def setUp(self):
        self.kms = client("kms", parameter_validation=False)
        self.model = self.kms.meta.service_model

    def sample(self, shape):
        kind, low = shape.type_name, shape.metadata.get("min", 0)
        if kind == "string":
            return shape.enum[0] if shape.enum else "a" * max(low, 1)
        if kind in ("integer", "long"):
            return max(low, 90)
        if kind == "structure":
            return {name: self.sample(shape.members[name]) for name in shape.required_members}
        return {"blob": b"a", "list": [], "map": {}, "boolean": False}[kind]

    def violations(self, shape):
        """Values that break a constraint of this shape."""
        kind, limits = shape.type_name, shape.metadata
        if kind == "string":
            if shape.enum:
                yield "enum", "none of them"
            else:
                if limits.get("min", 0) > 0:
                    yield "min", ""
                if "max" in limits:
                    yield "max", "a" * (limits["max"] + 1)
                if "pattern" in limits:
                    yield "pattern", "\u4e00"
        elif kind in ("integer", "long"):
            if "min" in limits:
                yield "min", limits["min"] - 1
            if "max" in limits:
                yield "max", limits["max"] + 1
        elif kind == "blob" and "max" in limits:
            if limits.get("min", 0) > 0:
                yield "min", b""
            yield "max", b"a" * (limits["max"] + 1)

    def refused(self, operation, request):
        method = getattr(self.kms, botocore.xform_name(operation))
        with self.assertRaises(ClientError) as refused:
            method(**request)
        error = refused.exception.response
        self.assertEqual(error["ResponseMetadata"]["HTTPStatusCode"], 400)
        return error["Error"]

    def test_every_constraint_is_checked(self):
        broken = 0
        for operation in OPERATIONS:
            shape = self.model.operation_model(operation).input_shape
            required = list(shape.required_members)
            required += [member for name, member in ALSO_REQUIRED if name == operation]
            good = {name: self.sample(shape.members[name]) for name in required}
            if operation.startswith("GenerateDataKey"):
                good["KeySpec"] = "AES_256"
            for member in required:
                request = {name: value for name, value in good.items() if name != member}
                with self.subTest(operation=operation, member=member, constraint="required"):
                    self.assertEqual(self.refused(operation, request)["Code"], "ValidationException")
                    broken += 1
            for member, inner in shape.members.items():
                if member in OUTSIDE:
                    continue
                for constraint, value in self.violations(inner):
                    request = {**good, member: value}
                    if member == "NumberOfBytes":
                        request.pop("KeySpec", None)
                    with self.subTest(operation=operation, member=member, constraint=constraint):
                        error = self.refused(operation, request)
                        self.assertEqual(error["Code"], "ValidationException", error)
                        broken += 1
        self.assertGreater(broken, 100)


if __name__ == "__main__":
    unittest.main()
