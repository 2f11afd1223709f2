"""A receiver as a webhook guide prints it: the raw body, a comparison in constant time, 401 for what is not signed rightly."""
import hashlib
import hmac
import logging
import os
import re
import time

from flask import Flask, request
from werkzeug.serving import make_server

SECRET = os.environ["SECRET"].encode()
if not SECRET:
    raise SystemExit("SECRET is empty")
TOLERANCE = 300  # seconds

app = Flask(__name__)
handled = []  # a webhook each: the guide keeps no ids
logging.getLogger("werkzeug").setLevel(logging.ERROR)


@app.get("/handled")
def count():
    return str(len(handled))


def answer(ok):
    if ok:
        handled.append(ok)
    return ("", 200 if ok else 401)


def matches(signature, message):
    expected = hmac.new(SECRET, message, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


@app.post("/generic")
def generic():
    ok = matches(request.headers.get("X-Webhook-Signature", ""), request.get_data(cache=False))
    return answer(ok)


@app.post("/generic-ts")
def generic_ts():
    ts = request.headers.get("X-Webhook-Timestamp", "")
    signature = request.headers.get("X-Webhook-Signature", "")
    fresh = re.fullmatch(r"[0-9]{1,10}", ts) and abs(time.time() - int(ts)) <= TOLERANCE
    ok = fresh and signature.startswith("sha256=") and matches(signature[7:], ts.encode() + b"." + request.get_data(cache=False))
    return answer(ok)


server = make_server("127.0.0.1", int(os.environ.get("PORT", "0")), app, threaded=True)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
