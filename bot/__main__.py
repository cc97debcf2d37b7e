"""The command line: `python -m bot`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

from bot.domain.errors import BotError
from bot.settings.settings import load

Environ = Mapping[str, str]
Run = Callable[[argparse.Namespace, Environ], int]
"""Does one command and answers its exit code; what it needs is imported only then, so `inspect` starts at once."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A positional argument, or an option when `name` begins with dashes; without a metavar it is a switch.

    An option with several metavars takes as many values; one of `many` may be given again.
    """

    name: str
    help: str
    metavar: str | tuple[str, ...] | None = None
    many: bool = False

    def add(self, parser: argparse.ArgumentParser) -> None:
        if self.metavar is None:
            parser.add_argument(self.name, help=self.help, action="store_true")
        elif self.many:
            parser.add_argument(self.name, help=self.help, metavar=self.metavar, action="append", default=[])
        elif isinstance(self.metavar, tuple):
            parser.add_argument(self.name, help=self.help, metavar=self.metavar, nargs=len(self.metavar))
        else:
            parser.add_argument(self.name, help=self.help, metavar=self.metavar)


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    help: str
    run: Run
    arguments: tuple[Argument, ...] = ()


def imported_app() -> ModuleType:
    """`bot.app`, imported late. It is all there to stay, so that nobody ever looks for garbage in it."""
    gc.disable()
    try:
        from bot import app
    finally:
        gc.freeze()
        gc.enable()
    return app


def serve(args: argparse.Namespace, environ: Environ) -> int:
    settings = load(environ)
    asyncio.run(imported_app().serve(settings))
    return 0


def demo(args: argparse.Namespace, environ: Environ) -> int:
    settings = load(environ)
    from bot.commands.demo import demo as show_everything

    asyncio.run(show_everything(settings, Path(args.export) if args.export else None))
    return 0


def status(args: argparse.Namespace, environ: Environ) -> int:
    settings = load(environ)
    from bot.commands.status import status as standing

    say(asyncio.run(standing(settings)))
    return 0


def backups(args: argparse.Namespace, environ: Environ) -> int:
    settings = load(environ)
    from bot.commands import backups as kept

    if args.save:
        id, file = args.save
        say([asyncio.run(kept.saved(settings, args.pool, id, Path(file)))])
    else:
        say(asyncio.run(kept.listed(settings, args.pool)))
    return 0


def report(args: argparse.Namespace, environ: Environ) -> int:
    settings = load(environ)
    from bot.commands import report as reports

    say(asyncio.run((reports.log if args.log else reports.report)(settings, args.of)))
    return 0


def timeline(args: argparse.Namespace, environ: Environ) -> int:
    settings = load(environ)
    from bot.commands import report as reports

    say(asyncio.run(reports.timeline(settings, args.of)))
    return 0


def new_key(args: argparse.Namespace, environ: Environ) -> int:
    from storage.vault import sealing

    key = sealing.fresh()
    (fingerprint,) = sealing.parse(key).fingerprints
    say([key, f"Its fingerprint is {fingerprint}. Put it first in {sealing.VARIABLE}, before older keys; keep a copy."])
    return 0


def restore_from_mirror(args: argparse.Namespace, environ: Environ) -> int:
    """0 when every backup was restored, 1 when some could not be."""
    settings = load(environ)
    from bot.commands import restore as restoring

    return asyncio.run(restoring.restore_from_mirror(settings, lambda line: say([line])))


def accept_loss(args: argparse.Namespace, environ: Environ) -> int:
    settings = load(environ)
    from bot.commands import accept

    say(asyncio.run(accept.accept_loss(settings)))
    return 0


def check(args: argparse.Namespace, environ: Environ) -> int:
    """0 when nothing is missing, 1 when something is."""
    from bot.commands import check as checks

    if args.manifest:
        return show(checks.http_manifest(checks.manifest(), args.manifest), [], as_json=True)
    missing = asyncio.run(checks.check(load(environ), lambda line: say([line])))
    say(missing or ["Nothing is missing."])
    return 1 if missing else 0


def endpoint(args: argparse.Namespace, environ: Environ) -> int:
    from bot.commands.endpoint import endpoint as write
    from bot.drivers.winrm.constrained.setup import FOLDER, Setup

    account = (args.account or "").removesuffix("$")
    setup = Setup(args.server or "", account, args.caller or "", args.exchange or FOLDER, tuple(args.store))
    say(write(Path(args.folder), setup))
    return 0


def inspect(args: argparse.Namespace, environ: Environ) -> int:
    from bot.exports import look as exports

    return show(*exports.inspect_export(Path(args.export)), as_json=args.json)


def diff(args: argparse.Namespace, environ: Environ) -> int:
    """0 when the two hold the same, 1 when they differ, as diff(1) does."""
    from bot.exports import look as exports

    facts, lines = exports.diff_exports(Path(args.old), Path(args.new))
    show(facts, lines, as_json=args.json)
    return 0 if facts["equal"] else 1


_RUN = Argument("of", "the id of a run, as its card shows it", "RUN")
_JSON = Argument("--json", "print JSON for programs")
COMMANDS = (
    Command("serve", "run the bot, in Socket Mode or over HTTP", serve),
    Command(
        "demo",
        "run everything on this machine, with simulated pools and a stand-in for Slack",
        demo,
        (Argument("--export", "fill the first pool from this export", "FILE.zip"),),
    ),
    Command(
        "check",
        "say what is missing before the bot can work in a real workspace",
        check,
        (Argument("--manifest", "print the app's manifest for HTTP at this address instead", "URL"),),
    ),
    Command("status", "say where every pool and every open run stands", status),
    Command(
        "report",
        "print what a run came to: how long each part took, and every row, as Markdown",
        report,
        (
            _RUN,
            Argument("--log", "print its audit log for programs instead, a JSON object a line"),
        ),
    ),
    Command("timeline", "say what happened in a run, with who and when, and what is still open", timeline, (_RUN,)),
    Command("new-key", "make a key that seals backups, and say its fingerprint", new_key),
    Command(
        "backups",
        "list the kept backups of a pool, or write one back to a file",
        backups,
        (
            Argument("pool", "a pool, in full or in short", "POOL"),
            Argument("--save", "write this backup to a new file, byte for byte as it was exported", ("ID", "FILE.zip")),
        ),
    ),
    Command("restore-from-mirror", "fill an empty Redis from the off-site copy alone", restore_from_mirror),
    Command("accept-loss", "go on with what is left in SWITCHBACK_DATA when some of it is missing", accept_loss),
    Command(
        "endpoint",
        "write a constrained endpoint for real servers into a new folder",
        endpoint,
        (
            Argument("folder", "a new folder", "FOLDER"),
            Argument("--server", "for which servers: 2013, 2015 or 2019", "VERSION"),
            Argument("--account", "the group managed service account that does the work", "DOMAIN\\NAME"),
            Argument("--caller", "the account or group that may use it", "DOMAIN\\NAME"),
            Argument("--exchange", "where exports are exchanged on the server (C:\\Switchback)", "FOLDER"),
            Argument("--store", "a folder of recordings in a file store; may be given again", "FOLDER", many=True),
        ),
    ),
    Command("inspect", "say what an export holds", inspect, (Argument("export", "an export", "EXPORT.zip"), _JSON)),
    Command(
        "diff",
        "say what differs between two exports, object by object",
        diff,
        (Argument("old", "the older export", "OLD.zip"), Argument("new", "the newer export", "NEW.zip"), _JSON),
    ),
)


def parser(commands: Iterable[Command]) -> argparse.ArgumentParser:
    """Every command as a subcommand; `args.run` is what does it."""
    top = argparse.ArgumentParser(
        "python -m bot", description="Backs up Response Groups and walks people through failover and failback."
    )
    below = top.add_subparsers(required=True, metavar="COMMAND")
    for command in commands:
        one = below.add_parser(command.name, help=command.help, description=command.help)
        one.set_defaults(run=command.run)
        for argument in command.arguments:
            argument.add(one)
    return top


def show(facts: Mapping[str, Any], lines: Iterable[str], *, as_json: bool) -> int:
    say(json.dumps(facts, indent=2).splitlines() if as_json else lines)
    return 0


def say(lines: Iterable[str], to: TextIO | None = None) -> None:
    """Prints lines; names come from strangers' files, so nothing in them may steer the terminal."""
    for line in lines:
        print("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line), file=to)


def main(argv: Sequence[str], environ: Environ, commands: Iterable[Command] = COMMANDS) -> int:
    """Runs one command and answers its exit code: 2 when it could not be done, with the reason on stderr.

    No stack trace reaches a user; an unforeseen error is named by kind and place, since its text may hold a secret.
    """
    args = parser(commands).parse_args(argv)
    try:
        code = args.run(args, environ)
        sys.stdout.flush()
        return code
    except BotError as fault:
        say(fault.sentence.splitlines(), sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read this has gone, as `head` does; the interpreter must not try to flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as fault:
        place = traceback.extract_tb(fault.__traceback__)[-1]
        where = f"{type(fault).__name__} in {Path(place.filename).name}, line {place.lineno}"
        print(f"Something went wrong that nobody foresaw ({where}). Please report it.", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
