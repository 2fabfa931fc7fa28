public import ProjectModel

/// What a template declares in `x-supamanager` at top level.
///
/// Ports, addresses, secrets and tokens are variables that the manager gives to interpolation;
/// `variables` are settings that people may change.
public struct TemplateManifest: Sendable, Hashable {
    /// The template's own version.
    public var version: String?
    /// Variables that get a leased host port each, in the order of the text.
    public var ports: [TemplatePort] = []
    /// Variables that get a fixed address each: the host's number within the project's subnet, 1 to 30,
    /// of which 1 is the subnet's gateway.
    public var addresses: [String: Int] = [:]
    /// Variables that get a part of the project's subnet each, such as `10.0.0.16/28`, for `ip_range`.
    public var ranges: [String: AddressRange] = [:]
    /// Variables that get a generated secret each.
    public var secrets: [String: SecretForm] = [:]
    /// Variables that get a signed token each. The secret of ``SecretPurpose/tokenSigning`` signs them.
    public var tokens: [String: TokenRole] = [:]
    /// Variables that get API keys in other forms.
    public var apiKeys: [String: APIKeyForm] = [:]
    /// Settings, in the order of the text.
    public var variables: [TemplateVariable] = []
    /// Files and folders of the template that are copied into the project folder: relative paths without `..`.
    public var files: [String] = []
    /// The service that takes the others' logs.
    public var logCollector: LogCollector?
    /// Services by what they do.
    public var roles: [ServiceRole: String] = [:]
    /// Names in the API's health answer, and the role that each reports on.
    public var healthNames: [String: ServiceRole] = [:]
    /// Names of services in the API's requests to restart some of them.
    public var restartNames: [String: ServiceRole] = [:]
    /// The database that SQL runs on, and its roles.
    public var database: DatabaseRoles?
    /// PostgreSQL roles that tokens name, where they differ from the tokens' own.
    public var tokenClaims: [TokenRole: String] = [:]
    /// Folder of the functions in the project's folder: a relative path without `..`.
    public var functionsFolder: String?
    /// Variables that carry the settings of the Management API.
    public var settings: [SettingName: String] = [:]

    /// The key it is read from.
    public static let key = "x-supamanager"

    /// The variable that holds the project's subnet.
    static let subnetVariable = "SUBNET"

    /// Nothing is asked for.
    public init() {}
}

/// A leased host port of a template.
public struct TemplatePort: Sendable, Hashable {
    /// The variable that carries it.
    public var name: String
    /// Its target, where the manager has to know.
    public var purpose: PortPurpose?

    /// A port called `name`.
    public init(name: String, purpose: PortPurpose? = nil) {
        self.name = name
        self.purpose = purpose
    }
}

/// A part of a project's subnet.
public struct AddressRange: Sendable, Hashable {
    /// The number of its first address within the subnet; a multiple of its size.
    public var first: Int
    /// The length of its prefix in bits: 28 for sixteen addresses.
    public var prefixLength: Int

    /// A range from `first`.
    public init(first: Int, prefixLength: Int) {
        self.first = first
        self.prefixLength = prefixLength
    }

    /// How many addresses it has.
    public var size: Int { 1 << (32 - prefixLength) }

    /// The numbers of its addresses within the subnet.
    public var hostNumbers: Range<Int> { first..<(first + size) }
}

/// What a generated secret looks like.
public struct SecretForm: Sendable, Hashable {
    /// The characters that it is made of.
    public var alphabet: SecretAlphabet
    /// How many characters it has.
    public var length: Int
    /// Its purpose, where the manager has to know.
    public var purpose: SecretPurpose?

    /// A secret of `length` characters.
    public init(alphabet: SecretAlphabet, length: Int, purpose: SecretPurpose? = nil) {
        self.alphabet = alphabet
        self.length = length
        self.purpose = purpose
    }
}

/// A setting of a template.
public struct TemplateVariable: Sendable, Hashable {
    /// The variable's name.
    public var name: String
    /// Its value unless another is given; may use variables in turn. Nil where one must be given, or where
    /// ``isOptional``.
    public var defaultValue: String?
    /// Whether it has no value until one is given. A service that names it in `environment` without a value then runs
    /// without it, on its own default.
    public var isOptional = false
    /// Whether its values are secrets, which no log may show.
    public var isSecret = false
    /// Its purpose: one sentence.
    public var summary: String?
    /// Its purpose, where the manager has to know.
    public var purpose: SettingPurpose?

    /// A setting called `name`.
    public init(name: String, defaultValue: String? = nil, summary: String? = nil) {
        self.name = name
        self.defaultValue = defaultValue
        self.summary = summary
    }
}

/// The service that takes the others' logs, and what they do without it.
public struct LogCollector: Sendable, Hashable {
    /// The collecting service.
    public var service: String
    /// The logging of the others when the collector is not part of the project.
    public var fallback: ComposeLogging

    /// `service` collects, else `fallback`.
    public init(service: String, fallback: ComposeLogging) {
        self.service = service
        self.fallback = fallback
    }
}
