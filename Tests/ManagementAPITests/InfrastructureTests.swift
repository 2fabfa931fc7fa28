import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import Accounts
@testable import FeatureKit
@testable import ManagementAPI
@testable import Projects
@testable import SupabaseCompatibility

@Suite("Databases, poolers and logs of projects")
struct InfrastructureTests {
    private func record(
        _ services: [ServiceName], ports: [String: UInt16]? = ["DB_PORT": 5_433, "POOLER_TRANSACTION_PORT": 6_543]
    ) throws -> ProjectRecord {
        let time = Timestamp(milliseconds: 0)
        let subnet = try #require(IPv4Network("10.201.0.0/27"))
        return ProjectRecord(
            number: 1, ref: .sample(1), name: try ProjectName("demo"), organizationSlug: "default", region: "local",
            cloudProvider: "AWS", status: .active, services: services,
            leases: ports.map { Leases(ports: $0, subnet: subnet) }, insertedAt: time, updatedAt: time,
            statusChangedAt: time)
    }

    @Test("connection strings name host, port and tenant, and hold a placeholder for the password")
    func connections() throws {
        let pooler = try #require(ServiceName("pooler"))
        let with = try ConnectionData(try record([.db, pooler]), APIHost.configuration)
        let ref = ProjectRef.sample(1)
        #expect(with.connectionString == "postgresql://postgres:[YOUR-PASSWORD]@127.0.0.1:5433/postgres")
        #expect(with.poolerString == "postgresql://postgres.\(ref):[YOUR-PASSWORD]@127.0.0.1:6543/postgres")
        #expect(try ConnectionData(record([.db]), APIHost.configuration).poolerString == nil)
        let without = try ConnectionData(try record([.db, pooler], ports: nil), APIHost.configuration)
        #expect(without.port == nil)
        #expect(without.shownPort == 5_432)
        #expect(without.poolerString == nil)
        var configuration = APIHost.configuration
        configuration.publicHost = "2001:db8::1"
        let numeric = try ConnectionData(try record([.db]), configuration)
        #expect(numeric.connectionString == "postgresql://postgres:[YOUR-PASSWORD]@[2001:db8::1]:5433/postgres")
    }

    @Test("the pooler is listed for projects that have one")
    func pooler() throws {
        let service = try #require(ServiceName("pooler"))
        let record = try record([.db, service])
        let row = try #require(try PoolerRow(record, ConnectionData(record, APIHost.configuration)))
        #expect(row.port == 6_543)
        #expect(row.connectionString == row.deprecatedConnectionString)
        let plain = try self.record([.db])
        #expect(try PoolerRow(plain, ConnectionData(plain, APIHost.configuration)) == nil)
    }

    @Test(
        "there is always one database, with its status in the words that databases have",
        arguments: ProjectStatus.allCases)
    func databases(status: ProjectStatus) async throws {
        guard status != .deleted else { return }
        try await APIHost.run { host async throws in
            let ref = try await host.create()
            try await host.bring(ref, to: status)
            let path = "/platform/projects/\(ref)"
            let rows = try await host.send("GET", "\(path)/databases").json
            #expect(rows.count == 1)
            #expect(rows[0]?["identifier"] == .string(ref.text))
            let isLeased = try await host.store.project(ref)?.leases != nil
            #expect(rows[0]?["connectionString"] == (isLeased ? .string("sm:\(ref)") : .null))
            let statuses = try await host.send("GET", "\(path)/databases-statuses").json
            #expect(statuses.count == rows.count)
            #expect(statuses[0]?["status"] == rows[0]?["status"])
            for place in ["config/supavisor", "config/pgbouncer", "service-versions", "disk/util", "disk", "members"] {
                #expect(try await host.send("GET", "\(path)/\(place)").status == 200, "\(place)")
            }
            let disk = try await host.send("GET", "\(path)/disk").json["attributes"]
            let use = try await host.send("GET", "\(path)/disk/util").json["metrics"]
            let numbers =
                ["size_gb", "iops", "throughput_mbps"].map { disk?[$0] }
                + ["fs_size_bytes", "fs_avail_bytes", "fs_used_bytes"].map { use?[$0] }
            #expect(numbers.allSatisfy { $0 == .null }, "a disk that is not measured has no numbers")
            let woken = try await host.send("POST", "\(path)/wake")
            #expect(woken.status == 201)
            #expect(try woken.json["connection_string"] == rows[0]?["connectionString"])
        }
    }

