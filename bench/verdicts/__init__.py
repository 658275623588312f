"""`make verdicts`: weeks of made-up pipelines with labelled incidents, read by the real rules."""
