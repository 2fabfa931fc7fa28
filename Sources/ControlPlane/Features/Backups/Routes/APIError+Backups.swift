package import APIKit
import BackupOperations
import FeatureKit
import HTTPTypes
import Orchestrator

extension BackupRefusal: Refusable {
    package var refusal: APIError {
        switch self {
        case .catalog(let error): APIError(error)
        case .store(let error): APIError(CatalogError.store(error))
        case .off: APIError(.forbidden, "\(self)")
        case .noBackup, .noSchedule: APIError(.notFound, "\(self)")
        case .badTime, .noLogCopy, .outside, .notRestorable, .notRunning, .nothingToUndo:
            APIError(.badRequest, "\(self)")
        case .tooMany, .tooManyStored: APIError(.conflict, "\(self)")
        case .failed: APIError(.internalServerError, "\(self)")
        }
    }
}
