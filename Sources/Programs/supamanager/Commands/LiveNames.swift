import CurlKit
import FoundationEssentials
import ManagementClient

/// Names that a shell completes: asked of the manager where it answers at once, and none otherwise.
enum LiveNames {
    /// A person waits for it with a finger on a key.
    private static let deadline: Duration = .seconds(2)

    /// Names of projects.
    static func projects() async -> [String] {
        let terminal = Terminal()
        // A completion that fails is one without words: there is no place for a message.
        var connection = ConnectionOptions()
        (connection.address, connection.context) = (nil, nil)
        guard let session = try? ClientSession(connection, terminal) else { return [] }
        let names = await withTaskGroup(of: [String]?.self) { group in
            group.addTask {
                guard var client = try? session.client() else { return [] }
                client.policy = RetryPolicy(triesMax: 1)
                return (try? await client.projects())?.map(\.name) ?? []
            }
            group.addTask {
                try? await Task.sleep(for: deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? []
        }
        await session.http.shutdown()
        // Each word is a line.
        return names.filter { !$0.unicodeScalars.contains { $0.properties.generalCategory == .control } }
    }

    /// Names of contexts.
    static func contexts() -> [String] {
        let stored = try? ContextsFile(environment: ProcessInfo.processInfo.environment).load()
        return (stored?.contexts.keys).map { $0.sorted() } ?? []
    }
}
