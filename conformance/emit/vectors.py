"""Judges vectors with receivers for Flask: a JSON list on stdin, one status a line on stdout."""
import base64
import contextlib
import io
import json
import os
import sys
import time

for v in json.load(sys.stdin):
    os.environ["SECRET"], os.environ["WEBHOOK_URL"] = v["secret"], v["url"]
    time.time = lambda: v["now"]
    module = {"__name__": "receiver"}
    try:
        with open(v["file"]) as f:
            exec(compile(f.read(), v["file"], "exec"), module)
    except ValueError:
        print("no key")
        continue
    client = module["app"].test_client()
    with contextlib.redirect_stdout(io.StringIO()):
        answer = client.post(v["path"], data=base64.b64decode(v["body"]), headers=list(v["headers"].items()))
    print(answer.status_code)
