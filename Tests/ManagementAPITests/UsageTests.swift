import FoundationEssentials
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Usage

@Suite("Usage of an organization")
struct UsageTests {
    /// The metrics of the contract, as its reference lists them.
    private static let contract = """
        EGRESS CACHED_EGRESS DATABASE_SIZE STORAGE_SIZE MONTHLY_ACTIVE_USERS MONTHLY_ACTIVE_SSO_USERS
        MONTHLY_ACTIVE_THIRD_PARTY_USERS FUNCTION_INVOCATIONS FUNCTION_CPU_MILLISECONDS STORAGE_IMAGES_TRANSFORMED
        REALTIME_MESSAGE_COUNT REALTIME_PEAK_CONNECTIONS DISK_SIZE_GB_HOURS_GP3 DISK_SIZE_GB_HOURS_IO2
        DISK_THROUGHPUT_GP3 DISK_IOPS_GP3 DISK_IOPS_IO2 AUTH_MFA_PHONE AUTH_MFA_WEB_AUTHN LOG_DRAIN_EVENTS LOG_DRAIN
        COMPUTE_HOURS_BRANCH COMPUTE_HOURS_XS COMPUTE_HOURS_SM COMPUTE_HOURS_MD COMPUTE_HOURS_L COMPUTE_HOURS_XL
        COMPUTE_HOURS_2XL COMPUTE_HOURS_4XL COMPUTE_HOURS_8XL COMPUTE_HOURS_12XL COMPUTE_HOURS_16XL
        COMPUTE_HOURS_24XL COMPUTE_HOURS_24XL_OPTIMIZED_CPU COMPUTE_HOURS_24XL_OPTIMIZED_MEMORY
        COMPUTE_HOURS_24XL_HIGH_MEMORY COMPUTE_HOURS_48XL COMPUTE_HOURS_48XL_OPTIMIZED_CPU
        COMPUTE_HOURS_48XL_OPTIMIZED_MEMORY COMPUTE_HOURS_48XL_HIGH_MEMORY CUSTOM_DOMAIN PITR_7 PITR_14 PITR_28 IPV4
        ACTIVE_COMPUTE_HOURS ETL_PIPELINE ETL_COPY_BACKFILL_DATA ETL_REPLICATED_DATA LOG_INGESTION LOG_QUERYING
        LOG_STORAGE
        """

    @Test("every metric of the contract is known, and those that are measured are among them")
    func metrics() {
        #expect(Set(UsageMetric.all) == Set(Self.contract.split(whereSeparator: \.isWhitespace).map(String.init)))
        #expect(Set(UsageMetric.all).count == UsageMetric.all.count)
        let measured = UsageMetric.Measured.allCases.map(\.rawValue)
        #expect(Set(measured) == ["DATABASE_SIZE", "STORAGE_SIZE", "MONTHLY_ACTIVE_USERS"])
        #expect(Set(measured).isSubset(of: UsageMetric.all))
    }

