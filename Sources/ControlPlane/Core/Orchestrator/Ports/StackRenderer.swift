public import ProjectModel
public import Reconciler

/// Turns the template and a project's variables into the stack that the engine should hold.
public protocol StackRenderer: Sendable {
    /// What a project with these services needs before it can be rendered. `nil` means the template's default set.
    func requirements(services: [String]?) throws(TemplateError) -> StackRequirements
    /// The stack of a project. Its folder must have been prepared before containers start.
    func render(_ project: ProjectRecord, values: ProjectValues) throws(TemplateError) -> DesiredStack
    /// The project as files for other tools.
    func export(_ project: ProjectRecord, values: ProjectValues) throws(TemplateError) -> StackExport
    /// What the template declares about its services, variables and SQL roles.
    func roles() throws(TemplateError) -> StackRoles
    /// The variables that a project may override, in the order of the template.
    ///
    /// - Parameter settings: what the project overrides; defaults that are made of other variables depend on it.
    func declaredSettings(given settings: [String: Secret<String>]) throws(TemplateError) -> [DeclaredSetting]
    /// Where the project's gateway is reached from outside; nil for a project without a gateway.
    func endpoint(of leases: Leases) -> ProjectEndpoint?
    /// The template's files that every project's folder holds, by path relative to it.
    var projectFiles: [String: [UInt8]] { get }
}

extension StackRenderer {
    /// The stack of a project about which nothing was changed since its secrets were minted.
    public func render(
        _ project: ProjectRecord, secrets: [String: Secret<String>]
    ) throws(TemplateError) -> DesiredStack {
        try render(project, values: ProjectValues(secrets: secrets))
    }

    /// The variables that a project may override, with the defaults of one that overrides none.
    public func declaredSettings() throws(TemplateError) -> [DeclaredSetting] { try declaredSettings(given: [:]) }
}

/// The project's folder on the host: configuration files that containers mount.
public protocol ProjectFolders: Sendable {
    /// Makes the folder and writes `files`, which are the template's, and the stack's own into it; writing them again
    /// changes nothing.
    func prepare(_ stack: DesiredStack, files: [String: [UInt8]]) throws(TemplateError)
    /// Removes the folder; one that is not there is success.
    func remove(_ ref: ProjectRef) throws(TemplateError)
}

/// What a selection of services needs.
public struct StackRequirements: Sendable, Equatable {
    /// The services, sorted.
    public var services: [ServiceName]
    /// Variables that carry leased host ports.
    public var ports: [String]
    /// Secrets to generate.
    public var secrets: [SecretRequirement]
    /// API tokens to mint.
    public var tokens: [TokenRequirement]
    /// Variable of the secret that signs them; nil where the template has none.
    public var tokenSecret: String?
    /// Named volumes that the services mount, by their keys in the Compose file.
    public var volumes: Set<String>

    public init(
        services: [ServiceName], ports: [String], secrets: [SecretRequirement], tokens: [TokenRequirement],
        tokenSecret: String? = nil, volumes: Set<String> = []
    ) {
        self.services = services
        self.ports = ports
        self.secrets = secrets
        self.tokens = tokens
        self.tokenSecret = tokenSecret
        self.volumes = volumes
    }
}

/// A secret to generate.
public struct SecretRequirement: Sendable, Equatable {
    /// Variable that carries it.
    public var name: String
    /// Its characters.
    public var alphabet: SecretAlphabet
    /// Its exact number of characters.
    public var length: Int

    /// A secret to generate.
    public init(name: String, alphabet: SecretAlphabet, length: Int) {
        self.name = name
        self.alphabet = alphabet
        self.length = length
    }
}

/// An API token to mint.
public struct TokenRequirement: Sendable, Equatable {
    /// Variable that carries it.
    public var name: String
    /// Value of its `role` claim: a PostgreSQL role of the stack.
    public var role: String

    /// A token to mint.
    public init(name: String, role: String) {
        self.name = name
        self.role = role
    }
}

/// What is wrong with a template or a selection of its services.
public enum TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The selection of services is not possible; the text says why and what is missing.
    case badSelection(String)
    /// The template itself is wrong, or a file could not be read or written.
    case broken(String)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .badSelection(let text): text
        case .broken(let text): "the template cannot be used: \(text)"
        }
    }
}
