"""What a validator refuses, taken out of a policy that we accept: each function changes the policy in place."""

import re


def _statements(policy):
    statements = policy["Statement"]
    return statements if isinstance(statements, list) else [statements]


def each_resource(change):
    """Changes every ARN, as a list of six parts; missing ones are `*`, as IAM reads them."""

    def in_text(resource):
        if not resource.startswith("arn:"):
            return resource
        parts = resource.split(":", 5)
        parts = change(parts) or parts
        return ":".join(parts)

    def take_out(policy):
        for statement in _statements(policy):
            for element in ("Resource", "NotResource"):
                value = statement.get(element)
                if isinstance(value, str):
                    statement[element] = in_text(value)
                elif isinstance(value, list):
                    statement[element] = [in_text(item) for item in value]

    return take_out


def part(number, condition, replacement):
    """Replaces a part of every ARN whose parts fulfil the condition."""

    def change(parts):
        if len(parts) == 6 and condition(parts):
            parts[number] = replacement

    return each_resource(change)


def is_regional_in_s3(parts):
    return parts[2] == "s3" and re.match("(access-grants|async-request|job|storage-lens|storage-lens-group)/", parts[5])


def completed(parts):
    return parts + ["*"] * (6 - len(parts))


# The type of an operator, and a key of that type that parliament knows.
_TYPES = {
    "String": "aws:PrincipalTag/team",
    "Numeric": "aws:MultiFactorAuthAge",
    "Date": "aws:CurrentTime",
    "Bool": "aws:SecureTransport",
    "IpAddress": "aws:SourceIp",
    "NotIpAddress": "aws:SourceIp",
    "Arn": "aws:PrincipalArn",
}


def _type(operator):
    base = operator.split(":")[-1]
    return next((name for name in _TYPES if base.startswith(name)), None)


def _conditions(policy):
    for statement in _statements(policy):
        yield from statement.get("Condition", {}).items()


def each_value(operators, change):
    """Changes every value of the operators whose names begin so, or of all."""

    def take_out(policy):
        for operator, keys in _conditions(policy):
            if operators is None or operator.split(":")[-1].startswith(operators):
                for key, value in keys.items():
                    keys[key] = [change(item) for item in value] if isinstance(value, list) else change(value)

    return take_out


def matching(pattern, replacement):
    return lambda value: replacement if isinstance(value, str) and re.search(pattern, value) else value


def number_as_text(value):
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def keys_of_the_operators_type(policy):
    for operator, keys in _conditions(policy):
        known = _TYPES.get(_type(operator))
        if known and any(key != known for key in keys):
            values = [value if isinstance(value, list) else [value] for value in keys.values()]
            keys.clear()
            keys[known] = values[0][0] if [len(value) for value in values] == [1] else sum(values, [])


def without_empty_sids(policy):
    for statement in _statements(policy):
        if statement.get("Sid") == "":
            del statement["Sid"]


def without_sets_before_null(policy):
    for statement in _statements(policy):
        condition = statement.get("Condition", {})
        for operator in [operator for operator in condition if operator.endswith(":Null")]:
            condition.setdefault("Null", {}).update(condition.pop(operator))


def without_binary(policy):
    for statement in _statements(policy):
        condition = statement.get("Condition", {})
        for operator in [operator for operator in condition if "Binary" in operator]:
            del condition[operator]


def without_lists_of_booleans(policy):
    for operator, keys in _conditions(policy):
        if operator.split(":")[-1].startswith(("Bool", "Null")):
            for key, value in keys.items():
                if isinstance(value, list):
                    keys[key] = value[0] if value else "true"


def current_version(policy):
    policy["Version"] = "2012-10-17"


ISO_DATE = r"^(\d{4}|\d{4}-\d\d|\d{4}-\d\d-\d\d([Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d(:\d\d)?)?)?|\d{1,19})$"
MINUTES_OR_WEST = r"[Tt]\d\d:\d\d([Zz]|[+-]|$)|[Tt][^+-]*-"
