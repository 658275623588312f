"""The ledger: the only code that writes jobs.

`fields` and `report` check what arrives, `merge` says what it means, `counts` what it counts,
`record` stores all of it in one transaction, `audit` recounts.
"""
