"""A sorter that asks before its divert gate, with nothing but the standard library of Python.

    python3 examples/sorter.py URL SCANS

Its token is in INDICIA_TOKEN. It prints each piece that does not run on, with the reason, and then the pieces per disposition.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

# How long the piece takes from the camera to the gate.
DEADLINE_MS = 2_000
# What the gate does where there is no verdict: a person looks at the piece, and nobody is accused.
DEFAULT_DISPOSITION = "manual"


def ask(url, token, scan):
    """The answer of the server, or a problem with a code. What may go away is tried again until the deadline."""
    ends = time.monotonic() + DEADLINE_MS / 1000
    while True:
        left_ms = int((ends - time.monotonic()) * 1000)
        if left_ms <= 0:
            return {"code": "unreachable"}
        body = json.dumps({**scan, "deadlineMs": left_ms}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"{url}/v1/verdicts", body, headers)
        try:
            # The server answers at the deadline at the latest.
            with urllib.request.urlopen(request, timeout=left_ms / 1000 + 0.25) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                return json.load(error)
            # Too busy, or not ready: the same scan again, with the same scan id, which is recorded once.
            time.sleep(min(float(error.headers.get("Retry-After", 1)), max(0, ends - time.monotonic())))
        except OSError:
            time.sleep(0.1)


def main():
    url, file = sys.argv[1:3]
    token = os.environ["INDICIA_TOKEN"]
    counts = {"accept": 0, "divert": 0, "manual": 0}
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            scan = json.loads(line)
            answer = ask(url, token, scan)
            if "code" in answer:
                disposition, reason = DEFAULT_DISPOSITION, answer["code"]
            else:
                disposition = answer["disposition"]
                reason = " ".join(reason["code"] for reason in answer["reasons"])
            counts[disposition] += 1
            if disposition != "accept":
                print(scan["scanId"], disposition, reason)
    print(json.dumps(counts))


main()
