import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import Reconciler

/// The only place where an error of the layers below becomes a status.
extension APIError {
    /// Any error of a handler. An unknown one is a defect: 500, without details.
    init(anything error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as CatalogError: self.init(error)
        case let error as AccessTokenError: self.init(error)
        case let error as IdentityError: self.init(error)
        case let error as StoreError: self.init(error)
        case let error as ProjectDatabaseError: self.init(error)
        case let error as ProjectGatewayError: self.init(error)
        case let error as FunctionError: self.init(error)
        case let error as RegistryLoginError: self.init(error)
        default: self.init(.internalServerError, "the request failed inside SupaManager")
        }
    }

    /// An error of the catalogue.
    init(_ error: CatalogError) {
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

    /// An error of the verifier of access tokens.
    init(_ error: AccessTokenError) {
        switch error {
        case .unavailable: self = .unavailable("\(error)")
        }
    }

    /// 404 for a project.
    static func noProject(_ ref: ProjectRef) -> APIError { APIError(.notFound, "there is no project \(ref)") }

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

    private init(_ error: StoreError) {
        switch error {
        case .unavailable, .leaseTaken, .fenced: self = .unavailable("\(error)")
        case .nameTaken: self.init(.conflict, "\(error)")
        case .notFound(let ref): self = .noProject(ref)
        case .organizationGone: self.init(.conflict, "\(error)")
        // As the published API answers to one project too many.
        case .organizationFull: self.init(.badRequest, "\(error)")
        case .full: self.init(.insufficientStorage, "\(error)")
        // What the database says is for the log: it may name files and tables of the inside.
        case .refused:
            self.init(
                .internalServerError, "the manager's database refused the request: the manager's log says why")
            detail = "\(error)"
        }
    }
}

extension HTTPResponse.Status {
    /// 507: no port or subnet is left.
    static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
}

extension ProjectLifecycle.Event {
    /// What was asked for, in one word; other events are never asked for.
    fileprivate var verb: String {
        switch self {
        case .pauseRequested: "pause"
        case .resumeRequested: "resume"
        case .restartRequested: "restart"
        case .upgradeRequested: "upgrade"
        case .deleteRequested: "delete"
        case .cancelRequested: "cancel the operation of"
        case .containersCreated, .allReady, .serviceNotReady, .startFailed, .allStopped, .nothingLeft: "change"
        }
    }
}
