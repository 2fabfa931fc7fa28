import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Synchronization
import Testing

@testable import RealtimeAPI

/// What one subscriber does, and what happens to its table, takes no change from the others, and none in silence.
@Suite(
    "Changes for the others",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .logicalPostgresCluster, .serialized)
struct ChangeIsolationTests {
    private static let notes = """
        CREATE TABLE notes (id int PRIMARY KEY, body text); GRANT SELECT ON notes TO anon, authenticated;
        ALTER PUBLICATION supabase_realtime ADD TABLE notes;
        """

    @Test func comparisonsThatDoNotExistAreRefused() async throws {
        try await ChangeFeed.run { feed in
            try await feed.sql(
                """
                CREATE TABLE docs (id int PRIMARY KEY, j json, p point); GRANT SELECT ON docs TO anon;
                ALTER PUBLICATION supabase_realtime ADD TABLE docs;
                """)
            let filters = ["j=eq.{}", "j=gt.{}", "j=isdistinct.{}", #"j=in.(\"{}\")"#, #"p=eq.(1\\,2)"#]
            for filter in filters {
                try feed.subscribe(
                    filter, to: #"{"table":"docs","filter":"\#(filter)"}"#, as: ChannelFixture.claims())
            }
            try feed.subscribe("all", to: #"{"table":"docs"}"#, as: ChannelFixture.claims())
            try await feed.subscribed(filters.count + 1)
            try await feed.sql("INSERT INTO docs VALUES (1, '{}', '(1,2)')")
            _ = try await feed.deliveries(1)
            for filter in filters {
                #expect(feed.problem(of: filter)?.contains("operator does not exist") == true)
            }
            #expect(feed.kinds(to: "all") == ["INSERT"])
        }
    }

    @Test func aPatternThatTakesTooLongEndsItsOwnSubscription() async throws {
        try await ChangeFeed.run { feed in
            try await feed.sql(Self.notes)
            let slow = #"{"table":"notes","filter":"body=match.^(a+)(a+)(a+)(a+)\\1\\2\\3\\4$"}"#
            try feed.subscribe("slow", to: slow, as: ChannelFixture.claims())
            try feed.subscribe(
                "quick", to: #"{"table":"notes","filter":"body=match.^a+$"}"#, as: ChannelFixture.claims())
            try feed.subscribe("all", to: #"{"table":"notes"}"#, as: ChannelFixture.claims())
            try await feed.subscribed(3)
            try await feed.sql("INSERT INTO notes VALUES (1, repeat('a', 2001))")
            try await eventually {
                feed.kinds(to: "all") == ["INSERT"] && feed.kinds(to: "quick") == ["INSERT"]
            }
            try await eventually { feed.problem(of: "slow")?.contains("body=match") == true }
            let start = ContinuousClock.now
            try await feed.sql("INSERT INTO notes VALUES (2, repeat('a', 2001))")
            try await eventually { feed.kinds(to: "quick").count == 2 }
            #expect(ContinuousClock.now - start < .seconds(1))
        }
    }

    @Test func aQuestionThatFailsEndsItsOwnSubscription() async throws {
        try await ChangeFeed.run { feed in
            try await feed.sql(
                """
                CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
                CREATE TABLE people (id int PRIMARY KEY, mood mood); GRANT SELECT ON people TO anon;
                ALTER PUBLICATION supabase_realtime ADD TABLE people;
                """)
            for (name, word) in [("sad", "sad"), ("ok", "ok")] {
                try feed.subscribe(
                    name, to: #"{"table":"people","filter":"mood=gt.\#(word)"}"#, as: ChannelFixture.claims())
            }
            try feed.subscribe("all", to: #"{"table":"people"}"#, as: ChannelFixture.claims())
            try await feed.subscribed(3)
            try await eventually {
                feed.hub.state.withLock { $0.book.entries.values.allSatisfy(\.isReviewed) }
            }
            try await feed.sql(
                "ALTER TYPE mood RENAME VALUE 'sad' TO 'low'; INSERT INTO people VALUES (1, 'glad')")
            try await eventually {
                feed.kinds(to: "all") == ["INSERT"] && feed.kinds(to: "ok") == ["INSERT"]
            }
            try await eventually { feed.problem(of: "sad")?.contains("mood=gt.sad") == true }
        }
    }

    @Test func aPolicyThatRaisesForOneIsToldToThatOne() async throws {
        try await ChangeFeed.run { feed in
            try await feed.sql(
                Self.notes + """
                    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY own ON notes FOR SELECT TO authenticated
                      USING ((current_setting('request.jwt.claims')::json ->> 'sub')::int > 0);
                    """)
            for name in ["ada", "1"] {
                try feed.subscribe(
                    name, to: #"{"table":"notes"}"#,
                    as: ChannelFixture.claims(role: "authenticated", sub: name))
            }
            try feed.subscribe(
                "gone", to: #"{"table":"notes"}"#,
                as: ChannelFixture.claims(role: "authenticated", sub: "a\0b"))
            try await feed.subscribed(3)
            try await feed.sql("INSERT INTO notes VALUES (1, 'a')")
            try await eventually { feed.kinds(to: "1") == ["INSERT"] }
            try await eventually { feed.problem(of: "ada")?.contains("public.notes") == true }
            try await eventually { feed.problem(of: "gone") != nil }
            #expect(feed.kinds(to: "ada").isEmpty)
        }
    }

    @Test func aPolicyThatSleepsForOneEndsThatOne() async throws {
        try await ChangeFeed.run { feed in
            try await feed.sql(
                Self.notes + """
                    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY own ON notes FOR SELECT TO authenticated USING (
                      CASE WHEN current_setting('request.jwt.claims')::json ->> 'sub' = 'ada'
                        THEN pg_sleep(60) IS NULL ELSE true END);
                    """)
            for name in ["ada", "bob", "eve"] {
                try feed.subscribe(
                    name, to: #"{"table":"notes"}"#,
                    as: ChannelFixture.claims(role: "authenticated", sub: name))
            }
            try await feed.subscribed(3)
            try await feed.sql("INSERT INTO notes VALUES (1, 'a')")
            try await eventually {
                feed.kinds(to: "bob") == ["INSERT"] && feed.kinds(to: "eve") == ["INSERT"]
            }
            try await eventually { feed.problem(of: "ada") != nil }
            let start = ContinuousClock.now
            try await feed.sql("INSERT INTO notes VALUES (2, 'b')")
            try await eventually { feed.kinds(to: "bob").count == 2 }
            #expect(ContinuousClock.now - start < .seconds(1))
        }
    }

    @Test func aLockIsToldAndHoldsUpNoOther() async throws {
        try await ChangeFeed.run { feed in
            try await feed.sql(
                Self.notes + """
                    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY waiting ON notes FOR SELECT TO anon USING (pg_advisory_xact_lock_shared(7) IS NOT NULL);
                    CREATE TABLE other (id int PRIMARY KEY); GRANT SELECT ON other TO anon;
                    ALTER PUBLICATION supabase_realtime ADD TABLE other;
                    """)
            for table in ["notes", "other"] {
                try feed.subscribe(table, to: #"{"table":"\#(table)"}"#, as: ChannelFixture.claims())
            }
            try await feed.subscribed(2)
            try await feed.pool.transaction(retries: 0) { transaction in
                try await transaction.executeScript("SELECT pg_advisory_xact_lock(7)")
                try await feed.sql(
                    "BEGIN; INSERT INTO notes VALUES (1, 'a'); INSERT INTO other VALUES (1); COMMIT")
                try await eventually { feed.kinds(to: "other") == ["INSERT"] }
                try await eventually { feed.problem(of: "notes")?.contains("Changes are missing") == true }
            }
            try await feed.sql("INSERT INTO notes VALUES (2, 'b')")
            try await eventually { feed.kinds(to: "notes") == ["INSERT"] }
        }
    }

    @Test func whatCannotBeSentIsRefusedAndKeepsNobodyWaiting() async throws {
        try await ChangeFeed.run { feed in
            try await feed.sql(Self.notes)
            for number in 1...6 {
                try feed.subscribe(
                    "nul \(number)", to: #"{"table":"notes","filter":"body=eq.\u0000"}"#,
                    as: ChannelFixture.claims())
            }
            try feed.subscribe("schema", to: #"{"schema":"\u0000"}"#, as: ChannelFixture.claims())
            try feed.subscribe("role", to: #"{"table":"notes"}"#, as: ChannelFixture.claims(role: "a\0b"))
            try feed.subscribe("all", to: #"{"table":"notes"}"#, as: ChannelFixture.claims())
            try await feed.subscribed(9)
            #expect(feed.problem(of: "all") == nil)
            #expect(feed.problem(of: "nul 6") != nil && feed.problem(of: "schema") != nil)
        }
    }

    @Test func ofADeleteOnlyTheKeyIsFilteredWherePoliciesHideTheRest() async throws {
        try await ChangeFeed.run { feed in
            try await feed.sql(
                """
                CREATE TABLE notes (id int PRIMARY KEY, owner text); ALTER TABLE notes REPLICA IDENTITY FULL;
                GRANT SELECT ON notes TO authenticated; ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
                CREATE POLICY own ON notes FOR SELECT TO authenticated
                  USING (owner = current_setting('request.jwt.claims')::json ->> 'sub');
                CREATE TABLE open (id int PRIMARY KEY, owner text); ALTER TABLE open REPLICA IDENTITY FULL;
                GRANT SELECT ON open TO authenticated;
                ALTER PUBLICATION supabase_realtime ADD TABLE notes, open;
                INSERT INTO notes VALUES (1, 'ada'), (2, 'ada'); INSERT INTO open VALUES (1, 'ada');
                """)
            let bob = try ChannelFixture.claims(role: "authenticated", sub: "bob")
            for (name, table, filter) in [
                ("owner", "notes", "owner=eq.ada"), ("other", "notes", "owner=neq.ada"),
                ("null", "notes", "owner=not.is.null"), ("key", "notes", "id=eq.2"),
                ("open", "open", "owner=eq.ada"),
            ] { try feed.subscribe(name, to: #"{"table":"\#(table)","filter":"\#(filter)"}"#, as: bob) }
            try await feed.subscribed(5)
            try await feed.sql("DELETE FROM notes; DELETE FROM open")
            try await eventually {
                feed.kinds(to: "open") == ["DELETE"] && feed.kinds(to: "key") == ["DELETE"]
            }
            for name in ["owner", "other", "null"] { #expect(feed.kinds(to: name).isEmpty, "\(name)") }
        }
    }

    @Test func aFilterEndsWithThePrivilegeToReadItsColumn() async throws {
        try await ChangeFeed.run { feed in
            try await feed.sql(Self.notes)
            try feed.subscribe(
                "a", to: #"{"table":"notes","filter":"body=eq.x"}"#, as: ChannelFixture.claims())
            try await feed.subscribed(1)
            try await feed.sql("REVOKE SELECT ON notes FROM anon; GRANT SELECT (id) ON notes TO anon")
            try await feed.sql("INSERT INTO notes VALUES (1, 'x')")
            try await eventually { feed.problem(of: "a")?.contains("body") == true }
            #expect(feed.kinds(to: "a").isEmpty)
        }
    }

    @Test(arguments: [
        ("ALTER TABLE notes RENAME TO old", "ALTER TABLE old RENAME TO notes"),
        (
            "ALTER PUBLICATION supabase_realtime DROP TABLE notes",
            "ALTER PUBLICATION supabase_realtime ADD TABLE notes"
        ),
        ("ALTER TABLE notes RENAME body TO text", "ALTER TABLE notes RENAME text TO body"),
        (
            "DROP TABLE notes",
            "CREATE TABLE notes (id int PRIMARY KEY, body text); GRANT SELECT ON notes TO anon; "
                + "ALTER PUBLICATION supabase_realtime ADD TABLE notes"
        ),
        ("DROP PUBLICATION supabase_realtime", "CREATE PUBLICATION supabase_realtime FOR TABLE notes"),
    ])
    func whoseTableIsGoneLearnsIt(change: String, back: String) async throws {
        try await ChangeFeed.run { feed in
            try await feed.sql(Self.notes)
            try feed.subscribe(
                "a", to: #"{"table":"notes","filter":"body=eq.x"}"#, as: ChannelFixture.claims())
            try await feed.subscribed(1)
            try await feed.sql(change)
            try await eventually { feed.problem(of: "a") != nil }
            try await feed.sql(back)
            try await eventually { feed.problem(of: "a") == nil }
            try await feed.sql("INSERT INTO notes VALUES (1, 'x')")
            try await eventually { feed.kinds(to: "a") == ["INSERT"] }
        }
    }

    @Test func changesWaitForAPoolThatLosesItsConnections() async throws {
        try await ChangeFeed.run { feed in
            try await feed.sql(
                Self.notes + """
                    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY slow ON notes FOR SELECT TO anon USING (pg_sleep(0.5) IS NOT NULL);
                    """)
            try feed.subscribe("a", to: #"{"table":"notes"}"#, as: ChannelFixture.claims())
            try await feed.subscribed(1)
            try await feed.sql("INSERT INTO notes VALUES (1, 'x')")
            let asking = "pg_stat_activity WHERE query LIKE '%projectd_visible%' AND state = 'active' "
            try await eventually {
                try await feed.pool.single(
                    "SELECT count(pg_terminate_backend(pid)) AS n FROM \(asking) AND pid <> pg_backend_pid()"
                ).int("n") > 0
            }
            try await eventually { feed.kinds(to: "a") == ["INSERT"] }
        }
    }
}
