/// A service that must be there first.
public struct ComposeDependency: Sendable, Hashable {
    /// The condition on the dependency.
    public enum Condition: String, Sendable, Hashable, CaseIterable {
        /// Its container is started.
        case started = "service_started"
        case healthy = "service_healthy"
        /// It has ended with status 0.
        case completed = "service_completed_successfully"
    }

    public var condition: Condition = .started
    /// Whether the project fails without it.
    public var isRequired = true
    /// Whether a restart of the dependency restarts this service too.
    public var restarts = false

    /// A required dependency that must be started.
    public init() {}
}

/// A check that the engine runs inside the container.
public struct ComposeHealthcheck: Sendable, Hashable {
    /// `["CMD", …]`, `["CMD-SHELL", text]` or `["NONE"]`; nil for the image's own.
    public var test: [String]?
    /// Time between two checks.
    public var interval: Duration?
    /// Time after which a check has failed.
    public var timeout: Duration?
    /// Failures in a row that make the container unhealthy.
    public var retries: Int?
    /// Time at the start in which failures do not count.
    public var startPeriod: Duration?
    /// Time between two checks in the start period.
    public var startInterval: Duration?
    /// Whether the image's own check is switched off.
    public var isDisabled = false

    /// A check with nothing set.
    public init() {}
}

/// When a service's image is pulled.
public enum ComposePullPolicy: String, Sendable, Hashable, CaseIterable {
    /// When the engine does not have it.
    case missing
    /// Never: it is made on the host.
    case never
}

/// The restart policy of a container.
public enum ComposeRestart: Sendable, Hashable {
    /// Nothing.
    case never
    /// Starts it again.
    case always
    /// Starts it again after a failure, at most `maximumRetries` times; nil for no bound.
    case onFailure(maximumRetries: Int?)
    /// Restarts it unless it was stopped explicitly.
    case unlessStopped

    /// The value in a Compose file.
    public var text: String {
        switch self {
        case .never: "no"
        case .always: "always"
        case .onFailure(nil): "on-failure"
        case .onFailure(let retries?): "on-failure:\(retries)"
        case .unlessStopped: "unless-stopped"
        }
    }
}

/// The log driver of a container.
public struct ComposeLogging: Sendable, Hashable {
    /// The log driver; nil for the engine's default.
    public var driver: String?
    /// Options of the driver.
    public var options: [String: String] = [:]

    /// The engine's default.
    public init() {}
}
