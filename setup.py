"""Puts what lies beside `app/` in a checkout inside it in a wheel; pyproject.toml says the rest."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FOLDERS = ("templates", "static", "examples", "reporter")
LEFT = shutil.ignore_patterns("__pycache__", "*.egg-info", "build")  # by runs and installations


class BuildWithFolders(build_py):
    """The modules, and the folders that `app.config.ROOT` is the home of."""

    def run(self) -> None:
        """Build; an editable install needs no copies."""
        super().run()
        if not self.editable_mode:
            for folder in FOLDERS:
                target = Path(self.build_lib, "app", folder)
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(folder, target, ignore=LEFT)


setup(cmdclass={"build_py": BuildWithFolders})
