"""Prints every value that the rule of cfn-lint and another reader of JSON Schema judge differently. Run with the Python of
cfn-lint: the SAM CLI brings the other reader."""

import itertools
import pathlib
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "cfn-lint/rules"))

import delegated_role  # noqa: E402

# Without a newline at the end: `$` of Python allows one, that of ECMAScript, and so of JSON Schema, does not.
SCALARS = [
    *("", " ", "a", "ab", "true", "FALSE", "yes", "Fail", "Succeed", "Exclusive", "Declared", "OnNarrowing", "Never", "0", "1", "60"),
    *("129600", "129601", "3599", "3600", "43200", "43201", "03600", "222222222222", "2222222222222", "an-external-id", "se cret"),
    *("o-a1b2c3d4e5", "o-short", "203.0.113.0/24", "2027-01-31T18:00:00Z", "2027-13-31T18:00:00Z", "eu-west-1", "eu-west", "/", "/a/"),
    *("/a", "//", "a/b", "é", "€", "x" * 32, "x" * 33, "x" * 64, "x" * 65, "x" * 256, "x" * 257, "x" * 1224, "x" * 1225),
    *("arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/A, arn:aws:iam::aws:policy/B", "arn:aws:iam::222222222222:role/a"),
    *("arn:aws:iam::222222222222:role/a*", "arn:aws:iam::222222222222:role/*", "arn:aws:iam::222222222222:user/a", "arn:aws:x"),
    *(True, False, None, -1, 0, 1, 9, 10, 60, 3599, 3600, 43200, 43201, 129600, 129601, 222222222222, 22222222222, 1.5),
]
TAG = {"Key": "k", "Value": "v"}
OTHERS = [
    *([], {}, [[]], [{}], [TAG], TAG, [TAG] * 45, [TAG] * 46, [{"Key": "", "Value": ""}], [{**TAG, "X": 1}], [{"Key": "k"}]),
    *({"Statement": []}, {"Version": "2012-10-17"}, ["ab", "cd", "ef"], ["ab", "ab"]),
    *([f"arn:aws:iam::aws:policy/P{number}" for number in range(count)] for count in (100, 101)),
    *([value] for value in SCALARS),
    *([first, second] for first, second in itertools.pairwise(SCALARS)),
]


def main():
    judged = 0
    for title, schema in delegated_role.SCHEMAS.items():
        jsonschema.Draft7Validator.check_schema(schema)
        reader = jsonschema.Draft7Validator(schema)
        required = {"RoleArn": "arn:aws:iam::222222222222:role/a", "ExternalId": "ab", "ExternalAwsAccountId": "222222222222"}
        base = {name: required[name] for name in schema["required"]}
        for name, value in itertools.product([*schema["properties"], "Unknown"], SCALARS + OTHERS):
            given = {**base, name: value}
            found = list(delegated_role.problems({"Properties": given}, schema))
            if reader.is_valid(given) == bool(found):
                print(f"{title}: {name} = {value!r}: {found or 'nothing is found'}")
            judged += 1
    print(f"{judged} values")


if __name__ == "__main__":
    main()
