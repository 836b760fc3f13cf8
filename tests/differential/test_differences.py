"""The table of differences holds, row by row, and explains everything in a short run."""

import io
import json
import unittest

from . import validators
from .__main__ import run
from .comparison import compare
from .differences import ADVICE_KINDS, OF_OTHERS, OURS, Only
from .documents import Document


def document(row):
    """The sample of a row: a text, a whole policy, or changes to a valid statement."""
    partition = getattr(row, "partition", "aws")
    if isinstance(row.sample, str):
        return Document(partition, row.sample)
    policy = {"Version": "2012-10-17", **row.sample}
    if "Statement" not in policy:
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **row.sample}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
    return Document(partition, json.dumps(policy))


class Table(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ours = validators.Ours()
        cls.addClassCleanup(cls.ours.close)

    def test_every_row_explains_its_sample(self):
        for row in [*OF_OTHERS["moto"], *OF_OTHERS["parliament"], *OURS]:
            with self.subTest(reason=row.reason, sample=row.sample):
                outcome = compare(self.ours, document(row))
                self.assertEqual(outcome.unexplained, [])
                self.assertIn(row, outcome.explained)
                self.assertEqual(bool(outcome.ours), isinstance(row, Only))

    def test_what_no_row_explains_is_reported(self):
        class Lenient:
            """It accepts everything."""

            def problems(self, text, partition):
                return []

        class Strict:
            """It accepts nothing."""

            def problems(self, text, partition):
                return ["In statement 1, something is wrong."]

        def policy(**changes):
            statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **changes}
            return Document("aws", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

        for changes, difference in [
            ({"Effect": "allow"}, "we accept what moto refuses: The policy failed legacy parsing"),
            ({"Action": "GetObject"}, "we accept what moto refuses: Actions/Conditions must be prefaced by a vendor"),
            ({"Resource": "arn:aws:iam:us-east-1::role/x"}, "we accept what moto refuses: IAM resource"),
            ({"Sid": "a b"}, "we accept what parliament refuses: INVALID_SID"),
            (
                {"Condition": {"DateLessThan": {"aws:CurrentTime": "tomorrow"}}},
                "we accept what parliament refuses: MISMATCHED_TYPE",
            ),
        ]:
            with self.subTest(changes=changes):
                unexplained = compare(Lenient(), policy(**changes)).unexplained
                self.assertTrue(any(found.startswith(difference) for found in unexplained), unexplained)
        self.assertEqual(
            compare(Strict(), policy()).unexplained, ["only we refuse it: In statement 1, something is wrong."]
        )

    def test_advice_is_of_kinds_that_parliament_has(self):
        validators.parliament('{"Statement": []}')
        import parliament

        self.assertLessEqual(set(ADVICE_KINDS), set(parliament.config))


class Run(unittest.TestCase):
    def test_random_documents_for_some_seconds(self):
        output = io.StringIO()
        self.assertEqual(run(15, "make test", output), 0, output.getvalue())


if __name__ == "__main__":
    unittest.main()
