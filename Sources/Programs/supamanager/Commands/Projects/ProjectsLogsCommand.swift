import ArgumentParser
import FoundationEssentials
import ManagementClient
import ProjectModel

/// `supamanager projects logs`
struct ProjectsLogsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print the latest log lines of a project's services.",
        discussion: """
            With several services, each line begins with the service's name. --follow prints new lines too, and \
            continues after restarts of a service or of the manager. --since takes 90s, 15m, 2h, 1d, or a time in \
            RFC 3339, and then all lines since. --json prints an object a line: service, at, line.
            """)

    /// Most lines that can be asked for.
    static let tailMax = 1_000

    @OptionGroup var project: ProjectArgument

    @Option(help: "Only this service; by default all.")
    var service: String?

    @Option(help: ArgumentHelp("Lines per service; 100 by default.", valueName: "lines"))
    var tail: Int?

    @Option(
        help: ArgumentHelp("Lines since a time, in place of --tail: 15m, 2h, 2026-01-31T12:00:00Z.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only lines that match a regular expression.", valueName: "regex"))
    var grep: String?

    @Flag(help: "Begin each line with its time.")
    var timestamps = false

    @Flag(name: [.customLong("follow"), .customShort("f")], help: "Print new lines until interrupted.")
    var isFollowing = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...Self.tailMax).contains(tail ?? 1) else {
            throw ValidationError("--tail must be 1 to \(Self.tailMax) lines")
        }
        guard tail == nil || since == nil else { throw ValidationError("--since goes without --tail") }
        if let since, LogMomentText.moment(since) == nil {
            throw ValidationError("--since must be like 90s, 15m, 2h, 1d or 2026-01-31T12:00:00Z")
        }
        if let grep {
            do { _ = try Regex(grep) } catch {
                throw ValidationError("--grep is not a regular expression: \(DisplayText.quoted(grep))")
            }
        }
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let services = try await chosen(client, ref)
        let printer = LogPrinter(
            session: session, isNamed: services.count > 1, hasTimes: timestamps, isJSON: output.isJSON, pattern: grep)
        if isFollowing { return try await follow(services, in: ref, client: client, printer: printer) }
        // One after the other: their lines are not mixed.
        for service in services {
            // Text as the engine has it, without times.
            if since == nil, !timestamps, !output.isJSON {
                var lines = try await client.logs(of: service, in: ref, tail: tail ?? 100)
                    .split(separator: "\n", omittingEmptySubsequences: false)
                if lines.last == "" { lines.removeLast() }
                for line in lines { printer.show(String(line), of: service, at: nil) }
                continue
            }
            try await client.followLogs(
                of: service, in: ref, tail: tail ?? 100, since: since.flatMap { LogMomentText.moment($0) }, isPast: true
            ) { printer.show($0, of: service, at: $1) }
        }
    }

    /// Reads all logs at once until each has nothing more to come, or one cannot be read.
    private func follow(
        _ services: [ServiceName], in ref: ProjectRef, client: ManagementClient, printer: LogPrinter
    ) async throws(ClientError) {
        let (tail, start) = (tail ?? 100, since.flatMap { LogMomentText.moment($0) })
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for service in services {
                    group.addTask {
                        try await client.followLogs(of: service, in: ref, tail: tail, since: start) {
                            printer.show($0, of: service, at: $1)
                        }
                    }
                }
                try await group.waitForAll()
            }
        } catch let error as ClientError { throw error } catch { throw .failed("the logs cannot be read: \(error)") }
    }

    private func chosen(_ client: ManagementClient, _ ref: ProjectRef) async throws(ClientError) -> [ServiceName] {
        guard let service else {
            return try await client.progress(of: ref).services.compactMap { ServiceName($0.service) }
        }
        guard let name = ServiceName(service) else {
            throw .invalid("\(DisplayText.quoted(service)) is not the name of a service")
        }
        return [name]
    }
}

/// Prints lines of logs. A service writes what it likes: on a terminal that is not let through to the terminal.
private struct LogPrinter: Sendable {
    let session: ClientSession
    let isNamed: Bool
    let hasTimes: Bool
    let isJSON: Bool
    /// A regular expression; checked before.
    let pattern: String?

    private struct Entry: Encodable {
        let service: String
        let at: String?
        let line: String
    }

    func show(_ line: String, of service: ServiceName, at time: String?) {
        if let pattern, let regex = try? Regex(pattern), !line.contains(regex) { return }
        if isJSON {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let bytes = try? encoder.encode(Entry(service: service.text, at: time, line: line)) else { return }
            return session.terminal.write(
                DisplayText.json(String(decoding: bytes, as: UTF8.self)) + "\n", to: .output)
        }
        let text = session.terminal.isTerminal(.output) ? DisplayText.lines(line) : line
        let moment = hasTimes ? time.map { "\($0) " } ?? "" : ""
        let prefix = isNamed ? "\(service) | " : ""
        session.terminal.write(session.style.paint(prefix + moment, .faint) + text + "\n", to: .output)
    }
}
