import ArgumentParser
import ManagementClient
import ProjectModel

/// How far back usage goes.
enum UsageSpan: String, ExpressibleByArgument, CaseIterable {
    case hour = "1h"
    case day = "1d"
    case week = "7d"
    case month = "30d"
    case year = "1y"
}

/// `supamanager projects usage`
struct ProjectsUsageCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "Show what a project used over time.",
        discussion: "What was not measured, while the project was paused for instance, is left out.")

    @OptionGroup var project: ProjectArgument

    @Option(help: "How far back.")
    var range = UsageSpan.hour

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let usage = try await client.usage(of: ref, range: range.rawValue)
        if output.isJSON { return try session.show(json: usage) }
        guard !usage.samples.isEmpty else {
            return session.note(
                "Nothing was measured in this time: samples are taken each minute while a project runs.")
        }
        var table = Table(["TIME", "CPU", "MEMORY", "DATABASE"])
        for sample in usage.samples {
            table.add([Table.Cell(sample.at)] + sample.cells)
        }
        session.show(table)
    }
}

/// `supamanager projects top`
struct ProjectsTopCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Show what each running project used last, the largest memory first.")

    /// Projects that are asked about: each is a request.
    static let projectsMax = 100
    private static let stopped: Set = ["INACTIVE", "INIT_FAILED", "REMOVED"]

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let name, ref, status: String
        let last: ProjectUsageHistory.Sample?
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let projects = try await client.projects().filter { !Self.stopped.contains($0.status) }
        if projects.count > Self.projectsMax {
            session.note("Only the first \(Self.projectsMax) of \(projects.count) running projects are shown.")
        }
        var rows: [Row] = []
        for project in projects.prefix(Self.projectsMax) {
            guard let ref = ProjectRef(project.ref) else { throw .unexpected("a project's ref is not one") }
            let last = try await client.usage(of: ref, range: UsageSpan.hour.rawValue).samples.last
            rows.append(Row(name: project.name, ref: project.ref, status: project.status, last: last))
        }
        rows.sort { ($1.last?.memoryBytes ?? -1, $0.name) < ($0.last?.memoryBytes ?? -1, $1.name) }
        try session.show(
            rows, output, none: "No project runs.", columns: ["NAME", "STATUS", "CPU", "MEMORY", "DATABASE", "REF"]
        ) { row in
            [
                Table.Cell(row.name),
                Table.Cell(row.status, Style.Tint(StudioStatus(rawValue: row.status) ?? .unknown)),
            ] + (row.last?.cells ?? [Table.Cell(""), Table.Cell(""), Table.Cell("")]) + [Table.Cell(row.ref)]
        }
    }
}

extension ProjectUsageHistory.Sample {
    /// Processors, memory and size of the database; nothing for what was not measured.
    fileprivate var cells: [Table.Cell] {
        [
            Table.Cell(processors.map { "\(($0 * 1_000).rounded() / 10) %" } ?? ""),
            Table.Cell(memoryBytes.map(ByteText.text) ?? ""), Table.Cell(databaseBytes.map(ByteText.text) ?? ""),
        ]
    }
}