    @Test("the numbers of the projects that run are added up, and each project has its part")
    func sums() async throws {
        try await APIHost.run { host async throws in
            let (one, two) = (try await host.create("one"), try await host.create("two"))
            let paused = try await host.create("three")
            for ref in [one, two] { try await host.set(.active, of: ref) }
            try await host.set(.paused, of: paused)
            host.databases.setAnswer { call in
                let bytes = call.target.ref == one ? "100" : "\"9007199254740993\""
                let row = #"[{"database_bytes":\#(bytes),"storage_bytes":5,"active_users":2}]"#
                return QueryAnswer(json: Array(row.utf8), rowCount: 1)
            }
            let answer = try await host.send("GET", "/platform/organizations/default/usage")
            #expect(answer.status == 200)
            let rows = try answer.json["usages"]
            func row(_ metric: String) -> JSONValue? {
                guard case .array(let all)? = rows else { return nil }
                return all.first { $0["metric"] == .string(metric) }
            }
            #expect(rows?.count == UsageMetric.Measured.allCases.count)
            #expect(answer.text.contains("9007199254741093"))
            #expect(row("STORAGE_SIZE")?["usage"] == .number(10))
            #expect(row("MONTHLY_ACTIVE_USERS")?["usage_original"] == .number(4))
            let parts = row("STORAGE_SIZE")?["project_allocations"]
            #expect(Set(parts?.all("ref").compactMap(\.text) ?? []) == [one.text, two.text])
            let unmeasured = try answer.json["unmeasured_projects"]
            #expect(unmeasured?.all("ref") == [.string(paused.text)])
            #expect(unmeasured?[0]?["reason"] == .string("the project is INACTIVE"))
            for metric in UsageMetric.Measured.allCases.map(\.rawValue) {
                #expect(row(metric)?["cost"] == .number(0))
                #expect(row(metric)?["unlimited"] == .bool(true))
                #expect(row(metric)?["capped"] == .bool(false))
                #expect(row(metric)?["available_in_plan"] == .bool(true))
                #expect(row(metric)?["pricing_strategy"] == .string("NONE"))
            }
            #expect(row("EGRESS") == nil, "what is not measured has no row")
            #expect(host.databases.calls.count == 2)
            #expect(host.databases.calls.allSatisfy { $0.query.isReadOnly })
            let single = try await host.send("GET", "/platform/organizations/default/usage?project_ref=\(two)")
            #expect(try single.json.all("project_allocations").contains { $0.count == 1 })
        }
    }

    @Test("a database that does not answer, or answers nonsense, has no number: unknown is not 0")
    func silence() async throws {
        try await APIHost.run { host async throws in
            let silent = try await host.create("silent")
            try await host.set(.active, of: silent)
            let path = "/platform/organizations/default/usage"
            for reply in ["", "[]", "{}", #"[{"database_bytes":null}]"#, #"[{"database_bytes":"many"}]"#] {
                host.databases.setAnswer { _ in QueryAnswer(json: Array(reply.utf8), rowCount: 1) }
                let answer = try await host.send("GET", path)
                #expect(answer.status == 200)
                #expect(try answer.json["usages"] == .array([]), "\(reply)")
            }
            for error in [ProjectDatabaseError.busy, .unreachable("no route to it"), .timedOut(.seconds(3))] {
                host.databases.setAnswer { _ throws(ProjectDatabaseError) in throw error }
                let answer = try await host.send("GET", path).json
                #expect(answer["usages"] == .array([]))
                #expect(answer["unmeasured_projects"]?[0]?["reason"] == .string("\(error)"))
            }
            let failure = QueryFailure(message: "invalid input: \"private\"", code: "22P02")
            host.databases.setAnswer { _ throws(ProjectDatabaseError) in throw .query(failure) }
            let refused = try await host.send("GET", path)
            #expect(refused.text.contains("22P02") && !refused.text.contains("private"))
        }
    }

    @Test("an organization without projects uses nothing, which is known")
    func nothing() async throws {
        try await APIHost.run { host async throws in
            let json = try await host.send("GET", "/platform/organizations/default/usage").json
            #expect(json["usages"]?.all("usage") == Array(repeating: .number(0), count: 3))
            #expect(json["unmeasured_projects"] == .array([]))
        }
    }

    @Test(
        "what is not a period or a project is refused",
        arguments: [
            ("start=yesterday", 400), ("end=2026-13-01T00:00:00Z", 400), ("project_ref=abcdefghijklmnopqrst", 404),
            ("start=2026-02-01T00:00:00Z&end=2026-01-01T00:00:00Z", 400),
        ])
    func badQueries(query: String, status: Int) async throws {
        try await APIHost.run { host async throws in
            #expect(try await host.send("GET", "/platform/organizations/default/usage?\(query)").status == status)
        }
    }

    @Test("the days of a period have no rows, as no history is kept")
    func daily() async throws {
        try await APIHost.run { host async throws in
            let path = "/platform/organizations/default/usage/daily"
            #expect(try await host.send("GET", path).json == .object(["usages": .array([])]))
            #expect(try await host.send("GET", "\(path)?start=x").status == 400)
        }
    }

