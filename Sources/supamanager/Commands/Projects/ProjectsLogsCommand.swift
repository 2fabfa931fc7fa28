import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects logs`
struct ProjectsLogsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print the end of the logs of a project's services.",
        discussion: "Lines of several services begin with the service's name. --follow looks again every second.")

    /// Most lines that can be asked for.
    static let tailMax = 10_000
    /// Lines that a look asks for at least when it follows a log: what is written in between.
    static let followTailMin = 200
    /// Time between two looks.
    static let interval: Duration = .seconds(1)

    @OptionGroup var project: ProjectArgument

    @Option(help: "Only this service; all when absent.")
    var service: String?

    @Option(help: ArgumentHelp("Lines per service.", valueName: "lines"))
    var tail = 100

    @Flag(name: [.customLong("follow"), .customShort("f")], help: "Go on with new lines until interrupted.")
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
        var followers = Array(repeating: LogFollower(), count: services.count)
        // What is written between two looks must fit into one; how much of the past is shown is decided here.
        let count = isFollowing ? max(tail, Self.followTailMin) : tail
        var isFirst = true
        while true {
            for (index, service) in services.enumerated() {
                guard let text = try await log(of: service, in: ref, client, tail: count) else { continue }
                let prefix = services.count > 1 ? "\(service) | " : ""
                let new = followers[index].new(in: text)
                let lines = isFirst ? new.suffix(tail) : new[...]
                session.terminal.write(lines.map { shown($0, prefix, session) }.joined(), to: .output)
            }
            guard isFollowing else { return }
            isFirst = false
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
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

    /// The log; nil for a moment's trouble while it is followed.
    private func log(
        of service: ServiceName, in ref: ProjectRef, _ client: ManagementClient, tail: Int
    ) async throws(ClientError) -> String? {
        do throws(ClientError) {
            return try await client.logs(of: service, in: ref, tail: tail)
        } catch {
            if isFollowing && error.isPassing { return nil }
            throw error
        }
    }

    /// A service writes what it likes: on a terminal that is not let through to the terminal.
    private func shown(_ line: String, _ prefix: String, _ session: ClientSession) -> String {
        let text = session.terminal.isTerminal(.output) ? DisplayText.lines(line) : line
        return session.style.paint(prefix, .faint) + text + "\n"
    }
}
