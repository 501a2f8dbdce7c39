"""The asset register: a small web service that keeps a list of items in a SQLite database.

    assets.py HOME

HOME/current/release.py holds what differs between releases: version, migrations, self check. HOME/settings.json holds
the port. While the file HOME/writes-off exists, the service answers questions but accepts no new items.
"""

import json
import runpy
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Register:
    """The items, and what the running release knows about them."""

    def __init__(self, home):
        self.home = home
        self.release = runpy.run_path(str(home / "current" / "release.py"))
        with self.open() as database:
            done = database.execute("PRAGMA user_version").fetchone()[0]
            for number, statement in enumerate(self.release["MIGRATIONS"], start=1):
                if number > done:
                    database.execute(statement)
                    database.execute(f"PRAGMA user_version = {number}")

    def open(self):
        database = sqlite3.connect(self.home / "data" / "assets.db", timeout=5)
        database.execute("PRAGMA journal_mode = WAL")
        return database

    def writes_off(self):
        return (self.home / "writes-off").exists()

    def health(self):
        """Answer status and figures; the release's own self check decides."""
        figures = {"version": self.release["VERSION"], "writes": not self.writes_off()}
        try:
            with self.open() as database:
                figures["schema"] = database.execute("PRAGMA user_version").fetchone()[0]
                figures["items"] = database.execute("SELECT count(*) FROM items").fetchone()[0]
                figures["bytes"] = database.execute(self.release["SELF_CHECK"]).fetchone()[0]
        except sqlite3.Error as error:
            return 503, {**figures, "status": "failing", "error": str(error)}
        return 200, {**figures, "status": "healthy"}

    def add(self, item):
        """Add one item and answer its number."""
        if self.writes_off():
            return 503, {"error": "writes are off for maintenance"}
        with self.open() as database:
            cursor = database.execute(
                "INSERT INTO items (name, bytes) VALUES (?, ?)", (str(item["name"]), int(item["bytes"]))
            )
        return 201, {"id": cursor.lastrowid}

    def page(self):
        """The newest ten items."""
        with self.open() as database:
            rows = database.execute("SELECT id, name, bytes FROM items ORDER BY id DESC LIMIT 10").fetchall()
        return 200, [{"id": row[0], "name": row[1], "bytes": row[2]} for row in rows]


class Handler(BaseHTTPRequestHandler):
    """Routes requests to the register."""

    register = None

    def do_GET(self):
        routes = {"/health": self.register.health, "/items": self.register.page}
        route = routes.get(self.path)
        self.answer(*(route() if route else (404, {"error": "no such page"})))

    def do_POST(self):
        try:
            item = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self.answer(*self.register.add(item))
        except (ValueError, KeyError, TypeError):
            self.answer(400, {"error": "expected an object with name and bytes"})

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        sys.stderr.write(f"{self.log_date_time_string()} {arguments[0] % arguments[1:]}\n")


def main():
    home = Path(sys.argv[1])
    settings = json.loads((home / "settings.json").read_text())
    Handler.register = Register(home)
    ThreadingHTTPServer(("127.0.0.1", settings["port"]), Handler).serve_forever()


if __name__ == "__main__":
    main()
