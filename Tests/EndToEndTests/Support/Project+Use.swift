import Foundation

/// What an application does with a project.
extension Project {
    /// Host ports, by what they lead to.
    struct Ports: Hashable, Sendable {
        let gateway: UInt16?
        let database: UInt16?

        var all: Set<UInt16> { Set([gateway, database].compactMap { $0 }) }
    }

    /// The ports that the API tells.
    func ports() async throws -> Ports {
        let settings = try await settings()
        let gateway = settings["app_config"]["endpoint"].text?.split(separator: ":").last.flatMap { UInt16($0) }
        return Ports(gateway: gateway, database: settings["db_port"].integer.flatMap { UInt16(exactly: $0) })
    }

    /// Sends a request through the project's gateway.
    func gateway(_ method: String, _ path: String, key: String?, body: String = "") async throws -> Exchange {
        guard let port = try await ports().gateway else { throw Trouble("\(ref) has no gateway port") }
        return try await Exchange.send(
            method, "http://127.0.0.1:\(port)" + path, headers: key.map { [(name: "apikey", value: $0)] } ?? [],
            body: body)
    }

    /// Runs SQL as `postgres` inside the database's container, with the password that it was given.
    func sql(_ text: String) async throws {
        let code = try await sqlExitCode(text)
        guard code == 0 else { throw Trouble("psql ended with \(code): \(text)") }
    }

    /// Whether a query gives true.
    func holds(_ condition: String) async throws -> Bool {
        try await sqlExitCode("DO $$ BEGIN IF (\(condition)) IS NOT TRUE THEN RAISE 'false'; END IF; END $$") == 0
    }

    private func sqlExitCode(_ text: String) async throws -> Int {
        let database = try await inventory().container("db")
        return try await Engine.exitCode(
            of: ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres", "-c", text],
            in: database.id)
    }

    /// Somewhere that a container might connect to.
    struct Target: Hashable, Sendable {
        let host: String
        let port: UInt16
    }

    /// Those of the targets to which a service's container can open a TCP connection.
    func reachable(_ targets: Set<Target>, from service: String) async throws -> Set<Target> {
        let container = try await inventory().container(service)
        return try await withThrowingTaskGroup(of: Target?.self) { group in
            for target in targets {
                group.addTask {
                    let command = ["/bin/sh", "-c", "timeout 5 nc -w 2 \(target.host) \(target.port)"]
                    return try await Engine.exitCode(of: command, in: container.id) == 0 ? target : nil
                }
            }
            return try await group.reduce(into: []) { if let target = $1 { $0.insert(target) } }
        }
    }

    /// How many TCP connections a stand-in's container opens within a time (at most 250), with some fifty attempts
    /// a second.
    func connections(to target: Target, from service: String, seconds: Int) async throws -> Int {
        let container = try await inventory().container(service)
        let program = """
            import select, socket, sys, time
            end, opened, attempts = time.monotonic() + \(seconds), 0, 0
            while time.monotonic() < end:
                with socket.socket() as attempt:
                    attempt.setblocking(False)
                    attempt.connect_ex(("\(target.host)", \(target.port)))
                    ready = select.select([], [attempt], [], 0.01)[1]
                    opened += bool(ready) and attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
                attempts += 1
            sys.exit(min(opened, 250) if attempts > 5 * \(seconds) else 255)
            """
        let code = try await Engine.exitCode(of: ["python3", "-I", "-c", program], in: container.id)
        guard code <= 250 else { throw Trouble("\(service) of \(ref) cannot try often enough") }
        return code
    }
}
