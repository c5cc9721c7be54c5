"""Serves each folder as the site of one institution, on a port of the loopback of its own.

    serve.py PORTS FOLDER…     writes `FOLDER=PORT`, a line each, to the file PORTS, and serves until it is killed
"""

import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Site(SimpleHTTPRequestHandler):
    """Static files as any web server hands them out, to pages of other sites too."""

    def guess_type(self, path):
        if path.endswith("/did.json"):
            return "application/did+json"
        return "application/vc" if "/passports/" in path or "/status/" in path else super().guess_type(path)

    def end_headers(self):
        self.send_header("access-control-allow-origin", "*")
        super().end_headers()

    def log_message(self, *_):
        pass


def main(ports, *folders):
    lines = []
    for folder in folders:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        lines.append(f"{Path(folder).parent.name}={server.server_address[1]}\n")
    unfinished = Path(f"{ports}.new")
    unfinished.write_text("".join(lines), encoding="utf-8")
    unfinished.rename(ports)
    threading.Event().wait()


main(*sys.argv[1:])
