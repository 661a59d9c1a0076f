"""The command ``mujaz``: one file a command, each loaded only when it is called."""

from __future__ import annotations

import errno
import gc
import sys
from collections.abc import Sequence

import click

from aggregator import __version__
from aggregator.cli.context import Context
from aggregator.errors import MujazError

# command -> module of this package that holds a click command of the same name (dashes as underscores)
COMMANDS: dict[str, str] = {
    "run": "run",
    "worker": "worker",
    "fetch": "fetch",
    "export": "export",
    "search": "search",
    "serve": "serve",
    "sources": "sources",
    "story": "story",
    "images": "images",
    "token": "token",
    "parse": "parse",
    "extract": "extract",
    "dedup": "dedup",
    "db": "db",
    "doctor": "doctor",
    "demo": "demo",
}
# what the machine may refuse to any command -> what to tell a person
MACHINE: dict[int, str] = {
    errno.ENOSPC: "The disk is full: free some space and run this again",
    errno.EDQUOT: "Your disk quota is used up: free some space and run this again",
    errno.EFBIG: "The file would be larger than this system allows",
    errno.EROFS: "The disk is read-only: write elsewhere",
    errno.EIO: "The disk reports an error: look at the system's log",
    errno.EMFILE: "Too many files are open: raise the limit (ulimit -n)",
    errno.ENFILE: "Too many files are open on this machine",
}
SHORT_HELP: dict[str, str] = {
    "run": "Fetch what is due, for ever, and serve the page.",
    "worker": "Help with a database that several machines share.",
    "fetch": "Fetch once and show what came.",
    "export": "Write the merged stories as a feed or as data.",
    "search": "Find stories, whatever their spelling.",
    "serve": "Serve the page and the API alone.",
    "sources": "List, add, check, pause and discover sources.",
    "story": "Show, explain, split and merge stories.",
    "images": "List, restore and block reported pictures.",
    "token": "Make and revoke access tokens of the API.",
    "parse": "Feed documents to NDJSON items; stores nothing.",
    "extract": "Article pages to NDJSON articles; stores nothing.",
    "dedup": "NDJSON items to NDJSON verdicts; stores nothing.",
    "db": "Upgrade, check, back up, restore, move and prune the database.",
    "doctor": "Say what is wrong with this installation.",
    "demo": "The whole job, offline, on a built-in newsroom.",
}


class Commands(click.Group):
    """A group that imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in the order of the manual."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Load a command by its name."""
        if name not in COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f"aggregator.cli.{COMMANDS[name]}")
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SHORT_HELP[name]) for name in COMMANDS])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", metavar="FILE", envvar="MUJAZ_CONFIG", help="Configuration file (default: config/mujaz.toml, if there is one).")
@click.option("--data", metavar="DIR", envvar="MUJAZ_DATA", help="Folder for everything Mujaz writes (default: data).")
@click.option("--debug", is_flag=True, help="Log everything; show tracebacks.")
@click.option("--quiet", is_flag=True, help="Log errors only; show no progress.")
@click.version_option(__version__, prog_name="mujaz", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, config: str | None, data: str | None, debug: bool, quiet: bool) -> None:
    """Mujaz (موجز) gathers Arabic news and tells each story once."""
    ctx.obj = Context(config=config, data=data, debug=debug, quiet=quiet)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit status: 0 done, 1 some source failed, 2 wrong use, 3 database or configuration unusable."""
    # looking for cycles after each 700 new objects, in all that is kept of a day's reports, took a tenth of judging
    gc.set_threshold(20_000, 20, 50)
    debug = "--debug" in (sys.argv[1:] if argv is None else argv)
    try:
        result = cli.main(args=list(argv) if argv is not None else None, prog_name="mujaz", standalone_mode=False)
        status = int(result) if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        status = stop.exit_code
    except click.Abort:
        status = _interrupted()
    except KeyboardInterrupt:
        status = _interrupted()
    except click.ClickException as error:
        error.show()
        status = 2
    except MujazError as error:
        if debug:
            raise
        click.echo(f"mujaz: {error}", err=True)
        status = error.exit_status
    except BrokenPipeError:
        # the reader of our output (head, less) has enough: not an error
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError) and error.errno in MACHINE:
            where = f" ({error.filename})" if error.filename else ""
            click.echo(f"mujaz: {MACHINE[error.errno]}{where}.", err=True)
            return 1
        click.echo(
            f"mujaz: an error that should not be: {type(error).__name__}: {error}. Run again with --debug and report what it prints.",
            err=True,
        )
        status = 1
    return status


def _interrupted() -> int:
    click.echo("mujaz: interrupted.", err=True)
    return 130
