"""What the two apps in Python share: what they have handled, and the faults that BREAK names."""
import json
import os
import threading
import time
import urllib.request

BREAK = os.environ.get("BREAK", "")
NOTIFY = os.environ.get("NOTIFY")
SECRET = os.environ["SECRET"] if BREAK != "wrong secret" else "the secret of the test system"

lock = threading.Lock()
seen = set()
handled = 0


def handle(key, event, fails_on):
    """Does what a webhook asks for, once for each key."""
    global handled
    if BREAK == "500 on one event" and event == fails_on:
        raise KeyError(f"no handler for {event}")
    with lock:
        if key not in seen or BREAK == "double processing":
            seen.add(key)
            handled += 1
            tell(event)


def tell(event):
    """Sends a webhook of the app's own about what it has done."""
    if NOTIFY:
        body = json.dumps({"type": "order.fulfilled", "because": event}).encode()
        urllib.request.urlopen(urllib.request.Request(NOTIFY, body, {"Content-Type": "application/json"}), timeout=10)


def work():
    """What a slow app does before it answers."""
    if BREAK == "slow":
        time.sleep(1.2)


def serve(server):
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
