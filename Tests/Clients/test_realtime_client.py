"""The published Python client of realtime, unchanged, against projectd."""

import asyncio
import time
import unittest

import jwt
from realtime import AsyncRealtimeClient, RealtimeSubscribeStates
from support import data_plane

plane = data_plane("support")
SECRET = "37c304f8-51aa-419a-a1af-06154e63707a"
ROLES = """
CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
"""
SCHEMA = """
CREATE TABLE todos (id int PRIMARY KEY, owner text, title text);
GRANT SELECT ON todos TO anon, authenticated;
ALTER TABLE todos ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON todos FOR SELECT TO authenticated
  USING (owner = current_setting('request.jwt.claims')::json ->> 'sub');
ALTER PUBLICATION supabase_realtime ADD TABLE todos;
CREATE POLICY "ada reads" ON realtime.messages FOR SELECT TO authenticated
  USING (realtime.topic() = 'room' AND current_setting('request.jwt.claims')::json ->> 'sub' = 'ada');
CREATE POLICY "ada writes" ON realtime.messages FOR INSERT TO authenticated
  WITH CHECK (realtime.topic() = 'room' AND current_setting('request.jwt.claims')::json ->> 'sub' = 'ada');
"""


def token(role="anon", sub=None, seconds=600):
    claims = {"role": role, "exp": int(time.time()) + seconds, **({"sub": sub} if sub else {})}
    return jwt.encode(claims, SECRET, algorithm="HS256")


