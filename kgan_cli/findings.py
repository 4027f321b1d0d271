"""What `kgan data check` and `kgan data prepare` say of a folder of images."""

from collections.abc import Sequence

from kgan.data.checking import FIXES, Report
from kgan.data.preparing import Outcome


def describe(report: Report, listed: int | None) -> str:
    """Returns what a check found, in words: a paragraph a kind, and a summary.

    Args:
        report: What was found.
        listed: How many files to name of each kind; None for all.
    """
    lines = []
    for kind, fix in FIXES.items():
        found = [finding for finding in report.findings if finding.kind == kind]
        if found:
            lines.append(f"{kind} ({len(found):,}): {fix}")
            lines += [f"  {finding.file}: {finding.detail}" for finding in found[:listed]]
            lines += _more(len(found), listed, "--all names them")
            lines.append("")
    parts = ", ".join(f"{part} {count:,}" for part, count in report.counts.items())
    sides = {None: "", True: "; A and B taken for pairs", False: "; A and B taken for unpaired"}[report.paired]
    total = len(report.facts)
    verdict = (
        f"{report.bad_files:,} of {total:,} images have something wrong; "
        f"a clean copy: kgan data prepare {report.folder} OUT"
        if report.findings
        else f"{total:,} images, nothing wrong"
    )
    return "\n".join([*lines, f"{report.folder}: {parts}{sides}", verdict])


def describe_outcomes(outcomes: Sequence[Outcome], listed: int) -> str:
    """Returns what a preparation left out, all of it, and changed, the first `listed`, and how much of everything."""
    left_out, changed, copied = (
        [outcome for outcome in outcomes if outcome.outcome == what] for what in ("left out", "changed", "copied")
    )
    lines = [f"left out: {outcome.file}: {outcome.why}" for outcome in left_out]
    lines += [f"changed: {outcome.file}: {outcome.why}" for outcome in changed[:listed]]
    lines += _more(len(changed), listed, "prepared.csv names them")
    return "\n".join([*lines, f"{len(copied):,} copied, {len(changed):,} changed, {len(left_out):,} left out"])


def _more(count: int, listed: int | None, where: str) -> list[str]:
    return [f"  and {count - listed:,} more; {where}"] if listed is not None and count > listed else []
