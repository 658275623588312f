"""The only code that reads jobs: a module per subject, plain frozen objects out (`views`)."""
