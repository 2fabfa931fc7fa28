import Logging

/// Makes a schema of an API's own at the start, and tries again while the database is away.
struct SchemaMigration {
    private static let firstWait: Duration = .seconds(1)
    private static let waitMax: Duration = .seconds(32)

    let schema: String
    let logger: Logger

    /// Ends once the schema is there, or with the task.
    func run(_ migrate: () async throws -> Void) async {
        var wait = Self.firstWait
        while !Task.isCancelled {
            do {
                try await migrate()
                logger.info("the schema \(schema) is there")
                return
            } catch {
                logger.error(
                    "the schema \(schema) could not be created; trying again",
                    metadata: ["why": "\(error)", "wait": "\(wait)"])
                do { try await Task.sleep(for: wait) } catch { return }
                wait = min(wait * 2, Self.waitMax)
            }
        }
    }
}
