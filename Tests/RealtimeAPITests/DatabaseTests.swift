import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing

@testable import RealtimeAPI

/// On a real PostgreSQL, with a database of its own.
@Suite(
    "Realtime's schema", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct DatabaseTests {
    private static let roles = """
        DO $$ BEGIN CREATE ROLE anon; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        DO $$ BEGIN CREATE ROLE authenticated; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        """

    private func pool() async throws -> PostgresPool {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        try await run(Self.roles, pool)
        try await RealtimeSchema.migrate(pool)
        return pool
    }

    private func run(_ sql: String, _ pool: PostgresPool) async throws {
        try await pool.withConnection { try await $0.executeScript(sql) }
    }

    private func question(
        _ kind: RightsCheck.Kind, _ topic: String, role: String = "authenticated", sub: String? = "ada"
    ) throws -> PolicyQuestion {
        PolicyQuestion(kind: kind, claims: try ChannelFixture.claims(role: role, sub: sub), topic: topic)
    }

    @Test func theSchemaIsMadeOnceAndAgain() async throws {
        let pool = try await pool()
        try await RealtimeSchema.migrate(pool)
        try await RealtimeSchema.renewPartitions(pool)
        let count = try await pool.single(
            "SELECT count(*) AS n FROM pg_inherits WHERE inhparent = 'realtime.messages'::regclass"
        ).int("n")
        #expect(count == RealtimeSchema.daysAhead + 2)
        await pool.close()
    }

    @Test func oldPartitionsAreDropped() async throws {
        let pool = try await pool()
        let name = "messages_2020_01_01"
        try await run(
            "CREATE TABLE realtime.\(name) PARTITION OF realtime.messages FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')",
            pool)
        try await RealtimeSchema.renewPartitions(pool)
        #expect(try await pool.first("SELECT 1 AS one WHERE to_regclass('realtime.\(name)') IS NOT NULL") == nil)
        await pool.close()
    }

    @Test func policiesGiveRights() async throws {
        let pool = try await pool()
        let reader = PolicyReader(pool: pool)
        #expect(try await reader.rights(question(.read, "room")) == .none)
        #expect(try await reader.rights(question(.write, "room")) == .none)
        try await run(
            """
            CREATE POLICY reads ON realtime.messages FOR SELECT TO authenticated
              USING (realtime.topic() = 'room' AND current_setting('request.jwt.claims')::json ->> 'sub' = 'ada');
            CREATE POLICY writes ON realtime.messages FOR INSERT TO authenticated
              WITH CHECK (extension = 'presence' AND topic = 'room');
            """, pool)
        #expect(try await reader.rights(question(.read, "room")) == .all)
        #expect(try await reader.rights(question(.read, "other")) == .none)
        #expect(try await reader.rights(question(.read, "room", sub: "bob")) == .none)
        #expect(try await reader.rights(question(.read, "room", role: "anon")) == .none)
        #expect(try await reader.rights(question(.write, "room")) == ChannelRights(broadcast: false, presence: true))
        #expect(try await pool.single("SELECT count(*) AS n FROM realtime.messages").int("n") == 0)
        await pool.close()
    }

    @Test func failuresAreNoRights() async throws {
        let pool = try await pool()
        let reader = PolicyReader(pool: pool)
        try await run(
            "CREATE POLICY fails ON realtime.messages FOR SELECT TO authenticated USING (1 / 0 = length(topic))", pool)
        await #expect(throws: RightsFailure.policy) { try await reader.rights(question(.read, "room")) }
        await #expect(throws: RightsFailure.policy) {
            try await reader.rights(question(.read, "room", role: "nobody there"))
        }
        await pool.close()
        await #expect(throws: RightsFailure.database) { try await reader.rights(question(.read, "room")) }
    }

    @Test func sentBroadcastsAreStored() async throws {
        let pool = try await pool()
        let store = BroadcastStore(pool: pool)
        try await run("SELECT realtime.send('{\"a\": 1}', 'e', 'room'); SELECT pg_sleep(0.01)", pool)
        try await run("SELECT realtime.send_binary('\\x00ff', 'b', 'room', true)", pool)
        try await run("SELECT realtime.send('[1]', 'p', 'room', false)", pool)
        let entries = try await store.entries(of: "room", JoinRequest.Replay(since: 0, limit: 25))
        #expect(entries.map(\.broadcast.event) == ["e", "b"])
        let first = try #require(entries.first?.broadcast)
        #expect(try JSONText(first.payload)["id"]?.stringValue == first.id)
        #expect(entries.last?.broadcast.encoding == .raw)
        #expect(entries.last?.broadcast.payload == [0, 255])
        let all = try await store.entries(after: "2000-01-01")
        #expect(all.count == 3)
        #expect(all.last?.key == TopicKey(name: "room", isPrivate: false))
        #expect(try await store.entries(of: "room", JoinRequest.Replay(since: 0, limit: 1)).count == 1)
        await pool.close()
    }

    @Test func aFailureIsOnlyAWarning() async throws {
        let pool = try await pool()
        try await run(
            """
            CREATE TABLE notes (id int);
            BEGIN; INSERT INTO notes VALUES (1); SELECT realtime.send('{}', 'e', NULL); COMMIT;
            """, pool)
        #expect(try await pool.single("SELECT count(*) AS n FROM notes").int("n") == 1)
        await pool.close()
    }

    @Test func changesAreBroadcastByTriggers() async throws {
        let pool = try await pool()
        try await run(
            """
            CREATE TABLE notes (id int PRIMARY KEY, body text);
            CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              PERFORM realtime.broadcast_changes('notes', TG_OP, TG_OP, TG_TABLE_NAME, TG_TABLE_SCHEMA, NEW, OLD);
              RETURN NULL; END $$;
            CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON notes FOR EACH ROW EXECUTE FUNCTION tell();
            INSERT INTO notes VALUES (1, 'a');
            """, pool)
        try await run("UPDATE notes SET body = 'b'", pool)
        try await run("DELETE FROM notes", pool)
        let entries = try await BroadcastStore(pool: pool).entries(of: "notes", JoinRequest.Replay(since: 0, limit: 25))
        #expect(entries.map(\.broadcast.event) == ["INSERT", "UPDATE", "DELETE"])
        let update = try JSONText(try #require(entries.dropFirst().first).broadcast.payload)
        #expect(update["record"]?["body"] == .string("b"))
        #expect(update["old_record"]?["body"] == .string("a"))
        #expect(update["schema"] == .string("public"))
        await pool.close()
    }

    @Test func storedBroadcastsReachClients() async throws {
        let parameters = try await TestCluster.running.emptyDatabase()
        let pool = PostgresPool(parameters)
        try await run(Self.roles, pool)
        let writer = RecordingWriter()
        let service = RealtimeService(
            configuration: RealtimeConfiguration(verifier: ChannelFixture.verifier), pool: pool, database: parameters,
            writer: writer, clock: { ChannelFixture.now }, report: { Issue.record("\($0)") })
        try await service.migrate()
        let admission = SocketAdmission(version: .one, claims: try ChannelFixture.claims())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            let id = try #require(service.open(admission))
            let join = """
                {"topic":"realtime:room","event":"phx_join","ref":"1",
                "payload":{"config":{"broadcast":{"replication_ready":true}}}}
                """
            service.receive(.text(Array(join.utf8)), from: id)
            try await eventually { writer.texts(to: id).count == 2 }
            try await run("SELECT realtime.send('{\"a\": 1}', 'e', 'room', false)", pool)
            try await eventually { writer.texts(to: id).count == 3 }
            let message = try json(try #require(writer.texts(to: id).last))
            #expect(message["payload"]?["payload"]?["a"] == .number("1"))
            #expect(message["payload"]?["meta"]?["id"] == message["payload"]?["payload"]?["id"])
            group.cancelAll()
        }
        await pool.close()
    }
}

/// Waits until a condition holds, for at most ten seconds.
func eventually(_ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(10)
    while try await !condition() {
        try #require(ContinuousClock.now < end, "it did not happen within ten seconds")
        try await Task.sleep(for: .milliseconds(10))
    }
}
