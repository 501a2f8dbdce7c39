"""A process supervisor for the asset register.

    supervise.py start|stop|restart|status HOME

`start` leaves a supervisor in the background that keeps `assets.py` running and starts it again when it dies, waiting
longer each time. `restart` ends the service; the supervisor starts it again from HOME/current. `start` and `restart`
return once the service accepts connections, `stop` once supervisor and service are gone.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 15


def read_pid(home, name):
    """The process id in HOME/run/NAME.pid if that process is alive and ours, else None."""
    try:
        pid = int((home / "run" / f"{name}.pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(str(home)) in command else None


def accepts(home):
    """Whether the service takes connections."""
    port = json.loads((home / "settings.json").read_text())["port"]
    with socket.socket() as connection:
        connection.settimeout(1)
        return connection.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, what):
    """Poll a condition until it holds; end with an error when it does not in time."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > give_up:
            sys.exit(f"supervise: {what} within {PATIENCE} s: no")
        time.sleep(0.05)


def supervise(home):
    """Keep the service running until told to end."""
    wanted = True

    def end(*_):
        nonlocal wanted
        wanted = False
        child.terminate()

    pause = 0.1
    (home / "run" / "supervisor.pid").write_text(str(os.getpid()))
    log = (home / "run" / "assets.log").open("ab")
    while wanted:
        began = time.monotonic()
        child = subprocess.Popen(
            [sys.executable, str(home / "current" / "assets.py"), str(home)], stdout=log, stderr=log
        )
        signal.signal(signal.SIGTERM, end)
        (home / "run" / "service.pid").write_text(str(child.pid))
        child.wait()
        pause = 0.1 if time.monotonic() - began > 5 else min(pause * 2, 5)
        if wanted:
            time.sleep(pause)
    for name in ("service", "supervisor"):
        (home / "run" / f"{name}.pid").unlink(missing_ok=True)


def start(home):
    if read_pid(home, "supervisor") is None:
        subprocess.Popen(
            [sys.executable, __file__, "supervise", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(home / "run" / "supervisor.log").open("ab"),
            start_new_session=True,
            close_fds=True,
            cwd="/",
        )
    wait_for(lambda: accepts(home), "the service accepts connections")


def stop(home):
    pid = read_pid(home, "supervisor")
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: read_pid(home, "supervisor") is None, "the supervisor has ended")


def restart(home):
    before = read_pid(home, "service")
    if before is not None:
        os.kill(before, signal.SIGTERM)
        wait_for(lambda: read_pid(home, "service") not in (None, before), "the service has been started again")
    start(home)


def status(home):
    document = {name: read_pid(home, name) for name in ("supervisor", "service")}
    document["release"] = os.path.basename(os.path.realpath(home / "current"))
    print(json.dumps(document))


if __name__ == "__main__":
    {"start": start, "stop": stop, "restart": restart, "status": status, "supervise": supervise}[sys.argv[1]](
        Path(sys.argv[2])
    )
