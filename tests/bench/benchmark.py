"""The whole benchmark, in order."""

from . import audit, certificate, cpu_share, functions, judgement, machine, measurement, packages
from .account import Account
from .results import Results
from .settings import OUTPUT


def run(settings, progress):
    OUTPUT.mkdir(parents=True, exist_ok=True)
    trust = certificate.make(OUTPUT / "certificates", functions.usual_roots())
    built = functions.build(trust, progress)
    conditions, gaps = settings.conditions, []
    if any(condition.throttled for condition in conditions) and (reason := cpu_share.why_unavailable()):
        gaps.append(f"Not measured with the CPU share of 128 MB. {reason}")
        conditions = tuple(condition for condition in conditions if not condition.throttled)
    account = Account()
    series = measurement.measure(built, conditions, settings.rounds, account, trust.server, progress)
    audits = []
    for throttled in sorted({condition.throttled for condition in conditions}):
        for roles in settings.audited_roles:
            progress(f"Audit of {roles} roles{', CPU share of 128 MB' if throttled else ''}")
            audits.append(audit.measure(built[0], roles, throttled, min(settings.rounds, 5), account, trust.server))
    rows = []
    if settings.judgement:
        progress("Judgement of a large policy (the first time compiles the core) ...")
        rows = judgement.measure()
    return Results(
        functions=built,
        conditions=conditions,
        rounds=settings.rounds,
        series=series,
        sizes={function.name: packages.size(function) for function in built},
        audits=audits,
        judgement=rows,
        gaps=gaps,
        machine=machine.describe(built),
    )
