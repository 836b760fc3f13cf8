"""Replaces conditions that are always true, so that stackset.yaml neither defines nor asks for them."""

from .failure import CannotGenerate


def fold(template, always_true):
    """The template without these conditions: `!If` becomes its first branch, a `Condition` of a resource or output goes."""
    defined = template.get("Conditions", {})
    for name in always_true:
        if name not in defined:
            raise CannotGenerate(f"patch.yaml says that {name} is always true, but template.yaml has no such condition.")
    kept = {name: condition for name, condition in defined.items() if name not in always_true}
    for name, condition in kept.items():
        for other in always_true:
            if _depends_on(condition, other):
                raise CannotGenerate(
                    f"The condition {name} depends on {other}, which patch.yaml says is always true. Change {name} in patch.yaml "
                    f"or write it in template.yaml without {other}."
                )
    return {section: kept if section == "Conditions" else _folded(value, always_true) for section, value in template.items()}


def _depends_on(value, name):
    if isinstance(value, dict):
        return value == {"Condition": name} or any(_depends_on(item, name) for item in value.values())
    return isinstance(value, list) and any(_depends_on(item, name) for item in value)


def _folded(value, always_true):
    if isinstance(value, list):
        return [_folded(item, always_true) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Fn::If": [str(name), then, _]} if name in always_true:
            return _folded(then, always_true)
    return {
        key: _folded(item, always_true)
        for key, item in value.items()
        if not (key == "Condition" and isinstance(item, str) and item in always_true)
    }
