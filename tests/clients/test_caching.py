"""AWS's caching client for Python: what it asks the server for, and when it sees a rotation."""

import json
import os
import re
import ssl
import unittest
import unittest.mock
import urllib.request

import botocore.config
import botocore.session
from aws_secretsmanager_caching import SecretCache, SecretCacheConfig
from aws_secretsmanager_caching.cache.items import SecretCacheObject
from botocore.exceptions import ClientError

from environment import FUNCTION_ARN, eventually, logs_in, new_name, secret_value

ENDPOINT = os.environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"]
CERTIFICATES = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
# What reads of a cache may send.
READS = ("DescribeSecret", "GetSecretValue")


def client(**arguments):
    """A client that does not try again, so that every request is counted once."""
    config = botocore.config.Config(retries={"total_max_attempts": 1})
    return botocore.session.get_session().create_client("secretsmanager", config=config, **arguments)


def requests():
    """How often each operation that reads was answered well so far."""
    with urllib.request.urlopen(f"{ENDPOINT}/metrics", context=CERTIFICATES) as answer:
        metrics = answer.read().decode()
    counted = dict(re.findall(r'^keywheel_requests_total\{operation="(\w+)",code="OK"\} (\d+)$', metrics, re.MULTILINE))
    return tuple(int(counted.get(operation, 0)) for operation in READS)


class Cache(unittest.TestCase):
    def setUp(self):
        # It waits some seconds before it looks, so that many caches do not look at once.
        patch = unittest.mock.patch.object(SecretCacheObject, "FORCE_REFRESH_JITTER_SLEEP", 0)
        patch.start()
        self.addCleanup(patch.stop)
        self.client = client()
        self.addCleanup(self.client.close)

    def sends(self, described, read):
        """The requests since the last look were so many of each kind."""
        now = requests()
        self.assertEqual(tuple(after - before for after, before in zip(now, self.seen)), (described, read))
        self.seen = now

    def look(self):
        self.seen = requests()

    def test_a_second_read_asks_nobody(self):
        cache = SecretCache()
        name = new_name("cached")
        self.client.create_secret(Name=name, SecretString="first")
        self.look()
        self.assertEqual(cache.get_secret_string(name), "first")
        self.sends(1, 1)
        for _ in range(10):
            self.assertEqual(cache.get_secret_string(name), "first")
        self.sends(0, 0)
        self.client.put_secret_value(SecretId=name, SecretString="second")
        self.assertEqual(cache.get_secret_string(name), "first")
        self.assertTrue(cache.refresh_secret_now(name))
        self.sends(1, 0)
        self.assertEqual(cache.get_secret_string(name), "second")
        self.sends(0, 1)
        # The version that was current is in the cache.
        self.assertEqual(cache.get_secret_string(name, "AWSPREVIOUS"), "first")
        self.sends(0, 0)

    def test_bytes_are_cached_as_they_were(self):
        cache, name, data = SecretCache(client=self.client), new_name("cached"), bytes(range(256))
        self.client.create_secret(Name=name, SecretBinary=data)
        self.look()
        for _ in range(2):
            self.assertEqual(cache.get_secret_binary(name), data)
        self.assertIsNone(cache.get_secret_string(name))
        self.sends(1, 1)

    def test_a_rotation_is_seen_when_the_cache_looks_again(self):
        cache, name, value = SecretCache(client=self.client), new_name("cached"), secret_value("app_one")
        self.client.create_secret(Name=name, SecretString=json.dumps(value))
        self.assertEqual(json.loads(cache.get_secret_string(name)), value)
        token = self.client.rotate_secret(SecretId=name, RotationLambdaARN=FUNCTION_ARN)["VersionId"]

        def rotated():
            stages = self.client.describe_secret(SecretId=name)["VersionIdsToStages"]
            return stages.get(token) == ["AWSCURRENT"]

        eventually(rotated)
        self.assertEqual(json.loads(cache.get_secret_string(name)), value)
        self.assertFalse(logs_in(value))
        self.assertTrue(cache.refresh_secret_now(name))
        new = json.loads(cache.get_secret_string(name))
        self.assertTrue(logs_in(new))
        self.assertEqual({**new, "password": None}, {**value, "password": None})
        self.assertEqual(json.loads(cache.get_secret_string(name, "AWSPREVIOUS")), value)

    def test_an_interval_of_none_looks_each_time(self):
        config = SecretCacheConfig(secret_refresh_interval=0)
        cache, name = SecretCache(config=config, client=self.client), new_name("cached")
        self.client.create_secret(Name=name, SecretString="first")
        self.look()
        self.assertEqual(cache.get_secret_string(name), "first")
        self.sends(1, 1)
        self.client.put_secret_value(SecretId=name, SecretString="second")
        self.assertEqual(cache.get_secret_string(name), "second")
        self.sends(1, 1)
        self.assertEqual(cache.get_secret_string(name), "second")
        self.sends(1, 0)

    def test_what_is_cached_is_listed(self):
        prefix = new_name("cached")
        names = [f"{prefix}/{number}" for number in range(5)]
        cache = SecretCache(client=self.client)
        for name in names:
            self.client.create_secret(Name=name, SecretString=f"value of {name}")
        pages = self.client.get_paginator("list_secrets").paginate(
            Filters=[{"Key": "name", "Values": [prefix]}], PaginationConfig={"PageSize": 2}
        )
        listed = [secret["Name"] for page in pages for secret in page["SecretList"]]
        self.assertEqual(sorted(listed), names)
        for name in listed:
            self.assertEqual(cache.get_secret_string(name), f"value of {name}")

    def test_refusals(self):
        cache, name = SecretCache(client=self.client), new_name("nothing")
        with self.assertRaises(self.client.exceptions.ResourceNotFoundException):
            cache.get_secret_string(name)
        # A secret that is there later is found.
        self.client.create_secret(Name=name, SecretString="value")
        self.assertTrue(cache.refresh_secret_now(name))
        self.assertEqual(cache.get_secret_string(name), "value")

        for key_id, code in [
            (os.environ["AWS_ACCESS_KEY_ID"], "InvalidSignatureException"),
            ("AKIAUNKNOWN", "UnrecognizedClientException"),
        ]:
            wrong = SecretCache(client=client(aws_access_key_id=key_id, aws_secret_access_key="another-secret"))
            with self.assertRaises(ClientError) as raised:
                wrong.get_secret_string(name)
            self.assertEqual(raised.exception.response["Error"]["Code"], code)


if __name__ == "__main__":
    unittest.main()
