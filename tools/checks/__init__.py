"""Static checks of changes: a gate for what cannot work, findings for what looks odd, fingerprints of patches."""

from tools.checks.fingerprint import normalised_ast, patch_fingerprint
from tools.checks.gate import check_changes, gate
from tools.checks.model import Finding, FindingKind, Severity

__all__ = [
    "Finding",
    "FindingKind",
    "Severity",
    "check_changes",
    "gate",
    "normalised_ast",
    "patch_fingerprint",
]
