"""The rules of a SARIF log: each contract is one, since that is what people look for, with its kind's page as help."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress_scanner.report._pages import kind_page
from buttress_scanner.report._sarif_limits import NAME, RULES, shortened

if TYPE_CHECKING:
    from buttress_scanner.findings.report_model import Report


@dataclass(frozen=True, slots=True)
class Rule:
    """A contract, or what findings that belong to none have in place of it."""

    id: str
    kind: str
    because: str = ""
    source: str = ""


def rules_of(report: Report) -> list[Rule]:
    """Return the contracts in the order of the configuration, then what else findings name."""
    rules = {result.id: Rule(result.id, result.kind, result.because, result.source) for result in report.contracts}
    for finding in report.findings:
        rules.setdefault(finding.contract, Rule(finding.contract, finding.kind, finding.because))
    return list(rules.values())[:RULES]


def written(rule: Rule) -> dict[str, object]:
    """Write a rule; its title is the reason of the contract, which says more than the description of its kind."""
    page = kind_page(rule.kind)
    summary = page.summary if page else f"A contract of the kind {rule.kind}."
    title = rule.because or summary
    told = [f"**Kind:** `{rule.kind}`. {summary}"]
    told += [f"**Because:** {rule.because}"] if rule.because else []
    told += [f"**Source:** {rule.source}"] if rule.source else []
    return {
        "id": rule.id,
        "name": shortened("".join(part.capitalize() for part in re.split("[._-]", rule.id)), NAME),
        "shortDescription": {"text": shortened(title)},
        "fullDescription": {"text": shortened(f"{title}\n{summary}" if title != summary else summary)},
        "help": {
            "text": "\n".join(told).replace("**", "").replace("`", ""),
            "markdown": "\n\n".join([*told, page.markdown]) if page else "\n\n".join(told),
        },
        "properties": {"tags": ["architecture", rule.kind], "precision": "high"},
    }
