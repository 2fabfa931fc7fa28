package import HTTPTypes
package import Orchestrator
package import ProjectModel

/// An error of the layers below that knows its refusal. Where a feature adopts it is the only place in which its errors
/// become a status.
package protocol Refusable: Error {
    /// The refusal on the wire.
    var refusal: APIError { get }
}

extension APIError {
    /// Any error of a handler. An unknown one is a defect: 500, without details.
    package init(anything error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as any Refusable: self = error.refusal
        default: self.init(.internalServerError, "the request failed inside SupaManager")
        }
    }

    /// An error of the verifier of access tokens.
    package init(_ error: AccessTokenError) {
        switch error {
        case .unavailable: self = .unavailable("\(error)")
        }
    }

    /// 404 for a project.
    package static func noProject(_ ref: ProjectRef) -> APIError { APIError(.notFound, "there is no project \(ref)") }

    /// An error of the manager's database.
    package init(_ error: StoreError) {
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

extension AccessTokenError: Refusable {
    package var refusal: APIError { APIError(self) }
}

extension StoreError: Refusable {
    package var refusal: APIError { APIError(self) }
}

extension HTTPResponse.Status {
    /// 507: no port or subnet is left.
    package static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
}
