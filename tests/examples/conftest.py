"""The pipeline is a script with modules beside it: make them importable as it sees them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))
