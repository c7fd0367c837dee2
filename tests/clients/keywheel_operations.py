"""Operations of Keywheel that AWS does not have, signed by botocore as everything else is.

    python keywheel_operations.py    prints what waits for approval
"""

import json
import os
import ssl
import urllib.error
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import get_session

ENDPOINT = os.environ.get("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:4584")
TRUSTED = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))


class Refused(Exception):
    """The server said no: a code for programs and a sentence for people."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


def keywheel(operation, credentials=None, **members):
    """Calls `Keywheel.<operation>` with these members and returns the members of the answer."""
    session = get_session()
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"Keywheel.{operation}"}
    request = AWSRequest("POST", ENDPOINT, headers=headers, data=json.dumps(members).encode())
    region = session.get_config_variable("region") or "us-east-1"
    SigV4Auth(credentials or session.get_credentials(), "secretsmanager", region).add_auth(request)
    signed = urllib.request.Request(ENDPOINT, data=request.data, headers=dict(request.headers))
    try:
        with urllib.request.urlopen(signed, timeout=30, context=TRUSTED) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        refusal = json.load(error)
        message = refusal.get("Message") or refusal.get("message")
        raise Refused(refusal["__type"], message) from None


if __name__ == "__main__":
    for approval in keywheel("ListApprovals")["Approvals"]:
        print(approval["ApprovalId"], approval["SecretARN"], "before", approval["Step"])
