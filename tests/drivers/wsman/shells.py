"""Shells of PowerShell behind the server: runspaces, pipelines, and what they answer, from a test's own table."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psrpcore import PSRPPayload, ServerPipeline, ServerRunspacePool, StreamType
from psrpcore._payload import PSRPMessage, create_message
from psrpcore.types import (
    ErrorCategory,
    ErrorCategoryInfo,
    ErrorRecord,
    NETException,
    ProgressRecordType,
    PSInvocationState,
    PSRPMessageType,
)

from tests.drivers.wsman import soap
from tests.drivers.wsman.soap import Fault, Request

_FRAGMENT = 32 * 1024
_MESSAGES = {
    "PIPELINE_OUTPUT": PSRPMessageType.PipelineOutput,
    "PIPELINE_STATE": PSRPMessageType.PipelineState,
    "ERROR_RECORD": PSRPMessageType.ErrorRecord,
    "WARNING_RECORD": PSRPMessageType.WarningRecord,
    "VERBOSE_RECORD": PSRPMessageType.VerboseRecord,
    "DEBUG_RECORD": PSRPMessageType.DebugRecord,
    "PROGRESS_RECORD": PSRPMessageType.ProgressRecord,
    "INFORMATION_RECORD": PSRPMessageType.InformationRecord,
    "PIPELINE_HOST_CALL": PSRPMessageType.PipelineHostCall,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One command of a pipeline as it came: a cmdlet by its name, or the text of a script."""

    text: str
    is_script: bool
    arguments: Mapping[str, Any]


class Voice:
    """What a command says while it runs; it ends well unless it `fails`."""

    def __init__(self, shell: Shell, pipeline: ServerPipeline) -> None:
        self._shell, self._pipeline = shell, pipeline
        self.is_over = False

    def output(self, value: Any) -> None:
        self._pipeline.write_output(value)
        self._shell.pump()

    def raw(self, kind: str, clixml: str) -> None:
        """A message as it was recorded."""
        kind_of = _MESSAGES[kind]
        pool, id = self._shell.pool, self._pipeline.pipeline_id
        data = create_message(False, kind_of, clixml.encode(), pool.runspace_pool_id, id)
        number = pool._fragment_counter
        pool._send_buffer.append(PSRPMessage(kind_of, bytearray(data), pool.runspace_pool_id, id, number))
        self.is_over |= kind == "PIPELINE_STATE"
        self._shell.pump()

    def warning(self, text: str) -> None:
        self._pipeline.write_warning(text)
        self._shell.pump()

    def progress(self, activity: str, status: str, percent: int = -1) -> None:
        self._pipeline.write_progress(
            activity, 1, status, percent_complete=percent, record_type=ProgressRecordType.Processing
        )
        self._shell.pump()

    def error(self, id: str, text: str, activity: str = "", target: str = "") -> None:
        """One that does not end the command."""
        self._pipeline.write_error(
            NETException(Message=text),
            _category(activity, target),
            target or None,
            id,
        )
        self._shell.pump()

    def fails(self, id: str, text: str, activity: str = "", target: str = "") -> None:
        record = ErrorRecord(
            Exception=NETException(Message=text), CategoryInfo=_category(activity, target), FullyQualifiedErrorId=id
        )
        self._pipeline._change_state(PSInvocationState.Failed, error=record)
        self.is_over = True
        self._shell.pump()

    def ends(self) -> None:
        if not self.is_over:
            self._pipeline.complete()
            self.is_over = True
            self._shell.pump()


Answers = Callable[[Asked, Voice], Awaitable[None]]
"""Runs one command: everything that happens on the server happens in it."""


class Lost(ConnectionResetError):
    """What became of a command never reaches whoever sent it: the connection breaks where its answer is waited for."""


@dataclass
class _Running:
    pipeline: ServerPipeline
    task: asyncio.Task[None] | None = None
    is_over: bool = False
    is_lost: bool = False


