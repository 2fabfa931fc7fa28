import HTTPTypes
import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing
import UsageModel

@testable import APIKit
@testable import Dashboard
@testable import ManagementAPI
@testable import Usage

@Suite("Usage over time")
struct UsagePageTests {
    private static func fill(_ host: APIHost, _ ref: ProjectRef) async throws {
        let now = UsageResolution.minute.start(of: SystemTime().now())
        var samples: [UsageSample] = []
        for number: Int64 in 1...5 {
            let isFirst = number == 5
            var sample = UsageSample(ref: ref, at: now + .seconds(-60 * number), memoryBytes: 104_857_600)
            sample.coveredMilliseconds = isFirst ? 0 : 60_000
            sample.cpuMilliseconds = isFirst ? nil : 6_000
            sample.databaseBytes = number == 3 ? 9_437_184 : nil
            samples.append(sample)
        }
        try await host.usage.add(samples)
    }

    @Test("the API gives what was measured, and null for what was not")
    func history() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("shop")
            let path = "/platform/projects/\(ref)/usage"
            #expect(try await host.send("GET", path).json["samples"] == .array([]))
            try await Self.fill(host, ref)
            let answer = try await host.send("GET", path).json
            #expect(answer["resolution_seconds"] == .number(60))
            let samples = try #require(answer["samples"]?.items)
            #expect(samples.count == 5 && samples[0]["processors"] == .null && samples[1]["processors"] == .number(0.1))
            #expect(samples[2]["database_bytes"] == .number(9_437_184) && samples[3]["database_bytes"] == .null)
            #expect(
                try await host.send("GET", "\(path)?range=1y").json["resolution_seconds"] == .number(86_400))
            #expect(try await host.send("GET", "\(path)?range=2y").status == 400)
        }
    }

    @Test("Studio's charts get the series that there are")
    func monitoring() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("shop")
            try await Self.fill(host, ref)
            let path = "/platform/projects/\(ref)/infra-monitoring"
            let start = (SystemTime().now() + .seconds(-3_000)).rfc3339
            let one = try await host.send("GET", "\(path)?attribute=ram_usage_used&startDate=\(start)").json
            #expect(one["hasNoData"] == .bool(false) && one["format"] == .string("bytes"))
            #expect(one["data"]?.items.count == 5)
            let several = try await host.send(
                "GET", "\(path)?attributes=cpu_usage,pg_database_size,disk_iops_read&startDate=\(start)"
            ).json
            #expect(several["series"]?["cpu_usage"]?["totalAverage"] == .number(10))
            #expect(several["series"]?["disk_iops_read"]?["total"] == .number(0))
            #expect(several["data"]?.items.count == 4)
            let other = try await host.send("GET", "\(path)?attribute=disk_iops_read").json
            #expect(other["hasNoData"] == .bool(true))
        }
    }

    @Test("the page draws a line for what was measured, and says where nothing was")
    func page() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("shop")
            let browser = try await BrowserVisitor(host, as: .owner)
            let path = "/dashboard/projects/\(ref)/usage"
            let empty = try await browser.get(path).text
            #expect(empty.contains("Nothing was measured") && !empty.contains("<path"))
            try await Self.fill(host, ref)
            let page = try await browser.get("\(path)?range=1h").text
            #expect(page.contains("now 10 %, on average 10 %") && page.contains("100 MiB"))
            #expect(page.matches(of: /<path class="line"/).count == 3)
            #expect(try await browser.get("\(path)?range=%3Cscript%3E").status == 200)
        }
    }

    private func chart(_ points: [(Double, Double)]) -> UsageChart {
        UsageChart(
            title: "t", points: points.map { UsageChart.Point(at: $0.0, value: $0.1) }, start: 0, end: 100, gap: 10,
            label: { "\($0)" })
    }

    @Test("a gap is a gap, a lone figure is a dot, and nothing leaves the drawing")
    func drawing() {
        #expect(chart([(0, 1), (10, 2), (30, 3)]).runs.map(\.count) == [2, 1])
        #expect(chart([]).runs.isEmpty)
        let fields = chart([(-50, 1), (500, 4)]).fields
        #expect(fields["runs"].elements.map { $0["line"].string } == ["M64 124L64 124", "M632 40L632 40"])
    }

    @Test(
        "the scale ends at a round number",
        arguments: [(0, 1), (0.03, 0.05), (1, 1), (1.1, 2), (2.2, 2.5), (3, 5), (7, 10), (130, 200)]
            as [(Double, Double)])
    func scale(value: Double, top: Double) { #expect(abs(UsageChart.scale(above: value) - top) < 1e-9) }

    @Test("a scale of bytes ends at a round number of its unit")
    func bytes() {
        #expect(UsageChart.scaleOfBytes(above: 104_857_600) == 104_857_600)
        #expect(UsageChart.scaleOfBytes(above: 1_030_000_000) == 1_048_576_000)
        #expect(UsageChart.scaleOfBytes(above: 1_600_000_000) == 2_147_483_648)
        #expect(UsageChart.scaleOfBytes(above: 0) == 1)
    }

    @Test("a reading of the containers and the databases becomes samples; a database that is silent is unknown")
    func job() async throws {
        try await APIHost.run { host in
            let (shop, blog) = (try await host.create("shop"), try await host.create("blog"))
            try await host.set(.active, of: shop)
            let meter = FixedMeter(refs: [shop, blog])
            let jobs = UsageJobs(store: host.usage, meter: meter, reach: host.reach, time: SystemTime())
            host.databases.setAnswer { _ in
                QueryAnswer(
                    json: Array(#"[{"database_bytes":"7000000","storage_bytes":null,"active_users":null}]"#.utf8),
                    rowCount: 1)
            }
            #expect(try await jobs.sample() == "2 projects, sizes of 1 databases")
            let found = try await host.usage.samples(of: shop, by: .minute, since: Timestamp(milliseconds: 0))
            #expect(found.map(\.databaseBytes) == [7_000_000] && found.map(\.memoryBytes) == [50])
            let other = try await host.usage.samples(of: blog, by: .minute, since: Timestamp(milliseconds: 0))
            #expect(other.map(\.databaseBytes) == [nil])
            #expect(try await jobs.sample() == "2 projects, sizes of 0 databases")
            #expect(try await jobs.rollUp() == "0 removed")
            #expect(try await host.usage.samples(of: shop, by: .day, since: Timestamp(milliseconds: 0)).count == 1)
        }
    }

    @Test(
        "a database that says what none can have is unknown, and keeps no other project's figures back",
        arguments: [
            Int64.min, -1, (1 << 53) + 1, .max,
        ])
    func impossible(bytes: Int64) async throws {
        try await APIHost.run { host in
            let (shop, blog) = (try await host.create("shop"), try await host.create("blog"))
            for ref in [shop, blog] { try await host.set(.active, of: ref) }
            let jobs = UsageJobs(
                store: host.usage, meter: FixedMeter(refs: [shop, blog]), reach: host.reach, time: SystemTime())
            host.databases.setAnswer { _ in
                QueryAnswer(
                    json: Array(#"[{"database_bytes":"\#(bytes)","storage_bytes":null,"active_users":null}]"#.utf8),
                    rowCount: 1)
            }
            _ = try await jobs.sample()
            for ref in [shop, blog] {
                let found = try await host.usage.samples(of: ref, by: .minute, since: Timestamp(milliseconds: 0))
                #expect(found.map(\.databaseBytes) == [nil] && found.map(\.memoryBytes) == [50])
            }
        }
    }
}

private struct FixedMeter: ContainerMeter {
    let refs: [ProjectRef]

    func readings() async throws -> [ContainerReading] {
        refs.map { ContainerReading(container: $0.text, ref: $0, cpuNanoseconds: 1, memoryBytes: 50) }
    }
}
