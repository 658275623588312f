"""Two workers keep pages, each for itself: what either answers is current, and nobody else's."""

import http.client
import json
import subprocess
import sys
import threading
import time

from tests.kit.board import Board

READERS = 6
SECONDS = 4


def ask(board: Board, key: str, path: str, etag: str = "", body: object = None):
    """One request on a connection of its own, so that either worker may answer."""
    connection = http.client.HTTPConnection("127.0.0.1", board.port, timeout=20)
    headers = {"Authorization": f"Bearer {key}", "If-None-Match": etag}
    if body is None:
        connection.request("GET", path, headers=headers)
    else:
        headers["Content-Type"] = "application/json"
        connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.getheader("ETag", ""), text


def test_every_worker_answers_what_was_acknowledged_and_one_etag_has_one_body(
    own_board: Board,
) -> None:
    own_board.new_project("p2")
    foreign = own_board.new_key("read", "p2")
    jobs = "/api/v1/projects/{}/jobs?limit=5"
    done = threading.Event()
    bodies: dict[str, bytes] = {}
    faults: list[object] = []

    def read(project: str) -> None:
        etag = ""
        while not done.is_set():
            status, name, body = ask(own_board, own_board.key, jobs.format(project), etag)
            if status == 200:
                etag = name
                if bodies.setdefault(name, body) != body:
                    faults.append(("one ETag, two bodies", name))
                if any(job["project_id"] != project for job in json.loads(body)["jobs"]):
                    faults.append(("foreign", project))
            elif status != 304:
                faults.append(status)

    def peep() -> None:
        while not done.is_set():
            known = next(reversed(bodies), "")
            status, _, body = ask(own_board, foreign, jobs.format("p1"), known)
            if status != 404 or b"job_id" in body:
                faults.append(("seen by a key of p2", status))

    readers = [threading.Thread(target=peep)] + [
        threading.Thread(target=read, args=(f"p{1 + number % 2}",)) for number in range(READERS)
    ]
    number = 0
    for reader in readers:
        reader.start()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        number += 1
        report = {"job_id": f"j{number}", "source_doc_id": "d"}
        path = "/api/v1/projects/p1/jobs"
        assert ask(own_board, own_board.key, path, body=report)[0] == 201
        for _ in range(4):
            _, _, body = ask(own_board, own_board.key, jobs.format("p1"))
            assert json.loads(body)["jobs"][0]["job_id"] == f"j{number}"
    done.set()
    for reader in readers:
        reader.join()
    assert not faults
    assert number > 3
    assert len(bodies) > 3


def test_a_key_revoked_elsewhere_opens_no_kept_page(own_board: Board) -> None:
    path = "/api/v1/projects/p1/jobs"
    key = own_board.new_key("read")
    for _ in range(8):
        assert ask(own_board, key, path)[0] == 200
    flask = [sys.executable, "-m", "flask", "--app", "wsgi", "keys"]
    env = own_board.environment
    listed = subprocess.run([*flask, "list"], env=env, capture_output=True, text=True, check=True)
    number = next(line for line in listed.stdout.splitlines() if key[:7] in line).split()[0]
    subprocess.run([*flask, "revoke", number], env=env, check=True, capture_output=True)
    for _ in range(8):
        assert ask(own_board, key, path)[0] == 401
