public import YAMLKit

/// A Compose file in normalised form: short syntaxes written out, variables put in, defaults resolved.
public struct ComposeProject: Sendable, Equatable {
    /// The project's name: lower-case letters, digits, `-` and `_`.
    public var name: String
    /// The services by name, those of inactive profiles left out.
    public var services: [String: ComposeService] = [:]
    /// The networks by the key that services use; the implicit `default` is there when a service uses it.
    public var networks: [String: ComposeNetwork] = [:]
    /// The named volumes by the key that services use.
    public var volumes: [String: ComposeVolume] = [:]
    /// The configs by the key that services use.
    public var configs: [String: ComposeConfig] = [:]
    /// The `x-…` keys at top level, `x-supamanager` included, with their places.
    public var extensions = YAMLMapping()
    /// What `x-supamanager` at top level says; empty where there is none.
    public var manifest = TemplateManifest()

    /// Services of one file, those of inactive profiles included.
    public static let maximumServices = 256

    /// A project without services.
    public init(name: String) { self.name = name }
}
