"""What the Rust side of a client test hands over: a running server and a database with roles."""

import json
import os
import time
import uuid

import pg8000.dbapi

FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:postgres-single-user"
PATIENCE_SECONDS = 120

_DATABASE = json.loads(os.environ["KEYWHEEL_TEST_DATABASE"])


def secret_value(role):
    """The JSON that a secret of this role holds."""
    return {
        "engine": "postgres",
        "host": _DATABASE["host"],
        "port": _DATABASE["port"],
        "username": role,
        "password": _DATABASE["roles"][role],
        "dbname": _DATABASE["dbname"],
    }


def logs_in(secret):
    """Whether an application that fetched this secret gets into its database."""
    try:
        connection = pg8000.dbapi.connect(
            host=secret["host"],
            port=int(secret["port"]),
            user=secret["username"],
            password=secret["password"],
            database=secret["dbname"],
        )
    except pg8000.dbapi.DatabaseError as error:
        if error.args[0].get("C") == "28P01":
            return False
        raise
    cursor = connection.cursor()
    cursor.execute("SELECT current_user")
    logged_in = cursor.fetchone()[0] == secret["username"]
    connection.close()
    return logged_in


def new_name(prefix):
    """A name that no other test uses."""
    return f"{prefix}/{uuid.uuid4()}"


def eventually(look):
    """Looks until it sees something that is true, and returns it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.05)
    raise AssertionError(f"nothing to see for {PATIENCE_SECONDS} s")
