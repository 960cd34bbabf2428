# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cedar, and the pitfalls of its Python binding in one place.

Rules are parsed once per bundle and keyed by their own `@id` (the binding's ids are positional). A forbid clause
whose condition fails to compute leaves Cedar's decision at Allow, and a request that does not fit the schema gives
NoDecision: here any error and any NoDecision is a refusal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from cedarpy import Decision, PolicySet, Schema, is_authorized_batch, policies_to_json_str, validate_policies

from sunporch.docket.fields import Refused, Text
from sunporch.policy.errors import FORMAT_NEWER, RULES_REFUSED

FAILED = "rules.error"  # the clause of a refusal that no clause gave a reason for
MOST_CLAUSES = 300


@dataclass(frozen=True)
class Rule:
    """One clause as written: its effect, the actions it is about, and what it cites."""

    id: str
    effect: str
    action: str
    cite: str


@dataclass(frozen=True)
class Rules:
    """Rules ready to be asked."""

    rules: Mapping[str, Rule]
    _policies: PolicySet
    _schema: Schema

    def forbidding(self, action: str, agency: str, facts: Mapping[str, Any], more: str = "") -> list[list[str]]:
        """Return for the action (and for `more`, if given) the sorted ids of all clauses that forbid; none permits.

        `rules.error` stands for a condition that could not be computed, or for a missing permit.
        """
        names = [action, more] if more else [action]
        questions = [
            {
                "principal": {"type": "Agency", "id": agency},
                "action": {"type": "Action", "id": name},
                "resource": {"type": "Town", "id": "town"},
                "context": dict(facts),
            }
            for name in names
        ]
        answers = is_authorized_batch(questions, self._policies, "[]", self._schema)
        found = []
        for answer in answers:
            forbids = {name for name in answer.diagnostics.reasons if self.rules[name].effect == "forbid"}
            if answer.diagnostics.errors or (answer.decision is not Decision.Allow and not forbids):
                forbids.add(FAILED)
            found.append(sorted(forbids))
        return found


def schema_text() -> str:
    """Return the schema of `sunporch/policy/v1`: the facts that this software computes."""
    return (resources.files("sunporch.policy") / "rules" / "schema.cedarschema").read_text(encoding="utf-8")


def parse(untrusted_rules: str, untrusted_schema: str) -> Rules:
    """Return the rules; raise `policy.cedar-refused`, or `policy.format-unknown` for another schema than ours.

    Every clause needs its own `@id`, every forbid clause a `@cite`, and an action that the schema knows.
    """
    if untrusted_schema != schema_text():
        raise FORMAT_NEWER(where="schema", format="its schema asks for other facts")
    try:
        tree = json.loads(policies_to_json_str(untrusted_rules))
    except ValueError as error:
        raise RULES_REFUSED(where="cedar", reason=str(error)) from error
    checked = validate_policies(untrusted_rules, untrusted_schema)
    if not checked.validation_passed:
        raise RULES_REFUSED(where="cedar", reason="; ".join(str(error) for error in checked.errors))
    if tree["templates"] or len(tree["staticPolicies"]) > MOST_CLAUSES:
        raise RULES_REFUSED(where="cedar", reason=f"templates, or more than {MOST_CLAUSES} clauses")
    policies: dict[str, Any] = {}
    rules: dict[str, Rule] = {}
    for policy in tree["staticPolicies"].values():
        rule = _rule(policy)
        if rule.id in rules:
            raise RULES_REFUSED(where=rule.id, reason="the clause stands twice")
        rules[rule.id] = rule
        policies[rule.id] = policy
    keyed = json.dumps({"staticPolicies": policies, "templates": {}, "templateLinks": []})
    return Rules(rules, PolicySet.from_json_str(keyed), Schema.from_str(untrusted_schema))


def _rule(policy: dict[str, Any]) -> Rule:
    notes, action = policy.get("annotations", {}), policy["action"]
    name = notes.get("id", "")
    if not name:
        raise RULES_REFUSED(where="cedar", reason="a clause has no @id")
    if action["op"] != "==":
        raise RULES_REFUSED(where=name, reason="a clause must name exactly one action")
    cite = notes.get("cite") or ""
    if policy["effect"] == "forbid" or cite:
        try:
            Text().read(cite)
        except Refused as refused:
            raise RULES_REFUSED(where=name, reason=f"the @cite of a clause is not {refused.wanted}") from refused
    return Rule(name, policy["effect"], action["entity"]["id"], cite)
