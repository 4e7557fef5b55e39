"""Who may fetch, complete and delete a file: its owner, and for fetching whoever shares a chat that holds it."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg

from tests.support.people import Person
from tests.support.server import Server

NOTES = "Заметки".encode()


def _announce(owner: Person) -> httpx.Response:
    body = {"filename": "notes.txt", "contentType": "text/plain", "size": len(NOTES)}
    return owner.http.post("/uploads", json=body).raise_for_status()


def _store(form: httpx.Response) -> httpx.Response:
    url, fields = form.json()["url"], form.json()["fields"]
    return httpx.post(url, data=fields, files={"file": NOTES}, timeout=30).raise_for_status()


def _upload(owner: Person) -> int:
    form = _announce(owner)
    _store(form)
    completed = owner.http.post(f"/uploads/{form.json()['id']}/complete").raise_for_status()
    return int(completed.json()["id"])


def _status(reader: Person, upload_id: int) -> int:
    answer = reader.http.get(f"/uploads/{upload_id}")
    if answer.status_code == 200:
        assert httpx.get(answer.json()["url"], timeout=30).content == NOTES
    else:
        assert answer.json()["code"] == "not_found"
    return answer.status_code


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_only_members_of_a_chat_that_holds_it_fetch_a_file(alice: Person, bob: Person, carol: Person) -> None:
    upload_id = _upload(alice)
    readers = (alice, bob, carol)
    assert [_status(reader, upload_id) for reader in readers] == [200, 404, 404]
    alice.chat_with(carol)
    alice.send(alice.chat_with(bob), "look", attachments=[upload_id])
    assert [_status(reader, upload_id) for reader in readers] == [200, 200, 404]


def test_a_removed_member_fetches_nothing_more(alice: Person, bob: Person, carol: Person) -> None:
    group = alice.chat_with(bob, carol, name="Notes")
    upload_id = _upload(alice)
    alice.send(group, "look", attachments=[upload_id])
    assert [_status(reader, upload_id) for reader in (bob, carol)] == [200, 200]
    alice.http.delete(f"/chats/{group}/participants/{bob.id}").raise_for_status()
    assert [_status(reader, upload_id) for reader in (bob, carol)] == [404, 200]
    alice.send(alice.chat_with(bob), "look here", attachments=[upload_id])
    assert _status(bob, upload_id) == 200


def test_a_file_in_two_chats_is_one_file(alice: Person, bob: Person, carol: Person) -> None:
    upload_id = _upload(alice)
    for reader in (bob, carol):
        alice.send(alice.chat_with(reader), "look", attachments=[upload_id])
    assert [_status(reader, upload_id) for reader in (bob, carol)] == [200, 200]


def test_others_can_neither_complete_nor_delete_nor_send_it(alice: Person, bob: Person) -> None:
    pending, ready = _announce(alice).json()["id"], _upload(alice)
    alice.send(alice.chat_with(bob), "look", attachments=[ready])
    for upload_id in (pending, ready):
        assert _refusal(bob.http.post(f"/uploads/{upload_id}/complete")) == (404, "not_found")
        assert _refusal(bob.http.delete(f"/uploads/{upload_id}")) == (404, "not_found")
    assert _refusal(bob.http.get(f"/uploads/{pending}")) == (404, "not_found")
    body = {"chatId": bob.chat_with(alice), "content": "mine", "attachments": [ready]}
    assert _refusal(bob.http.post("/messages", json=body)) == (422, "unusable_attachment")


def test_a_link_ends(server: Server, alice: Person) -> None:
    upload_id = _upload(alice)
    url = alice.http.get(f"/uploads/{upload_id}").json()["url"]
    with server.settings(download_seconds=0):
        late = alice.http.get(f"/uploads/{upload_id}").json()["url"]
    assert httpx.get(late).status_code in {400, 403}
    assert httpx.get(url.replace("attachment", "inline")).status_code == 403
    assert httpx.get(url.partition("?")[0]).status_code == 403
    assert httpx.get(url).content == NOTES


def test_an_unattached_file_can_be_deleted(server: Server, alice: Person) -> None:
    upload_id = _upload(alice)
    url = alice.http.get(f"/uploads/{upload_id}").json()["url"]
    answer = alice.http.delete(f"/uploads/{upload_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    # S3 says 404 or 403, as the function's right to list the bucket has it.
    assert httpx.get(url).status_code in {403, 404}
    assert _refusal(alice.http.delete(f"/uploads/{upload_id}")) == (404, "not_found")
    assert alice.http.get("/uploads/usage").json()["used"] == 0
    assert server.sql("SELECT id FROM uploads") == []


def test_a_file_in_a_message_stays(alice: Person, bob: Person) -> None:
    upload_id = _upload(alice)
    alice.send(alice.chat_with(bob), "look", attachments=[upload_id])
    assert _refusal(alice.http.delete(f"/uploads/{upload_id}")) == (409, "upload_in_use")
    assert _status(bob, upload_id) == 200


def test_a_file_that_is_stored_after_its_deletion_does_not_stay(server: Server, alice: Person) -> None:
    form = _announce(alice)
    alice.http.delete(f"/uploads/{form.json()['id']}").raise_for_status()
    _store(form)
    server.settle()
    aws = server.stack.aws
    assert aws.client("s3").list_objects_v2(Bucket=aws.name("UploadsBucket"))["KeyCount"] == 0


def test_a_file_that_is_being_sent_is_not_deleted(server: Server, alice: Person, bob: Person) -> None:
    upload_id, chat_id = _upload(alice), alice.chat_with(bob)
    with ThreadPoolExecutor(1) as pool:
        with psycopg.connect(server.database_url) as sending:
            sending.execute("INSERT INTO attachments VALUES (%s, %s, 1)", [upload_id, chat_id])
            deletion = pool.submit(alice.http.delete, f"/uploads/{upload_id}")
            _until_somebody_waits(server)
        assert _refusal(deletion.result()) == (409, "upload_in_use")
    assert _status(alice, upload_id) == 200


def test_a_file_that_is_being_deleted_is_not_sent(server: Server, alice: Person, bob: Person) -> None:
    upload_id, chat_id = _upload(alice), alice.chat_with(bob)
    body = {"chatId": chat_id, "content": "look", "attachments": [upload_id]}
    with ThreadPoolExecutor(1) as pool:
        with psycopg.connect(server.database_url) as deleting:
            deleting.execute("DELETE FROM uploads WHERE id = %s", [upload_id])
            message = pool.submit(alice.http.post, "/messages", json=body)
            _until_somebody_waits(server)
        assert _refusal(message.result()) == (422, "unusable_attachment")
    assert bob.history(chat_id) == []


def _until_somebody_waits(server: Server) -> None:
    deadline = time.monotonic() + 10
    while not server.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.01)
