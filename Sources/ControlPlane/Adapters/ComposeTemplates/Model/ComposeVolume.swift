/// A named volume of a project.
public struct ComposeVolume: Sendable, Hashable {
    /// The name at the engine; after normalisation never nil.
    public var name: String?
    /// The driver; nil for the engine's default.
    public var driver: String?
    public var driverOptions: [String: String] = [:]
    public var labels: [String: String] = [:]
    /// Whether it is there already and not ours to make; refused by `TemplatePolicy.standard`.
    public var isExternal = false

    /// A volume with nothing set.
    public init() {}
}

/// A text that is put into containers as a file.
public struct ComposeConfig: Sendable, Hashable {
    /// The source of the text.
    public enum Source: Sendable, Hashable {
        /// A file, relative to the project folder.
        case file(String)
        /// The text itself.
        case content(String)
        /// The value of an environment variable.
        case environment(String)
    }

    /// The name; after normalisation never nil.
    public var name: String?
    /// The source of the text.
    public var source: Source

    /// A config from `source`.
    public init(_ source: Source) { self.source = source }
}

/// A config's place in a container.
public struct ComposeConfigMount: Sendable, Hashable {
    /// The config's key in `ComposeProject.configs`.
    public var source: String
    /// The path in the container; nil for `/` and the source's name.
    public var target: String?
    /// The owner's number.
    public var uid: String?
    /// The group's number.
    public var gid: String?
    /// The file mode.
    public var mode: Int?

    /// The config `source` at its default place.
    public init(_ source: String) { self.source = source }

    /// The path in the container.
    public var path: String { target ?? "/" + source }
}
