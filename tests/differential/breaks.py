"""Breaking a policy in one place, at random."""

import copy

from . import oddities, valid


def broken(rng, policy):
    """A copy of a policy with one thing broken."""
    policy = copy.deepcopy(policy)
    return rng.choice(_BREAKS)(rng, policy) or policy


def _places(value, path=()):
    """Every value in a policy, as a container and a key in it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield value, key
        yield from _places(child, (*path, key))


def _pick(rng, policy, fits=lambda container, key: True):
    places = [place for place in _places(policy) if fits(*place)]
    return rng.choice(places) if places else None


def _statement(rng, policy):
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    statements = statements if isinstance(statements, list) else [statements]
    statements = [statement for statement in statements if isinstance(statement, dict)]
    return rng.choice(statements) if statements else {}


def _strings(rng, policy, *elements):
    """A string among the values of an element of a statement, as a container and a key."""
    statement = _statement(rng, policy)
    places = []
    for element in elements:
        value = statement.get(element)
        if isinstance(value, str):
            places.append((statement, element))
        elif isinstance(value, list):
            places += [(value, number) for number, item in enumerate(value) if isinstance(item, str)]
    return rng.choice(places) if places else (statement, elements[0])


def _remove(rng, policy):
    place = _pick(rng, policy)
    if place:
        container, key = place
        del container[key]


def _rename(rng, policy):
    place = _pick(rng, policy, lambda container, key: isinstance(container, dict))
    if place:
        container, key = place
        value = container.pop(key)
        container[rng.choice([*oddities.KEYS, key.lower(), key.upper(), key + "s", key + " "])] = value


def _retype(rng, policy):
    place = _pick(rng, policy)
    if place:
        container, key = place
        container[key] = copy.deepcopy(rng.choice(oddities.TYPES))


def _wrap(rng, policy):
    place = _pick(rng, policy)
    if place:
        container, key = place
        value = container[key]
        container[key] = value[0] if isinstance(value, list) and value and rng.random() < 0.5 else [value]


def _add_key(rng, policy):
    target = rng.choice([policy, _statement(rng, policy)])
    key = rng.choice(oddities.KEYS)
    target[key] = copy.deepcopy(rng.choice([*oddities.TYPES, "*", "s3:GetObject", {"AWS": "*"}]))


def _replace_action(rng, policy):
    container, key = _strings(rng, policy, "Action", "NotAction")
    container[key] = rng.choice(oddities.ACTIONS)


def _replace_resource(rng, policy):
    container, key = _strings(rng, policy, "Resource", "NotResource")
    container[key] = rng.choice(oddities.RESOURCES)


def _replace_part(rng, policy):
    container, key = _strings(rng, policy, "Resource", "NotResource")
    parts = str(container.get(key) if isinstance(container, dict) else container[key]).split(":", 5)
    if len(parts) < 6:
        parts = ["arn", "aws", rng.choice(["s3", "iam", "ec2"]), "", "", "bucket"]
    choices = [
        ["ARN", "arn ", "", "a"],
        oddities.PARTITION_PARTS,
        oddities.SERVICE_PARTS,
        oddities.REGION_PARTS,
        oddities.ACCOUNT_PARTS,
        oddities.RESOURCE_PARTS,
    ]
    number = rng.choices(range(6), [1, 3, 3, 5, 5, 5])[0]
    if rng.random() < 0.05:
        del parts[number]
    else:
        parts[number] = rng.choice(choices[number])
    if rng.random() < 0.4:
        parts[2] = rng.choice(["iam", "s3"])
    container[key] = ":".join(parts)


def _condition(rng, policy):
    statement = _statement(rng, policy)
    if not isinstance(statement.get("Condition"), dict) or not statement["Condition"]:
        statement["Condition"] = valid.condition(rng)
    return statement["Condition"]


def _replace_operator(rng, policy):
    condition = _condition(rng, policy)
    operator = rng.choice(list(condition))
    keys = condition.pop(operator)
    others = [operator.lower(), operator + "IfExists", "ForAnyValue:" + operator]
    condition[rng.choice([*oddities.OPERATORS, *others])] = keys


def _replace_value(rng, policy):
    condition = _condition(rng, policy)
    keys = condition[rng.choice(list(condition))]
    if isinstance(keys, dict) and keys:
        key = rng.choice(list(keys))
        value = rng.choice(oddities.VALUES)
        odd = [5, 1.5, -1, True, None, [], [value, 5], [None], [[value]], {"a": value}]
        keys[key] = rng.choice([*[value] * 8, *[[value]] * 4, *[["true", value]] * 4, *odd])


def _other_type(rng, policy):
    """A key with an operator of another type."""
    condition = _condition(rng, policy)
    operators, _, _ = valid.CONDITIONS[rng.choice(list(valid.CONDITIONS))]
    _, keys, values = valid.CONDITIONS[rng.choice(list(valid.CONDITIONS))]
    condition[rng.choice(operators)] = {rng.choice(keys): valid.some(rng, values)}


def _replace_sid(rng, policy):
    statement = _statement(rng, policy)
    statement["Sid"] = rng.choice(oddities.SIDS)
    if rng.random() < 0.3 and isinstance(policy, dict) and isinstance(policy.get("Statement"), list):
        policy["Statement"].append(copy.deepcopy(statement))


def _replace_version(rng, policy):
    policy["Version"] = rng.choice(oddities.VERSIONS)


def _replace_effect(rng, policy):
    _statement(rng, policy)["Effect"] = rng.choice(oddities.EFFECTS)


def _insert(rng, policy, characters):
    place = _pick(rng, policy, lambda container, key: isinstance(container[key], str))
    if place:
        container, key = place
        text = container[key]
        at = rng.randint(0, len(text))
        container[key] = text[:at] + rng.choice(characters) + text[at + rng.choice([0, 0, 1]) :]


def _insert_character(rng, policy):
    _insert(rng, policy, oddities.CHARACTERS)


def _insert_punctuation(rng, policy):
    _insert(rng, policy, oddities.ALPHABET)


def _character_in_key(rng, policy):
    place = _pick(rng, policy, lambda container, key: isinstance(container, dict) and ":" in key)
    if place:
        container, key = place
        container[key + rng.choice(oddities.CHARACTERS)] = container.pop(key)


def _principal(rng, policy):
    statement = _statement(rng, policy)
    principals = ["*", {"AWS": "*"}, {"AWS": "123456789012"}, {"Service": "ec2.amazonaws.com"}, {"AWS": "nobody"}]
    statement[rng.choice(["Principal", "NotPrincipal"])] = rng.choice(principals)


def _both(rng, policy):
    statement = _statement(rng, policy)
    statement.update(rng.choice([{"NotAction": "s3:*", "Action": "s3:*"}, {"NotResource": "*", "Resource": "*"}]))


def _no_object(rng, policy):
    return rng.choice([[policy], "Allow", 5, None, [], {}, {"Policy": policy}])


_BREAKS = [
    _remove, _rename, _retype, _retype, _wrap, _add_key, _replace_action, _replace_action, _replace_resource,
    _replace_resource, _replace_part, _replace_part, _replace_part, _replace_part, _replace_operator,
    _replace_operator, _replace_value, _replace_value, _replace_value, _replace_value, _other_type, _replace_sid,
    _replace_version, _replace_effect, _insert_character, _insert_character, _insert_punctuation,
    _insert_punctuation, _character_in_key, _principal, _both,
]


def broken_text(rng, text):
    """A text that may no longer be JSON, or no longer the same to every parser."""
    at = rng.randint(0, len(text))
    return rng.choice([
        text[:at],
        text[:at] + rng.choice('{}[]",:\\x ') + text[at:],
        text + "}",
        text + text,
        "\ufeff" + text,
        text.replace('"Effect"', '"Effect": "Deny", "Effect"', 1),
        text.replace('"Action"', '"\\u0041ction": "*", "Action"', 1),
        text.replace('"', "'"),
        text.replace("}", ",}", 1),
        text.replace("{", "{ // a comment\n", 1),
        text.replace('"Allow"', "NaN", 1),
        '{"Statement": ' * 20 + "1" + "}" * 20,
        "",
        " \n",
    ])
