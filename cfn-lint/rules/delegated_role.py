"""Rules for cfn-lint: the properties and attributes of Custom::DelegatedRole, Custom::ExternalId and Custom::AccessCheck.

    cfn-lint --append-rules cfn-lint/rules -- template.yaml

What they know is in ../schemas, which is generated from the code of the function. A value that only a deployment knows
(Ref, Fn::GetAtt, a dynamic reference) is not judged; both values of Fn::If are. No message repeats a value, because it may be
an external ID.
"""

import datetime
import difflib
import json
import pathlib
import re

from cfnlint.rules import CloudFormationLintRule, RuleMatch

# In SARIF every rule needs an address.
SOURCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html"

SCHEMAS = {}
for _file in sorted((pathlib.Path(__file__).resolve().parents[1] / "schemas").glob("*.json")):
    _schema = json.loads(_file.read_text(encoding="utf-8"))
    SCHEMAS[_schema["title"]] = _schema

TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}


class DelegatedRoleProperties(CloudFormationLintRule):
    """Names, forms and ranges of properties."""

    id = "E9310"
    shortdesc = "Properties of delegated roles, external IDs and access checks"
    description = "Each property is known and well-formed, required ones are there, and no two contradict each other."
    source_url = SOURCE
    tags = ["resources", "iam"]

    def match(self, cfn):
        return [
            RuleMatch(["Resources", name, *path], message)
            for name, resource, schema in resources(cfn)
            for path, message in problems(resource, schema)
        ]


class DelegatedRoleAttributes(CloudFormationLintRule):
    """Attributes in Fn::GetAtt and Fn::Sub."""

    id = "E9311"
    shortdesc = "Attributes of delegated roles, external IDs and access checks"
    description = "Fn::GetAtt of an attribute that the resource does not have fails the stack."
    source_url = SOURCE
    tags = ["resources", "functions", "getatt", "sub"]

    def match(self, cfn):
        schemas = {name: schema for name, _, schema in resources(cfn)}
        matches = []
        for path, name, attribute in attributes(cfn):
            known = schemas.get(name, {}).get("attributes", {attribute})
            if attribute not in known:
                near = nearest(attribute, known)
                hint = f"use {near}" if near else f"it has {', '.join(sorted(known))}"
                matches.append(RuleMatch(path, f"{attribute} is not an attribute of {name} ({schemas[name]['title']}): {hint}."))
        return matches


class DelegatedRoleTypes(CloudFormationLintRule):
    """Misspelled resource types."""

    id = "E9312"
    shortdesc = "Names of the resource types of delegated roles, external IDs and access checks"
    description = "The function refuses a resource type that it does not have."
    source_url = SOURCE
    tags = ["resources"]

    def match(self, cfn):
        matches = []
        for name, kind, _ in typed(cfn):
            if kind.startswith("Custom::") and kind not in SCHEMAS:
                meant = nearest(kind, SCHEMAS, 0.85)
                if meant:
                    message = f"{kind} is not a resource type of the function: use {meant}."
                    matches.append(RuleMatch(["Resources", name, "Type"], message))
        return matches


def typed(cfn):
    """The resources of the template: name, type, resource."""
    all_resources = cfn.template.get("Resources")
    for name, resource in all_resources.items() if isinstance(all_resources, dict) else ():
        if isinstance(resource, dict) and isinstance(resource.get("Type"), str):
            yield name, resource["Type"], resource


def resources(cfn):
    """The resources of our types: name, resource, schema."""
    return [(name, resource, SCHEMAS[kind]) for name, kind, resource in typed(cfn) if kind in SCHEMAS]


def problems(resource, schema):
    """What is wrong with the properties: path from the resource, message."""
    properties = resource.get("Properties")
    place = ["Properties"] if isinstance(properties, dict) else []
    properties = properties if isinstance(properties, dict) else {}
    if any(str(name).startswith("Fn::") for name in properties):
        return  # A transform, or a loop: its properties are not known.
    given = {name: value for name, value in properties.items() if not is_no_value(value)}
    known = schema["properties"]
    for name, value in given.items():
        if name in known:
            for path, message in problems_of_value(known[name], value):
                yield [*place, name, *path], f"{name} {message}"
        else:
            hint = instead(name, schema)
            yield [*place, name], f'"{str(name)[:80]}" is not a property of this resource: {hint}. [unknown-property]'
    for name in schema["required"]:
        if name not in given:
            yield place, f"{name} is missing; it {known[name]['errorMessage']}. [missing-property]"
    for relation in schema.get("allOf", []):
        if is_valid(relation["if"], given, sure=True) and not is_valid(relation["then"], given):
            name = relation["errorMessage"].split(" ")[0]
            yield [*place, name], f"{relation['errorMessage']}. [{relation['code']}]"


