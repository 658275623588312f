"""Reports the jobs of document pipelines to a Jobwall board."""

from jobwall_reporter.job import Job, current
from jobwall_reporter.reporter import Reporter

__all__ = ["Job", "Reporter", "current"]
__version__ = "0.1.0"
