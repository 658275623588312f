"""What tests share: a test module imports from here, and from no other test module."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
