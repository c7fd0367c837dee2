"""The `aws` command, as an operator types it."""

import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from environment import FUNCTION_ARN, eventually, logs_in, new_name, secret_value

AWS = str(pathlib.Path(sys.executable).with_name("aws"))


def run(*arguments):
    command = [sys.executable, AWS, "secretsmanager", *arguments, "--output", "json"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def aws(*arguments):
    """The answer of `aws secretsmanager …`."""
    done = run(*arguments)
    if done.returncode != 0:
        raise AssertionError(f"aws {' '.join(arguments[:1])}: {done.stderr.strip()}")
    return json.loads(done.stdout) if done.stdout.strip() else None


class AwsCommand(unittest.TestCase):
    def refused(self, text, *arguments):
        done = run(*arguments)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(text, done.stderr)

    def test_a_password_is_stored_rotated_and_read(self):
        name = new_name("prod/TwitterApp")
        value = secret_value("app_four")
        created = aws("create-secret", "--name", name, "--secret-string", json.dumps(value))
        rotation = aws("rotate-secret", "--secret-id", name, "--rotation-lambda-arn", FUNCTION_ARN)

        def labels():
            return aws("describe-secret", "--secret-id", name)["VersionIdsToStages"]

        eventually(lambda: labels().get(rotation["VersionId"]) == ["AWSCURRENT"])
        self.assertEqual(labels()[created["VersionId"]], ["AWSPREVIOUS"])
        secret = json.loads(aws("get-secret-value", "--secret-id", name)["SecretString"])
        self.assertTrue(logs_in(secret))
        self.assertFalse(logs_in(value))

        aws(
            "rotate-secret", "--secret-id", name, "--no-rotate-immediately",
            "--rotation-rules", '{"ScheduleExpression": "rate(10 days)"}',
        )  # fmt: skip
        described = aws("describe-secret", "--secret-id", name)
        rules = {"ScheduleExpression": "rate(10 days)", "AutomaticallyAfterDays": 10}
        self.assertEqual(described["RotationRules"], rules)
        self.assertIn("NextRotationDate", described)
        aws("cancel-rotate-secret", "--secret-id", name)
        self.assertFalse(aws("describe-secret", "--secret-id", name)["RotationEnabled"])

    def test_a_file_is_stored_as_it_is(self):
        data = bytes(range(256)) * 16
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            name = new_name("file")
            aws("create-secret", "--name", name, "--secret-binary", f"fileb://{file.name}")
        read = aws("get-secret-value", "--secret-id", name)
        self.assertEqual(base64.b64decode(read["SecretBinary"]), data)

    def test_a_secret_goes_and_comes_back(self):
        name = new_name("deleted")
        aws("create-secret", "--name", name, "--secret-string", "value", "--tags", "Key=team,Value=blue")
        aws("put-secret-value", "--secret-id", name, "--secret-string", "second")
        aws("delete-secret", "--secret-id", name, "--recovery-window-in-days", "7")
        self.refused("(InvalidRequestException)", "get-secret-value", "--secret-id", name)
        aws("restore-secret", "--secret-id", name)
        self.assertEqual(aws("get-secret-value", "--secret-id", name)["SecretString"], "second")
        listed = aws("list-secrets", "--filters", f"Key=name,Values={name}")["SecretList"]
        self.assertEqual([secret["Tags"] for secret in listed], [[{"Key": "team", "Value": "blue"}]])
        self.assertEqual(len(aws("list-secret-version-ids", "--secret-id", name)["Versions"]), 2)

    def test_refusals_name_the_cause(self):
        text = (
            "An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: "
            "Secrets Manager can't find the specified secret."
        )
        self.refused(text, "get-secret-value", "--secret-id", new_name("nothing"))

    def test_a_replica_is_made_and_removed(self):
        name = new_name("replica")
        aws("create-secret", "--name", name, "--secret-string", "value", "--add-replica-regions", "Region=eu-west-1")
        self.assertEqual(aws("get-secret-value", "--secret-id", name, "--region", "eu-west-1")["SecretString"], "value")
        self.refused("(InvalidParameterException)", "delete-secret", "--secret-id", name)
        aws("remove-regions-from-replication", "--secret-id", name, "--remove-replica-regions", "eu-west-1")
        self.refused("(ResourceNotFoundException)", "get-secret-value", "--secret-id", name, "--region", "eu-west-1")

    def test_values_are_read_at_once(self):
        name = new_name("batch")
        aws("create-secret", "--name", name, "--secret-string", "value")
        read = aws("batch-get-secret-value", "--secret-id-list", name, "missing")
        self.assertEqual([value["SecretString"] for value in read["SecretValues"]], ["value"])
        self.assertEqual([error["SecretId"] for error in read["Errors"]], ["missing"])

    def test_a_password_is_made(self):
        made = aws("get-random-password", "--password-length", "20", "--exclude-punctuation")
        self.assertRegex(made["RandomPassword"], "^[0-9A-Za-z]{20}$")


if __name__ == "__main__":
    unittest.main()
