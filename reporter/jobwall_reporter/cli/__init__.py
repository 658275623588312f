"""`jobwall-report`: any program as a job, and history in bulk."""
