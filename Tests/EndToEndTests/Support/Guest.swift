import Testing

/// A container without labels, to be connected to a network of a project.
struct Guest: Sendable {
    private static let image = Engine.registry + "/darthsim/imgproxy:v3.31.4"

    let container: String
    /// The network that it visits.
    let network: String

    /// Makes the container.
    init(of network: String) async throws {
        let name = "smtest-e2e-guest-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let body = try jsonText(["Image": Self.image, "Entrypoint": ["sleep", "3600"]])
        let created = try await Engine.mustCall("POST", "/containers/create?name=\(name)", body: body)
        container = try #require(created["Id"].text)
        self.network = network
    }

    /// Starts it, and connects it to the network.
    func enter() async throws {
        try await Engine.mustCall("POST", "/containers/\(container)/start")
        try await Engine.mustCall("POST", "/networks/\(network)/connect", body: jsonText(["Container": container]))
    }

    /// Disconnects it from the network.
    func leave() async throws {
        try await Engine.mustCall("POST", "/networks/\(network)/disconnect", body: jsonText(["Container": container]))
    }

    func isRunning() async throws -> Bool { try await details()["State"]["Status"].text == "running" }

    /// Whether it runs and is on the network.
    func isInside() async throws -> Bool {
        let networks = try await details()["NetworkSettings"]["Networks"].fields.values
        let isConnected = networks.contains { $0["NetworkID"].text == network }
        return try await isRunning() && isConnected
    }

    /// Removes it, by its exact id.
    func remove() async {
        do { try await Engine.mustCall("DELETE", "/containers/\(container)?force=true") } catch {
            Issue.record("a guest could not be removed: \(error)")
        }
    }

    private func details() async throws -> JSONValue {
        try await Engine.mustCall("GET", "/containers/\(container)/json")
    }
}