    @Test(
        "the period is the calendar month",
        arguments: [
            ("2026-01-31T23:59:59.999Z", "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"),
            ("2026-02-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z"),
            ("2028-02-29T12:00:00.000Z", "2028-02-01T00:00:00.000Z", "2028-03-01T00:00:00.000Z"),
            ("2026-12-15T12:00:00.000Z", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
        ])
    func months(time: String, start: String, end: String) throws {
        let period = UsagePeriod(monthOf: try #require(Timestamp(rfc3339: time)))
        #expect(period.start.rfc3339 == start)
        #expect(period.end.rfc3339 == end)
    }

    /// Counts how many are asked at once, and never answers for some.
    private final class CountingProbe: UsageProbe {
        let silent: Set<ProjectRef>
        private let state = Mutex((now: 0, most: 0, total: 0))

        init(silent: Set<ProjectRef> = []) { self.silent = silent }

        var most: Int { state.withLock { $0.most } }
        var total: Int { state.withLock { $0.total } }

        func sizes(of record: ProjectRecord, in period: UsagePeriod) async throws -> ProjectSizes {
            state.withLock { state in
                state.now += 1
                state.total += 1
                state.most = max(state.most, state.now)
            }
            defer { state.withLock { $0.now -= 1 } }
            if silent.contains(record.ref) { try await Task.sleep(for: .seconds(600)) } else { await Task.yield() }
            return ProjectSizes(databaseBytes: 1)
        }
    }

    private func records(_ count: Int) throws -> [ProjectRecord] {
        let time = Timestamp(milliseconds: 0)
        return try (1...count).map { number in
            ProjectRecord(
                number: Int64(number), ref: .sample(UInt64(number)), name: try ProjectName("p\(number)"),
                organizationSlug: "default", region: "local", cloudProvider: "AWS", status: .active, services: [.db],
                leases: nil, insertedAt: time, updatedAt: time, statusChangedAt: time)
        }
    }

    /// A meter that waits long enough for the busiest machine.
    private func patientMeter(_ probe: any UsageProbe) -> UsageMeter {
        var meter = UsageMeter(probe: probe)
        (meter.limits.projectDeadline, meter.limits.deadline) = (.seconds(600), .seconds(600))
        return meter
    }

    @Test("no more projects are asked than the limits allow, at once and in all")
    func bounds() async throws {
        let probe = CountingProbe()
        var meter = patientMeter(probe)
        meter.limits.concurrentMax = 3
        meter.limits.projectsMax = 20
        let usage = try await meter.measure(try records(50), in: UsagePeriod(monthOf: Timestamp(milliseconds: 0)))
        #expect(usage.count == 50)
        #expect(usage.values.filter { $0 == .measured(ProjectSizes(databaseBytes: 1)) }.count == 20)
        let rest = ProjectUsage.unknown("only 20 projects are measured in one request")
        #expect(usage.values.filter { $0 == rest }.count == 30)
        #expect(probe.total == 20)
        #expect(probe.most <= 3)
    }

    @Test("a project that cannot be asked says why, and the others are counted all the same")
    func refusals() async throws {
        struct Refusing: UsageProbe {
            func sizes(of record: ProjectRecord, in period: UsagePeriod) async throws -> ProjectSizes {
                guard !record.number.isMultiple(of: 2) else { throw UsageAnswerError() }
                return ProjectSizes(databaseBytes: 1)
            }
        }
        let period = UsagePeriod(monthOf: Timestamp(milliseconds: 0))
        let usage = try await patientMeter(Refusing()).measure(try records(10), in: period)
        #expect(usage.values.filter { $0 == .unknown("\(UsageAnswerError())") }.count == 5)
    }

    @Test("a silent project is not waited for longer than the limits say, each and in all")
    func deadlines() async throws {
        let all = try records(10)
        for (project, total) in [
            (Duration.milliseconds(50), Duration.seconds(600)), (.seconds(600), .milliseconds(50)),
        ] {
            var meter = UsageMeter(probe: CountingProbe(silent: [all[0].ref, all[9].ref]))
            meter.limits.projectDeadline = project
            meter.limits.deadline = total
            let usage = try await meter.measure(all, in: UsagePeriod(monthOf: Timestamp(milliseconds: 0)))
            let late = ProjectUsage.unknown("the database did not answer within \(min(project, total))")
            #expect(usage[all[0].ref] == late)
            #expect(usage[all[9].ref] == late)
        }
    }
}
