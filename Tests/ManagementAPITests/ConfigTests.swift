import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Projects

@Suite("Configuration of the other services")
struct ConfigTests {
    @Test("every configuration is as the Management API documents it")
    func documented() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let tails = [
                "postgrest", "config/storage", "config/realtime", "config/database/postgres",
                "config/database/pooler", "config/database/pgbouncer", "config/disk/autoscale", "ssl-enforcement",
                "network-restrictions", "database/backups", "config/auth/signing-keys", "functions", "secrets",
                "api-keys/legacy",
            ]
            for tail in tails {
                let answer = try await host.send("GET", "/v1/projects/\(ref)/\(tail)")
                #expect(answer.status == 200, "\(tail)")
            }
        }
    }

    @Test("the REST API's configuration is changed, and shows the JWT secret to those who may see signing keys")
    func rest() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let v1 = "/v1/projects/\(ref)/postgrest"
            let studio = "/platform/projects/\(ref)/config/postgrest"
            let secret = try #require(try await host.catalog.secrets(of: ref)["JWT_SECRET"]?.reveal())
            #expect(try await host.send("GET", v1).json["jwt_secret"] == .string(secret))
            #expect(try await host.send("GET", studio).json["jwt_secret"] == .string(secret))
            let reader = Person.readOnly.token
            #expect(try await host.send("GET", v1, token: reader).json["jwt_secret"] == nil)
            #expect(try await host.send("GET", studio, token: reader).json["jwt_secret"] == .string(""))
            let changed = try await host.send("PATCH", v1, body: #"{"max_rows":50,"db_schema":"public","db_pool":7}"#)
            #expect(changed.status == 200)
            #expect(try changed.json["max_rows"] == .number(50))
            #expect(try changed.json["db_pool"] == .number(7))
            #expect(!changed.text.contains(secret))
            let again = try await host.send("PATCH", studio, body: #"{"db_pool":null}"#)
            #expect(try again.json["db_pool"] == .null)
            #expect(try await host.send("PATCH", v1, body: #"{"max_rows":1000001}"#).status == 400)
            #expect(try await host.send("PATCH", v1, body: "{}", token: reader).status == 403)
        }
    }

    @Test("storage's nested keys are changed one by one; what it cannot do is refused")
    func storage() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let v1 = "/v1/projects/\(ref)/config/storage"
            let body = #"{"fileSizeLimit":1000,"features":{"imageTransformation":{"enabled":false}}}"#
            let answer = try await host.send("PATCH", v1, body: body)
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
            let read = try await host.send("GET", "/platform/projects/\(ref)/config/storage").json
            #expect(read["fileSizeLimit"] == .number(1_000))
            #expect(read["features"]?["imageTransformation"]?["enabled"] == .bool(false))
            #expect(read["features"]?["s3Protocol"]?["enabled"] == .bool(true))
            let wanted = #"{"features":{"vectorBuckets":{"enabled":true,"maxBuckets":1,"maxIndexes":1}}}"#
            let refused = try await host.send("PATCH", v1, body: wanted)
            #expect(refused.status == 400)
            #expect(try refused.message?.contains("features.vectorBuckets.enabled") == true)
            let studio = try await host.send(
                "PATCH", "/platform/projects/\(ref)/config/storage", body: #"{"fileSizeLimit":2000}"#)
            #expect(try studio.json["fileSizeLimit"] == .number(2_000))
            #expect(try studio.json["databasePoolMode"]?.text != nil)
            let deep = #"{"a":{"b":{"c":{"d":{"e":1}}}}}"#
            let refusedDepth = try await host.send("PATCH", v1, body: deep)
            #expect(refusedDepth.status == 400)
            #expect(try refusedDepth.message == "a.b.c.d is nested too deeply")
        }
    }

    @Test("realtime is changed with 204, and its shutdown restarts realtime alone")
    func realtime() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .active)
            let path = "/v1/projects/\(ref)/config/realtime"
            let answer = try await host.send("PATCH", path, body: #"{"max_concurrent_users":10}"#)
            #expect(answer.status == 204)
            #expect(try await host.send("GET", path).json["max_concurrent_users"] == .number(10))
            #expect(try await host.send("POST", "\(path)/shutdown").status == 204)
            let record = try #require(try await host.store.project(ref))
            #expect(record.status == .restarting)
            #expect(record.restartServices?.map(\.text) == ["realtime"])
        }
    }

    @Test("PostgreSQL's configuration shows what is set, and a change always restarts the database")
    func postgres() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            for path in [
                "/v1/projects/\(ref)/config/database/postgres", "/platform/projects/\(ref)/config/postgres",
            ] {
                let body = #"{"statement_timeout":"60s","max_connections":80,"restart_database":true}"#
                let answer = try await host.send("PUT", path, body: body)
                #expect(
                    try answer.json
                        == .object(["statement_timeout": .string("60s"), "max_connections": .number(80)]))
                #expect(try await host.send("GET", path).json == answer.json)
                #expect(try await host.send("PUT", path, body: #"{"restart_database":false}"#).status == 400)
                #expect(try await host.send("PUT", path, body: #"{"max_connections":0}"#).status == 400)
                #expect(try await host.send("PUT", path, body: #"{"work_mem":"lots"}"#).status == 400)
            }
        }
    }

    @Test("a change of an active project's PostgreSQL is an operation, and a second one has to wait for it")
    func postgresTrial() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .active)
            let path = "/v1/projects/\(ref)/config/database/postgres"
            let answer = try await host.send("PUT", path, body: #"{"work_mem":"8MB"}"#)
            #expect(answer.status == 200)
            #expect(try await host.store.project(ref)?.status == .restarting)
            let id = try #require(answer.header("X-Operation-Id"))
            let operation = try await host.send("GET", "/platform/projects/\(ref)/operations/\(id)").json
            #expect(operation["kind"] == .string("settings_change") && operation["state"] == .string("pending"))
            #expect(try await host.send("POST", "/platform/projects/\(ref)/operations/\(id)/cancel").status == 409)
            #expect(try await host.send("PUT", path, body: #"{"work_mem":"9MB"}"#).status == 409)
            // What is in force already is no change, and restarts nothing.
            try await host.set(.active, of: ref)
            let same = try await host.send("PUT", path, body: #"{"work_mem":"8MB"}"#)
            #expect(same.status == 200)
            #expect(try await host.store.project(ref)?.status == .active)
        }
    }

    @Test("the pooler's settings can be changed; a project without a pooler has an empty list")
    func pooler() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/config/database"
            #expect(try await host.send("GET", "\(path)/pooler").json == .array([]))
            #expect(try await host.send("GET", "\(path)/pgbouncer").json == .object([:]))
            let body = #"{"default_pool_size":30,"pool_mode":"transaction"}"#
            let answer = try await host.send("PATCH", "\(path)/pooler", body: body)
            #expect(
                try answer.json == .object(["default_pool_size": .number(30), "pool_mode": .string("transaction")]))
            // The port decides on the mode; a setting would change nothing.
            let session = try await host.send("PATCH", "\(path)/pooler", body: #"{"pool_mode":"session"}"#)
            #expect(session.status == 400 && session.text.contains("pool_mode"))
            #expect(try await host.send("PATCH", "\(path)/pooler", body: #"{"pool_mode":"none"}"#).status == 400)
            #expect(try await host.send("PATCH", "\(path)/pooler", body: #"{"max_client_conn":5}"#).status == 400)
        }
    }

    @Test("a pooler is shown with its port, its tenant in the user's name, and a place for the password")
    func poolerEntry() throws {
        let ref = ProjectRef.sample()
        let pooler = try #require(ServiceName("pooler"))
        let subnet = try #require(IPv4Network("10.0.0.0/27"))
        let time = Timestamp(milliseconds: 0)
        var record = ProjectRecord(
            number: 1, ref: ref, name: try ProjectName("demo"), organizationSlug: "default", region: "local",
            cloudProvider: "AWS", status: .active, services: [.db, pooler],
            leases: Leases(ports: ["POOLER_TRANSACTION_PORT": 6_543], subnet: subnet), insertedAt: time,
            updatedAt: time, statusChangedAt: time)
        let values: JSON = ["default_pool_size": 20, "pool_mode": "transaction"]
        let connection = try ConnectionData(record, APIHost.configuration)
        let entry = try #require(PoolerController.entry(of: record, connection, values))
        let address = "postgresql://postgres.\(ref):[YOUR-PASSWORD]@127.0.0.1:6543/postgres"
        #expect(entry["connection_string"] == .string(address))
        #expect(entry["db_port"] == 6_543)
        #expect(entry["pool_mode"] == "transaction")
        #expect(entry["max_client_conn"] == .some(.null))
        record.services = [.db]
        let none = try ConnectionData(record, APIHost.configuration)
        #expect(PoolerController.entry(of: record, none, values) == nil)
    }
}
