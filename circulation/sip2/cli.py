"""``./sen sip2``: the server for self-check machines, alone."""

import gc
import signal
import threading
from pathlib import Path
from typing import Any

import click

from ils.core.config import config, load, use


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 for the house.")
@click.option("--port", type=int, help="Default: the setting sip2_port, else 6001.")
@click.option("--certificate", type=click.Path(exists=True, path_type=Path), help="PEM, for TLS.")
@click.option("--key", type=click.Path(exists=True, path_type=Path), help="Its key, if apart.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of all data (default var/).")
def sip2(
    host: str, port: int | None, certificate: Path | None, key: Path | None, data: Path | None
) -> None:
    """Serve self-check machines over SIP2. They are set up under Library, Self-check machines."""
    if data is not None:
        use(load(data_dir=data))
    from circulation.sip2.server import Server, tls_context
    from ils.app import create_app

    if certificate is None and config().sip2_certificate:
        certificate = Path(config().sip2_certificate)
    tls = tls_context(certificate, key) if certificate else None
    wanted = port if port is not None else (config().sip2_port or 6001)
    with Server(create_app(config()), host, wanted, tls=tls) as server:
        secured = " with TLS" if tls else ""
        click.echo(f"sen: SIP2{secured} on {host} port {server.server_address[1]}")

        def stop(_signal: int, _frame: Any) -> None:
            threading.Thread(target=server.shutdown, daemon=True).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        gc.collect()
        gc.freeze()  # what stands from the start is not looked through for garbage again
        server.serve_forever(poll_interval=0.2)
