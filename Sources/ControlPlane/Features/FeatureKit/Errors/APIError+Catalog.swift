package import APIKit
import HTTPTypes
package import Orchestrator
import ProjectModel
import Reconciler

extension CatalogError: Refusable {
    package var refusal: APIError { APIError(self) }
}

extension ProjectDatabaseError: Refusable {
    package var refusal: APIError { APIError(self) }
}

extension ProjectGatewayError: Refusable {
    package var refusal: APIError { APIError(self) }
}

/// The errors of the core as statuses.
extension APIError {
    /// An error of the catalogue.
    package init(_ error: CatalogError) {
        switch error {
        case .notFound(let ref): self = .noProject(ref)
        case .noStack: self.init(.badRequest, "\(error)")
        case .conflict(let status, let event):
            let words = "\(event.verb) a project while it is \(status.studioStatus.rawValue)"
            self.init(.conflict, "it is not possible to \(words)")
        case .busy(let operation, status: let status, event: let event):
            self.init(
                .conflict,
                "it is not possible to \(event.verb) a project while it is \(status.studioStatus.rawValue): a "
                    + "\(operation.kind.rawValue) is in progress since \(operation.requestedAt.rfc3339) (operation "
                    + "\(operation.id))")
        case .noOperation: self.init(.notFound, "\(error)")
        case .notCancellable: self.init(.conflict, "\(error)")
        case .changedMeanwhile: self.init(.conflict, "\(error)")
        case .badName, .badPassword, .badSetting: self.init(.badRequest, "\(error)")
        case .notChangeable(let status):
            self.init(.conflict, "it is not possible to change a project while it is \(status.studioStatus.rawValue)")
        case .noAPIKey: self.init(.notFound, "\(error)")
        case .noKeptVolume, .noVolume, .noOrphan: self.init(.notFound, "\(error)")
        case .notAttachable, .deletionContradicts, .notUpgradable, .otherVersion: self.init(.conflict, "\(error)")
        case .keyNameTaken: self.init(.conflict, "\(error)")
        case .template(let error): self.init(error)
        case .unsupported: self.init(.forbidden, "\(error)")
        case .leases(let error): self.init(error)
        case .store(let error): self.init(error)
        case .keys(let error): self.init(.internalServerError, "\(error)")
        }
    }

    private init(_ error: TemplateError) {
        switch error {
        case .badSelection: self.init(.badRequest, "\(error)")
        case .broken: self.init(.internalServerError, "\(error)")
        }
    }

    private init(_ error: LeaseError) {
        switch error {
        case .noPorts: self.init(.insufficientStorage, "\(error) (SUPAMANAGER_PORT_RANGE)")
        case .noSubnets, .poolCovered: self.init(.insufficientStorage, "\(error) (SUPAMANAGER_SUBNET_POOL)")
        case .store(let error): self.init(error)
        case .host: self.init(.internalServerError, "\(error)")
        }
    }
}

extension ProjectLifecycle.Event {
    /// What was asked for, in one word; other events are never asked for.
    fileprivate var verb: String {
        switch self {
        case .pauseRequested: "pause"
        case .resumeRequested: "resume"
        case .restartRequested: "restart"
        case .upgradeRequested: "upgrade"
        case .restoreRequested: "restore"
        case .deleteRequested: "delete"
        case .cancelRequested: "cancel the operation of"
        case .restoreEnded, .containersCreated, .allReady, .serviceNotReady, .startFailed, .allStopped, .nothingLeft:
            "change"
        }
    }
}
