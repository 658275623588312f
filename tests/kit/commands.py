"""`jobwall`, as people run it: the script that an installation makes, in a process of its own."""

import sys
from pathlib import Path

JOBWALL = str(Path(sys.executable).with_name("jobwall"))
