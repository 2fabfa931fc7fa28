import EmbeddedPostgres
import FoundationEssentials
import Orchestrator
import PostgresKit
import ProjectAccess
import ProjectModel
import Testing

extension Databases {
    @Suite("Limits and cancellation")
    struct Limits {
        private func database(_ change: (inout ProjectDatabaseLimits) -> Void = { _ in }) -> PostgresProjectDatabase {
            var limits = ProjectDatabaseLimits()
            change(&limits)
            return PostgresProjectDatabase(limits: limits)
        }

        @Test("the row limit ends a query while it is received, also in a later statement of a script")
        func rows() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let database = database { $0.maximumRows = 3 }
            let fitting = try await database.run(ProjectQueryText(sql: "select generate_series(1, 3)"), on: target)
            #expect(fitting.rowCount == 3)
            // Without an end on the server's side: only a limit that works while rows come can end these.
            for prefix in ["", "select 1; create table t (); "] {
                let endless = ProjectQueryText(sql: prefix + "select generate_series(1::bigint, 1000000000000)")
                #expect(await database.failure(endless, on: target) == .tooManyRows(limit: 3))
            }
            #expect(try await database.json("select to_regclass('t') as t", on: target) == "[{\"t\":null}]")
        }

        @Test("the byte limit ends a query of many rows")
        func bytes() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let database = database {
                $0.maximumAnswerBytes = 100_000
                $0.maximumRows = .max
            }
            let many = ProjectQueryText(sql: "select repeat('x', 1000), generate_series(1, 1000000000)")
            #expect(await database.failure(many, on: target) == .tooLarge(limitBytes: 100_000))
        }

        @Test("a single row beyond the limit is not received to its end")
        func hugeRow() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let database = database { $0.maximumAnswerBytes = 1 << 20 }
            let before = try Self.peakMemory()
            let huge = ProjectQueryText(sql: "select repeat('x', 300000000) as v")
            #expect(await database.failure(huge, on: target) == .tooLarge(limitBytes: 1 << 20))
            let growth = try Self.peakMemory() - before
            #expect(growth < 100_000)
            let large = ProjectQueryText(sql: "select repeat('x', 900000) as v")
            #expect(try await database.run(large, on: target).json.count == 900_000 + "[{\"v\":\"\"}]".utf8.count)
        }

        @Test("results that a script does not end with take no part in the limit")
        func earlierResults() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let database = database { $0.maximumAnswerBytes = 1_000_000 }
            let statement = "select repeat('x', 900000) as v; "
            let query = ProjectQueryText(sql: String(repeating: statement, count: 20) + "select 1 as a")
            #expect(try await database.json(query, on: target) == "[{\"a\":1}]")
        }

        @Test("PostgreSQL's own statement timeout is PostgreSQL's report")
        func statementTimeout() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let database = database { $0.statementTimeout = .milliseconds(50) }
            let failure = await database.refusal(ProjectQueryText(sql: "select pg_sleep(60)"), on: target)
            #expect(failure?.code == "57014")
            #expect(failure?.message == "canceling statement due to statement timeout")
        }

        @Test("a script that sets the timeout off ends at the limit for the whole", arguments: [true, false])
        func wholeTimeout(disables: Bool) async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let database = database {
                if disables {
                    $0.longestQueryTimeout = .milliseconds(300)
                } else {
                    $0.queryTimeout = .milliseconds(300)
                }
            }
            let query = ProjectQueryText(
                sql: "set statement_timeout = 0; select pg_sleep(600)", disablesStatementTimeout: disables)
            #expect(await database.failure(query, on: target) == .timedOut(.milliseconds(300)))
            #expect(try await eventually { try await activity(of: target) == 0 })
        }

        @Test("cancelling the request cancels the query on the server and closes the session")
        func cancellation() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let database = database()
            let error = try await withThrowingTaskGroup(of: ProjectDatabaseError?.self) { group in
                group.addTask { await database.failure(ProjectQueryText(sql: "select pg_sleep(600)"), on: target) }
                #expect(try await eventually { try await activity(of: target) == 1 })
                group.cancelAll()
                return try await group.next() ?? nil
            }
            #expect(error == .cancelled)
            #expect(try await eventually { try await activity(of: target) == 0 })
        }

        @Test("sessions are bounded; those beyond wait, and are refused in the end")
        func sessions() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let other = try await ProjectCluster.running.newDatabase(ref: "bbbbbbbbbbbbbbbbbbbb")
            let database = database {
                $0.sessionsPerProject = 2
                $0.sessions = 3
                $0.waitTimeout = .milliseconds(200)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask { _ = try? await database.json("select pg_sleep(600)", on: target) }
                }
                #expect(try await eventually { try await activity(of: target) == 2 })
                #expect(await database.failure(ProjectQueryText(sql: "select 1"), on: target) == .busy)
                #expect(try await database.json("select 1 as a", on: other) == "[{\"a\":1}]")
                group.cancelAll()
                try await group.waitForAll()
            }
            // Sessions come back, also those of cancelled queries; ten at once on two seats all get their turn.
            let patient = self.database { $0.sessionsPerProject = 2 }
            try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<10 {
                    group.addTask { try await patient.json("select \(number) as a, pg_sleep(0.02)::text", on: target) }
                }
                var answers = 0
                for try await _ in group { answers += 1 }
                #expect(answers == 10)
            }
            #expect(try await database.json("select 1 as a", on: target) == "[{\"a\":1}]")
        }

        @Test("texts and parameters beyond the limits are not sent")
        func sizes() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let database = database {
                $0.maximumSQLBytes = 20
                $0.maximumParameterBytes = 10
            }
            let exact = "select 1 as a /* */ "
            #expect(try await database.json(exact, on: target) == "[{\"a\":1}]")
            let long = await database.failure(ProjectQueryText(sql: exact + " "), on: target)
            #expect(long == .invalid("the SQL text has more than 20 bytes"))
            let parameters = ProjectQueryText(sql: "select $1", parameters: [.string("12345678901")])
            let heavy = await database.failure(parameters, on: target)
            #expect(heavy == .invalid("the query's parameters have more than 10 bytes"))
            let nul = await database.failure(ProjectQueryText(sql: "select '\0'"), on: target)
            #expect(nul == .invalid("SQL text cannot hold a NUL character"))
        }

        /// Statements that run in the database at the moment.
        private func activity(of target: DatabaseTarget) async throws -> Int64 {
            let connection = try await PostgresConnection.connect(try ProjectCluster.running.cluster.parameters)
            let rows = try await connection.query(
                "select count(*) as n from pg_stat_activity where datname = $1 and state = 'active'",
                [.text(target.roles.database)])
            await connection.close()
            return try #require(rows.first).int64("n")
        }

        /// The most memory that the process has had, in KiB (`VmHWM`).
        private static func peakMemory() throws -> Int {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
            return try #require(line.split(separator: " ").dropLast().last.flatMap { Int($0.filter(\.isNumber)) })
        }
    }
}
