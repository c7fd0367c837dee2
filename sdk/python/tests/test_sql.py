"""Quoting, SCRAM verifiers and password rules."""

import doctest
import hmac
import random
import unittest
from base64 import b64decode, b64encode

import sdk  # noqa: F401
from keywheel import Permanent, database, scram, sql
from keywheel.secrets import PasswordRules
from keywheel.sql import quote_identifier, quote_literal
from keywheel.statement import Name, Other, Text, Word, tokens

SEED = 20_261_125


class SqlTest(unittest.TestCase):
    def test_the_examples_in_the_documentation(self) -> None:
        for module in (sql, database):
            self.assertEqual(doctest.testmod(module).failed, 0)

    def test_what_is_quoted_is_one_name_or_one_text(self) -> None:
        source = random.Random(SEED)
        for _ in range(2000):
            text = "".join(source.choices("'\"\\Ee$; -aä\n", k=source.randrange(12)))
            self.assertEqual(tokens(quote_identifier(text)), [Name(text)])
            for standard in (True, False):
                statement = f"PASSWORD{quote_literal(text)} ;"
                expected = [Word("password"), Text(text), Other(";")]
                self.assertEqual(tokens(statement, standard), expected, statement)

    def test_a_zero_byte_is_refused(self) -> None:
        for quote in (quote_identifier, quote_literal):
            with self.assertRaises(Permanent):
                quote("a\0b")

    def test_a_verifier_is_the_one_of_the_standard(self) -> None:
        # The exchange of RFC 7677, section 3: the server proves itself with the key in the verifier.
        nonce = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        salt = "W22ZaJ0SNY7soEsUEjb6gQ=="
        exchange = f"n=user,r=rOprNGfwEbeRWgbNEkqO,{nonce},s={salt},i=4096,c=biws,{nonce}"
        made = scram._verifier(b"pencil", b64decode(salt))
        self.assertTrue(made.startswith(f"SCRAM-SHA-256$4096:{salt}$"), made)
        server_key = b64decode(made.rpartition(":")[2])
        signature = b64encode(hmac.digest(server_key, exchange.encode(), "sha256"))
        self.assertEqual(signature, b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")

    def test_two_verifiers_differ_and_only_ascii_has_one(self) -> None:
        first, second = scram.verifier("pencil"), scram.verifier("pencil")
        self.assertRegex(
            first, r"^SCRAM-SHA-256\$4096:[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$"
        )
        self.assertNotEqual(first, second)
        with self.assertRaises(Permanent):
            scram.verifier("pässword")

    def test_password_rules_come_from_the_environment(self) -> None:
        self.assertEqual(PasswordRules.from_environment({}), PasswordRules())
        variables = {"PASSWORD_LENGTH": "48", "EXCLUDE_PUNCTUATION": "True", "EXCLUDE_CHARACTERS": "xyz"}
        expected = PasswordRules(length=48, exclude_punctuation=True, exclude_characters="xyz")
        self.assertEqual(PasswordRules.from_environment(variables), expected)
        for name, text in (("PASSWORD_LENGTH", "-1"), ("PASSWORD_LENGTH", "²"), ("EXCLUDE_NUMBERS", "yes")):
            with self.assertRaisesRegex(Permanent, name):
                PasswordRules.from_environment({name: text})


if __name__ == "__main__":
    unittest.main()
