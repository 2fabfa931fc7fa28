public import ProjectModel

/// A project, seen through what its stack declares. What the API answers about its services, ports, secrets and SQL
/// roles comes from here.
public struct ProjectStack: Sendable, Equatable {
    public let record: ProjectRecord
    /// What its template declares.
    public let roles: StackRoles

    /// A project and the declarations of its stack.
    public init(_ record: ProjectRecord, roles: StackRoles) {
        self.record = record
        self.roles = roles
    }

    /// The project's service with a role; nil where its stack or its selection of services has none.
    public func service(_ role: ServiceRole) -> ServiceName? {
        roles.services[role].flatMap { record.services.contains($0) ? $0 : nil }
    }

    /// The same, where nothing can be done without it.
    public func required(_ role: ServiceRole) throws(CatalogError) -> ServiceName {
        guard let name = roles.services[role] else { throw .unsupported(record.ref, .role(role)) }
        guard record.services.contains(name) else { throw .unsupported(record.ref, .service(name, role)) }
        return name
    }

    /// The leased port for a purpose; nil while the project has none.
    public func port(_ purpose: PortPurpose) -> UInt16? {
        roles.ports[purpose].flatMap { record.leases?.ports[$0] }
    }

    /// The database and its roles.
    public func database() throws(CatalogError) -> DatabaseRoles {
        _ = try required(.database)
        guard let database = roles.database else { throw .unsupported(record.ref, .database) }
        return database
    }

    /// Folder of the functions, relative to the project's folder.
    public func functionsFolder() throws(CatalogError) -> String {
        _ = try required(.functions)
        guard let folder = roles.functionsFolder else { throw .unsupported(record.ref, .functionsFolder) }
        return folder
    }

    /// The variable of a secret.
    public func variable(_ purpose: SecretPurpose) throws(CatalogError) -> String {
        guard let variable = roles.secrets[purpose] else { throw .unsupported(record.ref, .secret(purpose)) }
        return variable
    }

    /// The variable of a port.
    public func variable(_ purpose: PortPurpose) throws(CatalogError) -> String {
        guard let variable = roles.ports[purpose] else { throw .unsupported(record.ref, .port(purpose)) }
        return variable
    }
}

/// What a stack lacks for a request: its template declares nothing of the kind, or the project was made without it.
public enum StackGap: Sendable, Equatable, CustomStringConvertible {
    /// No service has the role.
    case role(ServiceRole)
    /// The project has been made without the service that has the role.
    case service(ServiceName, ServiceRole)
    /// No port has the purpose.
    case port(PortPurpose)
    /// No secret has the purpose.
    case secret(SecretPurpose)
    /// No token has the role.
    case token(TokenRole)
    /// API keys are not taken in this form.
    case apiKey(APIKeyForm)
    /// Nothing is said about SQL roles.
    case database
    /// There is no role that only reads.
    case readOnlyRole
    /// Nothing is said about replication, over which databases are backed up.
    case replication
    /// There is no place for functions.
    case functionsFolder
    /// The API's name of a service stands for none.
    case restartName(String)

    /// The gap, as a phrase that follows "the project".
    public var description: String {
        switch self {
        case .role(let role): "its stack has no service with the role \(role.rawValue)"
        case .service(let name, let role): "the project has no service \(name), which has the role \(role.rawValue)"
        case .port(let purpose): "its stack has no port with the purpose \(purpose.rawValue)"
        case .secret(let purpose): "its stack has no secret with the purpose \(purpose.rawValue)"
        case .token(let role): "its stack has no token of the role \(role.rawValue)"
        case .apiKey(let form): "its stack takes no API key in the form \(form.rawValue)"
        case .database: "its stack declares no database roles"
        case .readOnlyRole: "its stack has no database role that only reads"
        case .replication:
            "its stack says nothing about replication of the database, over which backups are made and restored"
        case .functionsFolder: "its stack has no folder for functions"
        case .restartName(let name): "its stack has no service that the API calls \(name)"
        }
    }
}
