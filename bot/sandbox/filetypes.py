"""What Slack calls the types of files, by the ending of their names."""

from dataclasses import dataclass

PICTURES = frozenset({"gif", "jpg", "png"})


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of file; `name` is Slack's own short word for it."""

    name: str
    mimetype: str
    pretty: str

    @property
    def is_picture(self) -> bool:
        """Whether Slack shows it as an image block (docs: png, jpg, jpeg and gif)."""
        return self.name in PICTURES


BINARY = FileType("binary", "application/octet-stream", "Binary")
ROWS = (
    FileType("csv", "text/csv", "CSV"),
    FileType("gif", "image/gif", "GIF"),
    FileType("jpg", "image/jpeg", "JPEG"),
    FileType("json", "application/json", "JSON"),
    FileType("mp3", "audio/mpeg", "MP3"),
    FileType("pdf", "application/pdf", "PDF"),
    FileType("png", "image/png", "PNG"),
    FileType("text", "text/plain", "Plain Text"),
    FileType("wav", "audio/wav", "WAV"),
    FileType("xml", "application/xml", "XML"),
    FileType("zip", "application/zip", "Zip"),
)
KNOWN = {row.name: row for row in ROWS}
SPELT_OTHERWISE = {"jpeg": "jpg", "log": "text", "txt": "text"}


def ending_of(name: str) -> str:
    """The ending of a file's name without its dot, in small letters; empty when it has none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def is_known(ending: str) -> bool:
    """Whether this ending is one of a type that Slack knows."""
    return SPELT_OTHERWISE.get(ending, ending) in KNOWN


def type_of(name: str) -> FileType:
    """The type Slack takes a file for; what it does not know is binary."""
    ending = ending_of(name)
    return KNOWN.get(SPELT_OTHERWISE.get(ending, ending), BINARY)
