import Foundation

/// A project under test.
struct Project: Sendable {
    /// Longest time from any request to the state that it asks for.
    static let deadline: Duration = .seconds(90) * patience
    /// Factor for images that boot longer than the stand-ins: `SUPAMANAGER_TEST_PATIENCE`, 1 to 20.
    private static let patience = min(
        max(ProcessInfo.processInfo.environment["SUPAMANAGER_TEST_PATIENCE"].flatMap { Int($0) } ?? 1, 1), 20)
    /// The fifteen statuses that Studio knows.
    static let studioStatuses: Set = [
        "INACTIVE", "ACTIVE_HEALTHY", "ACTIVE_UNHEALTHY", "COMING_UP", "UNKNOWN", "GOING_DOWN", "INIT_FAILED",
        "REMOVED",
        "RESTORING", "UPGRADING", "PAUSING", "RESTORE_FAILED", "RESTARTING", "PAUSE_FAILED", "RESIZING",
    ]
    /// Statuses at which the Terraform provider gives up waiting for a project to become active.
    static let terminalStatuses: Set = [
        "GOING_DOWN", "INIT_FAILED", "REMOVED", "INACTIVE", "PAUSE_FAILED", "RESTORE_FAILED",
    ]

    let manager: ManagerProcess
    /// The answer to its creation.
    let created: JSONValue

    var ref: String { created["ref"].text ?? "" }
    var name: String { created["name"].text ?? "" }
    var anonKey: String { created["anon_key"].text ?? "" }
    var serviceKey: String { created["service_key"].text ?? "" }
    var path: String { "/platform/projects/\(ref)" }
    var folder: String { manager.settings.dataFolder + "/projects/" + ref }

    /// Asks a manager for a project.
    static func create(_ name: String, services: [String]? = nil, by manager: ManagerProcess) async throws -> Project {
        let body = try ManagerClient.creation(name, services: services)
        let answer = try await manager.client.send("POST", "/platform/projects", body: body)
        guard answer.status == 201 else { throw Trouble("creating \(name): \(answer.status) \(answer.text)") }
        return Project(manager: manager, created: answer.json)
    }

    /// Asks for a project and waits until it is active.
    static func active(_ name: String, services: [String]? = nil, by manager: ManagerProcess) async throws -> Project {
        let project = try await create(name, services: services, by: manager)
        try await project.wait(for: "ACTIVE_HEALTHY")
        return project
    }

    /// The status now.
    func status() async throws -> String {
        try await manager.client.must("GET", path + "/status")["status"].text ?? ""
    }

    /// Waits for a status and gives all that were seen on the way, each once in a row.
    @discardableResult
    func wait(for wanted: String, within limit: Duration = deadline) async throws -> [String] {
        var seen: [String] = []
        do {
            return try await eventually("\(wanted) of \(ref), but \(seen)", within: limit) {
                let status = try await status()
                if seen.last != status { seen.append(status) }
                return status == wanted ? seen : nil
            }
        } catch { throw Trouble("\(error)\n\(await report())") }
    }

    /// Waits until a read of the project gives 404.
    func waitUntilGone(within limit: Duration = deadline) async throws {
        do {
            _ = try await eventually("the end of \(ref)", within: limit) {
                try await manager.client.send("GET", path).status == 404 ? true : nil
            }
        } catch { throw Trouble("\(error)\n\(await report())") }
    }

    /// Asks for something that the project has a path for: `pause`, `resume`, `restart`.
    func ask(for verb: String) async throws { try await manager.client.must("POST", "\(path)/\(verb)") }

    /// Asks for its deletion.
    func delete() async throws { try await manager.client.must("DELETE", path) }

    /// The project's history, oldest first.
    func events() async throws -> [(status: String, message: String)] {
        try await manager.client.must("GET", path + "/events?limit=200")["events"].items.reversed()
            .map { ($0["status"].text ?? "", $0["message"].text ?? "") }
    }

    /// What the engine holds of it.
    func inventory() async throws -> Inventory { try await manager.inventory(of: ref) }

    /// Connection data and keys.
    func settings() async throws -> JSONValue { try await manager.client.must("GET", path + "/settings") }

    /// What the API tells about services and history, to understand a failure.
    func report() async -> String {
        let services = (try? await manager.client.send("GET", path + "/services").text) ?? "no answer"
        let events = (try? await manager.client.send("GET", path + "/events").text) ?? "no answer"
        return "services: \(services)\nevents: \(events)"
    }
}
