import Synchronization

/// One writer at a time for each resumable upload.
final class UploadLocks: Sendable {
    private let held = Mutex<Set<ObjectVersion>>([])

    /// Runs `body` unless another request writes the same upload.
    func withLock<Value>(
        _ version: ObjectVersion, _ body: () async throws -> Value
    ) async throws -> Value {
        guard held.withLock({ $0.insert(version).inserted }) else { throw StorageError.locked }
        defer { held.withLock { _ = $0.remove(version) } }
        return try await body()
    }
}

extension StorageError {
    static let locked = StorageError(423, code: "ResourceLocked", message: "Another request writes this upload")
}
