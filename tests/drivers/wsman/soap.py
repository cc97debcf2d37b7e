"""The words of WSMan, as far as an unmodified client needs them (MS-WSMV 3.1.4)."""

from __future__ import annotations

import base64
import re
import uuid
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
NAMES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "rsp": RSP,
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "pwsh": "http://schemas.microsoft.com/powershell",
}
_DECLARED = " ".join(f'xmlns:{short}="{uri}"' for short, uri in NAMES.items())

NOTHING_YET, NO_SHELL, NO_CONFIGURATION = 2150858793, 2150858843, 2150858811
TOO_MANY_SHELLS, TOO_MANY_COMMANDS, NOT_ALLOWED = 2150859173, 2150859174, 5


class Fault(Exception):
    """What the server refuses, by WSMan's own number."""

    def __init__(self, code: int, text: str = "It cannot be done.") -> None:
        super().__init__(code)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Request:
    """One message of a client, taken apart. `at` names the step, as troubles do.

    `idle_s` is how long a session stays that nobody asks anything; a server's own are two hours.
    """

    at: str
    message_id: str
    resource: str
    shell: str
    command: str
    data: bytes
    patience_s: float
    envelope: int
    idle_s: float

    @property
    def is_whole(self) -> bool:
        """Whether the last fragment of a message of PowerShell's is in it (MS-PSRP 2.2.4)."""
        return not self.data or bool(self.data[16] & 0x2)


def parsed(body: bytes) -> Request:
    root = ElementTree.fromstring(body)

    def text(path: str) -> str:
        return (root.findtext(path, "", NAMES) or "").strip()

    action = text("s:Header/a:Action").rpartition("/")[2]
    command, data = "", ""
    stream = root.find("s:Body/*/rsp:DesiredStream", NAMES)
    for found, attribute, inner in (
        (root.find("s:Body/rsp:CommandLine", NAMES), "CommandId", "rsp:Arguments"),
        (root.find("s:Body/rsp:Send/rsp:Stream", NAMES), "CommandId", "."),
        (stream, "CommandId", "none"),
        (root.find("s:Body/rsp:Signal", NAMES), "CommandId", "none"),
        (root.find("s:Body/rsp:Shell", NAMES), "ShellId", "pwsh:creationXml"),
    ):
        if found is not None:
            command = found.get(attribute, "")
            data = (found.text if inner == "." else found.findtext(inner, "", NAMES)) or ""
    request = Request(
        action,
        text("s:Header/a:MessageID"),
        text("s:Header/w:ResourceURI"),
        text("s:Header/w:SelectorSet/w:Selector"),
        command.upper(),
        base64.b64decode(data),
        _seconds(text("s:Header/w:OperationTimeout"), 60.0),
        int(text("s:Header/w:MaxEnvelopeSize") or 512_000),
        _seconds(text("s:Body/rsp:Shell/rsp:IdleTimeOut"), 7200.0),
    )
    at = {"Receive": "Receive" if command else "Opening", "Send": "Send" if request.is_whole else "Part"}
    if action == "Command" and not request.is_whole:
        at["Command"] = "First part"
    object.__setattr__(request, "at", at.get(action, action))
    return request


def _seconds(said: str, otherwise: float) -> float:
    found = re.fullmatch(r"PT([\d.]+)S", said)
    return float(found[1]) if found else otherwise


def answer(request: Request, body: str) -> bytes:
    head = f"<a:MessageID>uuid:{uuid.uuid4()}</a:MessageID><a:RelatesTo>{escape(request.message_id)}</a:RelatesTo>"
    return f"<s:Envelope {_DECLARED}><s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>".encode()


def fault(request: Request, code: int, text: str) -> bytes:
    detail = f'<f:WSManFault Code="{code}" Machine="fe1"><f:Message>{escape(text)}</f:Message></f:WSManFault>'
    return answer(
        request,
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode>"
        f"</s:Code><s:Reason><s:Text>{escape(text)}</s:Text></s:Reason><s:Detail>{detail}</s:Detail></s:Fault>",
    )


def created(shell: str) -> str:
    selector = f'<w:SelectorSet><w:Selector Name="ShellId">{shell}</w:Selector></w:SelectorSet>'
    return (
        f"<x:ResourceCreated><a:ReferenceParameters>{selector}</a:ReferenceParameters></x:ResourceCreated>"
        f"<rsp:Shell><rsp:ShellId>{shell}</rsp:ShellId></rsp:Shell>"
    )


def received(command: str, data: bytes, is_over: bool) -> str:
    told = f' CommandId="{command}"' if command else ""
    stream = f'<rsp:Stream Name="stdout"{told}>{base64.b64encode(data).decode()}</rsp:Stream>'
    over = f'<rsp:CommandState{told} State="{RSP}/CommandState/Done"/>' if is_over and command else ""
    return f"<rsp:ReceiveResponse>{stream}{over}</rsp:ReceiveResponse>"
