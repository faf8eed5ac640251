"""Settings of the process: where data lies and how the program is reached.

They come from ``SEN_*`` variables, ``DATABASE_URL`` or ``sen.toml`` in the data directory, in
that order of strength. Each is declared once here; an unknown one is an error. Settings of a
library (loan limits, opening hours) are not here but in ``ils.org.settings``.
"""

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ils.core.errors import Invalid

_KNOWN_ELSEWHERE = {"SEN_VENV", "SEN_PYTHON"}


@dataclass(frozen=True)
class Config:
    """The settings, with their meaning."""

    data_dir: Path = field(
        default=Path("var"), metadata={"help": "Folder that holds everything the program keeps."}
    )
    database_url: str = field(
        default="", metadata={"help": "SQLAlchemy URL; empty means SQLite in the data folder."}
    )
    secret_key: str = field(
        default="", metadata={"help": "Key that signs sessions; made and kept on first start."}
    )
    https: bool = field(
        default=False, metadata={"help": "True when readers reach the program over HTTPS only."}
    )
    trusted_proxies: int = field(
        default=0, metadata={"help": "How many reverse proxies stand in front of it."}
    )
    log_level: str = field(default="INFO", metadata={"help": "DEBUG, INFO, WARNING or ERROR."})
    upload_limit_mb: int = field(
        default=512, metadata={"help": "Largest file that may be uploaded, in MB."}
    )
    sip2_port: int = field(
        default=0, metadata={"help": "Port for self-check machines (SIP2); 0: none, 6001 is usual."}
    )
    sip2_certificate: str = field(
        default="",
        metadata={"help": "PEM file of certificate and key: SIP2 is then spoken in TLS."},
    )
    smtp_host: str = field(
        default="", metadata={"help": "Server that sends mail; empty: messages go other ways."}
    )
    smtp_port: int = field(default=587, metadata={"help": "Its port: 587, 465 or 25."})
    smtp_security: str = field(
        default="starttls", metadata={"help": "starttls, tls (port 465) or none (inside a house)."}
    )
    smtp_user: str = field(default="", metadata={"help": "Name to sign in with; empty: without."})
    smtp_password: str = field(default="", repr=False, metadata={"help": "Its password."})
    smtp_from: str = field(
        default="", metadata={"help": "Address messages come from; answers go to the library's."}
    )
    sms_url: str = field(
        default="", metadata={"help": "Address of the provider's HTTP gateway for SMS."}
    )
    sms_header: str = field(
        default="",
        repr=False,
        metadata={"help": "Header that proves who sends, such as Authorization: Bearer …"},
    )
    sms_body: str = field(
        default='{"to": "{to}", "text": "{text}", "id": "{id}"}',
        metadata={"help": "JSON that is posted, with {to}, {text} and {id}."},
    )
    zalo_url: str = field(default="", metadata={"help": "As sms_url, for Zalo."})
    zalo_header: str = field(default="", repr=False, metadata={"help": "As sms_header, for Zalo."})
    zalo_body: str = field(
        default='{"phone": "{to}", "text": "{text}", "tracking_id": "{id}"}',
        metadata={"help": "As sms_body, for Zalo."},
    )
    clock_may_go_back: bool = field(
        default=False,
        metadata={
            "help": "Let desks write although later acts are recorded: for a clock that was ahead"
            " and has been set right."
        },
    )
    testing: bool = field(default=False, metadata={"help": "Set by the tests only."})

    @property
    def index_dir(self) -> Path:
        """Where this host's copy of the search index lies."""
        return self.data_dir / "index"

    @property
    def files_dir(self) -> Path:
        """Where uploaded files and results of jobs lie."""
        return self.data_dir / "files"

    @property
    def url(self) -> str:
        """The database URL in force."""
        if self.database_url:
            return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1).replace(
                "postgres://", "postgresql+psycopg://", 1
            )
        return f"sqlite:///{(self.data_dir / 'sen.db').resolve()}"


_TYPES = {f.name: f.type for f in fields(Config)}


def _typed(name: str, value: Any) -> Any:
    default = getattr(Config, name)
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        if str(value).lower() in {"1", "true", "yes", "on"}:
            return True
        if str(value).lower() in {"0", "false", "no", "off", ""}:
            return False
        raise Invalid("setting_not_boolean", name=name, value=value)
    if isinstance(default, int):
        try:
            return int(value)
        except (TypeError, ValueError) as error:
            raise Invalid("setting_not_number", name=name, value=value) from error
    return Path(value) if isinstance(default, Path) else str(value)


def load(environ: Mapping[str, str] | None = None, data_dir: Path | None = None) -> Config:
    """Read the settings of this process.

    Raises ``Invalid`` for a setting that does not exist or has the wrong type.
    """
    env = os.environ if environ is None else environ
    given: dict[str, Any] = {}
    for key, value in env.items():
        if key.startswith("SEN_") and key not in _KNOWN_ELSEWHERE:
            name = key[4:].lower()
            if name not in _TYPES:
                raise Invalid("setting_unknown", name=key)
            given[name] = _typed(name, value)
    if env.get("DATABASE_URL"):
        given.setdefault("database_url", env["DATABASE_URL"])
    if data_dir is not None:
        given["data_dir"] = data_dir
    folder = Path(given.get("data_dir", Config.data_dir))
    file = folder / "sen.toml"
    if file.exists():
        for name, value in tomllib.loads(file.read_text("utf-8")).items():
            if name not in _TYPES:
                raise Invalid("setting_unknown", name=f"{file}: {name}")
            given.setdefault(name, _typed(name, value))
    loaded = Config(**given)
    return loaded if loaded.secret_key else replace(loaded, secret_key=_kept_secret(folder))


def _kept_secret(folder: Path) -> str:
    """Return the signing key of this installation, made on first use."""
    file = folder / "secret.key"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_urlsafe(48))
    return file.read_text().strip()


_current: list[Config] = []


def use(chosen: Config) -> Config:
    """Make these the settings of the process."""
    _current[:] = [chosen]
    return chosen


def config() -> Config:
    """Return the settings in force, reading them on first use."""
    return _current[0] if _current else use(load())
