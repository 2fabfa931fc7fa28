import PostgresKit

extension StorageService {
    /// Whether a transaction that failed may have been committed nevertheless.
    static func mayBeCommitted(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        switch error {
        case .commitOutcomeUnknown, .connectionLost, .deadlineExceeded, .closed: return true
        default: return false
        }
    }
}
