/// Runs `body` and gives its value, or nothing when the time is over first; then `body` is cancelled and waited for.
package func withDeadline<Value: Sendable>(
    _ deadline: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            // Cancelled as soon as the body is done, which is the usual case and no failure.
            try? await Task.sleep(for: deadline)
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
