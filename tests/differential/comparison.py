"""Judges a document by all three validators, and explains by the table where they differ."""

import copy
import json
import re
from dataclasses import dataclass, field

from . import validators
from .differences import ADVICE, OF_OTHERS, OURS


@dataclass
class Outcome:
    """What the validators say of a document, and the rows of the table that explain their differences."""

    ours: list
    others: dict
    explained: list = field(default_factory=list)
    unexplained: list = field(default_factory=list)


def compare(ours, document):
    """What one of the others refuses must be refused by us, and the other way round, unless a row explains it."""
    others = {
        "moto": validators.moto(document.text),
        "parliament": _refusals(validators.parliament(document.text)),
    }
    outcome = Outcome(ours.problems(document.text, document.partition), others)
    if outcome.ours and not any(others.values()):
        for problem in outcome.ours:
            row = next((row for row in OURS if re.search(row.pattern, problem)), None)
            if row:
                outcome.explained.append(row)
            else:
                outcome.unexplained.append(f"only we refuse it: {problem}")
    if not outcome.ours:
        for name, refusals in others.items():
            if refusals:
                _explain(ours, document, name, outcome)
    return outcome


def _refusals(findings):
    return [finding for finding in findings if not re.match(ADVICE, finding)]


def _judged(name, text):
    return validators.moto(text) if name == "moto" else _refusals(validators.parliament(text))


def _explain(ours, document, name, outcome):
    """Takes out of the document what rows of the table explain, until the other validator accepts it, too.

    A row explains a refusal only if the other validator no longer gives it for the document without the row's feature.
    One feature is taken out at a time. Only if that changes nothing, several are: one sentence of moto stands for many
    problems.
    """
    policy = json.loads(document.text)
    refusals = outcome.others[name]
    while refusals:
        rows = [row for row in OF_OTHERS[name] if any(re.search(row.pattern, refusal) for refusal in refusals)]
        for group in [*([row] for row in rows), rows]:
            without = copy.deepcopy(policy)
            taken_out = [row for row in group if _changes(row, without)]
            text = json.dumps(without)
            if taken_out and not ours.problems(text, document.partition):
                remaining = _judged(name, text)
                if remaining != refusals:
                    policy, refusals = without, remaining
                    outcome.explained += taken_out
                    break
        else:
            outcome.unexplained.append(f"we accept what {name} refuses: {refusals[0]}")
            return


def _changes(row, policy):
    before = copy.deepcopy(policy)
    row.take_out(policy)
    # Also where Python takes two values of different types for equal.
    return json.dumps(policy) != json.dumps(before)
