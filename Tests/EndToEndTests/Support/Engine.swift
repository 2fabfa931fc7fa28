import CurlKit
import Foundation

/// The Docker Engine as the tests see it: raw calls of its API, none of the program's own code.
enum Engine {
    static let socket: String = {
        let host = ProcessInfo.processInfo.environment["DOCKER_HOST"] ?? ""
        return host.hasPrefix("unix://") ? String(host.dropFirst("unix://".count)) : "/var/run/docker.sock"
    }()
    /// Prefix of the images: that of the offline ones, unless `SUPAMANAGER_TEST_REGISTRY` names another; `official` is
    /// none.
    static let registry: String = {
        let given = ProcessInfo.processInfo.environment["SUPAMANAGER_TEST_REGISTRY"] ?? "supamanager.test"
        return given == "official" ? "" : given
    }()
    /// Whether these are stand-ins, which have programs of ours inside.
    static let hasStandIns = registry == "supamanager.test"
    /// Longest run of a command in a container.
    static let commandDeadline: Duration = .seconds(30)

    /// Whether the engine answers and has the offline images; the official ones are pulled before a run that needs
    /// them.
    static func hasImages() async -> Bool {
        guard hasStandIns else { return true }
        guard let images = try? await get("/images/json", filters: ["label": ["supamanager.stand-in=true"]]) else {
            return false
        }
        return images.items.flatMap { $0["RepoTags"].items }.contains { $0.text?.hasPrefix(registry + "/") == true }
    }

    static func call(_ method: String, _ path: String, body: String = "") async throws -> Exchange {
        try await Exchange.send(method, "http://engine" + path, socket: socket, body: body)
    }

    /// Calls the engine, which has to agree.
    @discardableResult
    static func mustCall(_ method: String, _ path: String, body: String = "") async throws -> JSONValue {
        let answer = try await call(method, path, body: body)
        guard (200..<300).contains(answer.status) else {
            throw Trouble("\(method) \(path): \(answer.status) \(answer.text)")
        }
        return answer.json
    }

    /// Reads from the engine.
    static func get(_ path: String, filters: [String: [String]] = [:]) async throws -> JSONValue {
        guard !filters.isEmpty else { return try await mustCall("GET", path) }
        let text = try jsonText(filters)
        let encoded = text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return try await mustCall("GET", path + (path.contains("?") ? "&" : "?") + "filters=" + encoded)
    }

    /// Runs a command in a container and gives its exit code.
    static func exitCode(of command: [String], environment: [String] = [], in container: String) async throws -> Int {
        let exec = try await mustCall(
            "POST", "/containers/\(container)/exec", body: jsonText(["Cmd": command, "Env": environment]))
        guard let id = exec["Id"].text else { throw Trouble("the engine gave no id: \(exec)") }
        try await mustCall("POST", "/exec/\(id)/start", body: jsonText(["Detach": true]))
        return try await eventually("the end of \(command)", within: commandDeadline) {
            let state = try await get("/exec/\(id)/json")
            return state["Running"].flag == true ? nil : state["ExitCode"].integer
        }
    }
}
