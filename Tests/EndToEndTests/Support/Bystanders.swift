import Testing

/// A container, a volume and a network of another owner, with names and labels that look much like those of a project.
/// They must be exactly as before when all tests have run.
struct Bystanders: Sendable {
    private static let image = Engine.registry + "/darthsim/imgproxy:v3.31.4"
    private static let labels = [
        "com.docker.compose.project": "abcdefghijklmnopqrst", "com.docker.compose.service": "db",
        "supamanager.project": "abcdefghijklmnopqrst", "supamanager.installation": "another",
    ]

    private let name: String
    private let network: String
    private let container: String

    /// Makes them.
    init() async throws {
        let stem = "smtest-e2e-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        name = stem + "_db-data"
        network =
            try await Engine.mustCall(
                "POST", "/networks/create", body: jsonText(["Name": stem + "_default", "Labels": Self.labels]))["Id"]
            .text ?? ""
        try await Engine.mustCall("POST", "/volumes/create", body: jsonText(["Name": name, "Labels": Self.labels]))
        let container = try await Engine.mustCall(
            "POST", "/containers/create?name=\(stem)-db-1",
            body: jsonText([
                "Image": Self.image, "Entrypoint": ["sleep", "3600"], "Labels": Self.labels,
                "HostConfig": ["NetworkMode": stem + "_default", "Binds": [name + ":/data"]],
            ]))["Id"].text
        self.container = try #require(container)
        try await Engine.mustCall("POST", "/containers/\(self.container)/start")
    }

    /// All that the engine tells about them, word for word.
    func inspection() async throws -> [String] {
        var texts: [String] = []
        for path in ["/containers/\(container)/json", "/volumes/\(name)", "/networks/\(network)"] {
            let answer = try await Engine.call("GET", path)
            texts.append("\(answer.status) \(answer.text)")
        }
        return texts
    }

    func remove() async {
        for path in ["/containers/\(container)?force=true", "/volumes/\(name)", "/networks/\(network)"] {
            do {
                try await Engine.mustCall("DELETE", path)
            } catch { Issue.record("a bystander could not be removed: \(error)") }
        }
    }
}

/// Makes bystanders before all tests, and compares them afterwards.
struct BystandersTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let bystanders = try await Bystanders()
        do {
            let before = try await bystanders.inspection()
            try await function()
            #expect(try await bystanders.inspection() == before, "what is not ours has been touched")
        } catch {
            await uncancelled { await bystanders.remove() }
            throw error
        }
        await uncancelled { await bystanders.remove() }
    }
}

extension Trait where Self == BystandersTrait {
    static var bystanders: Self { BystandersTrait() }
}
