"""A generator seeded at import: the snapshot holds its state, and every copy goes on from there."""

import os
import random
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

numbers = random.Random(time.time_ns())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"discount code {numbers.getrandbits(64):016x}\n".encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
