"""When a difference counts as drift."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Thresholds on effect sizes (no units, or shares of rows) and the false discovery rate over the whole report."""

    fdr: float = 0.01
    ks: float = 0.1
    wasserstein: float = 0.1
    psi_warn: float = 0.1
    psi: float = 0.25
    categories: float = 0.1
    new_categories: float = 0.01
    missing: float = 0.02
    outside_range: float = 0.001
    evidently: float = 0.1
    evidently_p: float = 0.05
    evidently_share: float = 0.5

    def as_json(self) -> dict[str, Any]:
        """The thresholds by name, for the report."""
        return asdict(self)