    @Test("members of a project are those of all projects and those of this one")
    func members() async throws {
        let time = Timestamp(milliseconds: 0)
        func member(_ number: Int64, _ projects: Set<ProjectRef>) -> Member {
            Member(
                account: Account(
                    number: number, id: "00000000-0000-4000-8000-00000000000\(number)", email: "m\(number)@example.com",
                    username: "m\(number)", insertedAt: time, updatedAt: time),
                roles: [Role(number: number + 10, base: .developer, projects: projects)])
        }
        let all = [member(1, []), member(2, [.sample(1)]), member(3, [.sample(2)])]
        let routes = ProjectMembersController { slug in slug == "default" ? all : [] }.routes
        let list = try #require(routes.first { $0.path.hasSuffix("/members") })
        var request = APIRequest(
            parameters: ["ref": ProjectRef.sample(1).text], query: try QueryParameters(""), body: .init(),
            principal: Person.owner.principal)
        request.admitted = try record([.db])
        let json = try JSONValue(bytes: Array((try await list.handle(request)).body.readableBytesView))
        #expect(json.all("username") == [.string("m1"), .string("m2")])
        #expect(list.operation.answer.schema?.problems(in: json) == [])
    }

    @Test("a transfer is never valid, and the preview tells why")
    func transfer() async throws {
        try await APIHost.run { host async throws in
            let path = "/platform/projects/\(try await host.create())/transfer/preview"
            for (slug, hasAccess) in [("default", true), ("elsewhere", false)] {
                let answer = try await host.send("POST", path, body: #"{"target_organization_slug":"\#(slug)"}"#)
                #expect(answer.status == 201)
                #expect(try answer.json["valid"] == .bool(false))
                #expect(try answer.json["errors"]?.count == 1)
                #expect(try answer.json["has_access_to_target_organization"] == .bool(hasAccess))
            }
            #expect(try await host.send("POST", path, body: "{}").status == 400)
        }
    }

    @Test("a log is text of the last lines, without the project's secrets")
    func logs() async throws {
        try await APIHost.run { host async throws in
            let ref = try await host.create()
            let path = "/platform/projects/\(ref)/services/auth/logs"
            #expect(try await host.send("GET", path).status == 404)
            let secret = try #require(try await host.catalog.secrets(of: ref)["JWT_SECRET"]?.reveal())
            host.engine.behave(.auth, as: ServiceBehaviour(log: "first\nsecret=\(secret)\nlast"))
            try await host.withLoops { () async throws in
                try await host.wait(for: .active, of: ref)
                let answer = try await host.send("GET", path)
                #expect(answer.status == 200)
                #expect(answer.text == "first\nsecret=<secret>\nlast")
                #expect(try await host.send("GET", "\(path)?tail=1").text == "last")
                for query in ["tail=0", "tail=1001", "tail=all"] {
                    #expect(try await host.send("GET", "\(path)?\(query)").status == 400)
                }
                for service in ["absent", "AUTH", "..", "%2e%2e"] {
                    let missing = try await host.send("GET", "/platform/projects/\(ref)/services/\(service)/logs")
                    #expect(missing.status == 404, "\(service)")
                }
                #expect(try await host.send("GET", path, token: Person.readOnly.token).status == 403)
            }
            host.engine.setDown(true)
            #expect(try await host.send("GET", path).status == 503)
        }
    }

    @Test("charts are empty and say so, by name where several are asked for; names are bounded")
    func charts() async throws {
        try await APIHost.run { host async throws in
            let path = "/platform/projects/\(try await host.create())"
            let one = try await host.send("GET", "\(path)/daily-stats?attribute=total_requests&startDate=x&endDate=y")
            #expect(try one.json["hasNoData"] == .bool(true))
            #expect(try one.json["series"] == nil)
            let some = try await host.send("GET", "\(path)/infra-monitoring?attributes=cpu_usage,ram_usage")
            #expect(try some.json["series"]?.keys == ["cpu_usage", "ram_usage"])
            let many = (1...65).map { "a\($0)" }.joined(separator: ",")
            for names in ["A", "a%20b", many, String(repeating: "a", count: 65)] {
                #expect(try await host.send("GET", "\(path)/infra-monitoring?attributes=\(names)").status == 400)
            }
        }
    }

    @Test("statistics and log queries answer no rows, with the status that each method has")
    func analytics() async throws {
        try await APIHost.run { host async throws in
            let ref = try await host.create()
            for route in EmptyAnswer.analytics.map(\.route) where route.path.contains("/endpoints/") {
                let path = route.path.replacing("{ref}", with: ref.text)
                let answer = try await host.send(route.method.rawValue, path, body: route.method == .post ? "{}" : nil)
                #expect(answer.status == (route.method == .post ? 201 : 200), "\(route.name)")
                if answer.isJSON { #expect(try answer.json == .object(["result": .array([])]), "\(route.name)") }
            }
        }
    }
}
