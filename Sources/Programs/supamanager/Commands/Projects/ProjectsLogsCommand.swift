import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects logs`
struct ProjectsLogsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print the latest log lines of a project's services.",
        discussion: """
            With several services, each line begins with the service's name. --follow prints new lines too, and \
            continues after restarts of a service or of the manager.
            """)

    /// Most lines that can be asked for.
    static let tailMax = 1_000

    @OptionGroup var project: ProjectArgument

    @Option(help: "Only this service; by default all.")
    var service: String?

    @Option(help: ArgumentHelp("Lines per service.", valueName: "lines"))
    var tail = 100

    @Flag(name: [.customLong("follow"), .customShort("f")], help: "Print new lines until interrupted.")
    var isFollowing = false

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (1...Self.tailMax).contains(tail) else {
            throw ValidationError("--tail must be 1 to \(Self.tailMax) lines")
        }
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let services = try await chosen(client, ref)
        if isFollowing { return try await follow(services, in: ref, client: client, session: session) }
        for service in services {
            var lines = try await client.logs(of: service, in: ref, tail: tail)
                .split(separator: "\n", omittingEmptySubsequences: false)
            if lines.last == "" { lines.removeLast() }
            for line in lines { Self.show(String(line), of: services.count > 1 ? service : nil, session) }
        }
    }

    /// Reads all logs at once until each has nothing more to come, or one cannot be read.
    private func follow(
        _ services: [ServiceName], in ref: ProjectRef, client: ManagementClient, session: ClientSession
    ) async throws(ClientError) {
        let (isNamed, tail) = (services.count > 1, tail)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for service in services {
                    group.addTask {
                        try await client.followLogs(of: service, in: ref, tail: tail) {
                            Self.show($0, of: isNamed ? service : nil, session)
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

    /// A service writes what it likes: on a terminal that is not let through to the terminal.
    private static func show(_ line: String, of service: ServiceName?, _ session: ClientSession) {
        let text = session.terminal.isTerminal(.output) ? DisplayText.lines(line) : line
        let prefix = service.map { session.style.paint("\($0) | ", .faint) } ?? ""
        session.terminal.write(prefix + text + "\n", to: .output)
    }
}
