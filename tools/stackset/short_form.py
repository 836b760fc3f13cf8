"""CloudFormation values as text, with the short forms of intrinsic functions. For values that no one has written yet."""

import yaml

WIDTH = 120


def lines(key, value, indent):
    """`key: value`, in one line if it fits."""
    if not isinstance(value, (dict, list)):
        return [yaml.safe_dump({key: value}, width=float("inf")).rstrip("\n")]
    line = f"{key}: {inline(value)}"
    function, argument = _function(value)
    items = argument if function else value
    if indent + len(line) <= WIDTH or not isinstance(items, list):
        return [line]
    return [f"{key}: {function or ''}".rstrip(), *(f"  - {inline(item)}" for item in items)]


def inline(value):
    function, argument = _function(value)
    if function == "!GetAtt" and isinstance(argument, list):
        return f"{function} {'.'.join(argument)}"
    if function and _function(argument)[0] is None:
        return f"{function} {inline(argument)}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(key)}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    # As it is written within a list, where more characters need quotes.
    return yaml.safe_dump([value], default_flow_style=True, width=float("inf")).strip()[1:-1]


def is_function(value):
    return _function(value)[0] is not None


def _function(value):
    """The short form and the argument of an intrinsic function. Within a list, `Condition` is one, too."""
    if isinstance(value, dict) and len(value) == 1:
        [(name, argument)] = value.items()
        if name == "Ref" or name.startswith("Fn::"):
            return f"!{name.removeprefix('Fn::')}", argument
    return None, None
