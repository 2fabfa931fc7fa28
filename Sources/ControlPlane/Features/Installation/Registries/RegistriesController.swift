package import APIKit
import HTTPTypes
import Identity
package import Orchestrator
import ProjectModel

/// `/platform/registries`: the installation's logins at registries of images. Projects of all organizations are pulled
/// with them, so they belong to those who administer the installation. Passwords go in and never come out.
struct RegistriesController: Sendable {
    let logins: RegistryLogins

    var routes: [Route] {
        let path = "/platform/registries"
        return [
            Route(
                .get, path, access: .installation(.organizationAdminWrite),
                operation: Operation(
                    summary: "Registries of images that the manager has a login for", answer: .of([RegistryBody].self),
                    refusals: [.noInstallation])
            ) { _ in
                try APIResponse(json: try await logins.all().map { RegistryBody($0) })
            },
            Route(
                .put, "\(path)/{registry}", access: .installation(.organizationAdminWrite),
                effect: .change("registry.login"),
                operation: Operation(
                    summary: "Store a login for a registry, replacing the previous one; used from the next pull on",
                    body: .json(NewRegistryLogin.schema), answer: .of(RegistryBody.self),
                    refusals: [
                        .noInstallation,
                        Operation.Refusal(status: .conflict, meaning: "there are as many logins as there can be"),
                    ]), handler: save
            ).refusingUnknownQuery,
            Route(
                .delete, "\(path)/{registry}", access: .installation(.organizationAdminWrite),
                effect: .change("registry.logout"),
                operation: Operation(
                    summary: "Forget the login for a registry", answer: .of(RegistryBody.self),
                    refusals: [.noInstallation]), handler: remove
            ).refusingUnknownQuery,
        ]
    }

    private func save(_ request: APIRequest) async throws -> APIResponse {
        let host = try request.registry()
        let body = try request.decode(NewRegistryLogin.self)
        let (before, after) = try await logins.save(username: body.username, password: Secret(body.password), at: host)
        note(host, request.audit)
        request.audit.change("username", from: before?.username, to: after.username)
        return try APIResponse(json: RegistryBody(after))
    }

    private func remove(_ request: APIRequest) async throws -> APIResponse {
        let removed = try await logins.remove(at: try request.registry())
        note(removed.host, request.audit)
        request.audit.change("username", from: removed.username, to: nil)
        return try APIResponse(json: RegistryBody(removed))
    }

    private func note(_ host: RegistryHost, _ audit: AuditNotes) {
        audit.scope(organization: Organization.defaultSlug)
        audit.target("registry", host.text)
    }
}

/// A login at a registry, without its password.
struct RegistryBody: EncodableBody {
    let login: RegistryLogin

    init(_ login: RegistryLogin) { self.login = login }

    static let shape = BodyShape<Self>(
        "RegistryLogin",
        [
            .init("registry", of: \.login.host.text),
            .init("username", of: \.login.username),
            .init("updated_at", .time, of: \.login.updatedAt.rfc3339),
        ])
}

/// A login to store.
struct NewRegistryLogin: DecodableBody {
    let username: String
    let password: String

    init(fields: BodyReader) throws {
        username = try fields.read("username", .text(1...RegistryLogins.usernameBytesMax))
        password = try fields.read("password", .text(1...RegistryLogins.passwordBytesMax))
    }
}

extension APIRequest {
    /// The registry that the path names, percent-encoded or not.
    fileprivate func registry() throws(APIError) -> RegistryHost {
        guard let host = RegistryHost(try QueryParameters.decode(pathPart: try parameter("registry"))) else {
            throw APIError(
                .badRequest,
                "the registry must be a host with its port where it has one, such as registry.example.com:5000")
        }
        return host
    }
}

extension APIError {
    /// An error about logins at registries.
    init(_ error: RegistryLoginError) {
        switch error {
        case .invalid: self.init(.badRequest, "\(error)")
        case .notFound: self.init(.notFound, "\(error)")
        case .tooMany: self.init(.conflict, "\(error)")
        case .store(let error): self.init(anything: error)
        case .unreadable, .keys: self.init(.internalServerError, "\(error)")
        }
    }
}

extension Operation.Refusal {
    /// 404 for callers outside the organization that administers the installation.
    fileprivate static let noInstallation = Operation.Refusal(
        status: .notFound, meaning: "no such login, or you are not a member of the organization default")
}

extension RegistryLoginError: Refusable {
    package var refusal: APIError { APIError(self) }
}