@dataclass
class Shell:
    """One runspace pool, as one session of a user has it."""

    answers: Answers
    pool: ServerRunspacePool = field(default_factory=ServerRunspacePool)
    commands: dict[str, _Running] = field(default_factory=dict)
    waiting: dict[str, deque[bytes]] = field(default_factory=lambda: {"": deque()})
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    runspaces: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    failures: list[Exception] = field(default_factory=list)
    idle_s: float = 0.0

    def open(self, request: Request) -> None:
        self._take(request.data)
        self.idle_s = request.idle_s
        self.runspaces = asyncio.Semaphore(max(1, self.pool.max_runspaces))

    def command(self, request: Request) -> None:
        running = _Running(ServerPipeline(self.pool, uuid.UUID(request.command)))
        self.commands[request.command] = running
        self.waiting[request.command] = deque()
        self.send(request)

    def send(self, request: Request) -> None:
        self._take(request.data)
        running = self._running(request)
        if running.task is None and running.pipeline.metadata is not None:
            running.task = asyncio.create_task(self._run(request.command, running))

    async def receive(self, request: Request) -> tuple[bytes, bool]:
        """What there is to say, as much of it as fits; whether that was all. Raises Fault when there is nothing."""
        if request.command:
            self._running(request)
        waiting = self.waiting[request.command]
        async with self.news:
            try:
                async with asyncio.timeout(request.patience_s):
                    await self.news.wait_for(lambda: waiting or self._is_lost(request.command))
            except TimeoutError:
                raise Fault(soap.NOTHING_YET, "The operation timed out.") from None
        if not waiting:
            raise Lost
        room, taken = (request.envelope - 4_000) * 3 // 4, b""
        while waiting and (not taken or len(taken) + len(waiting[0]) <= room):
            taken += waiting.popleft()
        return taken, not waiting and request.command != "" and self._running(request).is_over

    async def signal(self, request: Request) -> None:
        running = self._running(request)
        if running.task and not running.is_over:
            running.task.cancel()
            await asyncio.wait([running.task])

    def close(self) -> None:
        for running in self.commands.values():
            if running.task:
                running.task.cancel()

    def pump(self) -> None:
        """What PowerShell has to send, cut into fragments, to whom it is for."""
        while payload := self.pool.data_to_send(_FRAGMENT):
            id = str(payload.pipeline_id).upper() if payload.pipeline_id else ""
            self.waiting.setdefault(id, deque()).append(bytes(payload.data))
        self._keep(asyncio.create_task(self._tell()))

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()

    async def _run(self, id: str, running: _Running) -> None:
        running.pipeline.state = PSInvocationState.Running
        try:
            async with self.runspaces:
                voice = Voice(self, running.pipeline)
                for one in running.pipeline.metadata.commands:
                    await self.answers(Asked(one.command_text, one.is_script, _arguments(one.parameters)), voice)
                voice.ends()
        except asyncio.CancelledError:
            running.pipeline.stop()
        except Lost:
            running.is_lost = True
        except Exception as error:
            self.failures.append(error)
        finally:
            running.is_over = True
            self.pump()

    def _take(self, data: bytes) -> None:
        self.pool.receive_data(PSRPPayload(data, StreamType.default, None))
        while self.pool.next_event():
            pass
        self.pump()

    def _is_lost(self, command: str) -> bool:
        return command in self.commands and self.commands[command].is_lost

    def _running(self, request: Request) -> _Running:
        if request.command not in self.commands:
            raise Fault(soap.NO_SHELL, "The command is not there.")
        return self.commands[request.command]

    def _keep(self, task: asyncio.Task[None]) -> None:
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def _arguments(given: list[tuple[str | None, Any]]) -> dict[str, Any]:
    return {str(name): value for name, value in given}


def _category(activity: str, target: str) -> ErrorCategoryInfo:
    return ErrorCategoryInfo(
        Category=ErrorCategory.InvalidOperation,
        Activity=activity,
        Reason="InvalidOperationException",
        TargetName=target,
        TargetType="String" if target else "",
    )