class RealtimeClient(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = plane.Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.sql("ALTER SYSTEM SET wal_level = logical")
        cls.cluster.stop()
        cls.cluster.start()
        cls.cluster.sql(ROLES)
        cls.server = cls.serve()
        cls.addClassCleanup(lambda: cls.server.stop())
        cls.cluster.sql(SCHEMA)

    @classmethod
    def serve(cls, port=None):
        return plane.Server(cls.cluster, "postgres", {
            "REALTIME_DB_URI": f"postgresql://postgres@127.0.0.1:{cls.cluster.port}/postgres",
            "API_JWT_SECRET": SECRET, **({"PROJECTD_LISTEN": f"127.0.0.1:{port}"} if port else {})}, only="realtime")

    def setUp(self):
        self.cluster.sql("TRUNCATE todos")

    async def client(self, key=None):
        client = AsyncRealtimeClient(f"http://127.0.0.1:{self.server.port}", key or token(), max_retries=10)
        await client.connect()
        self.addAsyncCleanup(client.close)
        return client

    async def until(self, condition, complaint):
        end = time.monotonic() + plane.WAIT_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end, complaint)
            await asyncio.sleep(0.02)

    async def subscribed(self, channel, wanted=RealtimeSubscribeStates.SUBSCRIBED):
        """Subscribes, and gives the errors that came with the state."""
        states = []
        await channel.subscribe(lambda state, error: states.append((state, error)))
        await self.until(lambda: states, "the channel is subscribed")
        self.assertEqual(states[0][0], wanted, states)
        return [error for _, error in states]

    def room(self, client, name="room", private=False, echoes=False):
        return client.channel(name, {"config": {
            "broadcast": {"ack": echoes, "self": echoes}, "presence": {"key": "", "enabled": False},
            "private": private}})

    async def changes(self, client, *bindings, name="todos"):
        """A channel that gets changes, and what it got for each binding."""
        channel, system, found = client.channel(name), [], [[] for _ in bindings]
        channel.on_system(system.append)
        for binding, got in zip(bindings, found):
            channel.on_postgres_changes(callback=lambda change, got=got: got.append(change["data"]), **binding)
        await self.subscribed(channel)
        await self.until(lambda: system, "changes arrive")
        self.assertEqual(system[0].message, "Subscribed to PostgreSQL")
        return channel, system, found

    async def test_broadcasts(self):
        one, two = await self.client(), await self.client()
        echoing, plain = self.room(one, echoes=True), self.room(two)
        got = {"one": [], "two": []}
        echoing.on_broadcast("e", lambda message: got["one"].append(message["payload"]))
        plain.on_broadcast("e", lambda message: got["two"].append(message["payload"]))
        await self.subscribed(echoing)
        await self.subscribed(plain)
        acknowledged = []
        push = await echoing.push("broadcast", {"type": "broadcast", "event": "e", "payload": {"n": 1}})
        push.receive("ok", acknowledged.append)
        await plain.send_broadcast("e", {"n": 2})
        await echoing.send_broadcast("other", {"n": 3})
        await echoing.send_broadcast("e", {"n": 4})
        await self.until(lambda: len(got["one"]) == 3 and len(got["two"]) == 2 and acknowledged, str(got))
        self.assertEqual(sorted(message["n"] for message in got["one"]), [1, 2, 4])
        self.assertEqual([message["n"] for message in got["two"]], [1, 4])

    async def test_presence(self):
        one, two = await self.client(), await self.client()
        seen, joined, left = [], [], []
        watching = self.room(one, "presence")
        watching.on_presence_sync(lambda: seen.append(watching.presence_state()))
        watching.on_presence_join(lambda key, current, new: joined.extend(new))
        watching.on_presence_leave(lambda key, current, gone: left.extend(gone))
        await self.subscribed(watching)
        tracking = two.channel("presence", {"config": {
            "broadcast": None, "presence": {"key": "ada", "enabled": True}, "private": False}})
        await self.subscribed(tracking)
        await tracking.track({"mood": "ok"})
        await self.until(lambda: [meta["mood"] for meta in joined] == ["ok"], str(joined))
        self.assertEqual([meta["mood"] for meta in watching.presence_state()["ada"]], ["ok"])
        await tracking.track({"mood": "glad"})
        await self.until(lambda: [meta["mood"] for meta in joined] == ["ok", "glad"], str(joined))
        await self.until(lambda: [meta["mood"] for meta in left] == ["ok"], str(left))
        await tracking.untrack()
        await self.until(lambda: [meta["mood"] for meta in left] == ["ok", "glad"], str(left))
        await tracking.track({"mood": "back"})
        await self.until(lambda: len(joined) == 3, str(joined))
        await two.close()
        await self.until(lambda: len(left) == 3 and watching.presence_state() == {}, str(left))
        self.assertTrue(seen)

    async def test_changes_under_row_security(self):
        ada, bob = [await self.client(token("authenticated", name)) for name in ("ada", "bob")]
        everything = {"event": "*", "schema": "public", "table": "todos"}
        _, _, (all_of_ada, inserts, filtered, deletes) = await self.changes(
            ada, everything, everything | {"event": "INSERT"}, everything | {"filter": "title=eq.milk"},
            everything | {"event": "DELETE", "filter": "id=eq.1"})
        _, _, (all_of_bob,) = await self.changes(bob, everything)
        self.cluster.sql("INSERT INTO todos VALUES (1, 'ada', 'bread'), (2, 'bob', 'milk'), (3, 'ada', 'milk')")
        await self.until(lambda: len(all_of_ada) == 2 and len(all_of_bob) == 1, f"{all_of_ada} {all_of_bob}")
        self.cluster.sql("UPDATE todos SET title = 'milk' WHERE id = 1")
        await self.until(lambda: len(all_of_ada) == 3, str(all_of_ada))
        self.cluster.sql("DELETE FROM todos WHERE id <> 2")
        await self.until(lambda: len(all_of_ada) == 5 and len(all_of_bob) == 3 and deletes, str(all_of_ada))
        self.assertEqual([change["type"] for change in all_of_ada], ["INSERT", "INSERT", "UPDATE", "DELETE", "DELETE"])
        self.assertEqual([change["record"]["id"] for change in inserts], [1, 3])
        # Of a deleted row policies leave the key, so that the other filter cannot match it.
        self.assertEqual([(change["type"], change["record"]["id"]) for change in filtered],
                         [("INSERT", 3), ("UPDATE", 1)])
        self.assertEqual([change["old_record"] for change in deletes], [{"id": 1}])
        self.assertEqual([change["record"]["id"] for change in all_of_bob if change["type"] != "DELETE"], [2])

    async def test_private_channels(self):
        ada, bob = [await self.client(token("authenticated", name)) for name in ("ada", "bob")]
        room, got = self.room(ada, private=True, echoes=True), []
        room.on_broadcast("e", got.append)
        await self.subscribed(room)
        await room.send_broadcast("e", {"n": 1})
        await self.until(lambda: got, "the broadcast arrives")
        errors = await self.subscribed(self.room(bob, private=True), RealtimeSubscribeStates.CHANNEL_ERROR)
        self.assertIn("Unauthorized", str(errors[0]))

    async def test_a_new_token_shows_other_rows(self):
        client = await self.client()
        # The key of a project, and then a user's token, as after signing in.
        _, system, (found,) = await self.changes(client, {"event": "INSERT", "schema": "public", "table": "todos"})
        other = await self.client(token("authenticated", "ada"))
        _, _, (shown,) = await self.changes(other, {"event": "INSERT", "schema": "public", "table": "todos"})
        self.cluster.sql("INSERT INTO todos VALUES (1, 'ada', 'before')")
        # Policies are asked after the commit: what another client has was decided under the old token.
        await self.until(lambda: shown, "the change arrives elsewhere")
        await client.set_auth(token("authenticated", "ada"))
        await self.until(lambda: len(system) == 2, "the subscription was written again")
        self.cluster.sql("INSERT INTO todos VALUES (2, 'ada', 'after')")
        await self.until(lambda: found, "the change arrives")
        self.assertEqual([change["record"]["id"] for change in found], [2])

    async def test_a_server_that_restarts(self):
        client = await self.client(token("authenticated", "ada"))
        _, system, (found,) = await self.changes(client, {"event": "*", "schema": "public", "table": "todos"})
        room, got = self.room(client, "again", echoes=True), []
        room.on_broadcast("e", got.append)
        await self.subscribed(room)
        port = self.server.port
        await asyncio.to_thread(self.server.stop)
        type(self).server = await asyncio.to_thread(self.serve, port)
        await self.until(lambda: len(system) == 2 and room.is_joined, "the client is back")
        self.cluster.sql("INSERT INTO todos VALUES (1, 'ada', 'x')")
        await room.send_broadcast("e", {"n": 1})
        await self.until(lambda: found and got, "changes and broadcasts arrive again")


if __name__ == "__main__":
    unittest.main()
