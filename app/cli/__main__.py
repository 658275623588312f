"""`jobwall`: what a person types. No command reads the settings before it runs, nor does --help."""

import os

import click
from flask.cli import ScriptInfo

from app import __version__, create_app
from app.cli import SECTIONS
from app.cli.params import clear_errors
from app.store.files import PRIVATE


class Jobwall(click.Group):
    """The commands in the order in which a person meets them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Their names."""
        return list(self.commands)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each is for, by section."""
        wide = max(map(len, self.commands))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (f"{one.name:{wide}}", one.get_short_help_str(formatter.width - wide - 4))
                        for one in commands
                    ]
                )

    def invoke(self, ctx: click.Context) -> object:
        """Run what was asked for; trouble with the database is a line, whoever meets it."""
        with clear_errors():
            return super().invoke(ctx)


@click.group(
    cls=Jobwall,
    commands=[command for commands in SECTIONS.values() for command in commands],
    epilog="`jobwall COMMAND --help` tells more; that of `serve` lists the settings.",
)
@click.version_option(__version__, message="jobwall %(version)s")
def jobwall() -> None:
    """A board for the jobs of document-ingestion pipelines.

    `jobwall serve` makes the store, serves the board and prints a link to sign in by. Then
    `jobwall projects create` and `jobwall keys create` let a pipeline report its jobs.
    """


def main() -> None:
    """Run a command on the store that the environment names; what it makes is its user's alone."""
    os.umask(PRIVATE)
    jobwall(prog_name="jobwall", obj=ScriptInfo(create_app=create_app, set_debug_flag=False))


if __name__ == "__main__":
    main()