def problems_of_value(schema, value):
    """What is wrong with one value: path from it, and the message that follows the property's name."""
    if isinstance(value, datetime.date):
        # A time without quotes. CloudFormation takes it for a string, this parser of YAML does not.
        value = value.isoformat().replace("+00:00", "Z")
    if is_function(value):
        for index, branch in branches(value):
            for path, message in problems_of_value(schema, branch):
                yield ["Fn::If", index, *path], message
    elif isinstance(value, list) and "items" in schema:
        yield from problems_of_list(schema, value)
    elif not is_valid(schema, value):
        if isinstance(value, str) and value == "":
            yield [], "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"
        else:
            yield [], f"{schema['errorMessage']}. [invalid-value]"


def problems_of_list(schema, value):
    items = [(index, item) for index, item in enumerate(value) if not is_no_value(item)]
    for index, item in items:
        for path, message in problems_of_value({**schema["items"], "errorMessage": schema["errorMessage"]}, item):
            yield [index, *path], message
    sure = [item for _, item in items if not is_function(item)]
    least, most = schema.get("minItems", 0), schema.get("maxItems", len(sure))
    if len(sure) > most or len(items) < least:
        yield [], f"has {len(items)} values; give {least} to {most}. [invalid-value]"
    elif schema.get("uniqueItems") and len({as_sent(item) for item in sure}) < len(sure):
        yield [], "contains the same value twice; give each value once. [repeated-value]"


def is_valid(schema, value, sure=False):
    """JSON Schema, as far as the schemas use it. A value that is not known is valid; with `sure`, it is not."""
    if isinstance(schema, bool):
        return schema
    if is_function(value):
        return not sure
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    valid = not types or any(TYPES[name](value) for name in types)
    valid = valid and ("enum" not in schema or value in schema["enum"])
    valid = valid and ("const" not in schema or value is schema["const"])
    valid = valid and ("anyOf" not in schema or any(is_valid(inner, value, sure) for inner in schema["anyOf"]))
    if isinstance(value, str):
        valid = valid and schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        valid = valid and re.fullmatch(schema.get("pattern", r"[\s\S]*"), value) is not None
    elif TYPES["number"](value):
        valid = valid and schema.get("minimum", value) <= value <= schema.get("maximum", value)
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        valid = valid and all(name in value for name in schema.get("required", []))
        valid = valid and (schema.get("additionalProperties", True) or all(name in known for name in value))
        valid = valid and all(is_valid(inner, value[name], sure) for name, inner in known.items() if name in value)
    return valid


def is_function(value):
    """Whether only a deployment knows the value."""
    if isinstance(value, str):
        return "{{resolve:" in value
    return isinstance(value, dict) and len(value) == 1 and str(next(iter(value))).startswith(("Fn::", "Ref"))


def is_no_value(value):
    return isinstance(value, dict) and value.get("Ref") == "AWS::NoValue"


def branches(value):
    """The two values of Fn::If that are given, with their places."""
    inner = value.get("Fn::If") if isinstance(value, dict) else None
    if isinstance(inner, list) and len(inner) == 3:
        yield from ((index, inner[index]) for index in (1, 2) if not is_no_value(inner[index]))


def as_sent(value):
    """A value as CloudFormation sends it, as far as it can be compared."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def instead(name, schema):
    """What to do instead of giving an unknown property."""
    for other, hint in schema.get("otherNames", {}).items():
        if plain(other) == plain(name):
            return hint
    near = nearest(name, schema["properties"])
    return f"use {near}" if near else "remove it"


def nearest(name, known, likeness=0.6):
    """The known name that is most similar to a misspelled one, if one is similar."""
    by_plain_name = {plain(candidate): candidate for candidate in known}
    near = difflib.get_close_matches(plain(name)[:100], by_plain_name, 1, likeness)
    return by_plain_name[near[0]] if near else None


def plain(name):
    """A name without what people write differently."""
    return re.sub("[_-]", "", str(name)).lower()


def attributes(cfn):
    """Every attribute that the template reads: path, resource, attribute."""
    for *path, value in cfn.search_deep_keys("Fn::GetAtt"):
        parts = value.split(".", 1) if isinstance(value, str) else value
        if isinstance(parts, list) and len(parts) == 2 and all(isinstance(part, str) for part in parts):
            yield path, *parts
    for *path, value in cfn.search_deep_keys("Fn::Sub"):
        text, own = value if isinstance(value, list) and len(value) == 2 else (value, {})
        for name, attribute in re.findall(r"\$\{\s*([A-Za-z0-9]+)\.([^}]+?)\s*\}", text) if isinstance(text, str) else ():
            if f"{name}.{attribute}" not in own:
                yield path, name, attribute
