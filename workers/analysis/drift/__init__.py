"""Drift between two table profiles: effect sizes, calibrated evidence, a verdict, and everything a page draws."""

from workers.analysis.drift.report import REPORT_VERSION, drift_report
from workers.analysis.drift.settings import Settings

__all__ = ["REPORT_VERSION", "Settings", "drift_report"]
