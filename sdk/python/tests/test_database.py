"""The JSON that secrets hold."""

import unittest

import sdk  # noqa: F401
from keywheel import Permanent
from keywheel.database import DatabaseSecret
from keywheel.sql import Engine, Target, Tls

BASE = '"engine":"postgres","host":"db","username":"app","password":"p"'


def parse(more: str = "") -> DatabaseSecret:
    return DatabaseSecret.parse("{" + BASE + more + "}")


class DatabaseTest(unittest.TestCase):
    def test_optional_keys_have_the_meaning_of_aws_templates(self) -> None:
        for more, port, tls in (
            ("", None, Tls.PREFER),
            (',"port":6432,"ssl":true', 6432, Tls.VERIFY_FULL),
            (',"port":"6432","ssl":false', 6432, Tls.DISABLE),
            (',"port":null,"ssl":"True"', None, Tls.VERIFY_FULL),
            (',"ssl":"false","ssl":true', None, Tls.VERIFY_FULL),
        ):
            secret = parse(more)
            self.assertEqual((secret.port, secret.tls), (port, tls), more)

    def test_a_wrong_form_is_named_by_its_key(self) -> None:
        not_an_object = "the secret value is not a JSON object"
        port = "the secret's key `port` must be a number from 1 to 65535"
        cases: list[tuple[str | bytes, str]] = [
            ("hunter2", not_an_object),
            ("", not_an_object),
            ("[]", not_an_object),
            ("{", not_an_object),
            ("{}}", not_an_object),
            ('{"a":NaN}', not_an_object),
            ('{"a":1,}', not_an_object),
            ('{"a" 1}', not_an_object),
            ("{" * 100_000, not_an_object),
            ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", not_an_object),
            (b"{}", not_an_object),
            ('{"engine":"postgres"} x', not_an_object),
            ('{"engine":"postgres"}', "the secret has no key `host`"),
            ('{"engine":"postgres","host":7}', "the secret's key `host` must be a text"),
            ("{" + BASE + ',"ssl":"require"}', "the secret's key `ssl` must be true or false"),
        ]
        for text in ("0", "65536", "-1", "5432.5", '"five"', "true", "[5432]", "1e3", "9" * 5000):
            cases.append(("{" + BASE + f',"port":{text}' + "}", port))
        for value, message in cases:
            with self.assertRaises(Permanent) as raised:
                DatabaseSecret.parse(value)
            self.assertEqual(raised.exception.message, message, value[:80])

    def test_unknown_fields_keep_their_place_and_their_spelling(self) -> None:
        stored = (
            '{"z":1.50e3,"password":"old","nested":{"b":[1, 2],"a":null},"engine":"postgres","host":"db",'
            '"username":"app","ä":12345678901234567890123}'
        )
        secret = DatabaseSecret.parse(stored)
        self.assertEqual(secret.to_value(), stored)
        spaced = stored.replace(",", " , ").replace('":', '" : ')
        self.assertEqual(DatabaseSecret.parse(f" {spaced} ").password, "old")
        following = secret.with_password('n"e\\wü').with_username("app_clone")
        expected = stored.replace('"old"', '"n\\"e\\\\wü"').replace('"app"', '"app_clone"')
        self.assertEqual(following.to_value(), expected)
        self.assertEqual(DatabaseSecret.parse(following.to_value()).password, 'n"e\\wü')

    def test_the_usual_port_is_the_same_login_and_another_user_or_server_is_not(self) -> None:
        for current, pending, key in (
            ("", ',"port":5432', None),
            (',"port":"5432","ssl":true', "", None),
            ("", ',"port":5433', "port"),
            ("", ',"host":"other"', "host"),
            ("", ',"username":"other"', "username"),
        ):
            with self.subTest(pending):
                if key is None:
                    parse(current).require_same_login(parse(pending))
                    continue
                with self.assertRaisesRegex(Permanent, f"another `{key}`"):
                    parse(current).require_same_login(parse(pending))

    def test_nothing_that_is_printed_shows_a_value(self) -> None:
        secret = parse(',"api":"hunter2"').with_password("hunter2")
        target = secret.target(Engine.POSTGRES)
        self.assertEqual(target, Target(Engine.POSTGRES, "db", 5432, "app", "hunter2", None, Tls.PREFER))
        for shown in (repr(secret), repr(target), str(vars(secret)["_document"])):
            self.assertNotIn("hunter2", shown)


if __name__ == "__main__":
    unittest.main()
