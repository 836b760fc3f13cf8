"""Compares the three validators on random policies: `python -m differential [--seconds 600] [--seed TEXT]`.

Prints how often each row of the table explained a difference, and every difference that no row explains. The exit
status is 1 if there is one. The same seed makes the same documents.
"""

import argparse
import collections
import sys
import time

from . import documents, validators
from .comparison import compare
from .differences import OF_OTHERS, OURS

MOST_SHOWN = 20


def main():
    parser = argparse.ArgumentParser(prog="differential", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", default=str(time.time_ns()))
    arguments = parser.parse_args()
    sys.exit(run(arguments.seconds, arguments.seed, sys.stdout))


def run(seconds, seed, output):
    """Compares for this number of seconds; 0 if the table explains every difference."""

    def say(text):
        print(text, file=output, flush=True)

    say(f"Comparing our validation with moto's and parliament's for {seconds:g} s (seed {seed})")
    started = time.monotonic()
    reported = started
    number = 0
    verdicts = collections.Counter()
    explained = collections.Counter()
    unexplained = 0
    with validators.Ours() as ours:
        while (now := time.monotonic()) < started + seconds:
            if now >= reported + 30:
                reported = now
                say(f"  … {now - started:.0f} s: {number} documents, {unexplained} unexplained differences")
            document = documents.make(seed, number)
            outcome = compare(ours, document)
            refusing = [name for name, refused in [("we", outcome.ours), *outcome.others.items()] if refused]
            verdicts[" and ".join(refusing) or "none"] += 1
            explained.update({row.reason for row in outcome.explained})
            if outcome.unexplained:
                unexplained += 1
                if unexplained <= MOST_SHOWN:
                    say(f"Document {number} of seed {seed}, for the partition {document.partition}:\n{document.text}")
                    for difference in outcome.unexplained:
                        say(f"  {difference}")
            number += 1
    say("Who refused the documents:")
    for names, count in verdicts.most_common():
        say(f"{count:10}  {names}")
    say("What explains the differences:")
    rows = {row.reason for row in [*OF_OTHERS["moto"], *OF_OTHERS["parliament"], *OURS]}
    for reason, count in explained.most_common():
        say(f"{count:10}  {reason}")
    for reason in sorted(rows - set(explained)):
        say(f"{0:10}  {reason}")
    say(
        f"{number} documents in {time.monotonic() - started:.0f} s (seed {seed}): {unexplained} unexplained differences"
    )
    return 1 if unexplained else 0


if __name__ == "__main__":
    main()
